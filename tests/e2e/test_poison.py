"""Poison on the real host and real queues: five failures, the copy, and what the consumers make of it.

The app is the product's own, with a host.json that waits less.
"""

import base64
import json
import os
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue import QueueClient

from local import app_settings, azurite, processes
from local.host.process import RunningHost, start
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_queue import AzureQueue
from shared.adapters.azure_tables import AzureTables
from shared.adapters.memory_cloud import MemoryCloud
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain.messages import DeadLetterReason
from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_JOBS_POISON,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
    Policy,
)
from shared.domain.principal import Principal
from shared.domain.records import Deployment
from shared.domain.requests import parse_deploy_request
from shared.ports import Ports
from shared.service import listing, store, submit
from shared.service.catalogue import models
from shared.service.claims import Mint
from shared.service.queues import dead_letters
from shared.service.queues.dead_letters import DeadLetter
from tests.service.sample import CONTENT, KnownReader

ROOT = Path(__file__).parents[2]
ANNA = Principal(user_id="local", issuer="local")
OPERATOR = Principal(user_id="root", issuer="local", is_operator=True)
WAIT_SECONDS = 30
QUEUES = (DEPLOY_JOBS, DEPLOY_JOBS_POISON, DEPLOY_REQUESTS, DEPLOY_REQUESTS_POISON)


@dataclass
class Bench:
    """A storage account, hosts of the product on it, and the service's view of its rows."""

    folder: Path
    connection: str
    ports: Ports
    stack: ExitStack

    def start(self, functions: str, *options: str, **settings: str) -> RunningHost:
        """A host of some functions; stopped at the end of the test."""
        env = app_settings.app_env(
            storage=self.connection, azure_ml="http://127.0.0.1:9", settings=settings
        )
        env = {name: value for name, value in env.items() if value}
        options = ("--port", "0", "--functions", functions, *options)
        running = start(self.folder, env=env, log=self.folder / "host.log", options=options)
        return self.stack.enter_context(running)

    def queue(self, name: str) -> QueueClient:
        """A queue whose texts go and come as they are."""
        client = QueueClient.from_connection_string(self.connection, name)
        self.stack.callback(client.close)
        return client

    def send(self, queue: str, text: str) -> None:
        with suppress(ResourceExistsError):
            self.queue(queue).create_queue()
        self.queue(queue).send_message(text)

    def texts(self, queue: str) -> list[str]:
        """What can be seen in a queue."""
        try:
            return [str(each.content) for each in self.queue(queue).peek_messages(max_messages=32)]
        except ResourceNotFoundError:
            return []

    def count(self, queue: str) -> int:
        """How many messages there are, visible or not."""
        try:
            found = self.queue(queue).get_queue_properties().approximate_message_count
        except ResourceNotFoundError:
            return 0
        return found or 0

    def letters(self) -> list[DeadLetter]:
        return dead_letters.list_dead_letters(self.ports, OPERATOR, limit=200)[0]

    def deploy(self) -> Deployment:
        """Accepts a request, as the HTTP function does."""
        mint, policy = Mint(self.ports.tables, self.ports.clock, self.ports.random), Policy()
        upload = models.Upload(file=BytesIO(CONTENT), filename="m.pkl", model_name="churn")
        model = models.add_model(self.ports, mint, policy, ANNA, upload)
        request = parse_deploy_request({"model_id": model.id})
        return submit.accept_deploy(self.ports, mint, policy, ANNA, request).record

    def read(self, record: Deployment) -> Deployment:
        stored = store.load_deployment(self.ports.tables, record.user_key, record.id)
        assert stored is not None
        return stored.record

    def events(self, record: Deployment) -> list[str]:
        listed = listing.list_events(self.ports.tables, record.user_key, record.id)
        return [each.name for each in listed]

    def wait(self, until: Any, what: str) -> None:
        processes.wait_until(until, seconds=WAIT_SECONDS, what=what)


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[azurite.Azurite]:
    """A storage account of this file's own, for the queues have the names that they have."""
    with azurite.start(log=tmp_path_factory.mktemp("azurite") / "azurite.log") as running:
        yield running


@pytest.fixture
def bench(storage: azurite.Azurite, tmp_path: Path) -> Iterator[Bench]:
    shutil.copyfile(ROOT / "function_app.py", tmp_path / "function_app.py")
    host: dict[str, Any] = json.loads((ROOT / "host.json").read_text())
    soon = {"maxPollingInterval": "00:00:00.100", "visibilityTimeout": "00:00:00"}
    host["extensions"]["queues"] |= soon
    (tmp_path / "host.json").write_text(json.dumps(host))
    account, clock = (
        storage_account.from_connection_string(storage.connection_string),
        SystemClock(),
    )
    ports = Ports(
        clock=clock,
        random=SystemRandom(),
        tables=AzureTables(account),
        queue=AzureQueue(account),
        blobs=AzureBlobs(account, app_settings.CONTAINER),
        artifacts=AzureBlobs(account, app_settings.CONTAINER),
        reader=KnownReader(),
        view=MemoryCloud(clock.now),
    )
    with ExitStack() as stack:
        bench = Bench(tmp_path, storage.connection_string, ports, stack)
        yield bench
        for queue in QUEUES:
            with suppress(ResourceNotFoundError):
                bench.queue(queue).clear_messages()


def test_garbage_on_every_queue_is_put_aside_at_first_sight(bench: Bench) -> None:
    garbage = {
        "not base64!": DeadLetterReason.NOT_JSON,
        base64.b64encode(b"\xff\xfe").decode(): DeadLetterReason.NOT_TEXT,
        '{"plain": 1, "plain": 2}': DeadLetterReason.DUPLICATE_KEY,
        base64.b64encode(b'{"a": ' + b"[" * 40_000).decode(): DeadLetterReason.TOO_DEEP,
        '{"a": "' + "x" * 65_527 + '"}': DeadLetterReason.TOO_LARGE,  # as much as a queue takes
    }
    for queue in QUEUES:
        for text in garbage:
            bench.send(queue, text)

    bench.start("deploy_jobs,deploy_jobs_poison,deploy_requests,deploy_requests_poison")
    bench.wait(lambda: not any(bench.count(queue) for queue in QUEUES), "all are taken")

    letters = bench.letters()
    for queue in (DEPLOY_JOBS, DEPLOY_REQUESTS):
        mine = sorted(each.reason for each in letters if each.queue == queue)
        assert mine == sorted(garbage.values())
    assert {each.times for each in letters} == {2}  # one text on a queue and on its poison queue
    assert "failed after" not in (bench.folder / "host.log").read_text()


def test_what_a_broken_release_poisoned_goes_on_under_the_next_one_and_counts_once(
    bench: Bench,
) -> None:
    record = bench.deploy()
    data = {"user_id": "local", "model_id": record.model_id}
    event = {"specversion": "1.0", "type": "trained", "source": "training", "id": "run-1"}
    bench.send(DEPLOY_REQUESTS, json.dumps({**event, "data": data}))
    broken = bench.start("deploy_jobs,deploy_requests", AZURE_ML_WORKSPACE="")
    bench.wait(lambda: bench.texts(DEPLOY_JOBS_POISON), "the hint is poison")
    bench.wait(lambda: bench.texts(DEPLOY_REQUESTS_POISON), "the event is poison")
    bench.wait(lambda: bench.count(DEPLOY_JOBS) == 0, "the hint is deleted")
    assert broken.stop() == 0
    log = (bench.folder / "host.log").read_text()
    failures = [log.count(f"{name} failed after") for name in ("deploy_jobs", "deploy_requests")]
    assert failures == [5, 5]
    [copied] = bench.texts(DEPLOY_JOBS_POISON)
    bench.send(DEPLOY_JOBS_POISON, copied)  # as after a deletion that did not happen

    bench.start("deploy_jobs_poison,deploy_requests_poison")
    bench.wait(lambda: not bench.count(DEPLOY_JOBS_POISON), "the poisoned hint is taken")
    bench.wait(lambda: not bench.count(DEPLOY_REQUESTS_POISON), "the poisoned event is taken")

    assert bench.events(record) == ["accepted", "poisoned"]
    assert bench.read(record).status == "deploying"
    assert (bench.count(DEPLOY_JOBS), bench.count(DEPLOY_REQUESTS)) == (1, 1)
    assert DeadLetterReason.NOT_PROCESSED not in {each.reason for each in bench.letters()}


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a cloud that takes calls and never answers one."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(64)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def test_a_turn_that_sigterm_cuts_off_leaves_a_lease_that_ends_and_another_goes_on(
    bench: Bench, silent: str
) -> None:
    short = {"LEASE_SECONDS": "6", "REHINT_AFTER_SECONDS": "1", "SWEEP_SCHEDULE": "* * * * * *"}
    short |= {"AZURE_ML_URL": silent, "IDENTITY_ENDPOINT": f"{silent}/msi/token"}
    record = bench.deploy()
    first = bench.start("deploy_jobs", "--grace", "1", **short)
    bench.wait(lambda: bench.read(record).work.step == "register", "a call to the cloud")
    os.kill(first.process.pid, signal.SIGTERM)

    assert first.process.wait(WAIT_SECONDS) == 1
    left = bench.read(record)
    assert left.lease is not None
    assert "cut off after 1 s: deploy_jobs" in (bench.folder / "host.log").read_text()

    bench.start("deploy_jobs,sweep", **short)
    bench.wait(lambda: bench.read(record).epoch > left.epoch, "another turn")
    lease = bench.read(record).lease
    assert lease is None or lease.until > left.lease.until
