"""Looks at the files of a model that is being registered, as the registry does on Azure."""

import json
from typing import Any

import yaml

from local.azure_ml.errors import user_error
from local.azure_ml.storage import Storage

MLFLOW = "mlflow_model"


def read(storage: Storage, given: dict[str, Any]) -> dict[str, Any]:
    """The flavors in the MLmodel file of a version to be; {} for a model that is not MLflow's.

    Raises ArmError if the files are missing or not what `modelType` says.
    """
    uri = given.get("modelUri") or ""
    path = storage.path_of(uri)
    if path is None:
        raise user_error(f"The model path {uri} is not in the workspace's datastore.")
    folder = storage.look(path)
    if not folder.blobs:
        raise user_error(
            "Model asset creation API failed",
            detail=(
                "ModelAssetPathNotFoundInStorage",
                f"No blobs found in storage at model asset path: {path}",
            ),
        )
    if given.get("modelType") != MLFLOW:
        return {}
    description = f"{path}/MLmodel"
    if description not in folder.blobs:
        raise user_error(f"The folder {path} has no file MLmodel, as an mlflow_model needs.")
    try:
        flavors = storage.read_yaml(description)["flavors"]
        return {name: {"data": _texts(content)} for name, content in flavors.items()}
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        raise user_error(f"The file {description} is not an MLmodel file: {error}") from error


def _texts(content: dict[str, Any]) -> dict[str, str]:
    return {
        key: json.dumps(value) if isinstance(value, dict) else str(value)
        for key, value in content.items()
    }
