"""Records as the properties of a table row, and back.

Scalars are properties of their own, so that a range read can select and compare them; whatever has
structure is one JSON property named `<field>_json`. Unknown properties are ignored: a record written
by a newer version can be read by this one.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

R = TypeVar("R")
Value = str | int | float | bool
_JSON = "_json"
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # built on first use


def render_record(record: object) -> dict[str, Value]:
    """The properties of a record's row; fields that are None are left out."""
    plain = _adapter(type(record)).dump_python(record, mode="json")
    values: dict[str, Value] = {}
    for name, value in plain.items():
        if isinstance(value, dict | list):
            values[name + _JSON] = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        elif value is not None:
            values[name] = value
    return values


def parse_record(kind: type[R], values: Mapping[str, Any]) -> R:
    """The record that a row's properties describe.

    Raises pydantic.ValidationError where they describe none.
    """
    plain = {
        name.removesuffix(_JSON): json.loads(value) if name.endswith(_JSON) else value
        for name, value in values.items()
    }
    parsed: R = _adapter(kind).validate_python(plain)
    return parsed


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
