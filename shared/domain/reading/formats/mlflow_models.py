"""The model in an MLflow folder: read by the reader of its own format, and described by MLmodel where that tells more."""

from dataclasses import replace
from typing import Any

from shared.domain.inspection import Column, Inspection, Json, ModelFormat, Tensor
from shared.domain.packaging.lint import DROPPED, MLFLOW_OF_FOLDER
from shared.domain.packaging.releases import EASY
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.containers.inner_files import open_inner
from shared.domain.reading.facts.examples import example_row, example_tensor
from shared.domain.reading.facts.signatures import convert_sample, parse_inputs, parse_tensors
from shared.domain.reading.formats.mlflow_folder import OWN_CODE, MlflowFolder, read_mlflow_folder
from shared.domain.reading.formats.zip_archives import find_reader
from shared.domain.reading.limits import Limits, corrupt
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.reader import find_format

_EXPECTED = {
    "sklearn": (ModelFormat.PICKLE, ModelFormat.SKOPS),
    "statsmodels": (ModelFormat.PICKLE,),
    "xgboost": (ModelFormat.XGBOOST,),
    "lightgbm": (ModelFormat.LIGHTGBM, ModelFormat.PICKLE),
    "catboost": (ModelFormat.CATBOOST,),
    "onnx": (ModelFormat.ONNX,),
    "pytorch": (ModelFormat.TORCH, ModelFormat.TORCHSCRIPT),
    "keras": (ModelFormat.KERAS,),
    "tensorflow": (ModelFormat.KERAS,),
}
"""What a flavor's model may be: anything else MLflow could not load, or would load in another way than it was read."""
_OURS = ("mlflow", "mlflow-skinny", "azureml-inference-server-http", "azureml-ai-monitoring")
_ZIP = b"PK"
_SHOWN = 12


def read_folder(model_file: ModelFile, archive: FileArchive) -> Inspection:
    """The inspection of the folder in an archive. Raises UnreadableModel."""
    folder = read_mlflow_folder(model_file, archive)
    if folder.flavor == OWN_CODE:
        inner = model_file.blank(ModelFormat.MLFLOW, OWN_CODE)
    else:
        inner = _read_model(model_file, archive, folder)
    told = folder.libraries | dict(inner.libraries)
    dropped = sorted(name for name in folder.libraries if name not in (*EASY, *_OURS))
    details = dict(inner.details)
    if folder.written_by:
        details[MLFLOW_OF_FOLDER] = folder.written_by
    if dropped:
        details[DROPPED] = ", ".join(dropped[:_SHOWN])[: model_file.limits.name]
    described = replace(
        inner,
        format=ModelFormat.MLFLOW,
        flavor=folder.flavor,
        digest=model_file.digest,
        size=model_file.size,
        written_by=folder.serialization if folder.flavor == "sklearn" else inner.format.value,
        libraries=tuple(sorted((name, told[name]) for name in told if name in EASY)),
        needs=tuple(need for need in inner.needs if need not in told),
        python_version=folder.python_version or inner.python_version,
        mlmodel=folder.mlmodel,
        details=tuple(details.items()),
    )
    return _with_signature(described, folder, model_file.limits)


def _read_model(model_file: ModelFile, archive: FileArchive, folder: MlflowFolder) -> Inspection:
    name = f"{folder.prefix}{folder.model}"
    size = next(entry.size for entry in archive.entries if entry.name == name)
    inner_file = replace(
        model_file,
        file=open_inner(model_file.file, archive, name, size, model_file.limits),
        size=size,
    )
    if inner_file.head(2) == _ZIP:
        inside = Archive(inner_file.file, size, model_file.limits)
        if find_reader(inside)[0] == "mlflow_models":
            raise corrupt("the MLflow folder holds another one where its model should be")
    inner = find_format(inner_file)(inner_file)
    if inner.format not in _EXPECTED[folder.flavor] or inner.compression is not None:
        raise corrupt(
            f"{folder.model!r} is no file that MLflow's flavor {folder.flavor} loads, but {inner.format}"
        )
    return inner


def _with_signature(told: Inspection, folder: MlflowFolder, limits: Limits) -> Inspection:
    """The inputs as the folder's own signature and example tell them, which is how its owner calls it."""
    signature, example = folder.signature, folder.example
    tensors = parse_tensors(signature.get("inputs"), limits.columns)
    if tensors:
        return replace(
            told,
            features=(),
            sample_row=None,
            inputs=tensors,
            outputs=parse_tensors(signature.get("outputs"), limits.columns) or told.outputs,
            sample_input=example_tensor(example, tensors, limits.sample_values)
            or _sample_tensors(told, tensors),
        )
    columns = parse_inputs(signature.get("inputs"), limits.columns)
    if not columns:  # nothing is promised to callers, so a single array needs no name
        alone = tuple(replace(tensor, name=None) for tensor in told.inputs)
        return replace(told, inputs=alone) if len(alone) == 1 else told
    return replace(
        told,
        features=columns,
        named_features=columns[0].name is not None,
        sample_row=example_row(example, columns, limits.name) or _sample_row(told, columns),
        inputs=(),
        sample_input=None,
    )


def _sample_row(told: Inspection, columns: tuple[Column, ...]) -> tuple[Json, ...]:
    """The row that the model tells, in the types of the signature's columns."""
    known: dict[str | None, Json] = dict(
        zip(
            [column.name for column in told.features],
            told.sample_row or (None,) * len(told.features),
            strict=True,
        )
    )
    return tuple(convert_sample(known.get(column.name), column) for column in columns)


def _sample_tensors(told: Inspection, tensors: tuple[Tensor, ...]) -> Any:
    """The row that the model tells, where it fits the only array that is taken."""
    row, only = told.sample_row, tensors[0]
    if len(tensors) > 1 or row is None or only.shape[1:] != (len(row),):
        return told.sample_input if len(tensors) == 1 and only.name is None else None
    return [list(row)] if only.name is None else {only.name: [list(row)]}
