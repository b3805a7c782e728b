"""Serving as Azure does it: every deployment has a process of its own, with its own variables."""

import asyncio
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import httpx

from local.azure_ml.environments import Environments
from local.azure_ml.loading import Loader
from local.azure_ml.operations import OperationFailedError
from local.azure_ml.scorers import Scorer, ScorerDiedError
from local.azure_ml.serving import (
    SERVER,
    Answer,
    Logs,
    NotServingError,
    crashed,
    scoring_client,
    slug,
)
from local.azure_ml.state import Resource

_REVIVED_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class _Served:
    scorer: Scorer
    model: Path

    def end(self) -> None:
        self.scorer.end()
        shutil.rmtree(self.model, ignore_errors=True)


class ProcessServing:
    """See `serving.Serving`. Files that are served lie in `folder`/served."""

    def __init__(
        self, folder: Path, loader: Loader, logs: Logs, environments: Environments
    ) -> None:
        self._folder = folder / "served"
        self._loader = loader
        self._logs = logs
        self._environments = environments
        self._client = scoring_client()
        self._prepared: dict[str, _Served] = {}
        self._live: dict[str, asyncio.Future[_Served]] = {}
        self._launches = 0
        self._reviving = asyncio.Semaphore(_REVIVED_AT_ONCE)

    def start(self) -> None:
        """Starts the environments; what an earlier emulator served is not there any more."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._environments.start()

    async def prepare(self, deployment: Resource) -> None:
        """Loads the files and boots a process beside the one that serves."""
        self._prepared[deployment.id.lower()] = await self._launch(deployment)

    def switch(self, deployment: Resource) -> None:
        """The prepared process serves from now on, the former one ends."""
        self._end(deployment)
        live = asyncio.get_running_loop().create_future()
        live.set_result(self._prepared.pop(deployment.id.lower()))
        self._live[deployment.id.lower()] = live

    def revive(self, deployment: Resource) -> None:
        """Boots a process anew; who scores meanwhile waits for it."""
        self._end(deployment)
        self._live[deployment.id.lower()] = asyncio.ensure_future(self._relaunch(deployment))

    def retire(self, deployment: Resource) -> None:
        """Ends the process."""
        self._end(deployment)
        self._logs.remove(deployment)

    async def score(self, deployment: Resource, body: bytes) -> Answer:
        """Asks the process; one that has died is started again for the next caller."""
        live = self._live.get(deployment.id.lower())
        if live is None:
            raise NotServingError(f"{deployment.name} is not serving")
        try:
            served = await asyncio.shield(live)
            answer = await self._client.post(served.scorer.url, content=body)
        except (httpx.TransportError, OperationFailedError) as error:
            if self._live.get(deployment.id.lower()) is live:
                self.revive(deployment)
            raise NotServingError(f"{deployment.name} has crashed and is restarted") from error
        return Answer(answer.status_code, answer.content)

    def pid(self, deployment: Resource) -> int | None:
        """The pid of the deployment's own process."""
        served = _result(self._live.get(deployment.id.lower()))
        return served.scorer.pid if served and served.scorer.alive else None

    async def stop(self) -> None:
        """Ends the environments and with them all processes."""
        for live in self._live.values():
            live.cancel()
        self._environments.stop()
        await self._client.aclose()

    async def _relaunch(self, deployment: Resource) -> _Served:
        async with self._reviving:
            return await self._launch(deployment)

    async def _launch(self, deployment: Resource) -> _Served:
        self._launches += 1
        model = self._folder / f"{slug(deployment)}-{self._launches}"
        try:
            await self._loader.load(deployment, model)
            nursery = await self._environments.find(deployment, model)
            scorer = await nursery.fork(
                model=model,
                most=1,
                log=self._logs.file(deployment, SERVER),
                environment=_variables(deployment, model),
            )
        except BaseException as error:
            shutil.rmtree(model, ignore_errors=True)
            if isinstance(error, ScorerDiedError):
                self._logs.write(deployment, SERVER, str(error))
                raise crashed(str(error)) from error
            raise
        return _Served(scorer, model)

    def _end(self, deployment: Resource) -> None:
        live = self._live.pop(deployment.id.lower(), None)
        served = _result(live)
        if served:
            served.end()
        elif live:
            live.cancel()


def _variables(deployment: Resource, model: Path) -> Mapping[str, str]:
    given = deployment.properties["environmentVariables"]
    return {name: str(value) for name, value in given.items()} | {"AZUREML_MODEL_DIR": str(model)}


def _result(live: asyncio.Future[_Served] | None) -> _Served | None:
    if live is None or not live.done() or live.cancelled() or live.exception():
        return None
    return live.result()
