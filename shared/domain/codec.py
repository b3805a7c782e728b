"""Records as the properties of a table row, and back.

Scalars are properties of their own, so that a range read can select and compare them; whatever has
structure is JSON in properties named `<field>_json`, `<field>_json_1` and so on, as a property holds
32 Ki characters of UTF-16.

Versions run side by side while one takes over from another: a field that this one does not know is
kept, and written again with the record. `Newer` is what only another version understands.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from itertools import count
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

from pydantic import ConfigDict, TypeAdapter, ValidationError

from shared.domain.errors import Malformed, Newer
from shared.domain.records import SCHEMA_VERSION, Kept, Part

R = TypeVar("R", bound=Kept)
Value = str | int | float | bool
_UNKNOWN = "unknown"
_PART = 16_000  # characters, of which each may take two of a property's 32 Ki
_SCALARS = (str, int, float, bool)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shape:
    """What is known about a kind of record, worked out on its first use.

    `fields` are known by name, `texts` by the property that holds their JSON; `parts` are those that
    are made of further fields. The others say how a field is written: as it is, or by a function.
    """

    fields: frozenset[str]
    texts: Mapping[str, str]
    parts: Mapping[str, "_Shape"]
    scalars: tuple[str, ...]
    others: tuple[tuple[str, Callable[[Any], Value]], ...]
    structures: tuple[tuple[str, Callable[[Any], str]], ...]


_ADAPTERS: dict[Any, TypeAdapter[Any]] = {}  # built on first use, as are the shapes
_SHAPES: dict[type[Any], _Shape] = {}


def render_record(record: Kept) -> dict[str, Value]:
    """The properties of a record's row; fields that are None are left out."""
    shape = _shape(type(record))
    values: dict[str, Value] = dict(record.unknown)
    for name in shape.scalars:
        if (value := getattr(record, name)) is not None:
            values[name] = value
    for name, write in shape.others:
        if (value := getattr(record, name)) is not None:
            values[name] = write(value)
    for name, render in shape.structures:
        if (value := getattr(record, name)) is not None:
            _put_text(values, f"{name}_json", render(value))
    values["schema_version"] = SCHEMA_VERSION
    return values


def parse_record(kind: type[R], values: Mapping[str, Any]) -> R:
    """The record that a row's properties describe. Raises Newer, Malformed."""
    shape = _shape(kind)
    try:
        plain = _read_texts(shape, values)
        _gather(shape, plain)
        if plain.get("schema_version", 0) > SCHEMA_VERSION:
            raise Newer(f"its schema version is {plain['schema_version']}, ours {SCHEMA_VERSION}")
        parsed: R = _adapter(kind).validate_python(plain)
    except ValidationError as error:
        raise _unreadable(kind, error) from error
    except TypeError as error:
        raise Malformed(f"it is no {kind.__name__}: {error}") from error
    return parsed


def _unreadable(kind: type[Any], error: ValidationError) -> Newer | Malformed:
    found = error.errors(include_url=False, include_context=False)
    text = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in found[:3])
    if {each["type"] for each in found} == {"enum"}:
        return Newer(text)  # a member that was added since
    return Malformed(f"it is no {kind.__name__}: {text}")


# ------------------------------------------------------------------ structure as text


def _read_texts(shape: _Shape, values: Mapping[str, Any]) -> dict[str, Any]:
    """A row's properties by field, those that are JSON as what it says."""
    parse = _adapter(Any).validate_json
    plain: dict[str, Any] = {}
    joined: list[str] = []
    for name, value in values.items():
        field = shape.texts.get(name)
        if field is None:
            plain[name] = value
        elif f"{name}_1" in values:
            more = _continued(name, values)
            joined += more
            plain[field] = parse("".join((value, *(values[each] for each in more))))
        else:
            plain[field] = parse(value)
    for name in joined:
        del plain[name]
    return plain


def _continued(name: str, values: Mapping[str, Any]) -> list[str]:
    """The properties in which a long text goes on."""
    names = []
    for number in count(1):
        if f"{name}_{number}" not in values:
            break
        names.append(f"{name}_{number}")
    return names


def _put_text(values: dict[str, Value], name: str, text: str) -> None:
    values[name] = text[:_PART]
    for number, start in enumerate(range(_PART, len(text), _PART), start=1):
        values[f"{name}_{number}"] = text[start : start + _PART]


# ------------------------------------------------------------------ what a newer version added


def _gather(shape: _Shape, plain: Any) -> None:
    """Puts what is not known into `unknown`, in each part."""
    if isinstance(plain, list):
        for each in plain:
            _gather(shape, each)
    elif isinstance(plain, dict):
        for name, part in shape.parts.items():
            _gather(part, plain.get(name))
        if added := plain.keys() - shape.fields:
            plain[_UNKNOWN] = {name: plain.pop(name) for name in added}


def _spread(shape: _Shape, plain: Any) -> None:
    """Puts what is in `unknown` back to where it was found."""
    if isinstance(plain, list):
        for each in plain:
            _spread(shape, each)
    elif isinstance(plain, dict):
        for name, part in shape.parts.items():
            _spread(part, plain[name])
        plain.update(plain.pop(_UNKNOWN))


# ------------------------------------------------------------------ shapes


def _adapter(kind: Any) -> TypeAdapter[Any]:
    if kind not in _ADAPTERS:
        config = None if is_dataclass(kind) else ConfigDict(ser_json_inf_nan="constants")
        _ADAPTERS[kind] = TypeAdapter(kind, config=config)
    return _ADAPTERS[kind]


def _shape(kind: type[Any]) -> _Shape:
    if kind not in _SHAPES:
        _SHAPES[kind] = _find_shape(kind)
    return _SHAPES[kind]


def _find_shape(kind: type[Any]) -> _Shape:
    hints = get_type_hints(kind)
    types = {each.name: _without_none(hints[each.name]) for each in fields(kind)}
    del types[_UNKNOWN]
    parts = {name: _shape(part) for name, each in types.items() if (part := _part_of(each))}
    structured = {name for name, each in types.items() if name in parts or get_origin(each)}
    scalars = [name for name, each in types.items() if each in _SCALARS]
    others = types.keys() - structured - set(scalars)
    return _Shape(
        fields=frozenset(types),
        texts={f"{name}_json": name for name in types},
        parts=parts,
        scalars=tuple(scalars),
        others=tuple((name, _writer(types[name])) for name in others),
        structures=tuple((name, _renderer(types[name], parts.get(name))) for name in structured),
    )


def _without_none(kind: Any) -> Any:
    return get_args(kind)[0] if isinstance(kind, UnionType) else kind


def _part_of(kind: Any) -> type[Part] | None:
    """The kind of part that a field holds, or a row of; None where it holds none."""
    if get_origin(kind) is tuple:
        return _part_of(get_args(kind)[0])
    return kind if isinstance(kind, type) and issubclass(kind, Part) else None


def _writer(kind: Any) -> Callable[[Any], Value]:
    dump = _adapter(kind).dump_python
    return lambda value: dump(value, mode="json")


def _renderer(kind: Any, part: _Shape | None) -> Callable[[Any], str]:
    adapter, whatever = _adapter(kind), _adapter(Any)

    def render(value: Any) -> str:
        if part is None:
            return adapter.dump_json(value).decode()
        plain = adapter.dump_python(value, mode="json")
        _spread(part, plain)
        return whatever.dump_json(plain).decode()

    return render
