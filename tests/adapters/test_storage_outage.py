"""A real Azurite that stands still, ends and comes back in the middle of accepts, turns and sweeps.

It ends in order (SIGTERM): killed, it would lose what it had acknowledged in its last seconds, which
Azure does not. The worker, the sweep and the clients are threads over the real SDK; the cloud is in memory.
"""

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueClient, TextBase64DecodePolicy

from local import azurite as storage
from local.azurite import Azurite
from local.processes import wait_until
from shared import patience
from shared.adapters import storage_account, storage_session
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.mlflow_packaging import MlflowPackager
from shared.adapters.model_reader import ProcessModelReader
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.errors import StoreError
from shared.domain.policy import DEPLOY_JOBS, Policy
from shared.ports import WorkerPorts
from shared.service import run, store, sweep
from shared.service.hints import Hint
from tests.api.serving import Server

POLICY = Policy(lease=4, cloud_timeout=1, rehint_after=1)
REQUESTS = 5


@pytest.fixture(autouse=True)
def _tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    """Waits for storage are a tenth of the shipped ones."""
    monkeypatch.setattr(storage_session, "CONNECT_SECONDS", 0.2)
    monkeypatch.setattr(storage_session, "READ_SECONDS", 0.6)
    monkeypatch.setattr(patience, "HTTP_SECONDS", 0.8)


class Shop:
    """Everything that works with one Azurite, and what it has met."""

    def __init__(self, azurite: Azurite, runner: asyncio.Runner) -> None:
        account = storage_account.from_connection_string(azurite.connection_string)
        clock = SystemClock()
        cloud = MemoryCloud(clock.now, operation_seconds=0.2, cores=1000)
        self.ports = WorkerPorts(
            clock=clock,
            random=SystemRandom(),
            tables=AzureTables(account),
            queue=AzureQueue(account),
            blobs=AzureBlobs(account, "longshore"),
            artifacts=AzureBlobs(account, "longshore"),
            reader=ProcessModelReader(),
            view=cloud,
            packager=MlflowPackager(),
            control=cloud,
            scorer=cloud,
        )
        self.cloud = cloud
        self.server = Server(runner)
        self.server.use(self.ports)
        self.unavailable: set[str] = set()
        self.refused: list[tuple[int, str, str]] = []
        self._ends = threading.Event()
        self._last = ""
        self._messages = QueueClient.from_connection_string(
            azurite.connection_string,
            DEPLOY_JOBS,
            message_decode_policy=TextBase64DecodePolicy(),
            read_timeout=1,
            retry_total=0,
        )

    @contextmanager
    def working(self, model: str) -> Iterator[Mapping[str, str]]:
        """Clients, a worker and the sweep at work; gives the deployment of each key."""
        accepted: dict[str, str] = {}
        works: list[Callable[[], None]] = [
            lambda: self._again_and_again("turn", self._turn),
            lambda: self._again_and_again("sweep", self._sweep),
            lambda: self._order(model, accepted),
        ]
        threads = [threading.Thread(target=work) for work in works]
        for thread in threads:
            thread.start()
        try:
            yield accepted
        finally:
            self._ends.set()
            for thread in threads:
                thread.join(20)

    def _again_and_again(self, name: str, work: Callable[[], None]) -> None:
        while not self._ends.wait(0.02):
            try:
                work()
            except StoreError:
                self.unavailable.add(name)

    def _turn(self) -> None:
        """What the host does: a message whose function raises comes back."""
        try:
            message = next(iter(self._messages.receive_messages(visibility_timeout=2)), None)
        except AzureError:
            self._run(self._last)  # the turn of a message that the host had got before
            return
        if message is not None:
            self._last = message.content
            self._run(message.content)
            with suppress(AzureError):
                self._messages.delete_message(message)

    def _run(self, text: str) -> None:
        if text:
            run.run_turn(self.ports, POLICY, Hint.model_validate_json(text))

    def _sweep(self) -> None:
        sweep.sweep(self.ports, POLICY)
        self._ends.wait(0.5)

    def _order(self, model: str, accepted: dict[str, str]) -> None:
        """Sends requests one after another, each until it is accepted."""
        for number in range(REQUESTS):
            while str(number) not in accepted and not self._ends.is_set():
                answer = self.server.post(
                    "/deployments",
                    json={"model_id": model},
                    headers={"Idempotency-Key": str(number)},
                )
                if answer.status_code == 202:
                    accepted[str(number)] = answer.json()["deployment_id"]
                else:
                    after = answer.headers["Retry-After"]
                    self.refused.append((answer.status_code, answer.json()["code"], after))
            self._ends.wait(0.3)

    def has_noticed(self) -> bool:
        """Whether requests, turns and sweeps have all met a storage that is away."""
        return self.unavailable == {"turn", "sweep"} and bool(self.refused)

    def unfinished(self) -> int:
        """How much is on the index, as far as storage tells."""
        with suppress(StoreError):
            return sum(1 for _ in store.list_inflight(self.ports.tables))
        return -1


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


class Standing:
    """An Azurite that stands still (SIGSTOP) while it is away, and answers nothing."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "azurite"
        self.now = storage.start(log=folder / "azurite.log", folder=self.folder)

    def go(self) -> None:
        self.now.process.send_signal(signal.SIGSTOP)

    def come_back(self) -> None:
        self.now.process.send_signal(signal.SIGCONT)


class Ending(Standing):
    """An Azurite that ends, and is started again where it was, on what it had saved."""

    def go(self) -> None:
        self.now.stop()

    def come_back(self) -> None:
        self.now = storage.start(log=self.now.log, folder=self.folder, ports=self.now.ports)


@pytest.mark.parametrize("kind", [Standing, Ending])
def test_requests_turns_and_sweeps_go_on_after_azurite_was_away(
    tmp_path: Path, runner: asyncio.Runner, kind: type[Standing]
) -> None:
    azurite = kind(tmp_path)
    try:
        shop = Shop(azurite.now, runner)
        model = shop.server.upload()
        with shop.working(model) as accepted:
            wait_until(lambda: len(accepted) >= 2, seconds=20, what="two acceptances")
            azurite.go()
            wait_until(shop.has_noticed, seconds=30, what="everyone to notice")
            azurite.come_back()
            wait_until(lambda: len(accepted) == REQUESTS, seconds=30, what="all acceptances")
            wait_until(lambda: shop.unfinished() == 0, seconds=60, what="all deployments")
        listed = shop.server.get("/deployments").json()["deployments"]
        assert {each["id"] for each in listed} == set(accepted.values())
        assert {each["status"] for each in listed} == {"active"}
        assert set(shop.refused) == {(503, "storage_unavailable", "5")}
    finally:
        azurite.now.process.send_signal(signal.SIGCONT)
        azurite.now.stop()
