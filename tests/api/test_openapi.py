"""The OpenAPI document: valid, complete, and true of what the API answers, whatever is thrown at it."""

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import httpx
import jsonschema  # type: ignore[import-untyped]  # ships no types
import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from tests.api.described import body_of, operations
from tests.api.serving import PROBLEM, Server

NO_USER = {"/health"}
JSON, TEXT, BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
OTHER_KINDS = {
    "/models/{model_id}/inspection": [JSON, TEXT],
    "/reconcile/runs/{run_id}": [JSON, TEXT],
    "/artifacts/{kind}/{artifact_id}/content": [BYTES],
}


@pytest.fixture
def document(server: Server) -> dict[str, Any]:
    described: dict[str, Any] = server.get("/openapi.json").json()
    return described


def schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Everything in a document that is referred to, or is, a schema."""
    if isinstance(node, dict):
        if "$ref" in node or "type" in node:
            yield node
        for each in node.values():
            yield from schemas(each)
    elif isinstance(node, list):
        for each in node:
            yield from schemas(each)


def whole(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the components it refers to, for a validator."""
    return {**schema, "components": document["components"]}


def test_it_is_openapi_3_1_with_sound_schemas(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema)
        assert "description" in schema or name == "Status" or "enum" in schema, name
    for node in schemas(document):
        if "$ref" in node:
            part: Any = document
            for step in node["$ref"].removeprefix("#/").split("/"):
                part = part[step]


def test_it_is_the_same_whenever_it_is_asked_for(server: Server) -> None:
    first, second = (server.get("/openapi.json").content for _ in range(2))

    assert first == second


def test_every_operation_is_named_and_described(document: dict[str, Any]) -> None:
    found = list(operations(document))

    ids = [operation["operationId"] for _, _, operation in found]
    assert len(set(ids)) == len(ids)
    assert all(each.isidentifier() for each in ids)
    for _, path, operation in found:
        assert len(operation["description"]) > 20, path
        assert operation["tags"], path


def test_every_error_is_documented_as_a_problem(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        answers = operation["responses"]
        wanted = {"500"} if path in NO_USER else {"403", "422", "500", "503"}
        wanted |= {"404"} if "{" in path else set()
        wanted |= {"400", "413", "415"} if "requestBody" in operation else set()
        assert wanted <= set(answers), (method, path)
        for status, answer in answers.items():
            assert answer["description"] not in ("", "Validation Error")
            if status == "304":
                assert "content" not in answer
                continue
            if status == "307":
                continue
            kinds = [PROBLEM] if int(status) >= 400 else OTHER_KINDS.get(path, [JSON])
            assert list(answer["content"]) == kinds, (method, path, status)
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_an_error_of_the_body_is_told_as_what_it_can_be(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        if "400" in operation["responses"]:
            told = operation["responses"]["400"]["description"]
            can_be_broken = "requestBody" in operation
            assert ("cannot be read" in told) == can_be_broken, (method, path)
            assert ("none is taken" in told) != can_be_broken, (method, path)


def test_every_example_is_what_its_schema_says(document: dict[str, Any]) -> None:
    seen = 0
    for component in document["components"]["schemas"].values():
        for field in component.get("properties", {}).values():
            for example in field.get("examples", []):
                jsonschema.validate(example, whole(document, field))
                seen += 1
    assert seen > 20


def require_described(document: dict[str, Any], operation: Any, answer: httpx.Response) -> None:
    """An answer is one of those documented for its operation, in that form."""
    described = operation["responses"].get(str(answer.status_code))
    assert described is not None, f"{answer.status_code} is not documented: {answer.text}"
    media_type = answer.headers["content-type"]
    content = described["content"][media_type]
    if media_type in (JSON, PROBLEM):
        jsonschema.validate(answer.json(), whole(document, content["schema"]))


def begin_run(server: Server) -> str:
    """A run of the reconciliation, for which whoever asks has to be an operator."""
    server.settings = server.settings.model_copy(update={"operators": ("local",)})
    server.use(server.ports)
    return str(server.post("/reconcile", json={"dry_run": True}).json()["id"])


def test_answers_are_as_described(server: Server, document: dict[str, Any]) -> None:
    model_id = server.upload(metrics='{"a": 1}')
    deployment_id = server.deploy(model_id, endpoint_name="flowers")
    server.create_endpoint("flowers")
    things = {"model_id": model_id, "deployment_id": deployment_id, "name": "flowers"}
    things |= {"kind": "code", "artifact_id": server.send_file("code").json()["id"], "digest": "0"}
    things["upload_id"] = server.post("/uploads", json={"model_name": "iris"}).json()["upload_id"]
    things["run_id"] = begin_run(server)

    for method, path, operation in operations(document):
        sent = body_of(document, operation, things)
        for values in (things, dict.fromkeys(things, "none")):
            answer = server.send(method.upper(), path.format(**values), **sent)
            require_described(document, operation, answer)


def test_headers_are_described_where_they_are_sent(
    server: Server, document: dict[str, Any]
) -> None:
    things = {"model_id": server.upload(), "name": "flowers"}
    things["deployment_id"] = server.deploy(things["model_id"], endpoint_name="flowers")
    things |= {"kind": "code", "artifact_id": server.send_file("code").json()["id"], "digest": "0"}
    things["upload_id"] = server.post("/uploads", json={"model_name": "iris"}).json()["upload_id"]
    things["run_id"] = begin_run(server)
    told = {"ETag", "Location", "Operation-Location"}

    by_method = sorted(operations(document), key=lambda each: each[0] == "delete")
    for method, path, operation in by_method:
        sent = body_of(document, operation, things)
        answer = server.send(method.upper(), path.format(**things), **sent)
        described = operation["responses"][str(answer.status_code)].get("headers", {})
        assert told & set(described) == {name for name in told if name in answer.headers}, path
        by_header = [each["name"] for each in operation.get("parameters", [])]
        assert ("If-None-Match" in by_header) == ("ETag" in described)


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
    ),
    max_leaves=8,
)
NAMES = ["model_id", "deployment_name", "endpoint_name", "instance_type", "instance_count"]
NAMES += ["description", "environment_variables", "traffic", "key", "other", "digest", "names"]
SHARES = st.dictionaries(st.sampled_from(["blue", "Blue", "-"]), st.integers(-1, 101), max_size=4)
HOSTILE = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
HEADER = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40)
FUZZ = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@FUZZ
@given(data=st.data())
def test_no_body_makes_the_server_fail(
    server: Server, document: dict[str, Any], data: st.DataObject
) -> None:
    taking = [each for each in operations(document) if body_of(document, each[2], {})]
    method, path, operation = data.draw(st.sampled_from(taking))
    names = data.draw(st.lists(st.sampled_from(NAMES), max_size=4))
    body = data.draw(ANYTHING | st.fixed_dictionaries(dict.fromkeys(names, ANYTHING | SHARES)))
    user, key = data.draw(HOSTILE), data.draw(HEADER)
    content = json.dumps(body).encode()  # with NaN, infinities and lone surrogates, as JSON goes
    headers = {"content-type": "application/json", "idempotency-key": key}

    answer = server.send(
        method.upper(), path, params={"user_id": user}, content=content, headers=headers
    )

    assert answer.status_code in (400, 403, 404, 422)
    require_described(document, operation, answer)


@FUZZ
@given(data=st.data())
def test_no_path_query_or_header_makes_the_server_fail(
    server: Server, document: dict[str, Any], data: st.DataObject
) -> None:
    gets = [(path, op) for method, path, op in operations(document) if method in ("get", "delete")]
    path, operation = data.draw(st.sampled_from(gets))
    for name in ("model_id", "deployment_id", "name", "kind", "artifact_id", "digest"):
        path = path.replace(f"{{{name}}}", quote(data.draw(HOSTILE), safe=""))
    known = [each["name"] for each in operation["parameters"]] if "parameters" in operation else []
    query = data.draw(
        st.dictionaries(st.sampled_from(known or ["x"]) | HOSTILE, HOSTILE, max_size=3)
    )
    names = st.sampled_from(["if-match", "if-none-match", "content-type", "accept", "origin"])
    headers = data.draw(st.dictionaries(names, HEADER, max_size=2))
    method = data.draw(st.sampled_from(["GET", "DELETE"]))

    answer = server.send(method, path, params=query, headers=headers)

    assert answer.status_code < 500, (path, query, headers, answer.text)
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == PROBLEM


FORM_FIELDS = [
    "model_name",
    "algorithm",
    "description",
    "metrics",
    "evaluation",
    "license",
    "other",
]


@FUZZ
@given(
    fields=st.dictionaries(st.sampled_from(FORM_FIELDS), HOSTILE),
    content=st.binary(max_size=200),
    filename=HOSTILE,
)
def test_no_form_makes_the_server_fail(
    server: Server, document: dict[str, Any], fields: dict[str, str], content: bytes, filename: str
) -> None:
    answer = server.post("/models", data=fields, files={"file": (filename, content)})

    assert answer.status_code in (400, 422)
    require_described(document, document["paths"]["/models"]["post"], answer)
