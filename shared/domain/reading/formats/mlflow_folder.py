"""An MLflow folder in an archive: its MLmodel file checked and cut down to what is known, its pickles walked and judged.

A folder can name any Python module as its loader and bring code along. Only MLflow's own loaders of the libraries that are
read here, without code, can be clean. YAML is parsed by the caller, who hands over plain values.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.packaging.environment import parse_python, parse_version
from shared.domain.reading.containers.entries import FileArchive
from shared.domain.reading.facts.signatures import parse_json
from shared.domain.reading.formats.mlflow_flavors import (
    PREDICT,
    VERSION_OF,
    cut_flavor,
    find_model,
    judge_loader,
)
from shared.domain.reading.limits import Limits, corrupt
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.pickles.pickle_files import read_content
from shared.domain.reading.trust.evidence import Evidence

OWN_CODE = "python_function"
_MODULES = (b"keras", b"tensorflow.keras", b"tf_keras")
_PICKLERS = (b"mlflow.pytorch.pickle_module", b"pickle", b"cloudpickle", b"dill")
_IMPORTED_TEXTS = {"keras_module.txt": _MODULES, "pickle_module_info.txt": _PICKLERS}
_PICKLE_NAME = re.compile(r"\.(pkl|pickle|joblib|cloudpickle)$", re.IGNORECASE)
_KEPT_TEXTS = ("run_id", "utc_time_created", "model_uuid", "mlflow_version")
_REQUIREMENT = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==([^\s;#]+)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowFolder:
    """What a folder tells of itself. `flavor` is MLflow's that loads it, or `OWN_CODE`; `prefix` is where it lies.

    `model` is the path of its model's file in the folder, None where its own code decides. `signature` holds JSON texts,
    `example` the input example, parsed, None where there is none.
    """

    prefix: str
    flavor: str
    model: str | None
    serialization: str | None
    mlmodel: str
    signature: dict[str, Any]
    example: Any
    libraries: dict[str, str]
    python_version: str | None
    written_by: str | None


def read_mlflow_folder(model_file: ModelFile, archive: FileArchive) -> MlflowFolder:
    """Read and judge a folder, but for the model in it. Raises UnreadableModel for an archive that holds none."""
    limits, evidence = model_file.limits, model_file.evidence
    prefix = find_folder(archive)
    document = _mapping(
        model_file.parse_yaml(archive.read(f"{prefix}MLmodel", limits.document)), "MLmodel"
    )
    flavors = _mapping(document.get("flavors"), "MLmodel's flavors")
    python = _mapping(flavors.get("python_function"), "MLmodel's python_function flavor")
    flavor = judge_loader(python, flavors, evidence)
    files = {
        entry.name.removeprefix(prefix): entry.size
        for entry in archive.entries
        if entry.name.startswith(prefix)
    }
    model, kept = None, {"python_function": _plain(python)}
    told: dict[str, Any] = {}
    if flavor != OWN_CODE:
        told = flavors[flavor]
        model = find_model(flavor, told, files)
        kept = {
            "python_function": _cut_python(flavor, python, model),
            flavor: cut_flavor(flavor, told, model, evidence),
        }
    _read_others(archive, prefix, model, evidence, limits)
    signature = document.get("signature")
    libraries = _find_libraries(archive, prefix, limits) | _find_own(flavor, told)
    return MlflowFolder(
        prefix=prefix,
        flavor=flavor,
        model=model,
        serialization=str(told.get("serialization_format") or "pickle"),
        mlmodel=_render_mlmodel(document, kept),
        signature=signature if isinstance(signature, dict) else {},
        example=_read_example(archive, prefix, document, limits),
        libraries=libraries,
        python_version=parse_python(str(python.get("python_version"))),
        written_by=parse_version(str(document.get("mlflow_version"))),
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


def _cut_python(flavor: str, python: dict[str, Any], model: str) -> dict[str, Any]:
    predict = python.get("predict_fn")
    known = {
        "loader_module": f"mlflow.{flavor}",
        "predict_fn": predict if predict in PREDICT else "predict",
    }
    return known | {"model_path" if flavor == "sklearn" else "data": model}


def _plain(python: dict[str, Any]) -> dict[str, Any]:
    """A flavor of the folder's own code, which is served under an exception only; its environment is ours."""
    plain: dict[str, Any] = json.loads(json.dumps(python, default=str))
    return {name: value for name, value in plain.items() if name not in ("env", "python_version")}


def _read_others(
    archive: FileArchive, prefix: str, model: str | None, evidence: Evidence, limits: Limits
) -> None:
    """Walk every pickle but the model itself, whether or not MLmodel mentions it, and read all files to their end."""
    for entry in archive.entries:
        if not entry.name.startswith(prefix):
            continue
        own = entry.name == f"{prefix}{model}"
        name = entry.name.rpartition("/")[2]
        if not own and (_PICKLE_NAME.search(name) or archive.open(entry.name).read(1) == b"\x80"):
            read_content(archive.open(entry.name), evidence, limits)
            continue
        archive.open(entry.name).skip(entry.size)
        known = _IMPORTED_TEXTS.get(name)
        if known and archive.read(entry.name, limits.document).strip() not in known:
            evidence.add_unknown(
                f"{name} names a module that MLflow would import, and that is not known."
            )


def _read_example(
    archive: FileArchive, prefix: str, document: dict[str, Any], limits: Limits
) -> Any:
    """The example that MLmodel names. It is only a help: one that is not there, or long, is none."""
    told = document.get("saved_input_example_info")
    name = f"{prefix}{told.get('artifact_path')}" if isinstance(told, dict) else ""
    short = any(entry.name == name and entry.size <= limits.document for entry in archive.entries)
    return parse_json(archive.read(name, limits.document)) if short else None


def _find_libraries(archive: FileArchive, prefix: str, limits: Limits) -> dict[str, str]:
    name = f"{prefix}requirements.txt"
    if all(entry.name != name for entry in archive.entries):
        return {}
    text = archive.read(name, limits.document).decode("utf-8", "replace")
    found = {
        library.lower().replace("_", "-"): parse_version(version)
        for library, version in _REQUIREMENT.findall(text)
    }
    return {library: version for library, version in found.items() if version}


def _find_own(flavor: str, told: dict[str, Any]) -> dict[str, str]:
    """The version of the flavor's own library, as MLmodel tells it."""
    library, key = VERSION_OF.get(flavor, ("", ""))
    version = parse_version(str(told.get(key)))
    return {library: version} if version else {}


def _render_mlmodel(document: dict[str, Any], flavors: dict[str, Any]) -> str:
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
    return json.dumps(kept | {"flavors": flavors}, sort_keys=True)


def _mapping(value: object, what: str) -> dict[str, Any]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise corrupt(f"{what} is not what MLflow writes")
    return value
