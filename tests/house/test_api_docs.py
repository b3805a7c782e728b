"""docs/api.md is true: its commands are answered as it says, its tables hold every code there is."""

import ast
import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.domain import errors
from shared.domain.inspection import UnreadableCode, Verdict
from shared.domain.records import Status
from tests.api.serving import HERE, PROBLEM, Server, model_bytes

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs" / "api.md").read_text()
CODE = [path for folder in ("shared", "functions") for path in (ROOT / folder).rglob("*.py")]
REFUSALS = {"KeyInvalid", "UnsupportedMediaType"} | {
    name
    for name, kind in vars(errors).items()
    if isinstance(kind, type) and issubclass(kind, errors.Refusal)
}
HTTP, FAILURES = DOCS.split("## Why a deployment failed")


def commands() -> Iterator[tuple[list[str], int]]:
    """Each curl of the document, with the status beside it."""
    for block in re.findall(r"```sh\n(.*?)```", DOCS, re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("curl "):
                command, _, status = line.rpartition("#")
                yield shlex.split(command.replace("$API", HERE)), int(status)


def run(server: Server, words: list[str]) -> httpx.Response:
    """What curl would do."""
    method, url = "", ""
    sent: dict[str, Any] = {"headers": {}, "data": {}, "files": {}, "content": ""}
    options = iter(words[1:])
    for word in options:
        match word:
            case "-X":
                method = next(options)
            case "-H":
                name, _, value = next(options).partition(": ")
                sent["headers"][name] = value
            case "-F":
                name, _, value = next(options).partition("=")
                if value.startswith("@"):
                    sent["files"][name] = (value[1:], model_bytes())
                else:
                    sent["data"][name] = value
            case "-d":
                sent["content"] = next(options)
            case _:
                url = word
    given = {name: value for name, value in sent.items() if value}
    return server.send(
        method or ("POST" if {"files", "content"} & set(given) else "GET"), url, **given
    )


def learn(server: Server, known: dict[str, str], words: list[str], answer: httpx.Response) -> None:
    """Notes what the document's reader has by now."""
    is_json = answer.headers.get("content-type", "").endswith("json")
    shown = answer.json() if is_json else {}
    if answer.status_code == 201 and shown.get("type") == "dataset":
        known["DATASET"] = shown["id"]
    elif answer.status_code == 201 and "upload_id" in shown:
        known["UPLOAD"] = shown["upload_id"]
    elif answer.status_code == 201:
        known["MODEL"] = shown["id"]
        known["FAILED"] = server.deploy(known["MODEL"])
        server.finish(known["FAILED"], status=Status.FAILED)
        grow_garden(server, known["MODEL"])
    if "deployment_id" in shown and "ID" not in known:
        known["ID"] = shown["deployment_id"]
        known["OTHER"] = server.deploy(known["MODEL"])
    if "etag" in answer.headers and words[-1].endswith("deleted"):
        known["ETAG"] = server.get(f"/deployments/{known['ID']}").headers["etag"]


def grow_garden(server: Server, model_id: str) -> None:
    """The endpoint `garden`, of two active deployments."""
    for name in ("blue", "green"):
        each = server.deploy(model_id, endpoint_name="garden", deployment_name=name)
        server.finish(each, status=Status.ACTIVE)
    server.create_endpoint("garden")


def test_every_command_is_answered_as_it_says(server: Server) -> None:
    known: dict[str, str] = {}
    count = 0
    for words, status in commands():
        for name, value in known.items():
            words = [word.replace(f"${name}", value) for word in words]  # noqa: PLW2901 - as a shell does
        answer = run(server, words)
        assert answer.status_code == status, (words, answer.text)
        learn(server, known, words, answer)
        count += 1
    assert count >= 25


def test_the_problem_shown_is_the_one_that_comes(server: Server) -> None:
    [shown] = [each for each in re.findall(r"```json\n(.*?)```", DOCS, re.DOTALL) if "urn:" in each]

    answer = server.post("/deployments/deploy", json={"model": "iris", "instance_count": 0})

    assert answer.headers["content-type"] == PROBLEM
    assert answer.json() == json.loads(shown)


def calls(names: set[str]) -> Iterator[ast.expr]:
    """The first argument, which is the code, of every call to one of these."""
    for path in CODE:
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Name(id=called), args=[code, *_]) if called in names:
                    yield code


def codes(names: set[str]) -> set[str]:
    """Every code that is written out in such a call."""
    return {
        part.value
        for argument in calls(names)
        if isinstance(argument, ast.Constant | ast.IfExp)
        for part in ast.walk(argument)
        if isinstance(part, ast.Constant) and isinstance(part.value, str) and " " not in part.value
    }


def listed(text: str) -> set[str]:
    return set(re.findall(r"^\|(?: \d+ \|)? `(\w+)` \|", text, re.MULTILINE))


def test_every_code_of_an_error_is_listed() -> None:
    made = {f"model_{verdict}" for verdict in Verdict if verdict is not Verdict.CLEAN}

    assert listed(HTTP) == (codes(REFUSALS)) | made | set(UnreadableCode)


def test_every_code_of_a_failure_is_listed() -> None:
    assert listed(FAILURES) == codes({"failure", "Explanation"})


@pytest.mark.parametrize("path", sorted((ROOT / "docs").rglob("*.md")), ids=lambda path: path.name)
def test_every_file_a_document_names_is_there(path: Path) -> None:
    named = re.findall(
        r"`((?:shared|functions|tests|local|docs|bench)/[\w./-]+)`", path.read_text()
    )

    assert not [each for each in named if not (ROOT / each).exists()]
