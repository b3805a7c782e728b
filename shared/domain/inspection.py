"""What reading a model file found out.

An `Inspection` is the answer to an upload, is kept with the catalogue entry under its `READER_VERSION`, and is all that
`prepare` needs to build a `Package`. `shared.domain.inspection_json` writes and reads its stored form.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

READER_VERSION = 5
"""Raised whenever the same bytes may be judged or described differently; kept inspections of another version are stale."""

Json: TypeAlias = str | int | float | bool | None
"""A single JSON value: a cell of the sample row, or the label of a class."""


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
    SKOPS = "skops"
    ONNX = "onnx"
    SAFETENSORS = "safetensors"
    XGBOOST = "xgboost"
    """XGBoost's own files, JSON or UBJSON."""
    LIGHTGBM = "lightgbm"
    CATBOOST = "catboost"
    KERAS = "keras"
    """A `.keras` archive, or Keras's HDF5 file."""
    TORCH = "torch"
    """What `torch.save` wrote: a whole module, or weights."""
    TORCHSCRIPT = "torchscript"


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
        self.reason = whole(reason)
        self.next = whole(next)


def whole(text: str) -> str:
    """A text without half characters, which no consumer could write down: they are spelled as Python spells them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One input of a model. `type` is MLflow's word: double, float, long, integer, string, boolean, datetime, binary."""

    name: str | None
    type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """One array that a model takes or gives. `dtype` is numpy's word (float32); -1 in `shape` is any length."""

    name: str | None
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why a file that was read cannot be served as it is, and what its owner can do."""

    why: str
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """Everything known about one model file, read without running it.

    `names` are all `module.name` that loading would look up; `refused` are those the allowlist does not hold;
    `reasons` say in plain sentences why the verdict is not `clean`. Facts the file does not tell are None or empty.
    `flavor` is the MLflow flavor that serves the file. `estimator` is the model's class, as one would import it.
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
    inputs: tuple[Tensor, ...] = ()
    """Of a model that takes arrays, not columns. A model has these or `features`, not both."""
    outputs: tuple[Tensor, ...] = ()
    sample_input: Any = None
    """Where `inputs` are known: what goes under `input_data`, a nested list, or an object of them by name. Of a model that
    takes texts, which have no signature: a list of one."""
    needs: tuple[str, ...] = ()
    """Libraries that serving needs and whose version the file does not tell, by their names on PyPI; with the first release
    that serves it where that is known, as `onnxruntime>=1.18`."""
    details: tuple[tuple[str, str], ...] = ()
    """More facts to show, such as ("objective", "binary:logistic"); nothing is decided by them."""
    obstacle: Obstacle | None = None
    """Set where the file was read and cannot be served, as weights without the code that uses them."""

    @property
    def signature(self) -> bool:
        """Whether the inputs are known, so that a sample can be scored and wrong input be refused."""
        return bool(self.features or self.inputs)
