"""Storage, the cloud and the API's host killed in the middle of the work, and back again."""

import signal
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from azure.data.tables import TableServiceClient
from azure.storage.blob import BlobServiceClient
from azure.storage.queue import QueueServiceClient

from local import azurite, processes
from local.cloud import LocalCloud, Options
from local.processes import wait_until
from shared.domain.policy import Policy
from shared.domain.records import Step
from tests.e2e.conftest import EVERY_CALL_SLOW, SHORT, Faults
from tests.e2e.gate import Gate
from tests.e2e.killing import chance_of, pause
from tests.e2e.models import saved, wine_model, wine_payload
from tests.e2e.user import Json, User
from tests.e2e.watch import Watch, count, frozen, names_in, names_of, wait_at_rest

AN_ACCEPTANCE = 0.05  # seconds


def delete_all(user: User, deployed: list[Json]) -> None:
    for each in deployed:
        assert user.delete(each["id"]).status_code == 202
    for each in deployed:
        user.wait_torn_down(each["id"])


def save_on_disk(cloud: LocalCloud) -> None:
    """Returns when all that storage has acknowledged so far is on its disk, which takes up to 5 s."""
    name, text = f"mark{uuid.uuid4().hex}", cloud.connection_string
    folder = cloud.state / "azurite"
    (cloud.state / name).touch()
    marked = (cloud.state / name).stat().st_mtime
    with TableServiceClient.from_connection_string(text) as tables:
        tables.create_table(name)
    with QueueServiceClient.from_connection_string(text) as queues:
        queues.create_queue(name).send_message(name)
    with BlobServiceClient.from_connection_string(text) as blobs:
        blobs.create_container(name).upload_blob(name, b"marked")
    files = list(folder.glob("__azurite_db_*__.json"))
    assert len(files) == 5, files
    named = [file for file in files if "extent" not in file.name]
    assert len(named) == 3, named
    wait_until(
        lambda: (
            all(file.stat().st_mtime >= marked for file in files)
            and all(name in file.read_text() for file in named)
        ),
        seconds=30,
        what="storage to save its state",
    )


def test_work_goes_on_when_storage_was_killed_in_the_middle_and_came_back(
    pair: LocalCloud, pair_user: User, pair_faults: Faults
) -> None:
    pair_faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    model_id = pair_user.upload(saved(wine_model()))
    ids = [pair_user.deploy(model_id) for _ in range(3)]
    Watch(pair, ids[0]).wait_inside(Step.DEPLOYMENT)

    with ExitStack() as outage:
        with frozen(pair, 0), frozen(pair, 1):  # what is acknowledged later could be lost
            save_on_disk(pair)
            outage.enter_context(pair.storage.away())
        refused = pair_user.http.get("/deployments/list")
        wait_until(
            lambda: "trying on" in (pair.logs / "worker.log").read_text(),
            seconds=30,
            what="a worker to notice",
        )
    pair_faults.clear()
    live = [active_at_last(pair_user, each) for each in ids]

    assert refused.status_code == 503
    assert refused.json()["code"] == "storage_unavailable"
    assert "Retry-After" in refused.headers
    wait_at_rest(pair)
    assert names_in(pair) == names_of(live)
    assert pair_user.score(live[0], wine_payload(1)).status_code == 200
    delete_all(pair_user, live)


def active_at_last(user: User, deployment_id: str) -> Json:
    """Waits until it is active; tries it again where the cloud, too, could not read from storage."""
    ended = user.wait(deployment_id, lambda each: each["status"] != "deploying", seconds=120)
    if ended["status"] == "failed":
        assert "Unable to download user model" in ended["failure"]["cloud"]
        user.wait_torn_down(deployment_id)
        assert user.retry(deployment_id).status_code == 202
    return user.wait_active(deployment_id, seconds=120)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1, 9))
def test_work_goes_on_after_storage_was_away_at_any_moment(
    pair: LocalCloud, pair_user: User, seed: int
) -> None:
    chance = chance_of(seed)
    model_id = pair_user.upload(saved(wine_model()))
    ids = [pair_user.deploy(model_id) for _ in range(4)]

    for _ in range(3):
        pause(chance.uniform(0, 2))
        with pair.storage.away(signal.SIGTERM):  # it saves what it has acknowledged
            pause(chance.uniform(0, 5))
    live = [active_at_last(pair_user, each) for each in ids]

    wait_at_rest(pair)
    assert names_in(pair) == names_of(live)
    delete_all(pair_user, live)


@pytest.mark.parametrize(
    "step", [Step.DEPLOYMENT, pytest.param(Step.ENDPOINT, marks=pytest.mark.proof)]
)
def test_an_operation_goes_on_when_the_cloud_was_killed_in_the_middle_of_it(
    pair: LocalCloud, pair_user: User, pair_faults: Faults, step: Step
) -> None:
    long = {"operation": {"seconds": 3}}
    pair_faults.add("PUT", "/onlineEndpoints/", long, times=0)
    deployment_id = pair_user.deploy(pair_user.upload(saved(wine_model())))
    watch = Watch(pair, deployment_id)

    def waits_for_the_cloud() -> bool:
        work = watch.record().work
        return work.step is step and work.began_at is not None

    wait_until(waits_for_the_cloud, seconds=60, what=f"an operation of {step}")
    with pair.azure_ml.away():
        assert pair_user.look(deployment_id)["status"] == "deploying"
    live = pair_user.wait_active(deployment_id)

    wait_at_rest(pair)
    assert names_in(pair) == names_of([live])
    assert pair_user.score(live, wine_payload(1)).status_code == 200
    delete_all(pair_user, [live])


@dataclass
class Gated:
    """A cloud whose hosts reach the queues through a gate."""

    cloud: LocalCloud
    gate: Gate


@pytest.fixture
def gated(tmp_path: Path) -> Iterator[Gated]:
    ports = {service: processes.free_port() for service in azurite.SERVICES}
    gate = Gate(ports["queue"])
    through = azurite.connection_string({**ports, "queue": gate.port})
    options = Options(
        folder=tmp_path,
        in_memory=True,
        operation_seconds=0.1,
        storage_ports=ports,
        settings={**SHORT, "AzureWebJobsStorage": through},
    )
    with closing(gate), LocalCloud(options) as cloud:
        yield Gated(cloud, gate)


def test_a_request_whose_host_died_between_acceptance_and_answer_is_one_when_sent_again(
    gated: Gated,
) -> None:
    cloud, key = gated.cloud, {"Idempotency-Key": uuid.uuid4().hex}
    with closing(User(cloud.base_url)) as user:
        body = {"model_id": user.upload(saved(wine_model()))}
        gated.gate.swallow("POST /devstoreaccount1/deploy-jobs/messages")
        sent = threading.Thread(target=lambda: give_up(user, body, key))
        sent.start()
        gated.gate.wait_swallowed()  # the acceptance is committed, its hint is on the way
        cloud.kill_web()
        sent.join()

        answer = wait_until(lambda: give_up(user, body, key), seconds=30, what="the API's host")
        live = user.wait_active(answer.json()["deployment_id"])

        assert answer.status_code == 202
        assert answer.headers["Idempotent-Replayed"] == "true"
        assert user.deployment_ids() == {live["id"]}
        assert count(cloud, "deployments", live["deployment_name"]) == 1


@pytest.mark.proof
def test_requests_sent_until_they_are_answered_are_accepted_once_while_their_host_is_killed(
    pair: LocalCloud, pair_user: User
) -> None:
    body = {"model_id": pair_user.upload(saved(wine_model()))}
    chance, cut_off = chance_of(3), []

    def attempt(key: dict[str, str]) -> httpx.Response | None:
        with closing(User(pair.base_url)) as user:  # no connection that an earlier kill has closed
            try:
                return post(user, body, key)
            except httpx.ConnectError:  # it is being started again
                return None
            except httpx.TransportError as error:
                cut_off.append(error)
                return None

    def send() -> httpx.Response:
        key = {"Idempotency-Key": uuid.uuid4().hex}
        killer = threading.Timer(chance.uniform(0, AN_ACCEPTANCE), pair.kill_web)
        killer.start()
        answer = wait_until(lambda: attempt(key), seconds=60, what="an answer")
        killer.join()  # it may come after the answer
        return answer

    answers = [send() for _ in range(10)]
    wait_until(lambda: is_up(pair), seconds=60, what="the API's host")

    assert cut_off, "no request was killed on its way"
    ids = [each.json()["deployment_id"] for each in answers]
    live = [pair_user.wait_active(each, seconds=120) for each in ids]
    assert len(set(ids)) == len(ids)
    assert names_in(pair) == names_of(live)
    wait_at_rest(pair, seconds=Policy().admission_grace + 60)  # some died before they were admitted
    delete_all(pair_user, live)


def is_up(cloud: LocalCloud) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"{cloud.base_url}/health").status_code == 200
    return False


def give_up(user: User, body: dict[str, str], key: dict[str, str]) -> httpx.Response | None:
    """Sends a deploy request; None where no answer came."""
    with suppress(httpx.TransportError):
        return post(user, body, key)
    return None


def post(user: User, body: dict[str, str], key: dict[str, str]) -> httpx.Response:
    return user.http.post("/deployments/deploy", json=body, headers=key)
