"""Serving for load tests: one process for all deployments, which loads a model when it is scored.

A model that cannot be loaded does not fail its deployment here, and environment variables do not
reach it; `docs/emulator.md` says so.
"""

import asyncio
import hashlib
import shutil
from pathlib import Path

import httpx

from local.azure_ml.loading import Loader
from local.azure_ml.operations import OperationFailedError
from local.azure_ml.scorers import Nursery, Scorer, ScorerDiedError
from local.azure_ml.serving import Answer, Logs, NotServingError, scoring_client
from local.azure_ml.state import Resource


class LightServing:
    """See `serving.Serving`. At most `most` models are in memory at once."""

    def __init__(self, folder: Path, loader: Loader, logs: Logs, most: int) -> None:
        self._folder = folder / "served"
        self._log = folder / "light.log"
        self._loader = loader
        self._logs = logs
        self._most = most
        self._nursery = Nursery(folder)
        self._client = scoring_client()
        self._live: set[str] = set()
        self._scorer: asyncio.Task[Scorer] | None = None
        self._models: dict[Path, asyncio.Task[None]] = {}

    def start(self) -> None:
        """Starts the nursery and forgets the files of an earlier emulator."""
        shutil.rmtree(self._folder, ignore_errors=True)
        self._nursery.start()

    async def prepare(self, deployment: Resource) -> None:
        """Sees that the model's files are there."""
        await self._loader.check(deployment)

    def switch(self, deployment: Resource) -> None:
        """The deployment may be scored."""
        self._live.add(deployment.id.lower())

    def revive(self, deployment: Resource) -> None:
        """The deployment may be scored again."""
        self._live.add(deployment.id.lower())

    def retire(self, deployment: Resource) -> None:
        """The deployment may not be scored any more."""
        self._live.discard(deployment.id.lower())
        self._logs.remove(deployment)

    async def score(self, deployment: Resource, body: bytes) -> Answer:
        """Asks the shared process, which is started (again) if need be."""
        if deployment.id.lower() not in self._live:
            raise NotServingError(f"{deployment.name} is not serving")
        try:
            model = await self._model(deployment)
            scorer = await self._process()
            answer = await self._client.post(
                scorer.url, content=body, headers={"x-model": str(model)}
            )
        except (httpx.TransportError, ScorerDiedError, OperationFailedError) as error:
            raise NotServingError(f"{deployment.name} cannot be served: {error}") from error
        return Answer(answer.status_code, answer.content)

    def pid(self, deployment: Resource) -> int | None:
        """The pid of the shared process."""
        scorer = self._running()
        return scorer.pid if scorer and deployment.id.lower() in self._live else None

    async def stop(self) -> None:
        """Ends the shared process."""
        self._nursery.stop()
        await self._client.aclose()

    async def _process(self) -> Scorer:
        if self._scorer is None or (self._scorer.done() and not self._running()):
            fork = self._nursery.fork(model=None, most=self._most, log=self._log, environment={})
            self._scorer = asyncio.create_task(fork)
        return await asyncio.shield(self._scorer)

    def _running(self) -> Scorer | None:
        """The shared process, if it has started and not ended."""
        task = self._scorer
        if task is None or not task.done() or task.cancelled() or task.exception():
            return None
        return task.result() if task.result().alive else None

    async def _model(self, deployment: Resource) -> Path:
        """The folder of the deployment's model; one folder for all that deploy the same."""
        digest = hashlib.sha256(deployment.private["modelUri"].encode()).hexdigest()
        folder = self._folder / digest[:32]
        task = self._models.get(folder)
        if task is None or (task.done() and task.exception()):
            task = asyncio.create_task(self._loader.load(deployment, folder))
            self._models[folder] = task
        await asyncio.shield(task)
        return folder
