"""Microsoft's own worker library indexes, loads and runs the sample apps, and refuses bad ones."""

import json
from pathlib import Path

import pytest

from local import microsoft_runtime
from local.host import indexing

APPS = Path(__file__).parent / "host" / "apps"


def env(folder: Path) -> dict[str, str]:
    return {"NOTES": str(folder / "notes"), "GO": str(folder), "JOBS": "jobs", "OFTEN": "* * * * *"}


def notes(folder: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in (folder / "notes").read_text().splitlines()]


@pytest.mark.parametrize("app", ["web", "jobs", "clock"])
def test_every_function_is_indexed_with_its_bindings(app: str, tmp_path: Path) -> None:
    indexed = microsoft_runtime.index(APPS / app, env(tmp_path))

    code = (APPS / app / f"{indexing.SCRIPT}.py").read_text()
    triggers = [
        binding["type"]
        for function in indexed
        for binding in function.bindings
        if binding["type"].endswith("Trigger")
    ]
    assert len(triggers) == len(indexed)
    assert len(indexed) == code.count("@app.route(") + code.count("_trigger(")


def test_an_http_function_answers_through_fastapi(tmp_path: Path) -> None:
    given = {"url": "/echo?tag=a&tag=b", "headers": {"x-tag": "7"}}

    done = microsoft_runtime.invoke(APPS / "web", "zz_everything_else", given, env(tmp_path))

    assert (done.error, done.returned["status_code"]) == ("", "200")
    seen = json.loads(done.returned["body"])
    assert seen["query"] == [["tag", "a"], ["tag", "b"]]
    assert ["x-tag", "7"] in seen["headers"]


def test_a_queue_function_gets_its_message_and_puts_out(tmp_path: Path) -> None:
    worked = microsoft_runtime.invoke(
        APPS / "jobs", "work", {"message": "hello", "dequeue_count": 2}, env(tmp_path)
    )
    relayed = microsoft_runtime.invoke(APPS / "jobs", "relay", {"message": "on"}, env(tmp_path))

    assert (worked.error, relayed.outputs) == ("", {"out": "on"})
    [note] = notes(tmp_path)
    assert (note["body"], note["count"]) == ("hello", 2)


def test_a_timer_function_hears_that_it_is_past_due(tmp_path: Path) -> None:
    microsoft_runtime.invoke(APPS / "clock", "nightly", {"past_due": True}, env(tmp_path))

    assert [note["past_due"] for note in notes(tmp_path)] == [True]


def test_a_failing_function_is_told_with_its_traceback(tmp_path: Path) -> None:
    done = microsoft_runtime.invoke(APPS / "jobs", "work", {"message": "fail"}, env(tmp_path))

    assert done.error.startswith("RuntimeError('told to')")
    assert "function_app.py" in done.error


WRONG_ANNOTATION = """
import azure.functions as func

app = func.FunctionApp()

@app.route(route="x")
def x(req: dict) -> str:
    return ""
"""


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("import nowhere", "No module named 'nowhere'"),
        (WRONG_ANNOTATION, "Python type annotation dict"),
    ],
    ids=["import", "annotation"],
)
def test_a_bad_app_is_refused_in_microsofts_words(tmp_path: Path, code: str, said: str) -> None:
    (tmp_path / "function_app.py").write_text(code)

    with pytest.raises(microsoft_runtime.RuntimeLibraryError, match=said):
        microsoft_runtime.index(tmp_path, {})


def test_a_function_the_app_has_not_is_told() -> None:
    with pytest.raises(microsoft_runtime.RuntimeLibraryError, match="no function absent"):
        microsoft_runtime.invoke(APPS / "web", "absent", {}, {})
