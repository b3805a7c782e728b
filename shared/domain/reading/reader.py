"""From a model file to its `Inspection`: decides the format by content, reads it, and puts the facts together.

The top of the reading code. Runs in the child process that `shared.adapters.model_reader` starts.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO, TypeAlias

from shared.domain.inspection import (
    READER_VERSION,
    Inspection,
    Json,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.reading.columns import describe_columns
from shared.domain.reading.content import find_compression
from shared.domain.reading.environment import parse_version
from shared.domain.reading.estimators import (
    attribute,
    class_name,
    find_classes,
    is_estimator,
    public_name,
)
from shared.domain.reading.evidence import Evidence
from shared.domain.reading.graph import Made, Value
from shared.domain.reading.limits import DEFAULT_LIMITS, Limits, over_limits
from shared.domain.reading.pickles import read_pickle

if TYPE_CHECKING:
    from shared.domain.reading.mlflow_folder import MlflowFolder

ParseYaml: TypeAlias = Callable[[bytes], object]

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_PICKLE = b"\x80"
_SKLEARN = "scikit-learn"


@dataclass(frozen=True, slots=True)
class _Reading:
    """One file being read."""

    file: BinaryIO
    parse_yaml: ParseYaml
    evidence: Evidence
    limits: Limits
    blank: Inspection


def read_model(
    file: BinaryIO, size: int, digest: str, parse_yaml: ParseYaml, limits: Limits = DEFAULT_LIMITS
) -> Inspection:
    """The inspection of a seekable file. Raises UnreadableModel for what is no model, broken, or beyond the limits.

    A file that breaks off after asking for something dangerous is reported as dangerous: that is what matters about it.
    """
    if size > limits.content:
        raise over_limits(f"the file is larger than {limits.content} bytes")
    evidence = Evidence(limits)
    reading = _Reading(file, parse_yaml, evidence, limits, _blank(size, digest))
    try:
        inspection = _read(reading)
    except UnreadableModel as error:
        if evidence.verdict is not Verdict.DANGEROUS:
            raise
        evidence.add_unknown(error.reason)
        inspection = reading.blank
    return replace(
        inspection,
        verdict=evidence.verdict,
        reasons=evidence.reasons(),
        names=evidence.names,
        refused=evidence.refused,
    )


def _read(reading: _Reading) -> Inspection:
    reading.file.seek(0)
    head = reading.file.read(8)
    if not head:
        raise UnreadableModel(
            UnreadableCode.NOT_A_MODEL, "The file is empty.", "Upload the saved model file."
        )
    if head.startswith(_ZIP):
        return _read_archive(reading)
    try:
        return _describe_pickle(reading)
    except UnreadableModel as error:
        broken = error.code is UnreadableCode.CORRUPT
        if broken and not head.startswith(_PICKLE) and find_compression(head) is None:
            raise _not_a_model(
                "The file is no pickle, no joblib file and no zipped MLflow folder."
            ) from error
        raise


def _read_archive(reading: _Reading) -> Inspection:
    from shared.domain.reading import archive, mlflow_folder  # noqa: PLC0415 - a quarter of the start-up time, for zips only

    opened = archive.Archive(reading.file, reading.blank.size, reading.limits)
    folder = mlflow_folder.read_mlflow_folder(
        opened, reading.parse_yaml, reading.evidence, reading.limits
    )
    return _describe_folder(reading, folder)


def _describe_pickle(reading: _Reading) -> Inspection:
    found = read_pickle(reading.file, reading.blank.size, reading.evidence, reading.limits)
    if reading.evidence.verdict is Verdict.CLEAN and not is_estimator(found.root):
        what = public_name(class_name(found.root)) or _PLAIN_NAMES.get(
            type(found.root), "something else"
        )
        raise _not_a_model(f"The file holds no scikit-learn estimator, but {what}.")
    columns, sample, named = describe_columns(found.root, reading.limits)
    return replace(
        _describe_estimator(reading, found.root),
        format=ModelFormat.JOBLIB if found.joblib else ModelFormat.PICKLE,
        compression=found.compression,
        written_by="joblib" if found.joblib else _writer(reading.evidence),
        flavor="python_function" if found.joblib else "sklearn",
        features=columns,
        named_features=named,
        sample_row=sample,
    )


def _describe_folder(reading: _Reading, folder: "MlflowFolder") -> Inspection:
    columns, sample, named = describe_columns(folder.model, reading.limits)
    if folder.inputs:
        sample = _fit_sample(
            folder, dict(zip([column.name for column in columns], sample or (), strict=True))
        )
        columns, named = folder.inputs, folder.inputs[0].name is not None
    inspection = _describe_estimator(reading, folder.model)
    return replace(
        inspection,
        format=ModelFormat.MLFLOW,
        written_by=folder.serialization,
        libraries=tuple(sorted((folder.libraries | dict(inspection.libraries)).items())),
        python_version=folder.python_version,
        features=columns,
        named_features=named,
        sample_row=sample,
        mlmodel=folder.mlmodel,
    )


def _describe_estimator(reading: _Reading, root: Value) -> Inspection:
    version = attribute(root, "_sklearn_version")
    return replace(
        reading.blank,
        estimator=public_name(class_name(root))[: reading.limits.name] or None,
        libraries=((_SKLEARN, version),)
        if isinstance(version, str) and parse_version(version)
        else (),
        classes=find_classes(root, reading.limits.classes),
    )


def _fit_sample(folder: "MlflowFolder", known: dict[str | None, Json]) -> tuple[Json, ...]:
    """A value for each column of the folder's own signature: the one the model tells, in the signature's type."""
    from shared.domain.reading.signatures import convert_sample  # noqa: PLC0415 - see `_read_archive`

    return tuple(convert_sample(known.get(column.name), column) for column in folder.inputs)


def _writer(evidence: Evidence) -> str:
    return (
        "cloudpickle"
        if any(name.startswith("cloudpickle.") for name in evidence.names)
        else "pickle"
    )


def _not_a_model(reason: str) -> UnreadableModel:
    remedy = "Save a fitted estimator or pipeline with pickle, cloudpickle, joblib or mlflow.sklearn, and upload that."
    return UnreadableModel(UnreadableCode.NOT_A_MODEL, reason, remedy)


_PLAIN_NAMES = {
    list: "a list",
    tuple: "a tuple",
    str: "a text",
    int: "a number",
    float: "a number",
    Made: "an object",
}


def _blank(size: int, digest: str) -> Inspection:
    return Inspection(
        reader_version=READER_VERSION,
        digest=digest,
        size=size,
        format=ModelFormat.PICKLE,
        compression=None,
        written_by=None,
        verdict=Verdict.UNKNOWN,
        reasons=(),
        names=(),
        refused=(),
        flavor="sklearn",
        estimator=None,
        python_version=None,
        libraries=(),
        features=(),
        named_features=False,
        classes=(),
        sample_row=None,
    )
