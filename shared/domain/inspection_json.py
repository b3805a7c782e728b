"""The JSON form of an inspection: kept in storage, and sent by the reading process, which is not trusted."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields
from enum import StrEnum
from typing import Any, TypeVar

from shared.domain.inspection import (
    Column,
    Inspection,
    Json,
    ModelFormat,
    Obstacle,
    Tensor,
    Verdict,
)

SCHEMA_VERSION = 1
"""Version of the JSON form; a new field with a default needs none."""

_DEEPEST_SAMPLE = 12

T = TypeVar("T")


def render_inspection(inspection: Inspection) -> dict[str, Any]:
    """The JSON form."""
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    for field in fields(inspection):
        document[field.name] = _plain(getattr(inspection, field.name))
    return document


def parse_inspection(document: Mapping[str, Any]) -> Inspection:
    """The inspection that `render_inspection` wrote; earlier ones lack the newer fields.

    Raises ValueError for anything else: the writer is not trusted.
    """
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(
            f"inspection of schema {document.get('schema_version')!r}, not {SCHEMA_VERSION}"
        )
    given = set(document) - {"schema_version"}
    if not _REQUIRED <= given <= set(_PARSERS):
        raise ValueError(f"inspection with other fields: {sorted(given ^ set(_PARSERS))}")
    return Inspection(**{name: _PARSERS[name](document[name], name) for name in given})


def _plain(value: Any) -> Any:
    match value:
        case StrEnum():
            return value.value
        case Column():
            return [value.name, value.type]
        case Tensor():
            return [value.name, value.dtype, list(value.shape)]
        case Obstacle():
            return [value.why, value.next]
        case tuple():
            return [_plain(one) for one in value]
    return value


def _refuse(value: object, name: str) -> ValueError:
    return ValueError(
        f"inspection field {name} cannot be {type(value).__name__} {str(value)[:80]!r}"
    )


def _exactly(kind: type[T]) -> Callable[[Any, str], T]:
    def parse(value: object, name: str) -> T:
        if type(value) is not kind:
            raise _refuse(value, name)
        return value

    return parse


def _optional(parse_some: Callable[[Any, str], T]) -> Callable[[Any, str], T | None]:
    return lambda value, name: None if value is None else parse_some(value, name)


def _many(parse_one: Callable[[Any, str], T]) -> Callable[[Any, str], tuple[T, ...]]:
    return lambda value, name: tuple(parse_one(one, name) for one in _exactly(list)(value, name))


def _json(value: object, name: str) -> Json:
    if value is None or type(value) in (str, int, float, bool):
        return value  # type: ignore[return-value]  # the line above proves it; mypy does not follow `type(x) in`
    raise _refuse(value, name)


def _tensor(value: object, name: str) -> Tensor:
    parts = _exactly(list)(value, name)
    if len(parts) != 3:
        raise _refuse(value, name)
    label, dtype, shape = parts
    return Tensor(
        name=_optional(_text)(label, name),
        dtype=_text(dtype, name),
        shape=_many(_exactly(int))(shape, name),
    )


def _obstacle(value: object, name: str) -> Obstacle:
    why, remedy = _pair(value, name)
    return Obstacle(_text(why, name), _text(remedy, name))


def _sample_input(value: object, name: str) -> object:
    """Nested lists of scalars, or an object of them; they come from JSON, so anything else is none."""
    level = list(value.values()) if isinstance(value, dict) else [value]
    for _ in range(_DEEPEST_SAMPLE):
        if not level:
            return value
        level = [inner for each in level if isinstance(each, list) for inner in each]
        if any(isinstance(each, dict) for each in level):
            break
    raise _refuse(value, name)


def _pair(value: object, name: str) -> tuple[Any, Any]:
    pair = _exactly(list)(value, name)
    if len(pair) != 2:
        raise _refuse(value, name)
    return pair[0], pair[1]


def _text_pair(value: object, name: str) -> tuple[str, str]:
    first, second = _pair(value, name)
    return _text(first, name), _text(second, name)


def _column(value: object, name: str) -> Column:
    label, kind = _pair(value, name)
    return Column(name=_optional(_text)(label, name), type=_text(kind, name))


_text = _exactly(str)
_PARSERS: dict[str, Callable[[Any, str], Any]] = {
    "reader_version": _exactly(int),
    "digest": _text,
    "size": _exactly(int),
    "format": lambda value, name: ModelFormat(_text(value, name)),
    "compression": _optional(_text),
    "written_by": _optional(_text),
    "verdict": lambda value, name: Verdict(_text(value, name)),
    "reasons": _many(_text),
    "names": _many(_text),
    "refused": _many(_text),
    "flavor": _text,
    "estimator": _optional(_text),
    "python_version": _optional(_text),
    "libraries": _many(_text_pair),
    "features": _many(_column),
    "named_features": _exactly(bool),
    "classes": _many(_json),
    "sample_row": _optional(_many(_json)),
    "mlmodel": _optional(_text),
    "inputs": _many(_tensor),
    "outputs": _many(_tensor),
    "sample_input": _sample_input,
    "needs": _many(_text),
    "details": _many(_text_pair),
    "obstacle": _optional(_obstacle),
}
_REQUIRED = {field.name for field in fields(Inspection) if field.default is MISSING}
