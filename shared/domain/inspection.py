"""What reading a model file found out, and the folder made from it.

An `Inspection` is the answer to an upload, is kept beside the content under its digest and `READER_VERSION`, and is
all that `prepare` needs to build a `Package`. Nothing here touches a file.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

READER_VERSION = 1
"""Raised whenever the same bytes may be judged or described differently; kept inspections of another version are stale."""

SCHEMA_VERSION = 1
"""Version of the JSON form made by `render_inspection`."""

Json: TypeAlias = str | int | float | bool | None
"""A single JSON value: a cell of the sample row, or the label of a class."""

T = TypeVar("T")


class Verdict(StrEnum):
    """Whether loading the file can only build a model (`CLEAN`), or may do more."""

    CLEAN = "clean"
    UNKNOWN = "unknown"
    DANGEROUS = "dangerous"


class ModelFormat(StrEnum):
    """How the uploaded content is stored. cloudpickle files are pickles; see `Inspection.written_by`."""

    PICKLE = "pickle"
    JOBLIB = "joblib"
    MLFLOW = "mlflow"


class UnreadableCode(StrEnum):
    """Why no inspection exists for a file."""

    NOT_A_MODEL = "not_a_model"
    UNSUPPORTED = "model_format_unsupported"
    CORRUPT = "model_corrupt"
    OVER_LIMITS = "model_over_limits"
    READER_STOPPED = "model_reader_stopped"


class UnreadableModel(Exception):
    """The file is no model, is broken, or is beyond the limits of reading. The sender can act on `next`."""

    def __init__(self, code: UnreadableCode, reason: str, next: str) -> None:  # noqa: A002 - the word the API uses
        super().__init__(reason)
        self.code = code
        self.reason = reason
        self.next = next


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One input of a model. `type` is MLflow's word: double, float, long, integer, string, boolean, datetime, binary."""

    name: str | None
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Everything known about one model file, read without running it.

    `names` are all `module.name` that loading would look up; `refused` are those the allowlist does not hold;
    `reasons` say in plain sentences why the verdict is not `clean`. Facts the file does not tell are None or empty.
    """

    reader_version: int
    digest: str
    size: int
    format: ModelFormat
    compression: str | None
    written_by: str | None
    verdict: Verdict
    reasons: tuple[str, ...]
    names: tuple[str, ...]
    refused: tuple[str, ...]
    flavor: str
    estimator: str | None
    python_version: str | None
    libraries: tuple[tuple[str, str], ...]
    features: tuple[Column, ...]
    named_features: bool
    classes: tuple[Json, ...]
    sample_row: tuple[Json, ...] | None
    mlmodel: str | None = None
    """Of an MLflow folder: its MLmodel file as JSON, with only what was checked left in it."""

    @property
    def signature(self) -> bool:
        """Whether the inputs are known, so that a sample row can be scored and wrong input be refused."""
        return bool(self.features)


@dataclass(frozen=True, slots=True)
class Inline:
    """Bytes made by the packager: put them as they are."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Whole:
    """The uploaded content itself: copy it inside the store, without moving its bytes."""


@dataclass(frozen=True, slots=True)
class Member:
    """One file inside the uploaded zip archive: stream it with `shared.domain.reading.archive.open_member`."""

    name: str


Origin: TypeAlias = Inline | Whole | Member


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageFile:
    """One file of a package: where it goes, below the package's own folder, and where its bytes come from."""

    path: str
    size: int
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A complete MLflow folder as data. `digest` (sha256, hex) names it: equal digests mean equal folders."""

    digest: str
    files: tuple[PackageFile, ...]


def render_inspection(inspection: Inspection) -> dict[str, Any]:
    """The JSON form, kept in storage and sent by the reading process."""
    document: dict[str, Any] = {"schema_version": SCHEMA_VERSION}
    for field in fields(inspection):
        value = getattr(inspection, field.name)
        document[field.name] = value.value if isinstance(value, StrEnum) else value
    document["libraries"] = [list(pair) for pair in inspection.libraries]
    document["features"] = [[column.name, column.type] for column in inspection.features]
    for name in ("reasons", "names", "refused", "classes"):
        document[name] = list(document[name])
    if inspection.sample_row is not None:
        document["sample_row"] = list(inspection.sample_row)
    return document


def parse_inspection(document: Mapping[str, Any]) -> Inspection:
    """The inspection that `render_inspection` wrote. Raises ValueError for anything else: the writer is not trusted."""
    if document.get("schema_version") != SCHEMA_VERSION:
        raise ValueError(
            f"inspection of schema {document.get('schema_version')!r}, not {SCHEMA_VERSION}"
        )
    if set(document) != {"schema_version", *_PARSERS}:
        raise ValueError(f"inspection with other fields: {sorted(set(document) ^ set(_PARSERS))}")
    return Inspection(**{name: parse(document[name], name) for name, parse in _PARSERS.items()})


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


def _pair(value: object, name: str) -> tuple[Any, Any]:
    pair = _exactly(list)(value, name)
    if len(pair) != 2:
        raise _refuse(value, name)
    return pair[0], pair[1]


def _library(value: object, name: str) -> tuple[str, str]:
    library, version = _pair(value, name)
    return _text(library, name), _text(version, name)


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
    "libraries": _many(_library),
    "features": _many(_column),
    "named_features": _exactly(bool),
    "classes": _many(_json),
    "sample_row": _optional(_many(_json)),
    "mlmodel": _optional(_text),
}
