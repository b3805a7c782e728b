"""Environments made from a model's own files: once, by uv, and gone with the emulator's processes."""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from azure.storage.blob import ContainerClient

from local import processes
from local.azure_ml.environments_built import BuildFailedError, Built, read_wanted
from local.azure_ml.operations import OperationFailedError
from local.azure_ml.scorers import ScorerDiedError
from local.azure_ml.serving import SERVER, Logs, scoring_client
from local.azure_ml.state import Resource
from local.azurite import Azurite
from tests.local.azure_ml.running import Rest, Running, act, emulator

HERE = "{}.{}".format(*sys.version_info)
SMALL = "mlflow-skinny==2.16.2\npandas\n"
DEPLOYMENT = Resource(id="/d", kind="deployment", parent="/e", name="blue", body={})
TELLER = """
import importlib.util, sys

class Teller:
    def predict(self, table, params=None):
        return [sys.prefix, "{}.{}".format(*sys.version_info), importlib.util.find_spec("sklearn") is None]

def _load_pyfunc(path):
    return Teller()
"""


def upload(container: ContainerClient, path: str, requirements: str, python: str) -> str:
    """A model that tells of the interpreter that runs it."""
    flavor = {"loader_module": "teller", "code": "code", "data": "data"}
    files = {
        "MLmodel": json.dumps({"flavors": {"python_function": flavor}}),
        "code/teller.py": TELLER,
        "data/nothing": "",
        "requirements.txt": requirements,
        "python_env.yaml": f"python: {python}\n",
    }
    for file, content in files.items():
        container.upload_blob(f"{path}/{file}", content.encode(), overwrite=True)
    return path


@pytest.fixture
def building(azurite: Azurite, container: ContainerClient, tmp_path: Path) -> Iterator[Running]:
    assert container.exists()
    options = ["--environments", "built"]
    # uv finds packages in the way that this machine has told it.
    with emulator(tmp_path, azurite.connection_string, *options, variables=os.environ) as running:
        yield running


def tell(running: Running, rest: Rest, path: str) -> list[object]:
    """What the model at this path answers, once deployed."""
    rest.serve("built/blue", rest.register("teller", path))
    answer = act(running.url, "built", rest.key("built"), "tell")
    assert answer.status_code == 200, answer.text
    told: list[object] = answer.json()
    return told


@pytest.mark.proof
@pytest.mark.parametrize("python", ["3.8", "3.9", "3.10", "3.11", "3.12"])
def test_a_model_is_served_by_the_python_and_the_libraries_that_it_asks_for(
    building: Running, container: ContainerClient, tmp_path: Path, python: str
) -> None:
    path = upload(container, f"models/small-{python}", SMALL, python)

    told = tell(building, Rest(building.url, "ws"), path)

    (made,) = (tmp_path / "environments").iterdir()
    assert told == [str(made / "venv"), python, True]
    (held,) = building.control("GET", "resources")["deployments"]
    building.process.kill()
    processes.wait_until(
        lambda: not Path(f"/proc/{held['pid']}").exists(), seconds=60, what="the scorer's end"
    )


def test_a_build_that_fails_fails_the_deployment_with_the_words_of_the_tool(
    building: Running, container: ContainerClient
) -> None:
    rest = Rest(building.url, "ws")
    path = upload(container, "models/unbuilt", "numpy===no version\n", HERE)
    rest.wait(rest.put_endpoint("unbuilt"))

    ended = rest.wait(rest.put_deployment("unbuilt/blue", rest.register("unbuilt", path)))

    assert ended["error"]["code"] == "ImageBuildFailure"
    place = "onlineEndpoints/unbuilt/deployments/blue"
    log = rest.send("POST", f"{place}/getLogs", {"tail": 100}).json()["content"]
    assert "no version" in log
    assert "no version" in ended["error"]["message"]
    assert rest.send("GET", place).json()["properties"]["provisioningState"] == "Failed"


class FakeUv:
    """Stands where uv does: notes each call, and fails while `refusing` is there. `python` is what it makes."""

    def __init__(self, folder: Path, python: str = "") -> None:
        self.program, self._calls, self.refusing = (
            folder / each for each in ("uv", "calls", "refusing")
        )
        (folder / "python").write_text(f"#!/bin/sh\n{python}\n")
        (folder / "python").chmod(0o700)
        self.program.write_text(
            f"#!/bin/sh\necho $2 >>{self._calls}\n"
            f"if [ -e {self.refusing} ]; then echo these two contradict each other; exit 1; fi\n"
            f"mkdir -p venv/bin && cp {folder}/python venv/bin/python\n"
        )
        self.program.chmod(0o700)

    @property
    def calls(self) -> list[str]:
        return self._calls.read_text().split()


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "requirements.txt").write_text("mlflow==2.16.2\n")
    (folder / "python_env.yaml").write_text('{"python": "3.9.18", "dependencies": []}')
    return folder


def test_those_that_ask_at_once_and_later_share_one_build(tmp_path: Path, model: Path) -> None:
    uv = FakeUv(tmp_path)

    async def ask(times: int) -> int:
        built = Built(tmp_path, Logs(tmp_path), uv.program)
        return len(
            set(await asyncio.gather(*(built.find(DEPLOYMENT, model) for _ in range(times))))
        )

    assert asyncio.run(ask(3)) == 1
    assert asyncio.run(ask(1)) == 1  # the next emulator
    assert uv.calls == ["venv", "pip"]


def test_a_failed_build_is_told_to_each_that_asks_and_tried_again_later(
    tmp_path: Path, model: Path
) -> None:
    uv, logs = FakeUv(tmp_path), Logs(tmp_path)

    async def ask() -> None:
        built = Built(tmp_path, logs, uv.program)
        uv.refusing.touch()
        both = await asyncio.gather(
            *(built.find(DEPLOYMENT, model) for _ in range(2)), return_exceptions=True
        )
        assert [type(each) for each in both] == [OperationFailedError] * 2
        assert uv.calls == ["venv"]
        uv.refusing.unlink()
        await built.find(DEPLOYMENT, model)

    asyncio.run(ask())

    told = logs.tail(DEPLOYMENT, SERVER, 10)
    assert told.count("these two contradict each other") == 2
    assert "this needs Python 3.9" in told


def fork(built: Built, model: Path, log: Path) -> bool:
    """Whether a process in the model's environment has answered, and has ended with the environments."""

    async def serve() -> bool:
        nursery = await built.find(DEPLOYMENT, model)
        scorer = await nursery.fork(model=None, most=1, log=log, environment={})
        async with scoring_client() as client:
            answered = (await client.get(scorer.url)).text == "healthy"
        built.stop()
        await scorer.reader.read()
        ended = not scorer.alive
        scorer.end()
        await scorer.writer.wait_closed()
        return answered and ended

    return asyncio.run(serve())


def test_a_scoring_process_runs_in_the_environment_and_ends_with_it(
    tmp_path: Path, model: Path
) -> None:
    uv = FakeUv(tmp_path, f'echo "this is $0"; exec {sys.executable} "$@"')

    assert fork(Built(tmp_path, Logs(tmp_path), uv.program), model, tmp_path / "log")

    (made,) = (tmp_path / "environments").iterdir()
    assert f"this is {made}/venv/bin/python" in (made / "nursery.log").read_text()


def test_an_environment_that_cannot_serve_tells_why_at_once(tmp_path: Path, model: Path) -> None:
    uv = FakeUv(tmp_path, "echo no module named mlflow; exit 1")

    with pytest.raises(ScorerDiedError, match="no module named mlflow"):
        fork(Built(tmp_path, Logs(tmp_path), uv.program), model, tmp_path / "log")


@pytest.mark.parametrize("told", ["", "3.9", "{", "python:"])
def test_a_model_that_tells_no_python_cannot_be_built_for(model: Path, told: str) -> None:
    (model / "python_env.yaml").write_text(told)

    with pytest.raises(BuildFailedError, match=r"python_env\.yaml does not tell a Python"):
        read_wanted(model)


@pytest.mark.parametrize("missing", ["requirements.txt", "python_env.yaml"])
def test_a_model_without_one_of_the_files_cannot_be_built_for(model: Path, missing: str) -> None:
    (model / missing).unlink()

    with pytest.raises(BuildFailedError, match=f"no {missing}"):
        read_wanted(model)


def test_what_differs_in_python_or_in_requirements_has_an_environment_of_its_own(
    model: Path,
) -> None:
    first = read_wanted(model)
    (model / "python_env.yaml").write_text("python: 3.9.2")  # another patch of the same
    assert read_wanted(model).digest == first.digest
    (model / "python_env.yaml").write_text("python: 3.10")
    other = read_wanted(model)
    (model / "requirements.txt").write_text("mlflow==2.16.1\n")

    assert other.python == "3.10"
    assert len({each.digest for each in (first, other, read_wanted(model))}) == 3
