"""The files of an MLflow folder that are written, not copied: MLmodel and the three that tell the environment."""

import json
from collections.abc import Mapping
from typing import Any

from shared.domain.inspection import Inspection
from shared.domain.packaging.environment import SERVING_MLFLOW, Environment
from shared.domain.packaging.serving import Serving
from shared.domain.packaging.signatures import describe_signature

WRITTEN = ("MLmodel", "conda.yaml", "python_env.yaml", "requirements.txt")


def render_documents(
    inspection: Inspection, serving: Serving, environment: Environment
) -> dict[str, bytes]:
    """Their bytes by path. Without a time or a random id in them: the same model is the same folder."""
    return {
        "MLmodel": _render(_describe_model(inspection, serving, environment)),
        "conda.yaml": _render(_conda(environment)),
        "python_env.yaml": _render(_python_env(environment)),
        "requirements.txt": "".join(f"{line}\n" for line in environment.requirements).encode(),
    }


def _describe_model(
    inspection: Inspection, serving: Serving, environment: Environment
) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(inspection.mlmodel or "{}")
    document |= {"flavors": dict(serving.flavors), "mlflow_version": SERVING_MLFLOW}
    kept = document.pop("signature", None)
    signature = describe_signature(inspection)
    if signature is not None:
        document["signature"] = signature | {"params": (kept or {}).get("params")}
    document["flavors"]["python_function"] |= {
        "env": {"conda": "conda.yaml", "virtualenv": "python_env.yaml"},
        "python_version": environment.python,
    }
    return document


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
