"""A zipped MLflow folder: its MLmodel file checked and cut down to what is known, its pickles walked and judged.

A folder can name any Python module as its loader and bring code along. Only MLflow's own scikit-learn loader, without
code, can be clean. YAML is parsed by the caller, who hands over plain values.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from shared.domain.inspection import Column, UnreadableCode, UnreadableModel
from shared.domain.packaging.environment import parse_python, parse_version
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.facts.signatures import parse_inputs
from shared.domain.reading.limits import Limits, corrupt
from shared.domain.reading.model_file import ParseYaml
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.pickle_files import read_content
from shared.domain.reading.trust.evidence import Evidence

_LOADER = "mlflow.sklearn"
_SERIALIZATION = ("pickle", "cloudpickle")
_PREDICT = (
    "predict",
    "predict_proba",
    "predict_log_proba",
    "decision_function",
    "score_samples",
    "transform",
)
_PICKLE_NAME = re.compile(r"\.(pkl|pickle|joblib)$", re.IGNORECASE)
_KEPT_TEXTS = ("run_id", "utc_time_created", "model_uuid", "mlflow_version")
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowFolder:
    """What a folder holds. `model` is what its pickle builds; `prefix` is where the folder lies in the archive."""

    prefix: str
    model: Value
    serialization: str
    mlmodel: str
    inputs: tuple[Column, ...]
    libraries: dict[str, str]
    python_version: str | None


def read_mlflow_folder(
    archive: FileArchive, parse_yaml: ParseYaml, evidence: Evidence, limits: Limits
) -> MlflowFolder:
    """Read and judge a folder. Raises UnreadableModel for an archive that holds none, or one that no MLflow loads."""
    prefix = find_folder(archive)
    document = _mapping(parse_yaml(archive.read(f"{prefix}MLmodel", limits.document)), "MLmodel")
    flavors = _mapping(document.get("flavors"), "MLmodel's flavors")
    python = _mapping(flavors.get("python_function"), "MLmodel's python_function flavor")
    sklearn = flavors.get("sklearn")
    _judge_loader(python, sklearn, evidence)
    path = str((sklearn if isinstance(sklearn, dict) else python).get("pickled_model", "model.pkl"))
    roots = _read_pickles(archive, prefix, evidence, limits)
    serialization = str(_get(sklearn, "serialization_format") or "pickle")
    if isinstance(sklearn, dict) and (
        serialization not in _SERIALIZATION or f"{prefix}{path}" not in roots
    ):
        raise UnreadableModel(
            UnreadableCode.UNSUPPORTED,
            f"The MLflow folder keeps its model in a form that is not read here ({serialization}, {path}).",
            "Save it again with mlflow.sklearn.save_model(..., serialization_format='cloudpickle').",
        )
    signature = document.get("signature")
    return MlflowFolder(
        prefix=prefix,
        model=roots.get(f"{prefix}{path}"),
        serialization=serialization,
        mlmodel=_render_mlmodel(
            document, python, path, serialization, _get(sklearn, "sklearn_version")
        ),
        inputs=parse_inputs(_get(signature, "inputs"), limits.columns),
        libraries=_find_libraries(archive, prefix, limits),
        python_version=parse_python(str(python.get("python_version"))),
    )


def find_folder(archive: FileArchive) -> str:
    """The path of the folder with the MLmodel file: empty for the archive's top, else one folder and a slash."""
    found = [
        entry.name.removesuffix("MLmodel")
        for entry in archive.entries
        if entry.name.rpartition("/")[2] == "MLmodel" and entry.name.count("/") <= 1
    ]
    if len(found) != 1:
        raise UnreadableModel(
            UnreadableCode.NOT_A_MODEL,
            f"The archive holds {'no' if not found else 'more than one'} MLmodel file at its top or one folder deep.",
            "Zip the folder that mlflow.sklearn.save_model wrote, and nothing else.",
        )
    return found[0]


def _judge_loader(python: dict[str, Any], sklearn: object, evidence: Evidence) -> None:
    loader = str(python.get("loader_module"))[:100]
    if python.get("code") or _get(sklearn, "code"):
        evidence.add_unknown(
            "The MLflow folder brings Python code of its own (code/), which would run in the container."
        )
    if loader == "mlflow.pyfunc.model" or python.get("python_model"):
        evidence.add_unknown(
            "The MLflow folder holds a custom Python model, whose code would run in the container."
        )
    elif not loader.startswith("mlflow."):
        evidence.add_unknown(f"The MLflow folder is loaded by Python code of its own: {loader!r}.")
    elif loader != _LOADER or not isinstance(sklearn, dict):
        evidence.add_unknown(f"The MLflow folder is of a flavor that is not read here: {loader!r}.")
    if python.get("predict_fn", "predict") not in _PREDICT:
        evidence.add_unknown(
            f"The MLflow folder predicts by an unusual function: {str(python['predict_fn'])[:60]!r}."
        )


def _read_pickles(
    archive: FileArchive, prefix: str, evidence: Evidence, limits: Limits
) -> dict[str, Value]:
    """Walk every pickle of the folder, whether or not MLmodel mentions it, and read all other files to their end."""
    roots: dict[str, Value] = {}
    for entry in archive.entries:
        if not entry.name.startswith(prefix):
            continue
        if _PICKLE_NAME.search(entry.name) or archive.open(entry.name).read(1) == b"\x80":
            found = read_content(archive.open(entry.name), evidence, limits)
            if (
                found.joblib
            ):  # MLflow would load it with pickle, to which joblib's array bytes are instructions
                raise corrupt(f"{entry.name[:80]!r} was saved by joblib, which MLflow cannot load")
            roots[entry.name] = found.root
        else:
            archive.open(entry.name).skip(entry.size)
    return roots


def _find_libraries(archive: FileArchive, prefix: str, limits: Limits) -> dict[str, str]:
    name = f"{prefix}requirements.txt"
    if all(entry.name != name for entry in archive.entries):
        return {}
    text = archive.read(name, limits.document).decode("utf-8", "replace")
    found = {
        library.lower().replace("_", "-"): version
        for library, version in _REQUIREMENT.findall(text)
    }
    return {library: version for library, version in found.items() if parse_version(version)}


def _render_mlmodel(
    document: dict[str, Any], python: dict[str, Any], path: str, serialization: str, version: object
) -> str:
    """MLmodel again, with nothing in it that was not looked at. JSON, which is YAML too."""
    kept: dict[str, Any] = {
        name: document[name] for name in _KEPT_TEXTS if isinstance(document.get(name), str)
    }
    signature = document.get("signature")
    if isinstance(signature, dict):
        parts = {name: signature.get(name) for name in ("inputs", "outputs", "params")}
        kept["signature"] = {
            name: part if isinstance(part, str) else None for name, part in parts.items()
        }
    predict = python.get("predict_fn")
    kept["flavors"] = {
        "python_function": {
            "loader_module": _LOADER,
            "model_path": path,
            "predict_fn": predict if predict in _PREDICT else "predict",
        },
        "sklearn": {
            "pickled_model": path,
            "serialization_format": serialization,
            "sklearn_version": str(version),
        },
    }
    return json.dumps(kept, sort_keys=True)


def _mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise corrupt(f"{what} is not what MLflow writes")
    return value


def _get(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, dict) else None
