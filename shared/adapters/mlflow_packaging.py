"""Writes the MLflow folder of an inspected model as data: nothing is loaded, and MLflow itself is not imported.

The `Packager` port, used by `prepare`. Importing MLflow's model classes costs 1.4 s and its signature classes need numpy,
which the functions do not install; the tests hold what is written here against MLflow 2.16.2 itself.
"""

import hashlib
import json
from collections.abc import Mapping
from typing import Any, BinaryIO

from shared.domain.inspection import Column, Inspection, ModelFormat
from shared.domain.packaging.environment import SERVING_MLFLOW, Environment, plan_environment
from shared.domain.packaging.package import Inline, Member, Origin, Package, PackageFile, Whole
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.formats.mlflow_folder import find_folder
from shared.domain.reading.limits import DEFAULT_LIMITS

_REWRITTEN = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")
_PICKLE_PATH = "model.pkl"
_JOBLIB_PATH = "model.joblib"
_LOADER_MODULE = "longshore_joblib_loader"
_LOADER = b'''"""Loads a model saved by joblib for MLflow's python_function flavor. Written by Longshore."""

import joblib


class JoblibModel:
    """Gives the estimator's predictions."""

    def __init__(self, estimator):
        self._estimator = estimator

    def predict(self, model_input, params=None):
        """Predictions for a DataFrame or an array."""
        return self._estimator.predict(model_input)


def _load_pyfunc(path):
    return JoblibModel(joblib.load(path))
'''
_TENSOR_TYPES = {"double": "float64", "long": "int64"}


class MlflowPackager:
    """The `Packager` port. `default_python` is the Python of the container where the file does not name one."""

    def __init__(self, *, default_python: str = "3.10") -> None:
        self._default_python = default_python

    def package(self, inspection: Inspection, content: BinaryIO) -> Package:
        """The folder's files; the same inspection and content always give the same digest."""
        environment = plan_environment(inspection, self._default_python)
        files = [
            _inline("MLmodel", _render(_describe_model(inspection, environment))),
            _inline("conda.yaml", _render(_conda(environment))),
            _inline("python_env.yaml", _render(_python_env(environment))),
            _inline(
                "requirements.txt",
                "".join(f"{line}\n" for line in environment.requirements).encode(),
            ),
            *_content_files(inspection, content),
        ]
        files.sort(key=lambda file: file.path)
        return Package(digest=_digest(files, inspection), files=tuple(files))


def _content_files(inspection: Inspection, content: BinaryIO) -> list[PackageFile]:
    match inspection.format:
        case ModelFormat.PICKLE:
            return [PackageFile(path=_PICKLE_PATH, size=inspection.size, origin=Whole())]
        case ModelFormat.JOBLIB:
            return [
                PackageFile(path=_JOBLIB_PATH, size=inspection.size, origin=Whole()),
                _inline(f"code/{_LOADER_MODULE}.py", _LOADER),
            ]
    archive = Archive(content, inspection.size, DEFAULT_LIMITS)
    prefix = find_folder(archive)
    return [
        PackageFile(
            path=entry.name.removeprefix(prefix), size=entry.size, origin=Member(entry.name)
        )
        for entry in archive.entries
        if entry.name.startswith(prefix) and entry.name.removeprefix(prefix) not in _REWRITTEN
    ]


def _describe_model(inspection: Inspection, environment: Environment) -> dict[str, Any]:
    """MLmodel. Without a time or a random id in it: the same model is the same folder."""
    if inspection.mlmodel is not None:
        document: dict[str, Any] = json.loads(inspection.mlmodel)
    else:
        document = {"flavors": _flavors(inspection), "mlflow_version": SERVING_MLFLOW}
        if inspection.signature:
            document["signature"] = {
                "inputs": _render_inputs(inspection),
                "outputs": None,
                "params": None,
            }
    document["flavors"]["python_function"] |= {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": environment.python,
    }
    return document


def _flavors(inspection: Inspection) -> dict[str, Any]:
    if inspection.format is ModelFormat.JOBLIB:
        return {
            "python_function": {
                "loader_module": _LOADER_MODULE,
                "code": "code",
                "data": _JOBLIB_PATH,
            }
        }
    versions = dict(inspection.libraries)
    return {
        "python_function": {
            "loader_module": "mlflow.sklearn",
            "model_path": _PICKLE_PATH,
            "predict_fn": "predict",
        },
        "sklearn": {
            "code": None,
            "pickled_model": _PICKLE_PATH,
            "serialization_format": "cloudpickle"
            if inspection.written_by == "cloudpickle"
            else "pickle",
            "sklearn_version": versions.get("scikit-learn"),
        },
    }


def _render_inputs(inspection: Inspection) -> str:
    """The signature's inputs. A model without column names takes a tensor, so that it gets an array, as in training."""
    columns = inspection.features
    kinds = {column.type for column in columns}
    if not inspection.named_features and len(kinds) == 1 and kinds <= set(_TENSOR_TYPES):
        tensor = {"dtype": _TENSOR_TYPES[columns[0].type], "shape": [-1, len(columns)]}
        return json.dumps([{"type": "tensor", "tensor-spec": tensor}])
    return json.dumps([_column_spec(column) for column in columns])


def _column_spec(column: Column) -> dict[str, Any]:
    name = {} if column.name is None else {"name": column.name}
    return {"type": column.type, "required": True} | name


def _conda(environment: Environment) -> dict[str, Any]:
    return {
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={environment.python}",
            "pip",
            {"pip": list(environment.requirements)},
        ],
        "name": "mlflow-env",
    }


def _python_env(environment: Environment) -> dict[str, Any]:
    return {
        "python": environment.python,
        "build_dependencies": ["pip"],
        "dependencies": ["-r requirements.txt"],
    }


def _render(document: Mapping[str, Any]) -> bytes:
    """YAML in the form of JSON, which every YAML reader takes."""
    return (json.dumps(document, indent=1, sort_keys=True) + "\n").encode()


def _inline(path: str, data: bytes) -> PackageFile:
    return PackageFile(path=path, size=len(data), origin=Inline(data))


def _digest(files: list[PackageFile], inspection: Inspection) -> str:
    """sha256 over the manifest. Content that is not moved counts by the digest of the upload it stands in."""
    manifest = [[file.path, file.size, *_identity(file.origin, inspection)] for file in files]
    return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()


def _identity(origin: Origin, inspection: Inspection) -> tuple[str, ...]:
    match origin:
        case Inline(data):
            return (hashlib.sha256(data).hexdigest(),)
        case Whole():
            return (inspection.digest,)
        case Member(name):
            return (inspection.digest, name)
