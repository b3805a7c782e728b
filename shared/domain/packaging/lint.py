"""What of a model breaks, or surprises, on Azure's images, and what mends it. Nothing here stops a deployment."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.names import MEMORY_GIB
from shared.domain.packaging.environment import Environment
from shared.domain.packaging.releases import NEWEST_PYTHON, OLDEST_PYTHON, find_line
from shared.domain.packaging.signatures import describe_signature
from shared.domain.packaging.versions import parse_release, parse_version

MLFLOW_OF_FOLDER, DROPPED = "mlflow of the folder", "requirements left out"
"""Facts that the reader of MLflow folders puts into an inspection's details."""

_SHOWN = 8
_GIB = 1024**3
_BESIDE_MODEL_GIB = 1.0
_DATE_NAMES = ("date", "datetime", "modified")
_DATE_ENDS = ("_at", "_time")
_DATE_STARTS = ("timestamp",)
"""Names of columns whose values pandas reads as dates when it reads JSON (`pandas.read_json`, `keep_default_dates`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing to know: a stable `code`, what happens on Azure, and what mends it."""

    code: str
    what: str
    fix: str


def lint(inspection: Inspection, environment: Environment) -> tuple[Finding, ...]:
    """The findings whatever the instance, those that break most first."""
    return (
        *_lint_python(inspection, environment),
        *_lint_libraries(inspection, environment),
        *_lint_folder(inspection),
        *_lint_inputs(inspection),
        *_lint_outputs(inspection),
    )


def lint_memory(inspection: Inspection, instance_type: str) -> Iterator[Finding]:
    """The finding, if there is one, about a file and an instance's memory; none where its size is not known here."""
    memory_gib = MEMORY_GIB.get(instance_type)
    if memory_gib is not None and inspection.size / _GIB + _BESIDE_MODEL_GIB > memory_gib:
        yield Finding(
            code="larger_than_memory",
            what=f"The file alone is {inspection.size / _GIB:.1f} GiB; {instance_type} has {memory_gib:g} GiB of memory.",
            fix="Deploy with a larger instance_type, or save a smaller model.",
        )


def _lint_python(inspection: Inspection, environment: Environment) -> Iterator[Finding]:
    lines = {
        library: line
        for library, version in inspection.libraries
        if parse_version(version) and (line := find_line(library, parse_version(version) or ""))
    }
    first = max([OLDEST_PYTHON, *(line.first_python for line in lines.values())])
    last = min([NEWEST_PYTHON, *(line.last_python for line in lines.values())])
    if first > last:
        yield Finding(
            code="no_common_python",
            what=f"No Python has wheels for all of {_list(lines)} at the file's versions; Python {environment.python} is tried.",
            fix="Train and save the model with releases that go together.",
        )
    told = inspection.python_version
    if told and told.split(".")[:2] != environment.python.split(".")[:2]:
        yield Finding(
            code="python_replaced",
            what=f"The model was saved by Python {told} and is served by {environment.python}: the libraries have no wheels for the first.",
            fix=f"Save it under Python {environment.python} to be sure that it loads there.",
        )


def _lint_libraries(inspection: Inspection, environment: Environment) -> Iterator[Finding]:
    pinned = {line.partition("==")[0] for line in environment.requirements if "==" in line}
    installed = {_name(line) for line in environment.requirements}
    needed = {_name(need) for need in inspection.needs} | {name for name, _ in inspection.libraries}
    guessed = sorted((needed & installed) - pinned)
    if guessed:
        yield Finding(
            code="version_not_told",
            what=f"The file does not tell the version of {_list(guessed)}: a release that reads such files is installed.",
            fix="Compare a few predictions with your own before you send traffic.",
        )
    missing = sorted(needed - installed)
    if missing:
        yield Finding(
            code="library_not_installed",
            what=f"The model names {_list(missing)}, which are not installed in its container.",
            fix="Save it without them; or an operator makes an exception for this file with the requirements it needs.",
        )
    if "torch" in installed:
        yield Finding(
            code="large_image",
            what="PyPI's torch brings CUDA: the image grows by 3 GB or more, and takes long to build and to start.",
            fix="Export the model to ONNX (torch.onnx.export); it is then served by onnxruntime, with 20 MB.",
        )


def _lint_folder(inspection: Inspection) -> Iterator[Finding]:
    details = dict(inspection.details)
    theirs = parse_version(details.get(MLFLOW_OF_FOLDER, ""))
    if theirs and parse_release(theirs) >= (3,):
        yield Finding(
            code="mlflow_replaced",
            what=f"The folder was written by MLflow {theirs}, which breaks Azure's images; it is served by 2.16.2.",
            fix="Nothing to do: the environment files are written anew.",
        )
    if DROPPED in details:
        yield Finding(
            code="requirements_left_out",
            what=f"Of the folder's requirements these are not installed: {details[DROPPED]}.",
            fix="If the model's own classes need them, an operator makes an exception that adds them.",
        )


def _lint_inputs(inspection: Inspection) -> Iterator[Finding]:
    if not inspection.signature:
        yield _lint_unsigned(inspection)
    elif describe_signature(inspection) is None:
        yield Finding(
            code="signature_left_out",
            what="Lengths that are free, or types that Azure's scoring script cannot make a sample of, would end the container: "
            "no signature is written, and input is not checked.",
            fix="Export the model with all lengths fixed but the first.",
        )
    columns = inspection.features
    dates = [column.name for column in columns if column.name and _is_date_name(column.name)]
    if dates:
        yield Finding(
            code="columns_named_like_dates",
            what=f"pandas reads the values of {_list(dates)} as dates when it reads JSON, because of their names.",
            fix="Train with other names for these columns, or check predictions on rows with them.",
        )
    whole = [
        column.name for column in columns if column.name and column.type in ("long", "integer")
    ]
    if whole:
        yield Finding(
            code="no_missing_values",
            what=f"{_list(whole)} are whole numbers, which cannot be missing (null) in a request.",
            fix="Train with floats where values may be missing.",
        )
    odd = [column.name for column in columns if column.name and column.type == "binary"]
    if odd:
        yield Finding(
            code="not_in_json",
            what=f"{_list(odd)} are bytes, which JSON has no form for.",
            fix="Train on texts or numbers instead.",
        )


def _lint_unsigned(inspection: Inspection) -> Finding:
    if inspection.sample_input is not None:
        return Finding(
            code="no_signature",
            what="The model takes texts, for which there is no signature: wrong input is not refused before it.",
            fix='Call it with a list of texts, and not with a table: {"input_data": ["a text", "another"]}.',
        )
    return Finding(
        code="no_signature",
        what="The file does not tell what the model takes: no sample is scored, and wrong input is not refused before it.",
        fix="Fit it on a DataFrame, or save it with MLflow and a signature.",
    )


def _lint_outputs(inspection: Inspection) -> Iterator[Finding]:
    labels = inspection.format in (ModelFormat.PICKLE, ModelFormat.JOBLIB, ModelFormat.SKOPS)
    if labels and inspection.classes:
        yield Finding(
            code="labels_only",
            what="The endpoint answers with predict: class labels, not probabilities.",
            fix="For probabilities save it by mlflow.sklearn.save_model(..., pyfunc_predict_fn='predict_proba').",
        )


def _is_date_name(name: str) -> bool:
    lower = name.lower()
    return lower in _DATE_NAMES or lower.endswith(_DATE_ENDS) or lower.startswith(_DATE_STARTS)


def _name(line: str) -> str:
    return re.split("[=<>]", line, maxsplit=1)[0]


def _list(names: Iterable[object]) -> str:
    shown = [str(name)[:80] for name in names]
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
