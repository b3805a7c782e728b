"""The API's own description, and requests made from it: a new route is tried without being named here."""

from collections.abc import Iterator
from typing import Any

from functions.deploy_http.app import create_api

METHODS = ("get", "post", "put", "patch", "delete")
Described = dict[str, Any]


def described() -> Described:
    """The OpenAPI document, of a server that has no settings."""

    def front() -> Any:
        raise AssertionError("the description needs no settings")

    document: Described = create_api(front)._app.openapi()  # type: ignore[attr-defined]
    return document


def operations(document: Described) -> Iterator[tuple[str, str, Described]]:
    """(method, path, operation) of all that the API describes."""
    for path, methods in document["paths"].items():
        for method in METHODS:
            if method in methods:
                yield method, path, methods[method]


def body_of(document: Described, operation: Described, things: dict[str, str]) -> Described:
    """What has to be sent with the operation, as `httpx` takes it: the fields it requires.

    A field is given its thing where there is one of that name, else its example.
    """
    content = operation.get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return {}
    schema = resolved(document, content["application/json"]["schema"])
    fields = {name: schema["properties"][name] for name in schema.get("required", ())}
    return {
        "json": {
            name: things.get(name, next(iter(field.get("examples", [None]))))
            for name, field in fields.items()
        }
    }


def resolved(document: Described, schema: Described) -> Described:
    """The schema that a reference stands for."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema
