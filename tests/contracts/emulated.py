"""An Azure ML emulator whose storage holds two small models."""

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path

from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from tests.local.azure_ml import running

GOOD_PATH = "contracts/good"
BROKEN_PATH = "contracts/broken"


@contextlib.contextmanager
def emulator(azurite: Azurite, state: Path) -> Iterator[running.Running]:
    """Runs until the `with` block ends; lists have two entries a page."""
    with ContainerClient.from_connection_string(
        azurite.connection_string, running.CONTAINER
    ) as container:
        if not container.exists():
            container.create_container()
        _upload_models(container)
    options = ["--operation-seconds", "0.05", "--page-size", "2"]
    with running.emulator(state, azurite.connection_string, *options) as started:
        yield started


def _upload_models(container: ContainerClient) -> None:
    """Puts a model that answers 0 for each row, and one that cannot be loaded."""
    flavor = {"loader_module": "zeros", "code": "code", "data": "data"}
    files = {
        "MLmodel": json.dumps({"flavors": {"python_function": flavor}}),
        "data/nothing": "",
        "requirements.txt": "mlflow==2.16.2\n",
    }
    code = {
        GOOD_PATH: (
            "class Zeros:\n"
            "    def predict(self, table, params=None):\n"
            "        return [0] * len(table)\n"
            "def _load_pyfunc(path):\n"
            "    return Zeros()\n"
        ),
        BROKEN_PATH: "raise ImportError('not here')\n",
    }
    for path, text in code.items():
        for file, content in (files | {"code/zeros.py": text}).items():
            container.upload_blob(f"{path}/{file}", content.encode(), overwrite=True)
