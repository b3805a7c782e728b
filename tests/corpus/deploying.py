"""Deploys kept files to an Azure ML emulator and scores them there: from storage to the answer behind the endpoint's key."""

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

from azure.core.exceptions import ResourceExistsError
from azure.storage.blob import ContainerClient

from local.azurite import Azurite
from tests.corpus.packaging import is_as_original, render_package, render_request
from tests.corpus.reading import KEPT, inspect
from tests.local.azure_ml.running import CONTAINER, Rest, Running, emulator

AT_ONCE = 4
"""Endpoints that share the files: one operation at a time runs on each."""
_ROOM = ("--deployments-per-endpoint", "500", "--cores", "5000", "--operation-seconds", "0")
_LONGEST = 900  # seconds, where an environment is built
_SELDOM = 0.1  # seconds between looks: each takes processor time from what is waited for
_PATIENT = {"requestTimeout": "PT90S"}  # a model's library is imported when it is first asked


def find_wrong(
    azurite: Azurite,
    state: Path,
    names: Sequence[str],
    *options: str,
    variables: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """The files that do not predict as their originals did, once deployed to an emulator with these options, and why.

    `variables` are of the emulator's own environment.
    """
    with (
        ContainerClient.from_connection_string(azurite.connection_string, CONTAINER) as container,
        emulator(
            state, azurite.connection_string, *_ROOM, *options, variables=variables
        ) as running,
        ThreadPoolExecutor(AT_ONCE) as pool,
    ):
        with suppress(ResourceExistsError):  # others use it too
            container.create_container()
        endpoints = [
            _Endpoint(running, container, f"files-{at}", state.name) for at in range(AT_ONCE)
        ]
        shares = [names[at::AT_ONCE] for at in range(AT_ONCE)]
        found = pool.map(
            lambda endpoint, share: dict(endpoint.find_wrong(share)), endpoints, shares
        )
        return {name: why for each in found for name, why in each.items()}


class _Endpoint:
    """One endpoint; the files of its models lie in `home`, under its name."""

    def __init__(self, running: Running, container: ContainerClient, name: str, home: str) -> None:
        self._running, self._container, self._name = running, container, name
        self._folder = f"{home}/{name}"
        self._rest = Rest(running.url, "corpus")

    def find_wrong(self, names: Sequence[str]) -> Iterator[tuple[str, str]]:
        """Deploys and scores one file after another; those that are not as the original, and why."""
        ended = self._rest.wait(self._rest.put_endpoint(self._name))
        assert ended["status"] == "Succeeded", ended
        key = self._rest.key(self._name)
        for at, name in enumerate(names):
            if why := self._deploy(name, f"file-{at}") or self._score(name, f"file-{at}", key):
                yield name, why

    def _deploy(self, name: str, deployment: str) -> str:
        """Empty where it has come up; else what the cloud said and what its log tells."""
        folder = f"{self._folder}/{deployment}"
        for path, content in render_package(name).items():
            self._container.upload_blob(f"{folder}/{path}", content, overwrite=True)
        model = self._rest.register(f"{self._name}-{deployment}", folder)
        place = f"{self._name}/{deployment}"
        begun = self._rest.put_deployment(place, model, requestSettings=_PATIENT)
        ended = self._rest.wait(begun, seconds=_LONGEST, every=_SELDOM)
        return "" if ended["status"] == "Succeeded" else f"{ended} {self._log(deployment)}"

    def _score(self, name: str, deployment: str, key: str) -> str:
        """Empty where it says what the original said; else what it said."""
        answer = self._running.http.post(
            f"/endpoints/{self._name}/score",
            json=render_request(inspect(name), KEPT[name]),
            headers={"Authorization": f"Bearer {key}", "azureml-model-deployment": deployment},
            timeout=120,
        )
        right = answer.is_success and is_as_original({"predictions": answer.json()}, KEPT[name])
        return "" if right else f"{answer.status_code} {answer.text} {self._log(deployment)}"

    def _log(self, deployment: str) -> str:
        path = f"onlineEndpoints/{self._name}/deployments/{deployment}/getLogs"
        return str(self._rest.send("POST", path, {"tail": 30}).json()["content"])
