"""Records as the properties of a table row, and back.

Scalars are properties of their own, so that a range read can select and compare them; whatever has
structure is JSON in properties named `<field>_json`, `<field>_json_1` and so on, as a property holds
32 Ki characters of UTF-16. Unknown properties are ignored: a record written by a newer version can
be read by this one.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import TypeAdapter

R = TypeVar("R")
Value = str | int | float | bool
_JSON = "_json"
_PART = 16_000  # characters, of which each may take two of a property's 32 Ki
_PARTS = re.compile(r"(.+)_json(?:_([0-9]+))?")
_ADAPTERS: dict[type[Any], TypeAdapter[Any]] = {}  # built on first use


def render_record(record: object) -> dict[str, Value]:
    """The properties of a record's row; fields that are None are left out."""
    plain = _adapter(type(record)).dump_python(record, mode="json")
    values: dict[str, Value] = {}
    for name, value in plain.items():
        if isinstance(value, dict | list):
            values.update(_parts(name + _JSON, value))
        elif value is not None:
            values[name] = value
    return values


def parse_record(kind: type[R], values: Mapping[str, Any]) -> R:
    """The record that a row's properties describe.

    Raises pydantic.ValidationError where they describe none.
    """
    plain: dict[str, Any] = {}
    texts: dict[str, dict[int, str]] = {}
    for name, value in values.items():
        if part := _PARTS.fullmatch(name):
            texts.setdefault(part[1], {})[int(part[2] or 0)] = value
        else:
            plain[name] = value
    for name, parts in texts.items():
        plain[name] = json.loads("".join(parts[number] for number in sorted(parts)))
    parsed: R = _adapter(kind).validate_python(plain)
    return parsed


def _parts(name: str, value: object) -> dict[str, Value]:
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    starts = range(0, len(text), _PART)
    return {
        f"{name}_{number}" if number else name: text[start : start + _PART]
        for number, start in enumerate(starts)
    }


def _adapter(kind: type[Any]) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        _ADAPTERS[kind] = TypeAdapter(kind)
    return _ADAPTERS[kind]
