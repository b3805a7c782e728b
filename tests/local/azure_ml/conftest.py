"""One emulator for the folder, and a trained model whose files are in its storage."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import mlflow.sklearn
import pytest
from azure.storage.blob import ContainerClient
from sklearn.tree import DecisionTreeClassifier

from local.azurite import Azurite
from tests.local.azure_ml import running

MODEL_PATH = "models/tree"
BROKEN_PATH = "models/broken"

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def container(azurite: Azurite) -> Iterator[ContainerClient]:
    with ContainerClient.from_connection_string(
        azurite.connection_string, running.CONTAINER
    ) as client:
        if not client.exists():  # the contract suite uses it too
            client.create_container()
        yield client


@pytest.fixture(scope="session")
def model_path(container: ContainerClient, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Where a tree lies that answers 0 for small numbers and 1 for big ones."""
    folder: Path = tmp_path_factory.mktemp("model") / "tree"
    tree = DecisionTreeClassifier().fit(
        [[0.0, 0.0], [1.0, 1.0], [8.0, 8.0], [9.0, 9.0]], [0, 0, 1, 1]
    )
    mlflow.sklearn.save_model(
        tree,
        folder,
        pip_requirements=["scikit-learn==1.7.2", "numpy==1.0.0"],
        serialization_format="pickle",
    )
    for file in folder.rglob("*"):
        if file.is_file():
            container.upload_blob(f"{MODEL_PATH}/{file.relative_to(folder)}", file.read_bytes())
    return MODEL_PATH


@pytest.fixture(scope="session")
def broken_path(container: ContainerClient, model_path: str) -> str:
    """Where the same model lies with a pickle that cannot be loaded."""
    for blob in list(container.list_blobs(name_starts_with=f"{model_path}/")):
        content = container.download_blob(blob.name).readall()
        if blob.name.endswith(".pkl"):
            content = b"this is not a pickle"
        container.upload_blob(blob.name.replace(model_path, BROKEN_PATH), content)
    return BROKEN_PATH


@pytest.fixture(scope="session")
def shared(
    azurite: Azurite, container: ContainerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[running.Running]:
    """An emulator that gives every deployment a process; use workspaces and names of your own."""
    assert container.exists()
    state: Path = tmp_path_factory.mktemp("azure-ml")
    options = ["--operation-seconds", "0", "--page-size", "3", "--endpoints", "500"]
    options += ["--cores", "500", "--family-cores", "standardFSv2Family=6"]
    with running.emulator(state, azurite.connection_string, *options) as started:
        yield started


@pytest.fixture
def rest(shared: running.Running) -> running.Rest:
    """A client of a workspace nobody else uses."""
    return running.Rest(shared.url, f"ws{next(_numbers)}")


@pytest.fixture
def name() -> str:
    """An endpoint's name that is free in the region."""
    return f"endpoint-{next(_numbers)}"


_ACTOR = """
import os, time

class Actor:
    def predict(self, table, params=None):
        word, _, rest = str(table["do"][0]).partition(" ")
        return [getattr(self, word)(rest)]

    def env(self, name):
        return os.environ.get(name)

    def sleep(self, seconds):
        time.sleep(float(seconds))
        return "slept"

    def refuse(self, text):
        raise ValueError(text)

    def die(self, code):
        os._exit(int(code))

def _load_pyfunc(path):
    return Actor()
"""


@pytest.fixture(scope="session")
def actor_path(container: ContainerClient) -> str:
    """Where a model lies that does what its one column `do` says: env, sleep, refuse, die."""
    flavor = {"loader_module": "actor", "code": "code", "data": "data"}
    files = {
        "MLmodel": json.dumps({"flavors": {"python_function": flavor}}),
        "code/actor.py": _ACTOR,
        "data/nothing": "",
        "requirements.txt": "mlflow==2.16.2\n",
    }
    for file, content in files.items():
        container.upload_blob(f"models/actor/{file}", content.encode())
    return "models/actor"
