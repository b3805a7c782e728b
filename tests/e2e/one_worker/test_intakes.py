"""Files on their way in, in the running product: by the command that the API gives, by reference, and past kills."""

import hashlib
import random
from pathlib import Path

import pytest

from local.cloud import LocalCloud
from local.processes import wait_until
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_tables import AzureTables
from shared.domain.catalogue.intakes import Intake
from shared.service import store
from shared.service.catalogue import content
from shared.service.intake import rows as intake_rows
from tests import tracking_server
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.one_worker.conftest import SOURCES
from tests.e2e.sending import begin, confirm, paste, wait_finished
from tests.e2e.user import Json, User
from tests.e2e.watch import held
from tests.tracking_server import begin_run, register

BIG = 48 * 1024 * 1024
KILLS = 3


def test_a_file_goes_straight_to_storage_by_the_command_that_is_given(
    cloud: LocalCloud, user: User, tmp_path: Path
) -> None:
    model = wine_model()
    (tmp_path / "wine model.pkl").write_bytes(saved(model))
    shown = begin(user, model_name="wine", filename="wine model.pkl")
    paste(shown["command"], tmp_path)
    confirm(user, shown["upload_id"], sha256=hashlib.sha256(saved(model)).hexdigest())

    seen = wait_finished(user, shown["upload_id"])

    assert seen["state"] == "stored", seen
    deployed = user.wait_active(user.deploy(seen["artifact_id"]))
    assert user.score(deployed, wine_payload(3)).json() == wine_predictions(model, 3)
    refer_to(cloud, user, deployed)


def take_from(user: User, source: str) -> Json:
    """Takes a model from a source; its upload, once it is stored."""
    answer = user.http.post("/models/from", json={"source": source, "model_name": "wine"})
    assert answer.status_code == 202, answer.text
    seen = wait_finished(user, answer.json()["upload_id"])
    assert seen["state"] == "stored", seen
    return seen


def test_a_model_is_taken_from_a_container_by_its_name(cloud: LocalCloud, user: User) -> None:
    account = storage_account.from_connection_string(cloud.connection_string)
    content = saved(wine_model())
    AzureBlobs(account, SOURCES).put("wine.pkl", content)

    seen = take_from(user, f"blob://{SOURCES}/wine.pkl")

    assert digest_of(user, seen) == hashlib.sha256(content).hexdigest()


def test_a_model_is_taken_from_a_run_and_from_a_version_of_a_tracking_server(
    user: User, tracking_port: int, tmp_path: Path
) -> None:
    content = saved(wine_model())
    with tracking_server.running(tmp_path, tracking_port) as url:
        run_id, place = begin_run(url, {"wine.pkl": content})
        version = register(url, "wine", f"{place}/wine.pkl")
        named = (f"runs:/{run_id}/wine.pkl", f"models:/wine/{version}")
        taken = [take_from(user, source) for source in named]

    assert [digest_of(user, each) for each in taken] == [hashlib.sha256(content).hexdigest()] * 2


def digest_of(user: User, seen: Json) -> str:
    return str(user.http.get(f"/artifacts/model/{seen['artifact_id']}").json()["sha256"])


def refer_to(cloud: LocalCloud, user: User, deployed: Json) -> None:
    """What is registered is deployed a second time without being registered or stored again."""
    source = f"azureml:{deployed['azure_model_name']}:{deployed['azure_model_version']}"
    seen = take_from(user, source)
    before = cloud.resources()["models"]

    again = user.wait_active(user.deploy(seen["artifact_id"]))

    assert (again["azure_model_name"], again["azure_model_version"]) == (
        deployed["azure_model_name"],
        deployed["azure_model_version"],
    )
    assert cloud.resources()["models"] == before
    assert user.score(again, wine_payload(2)).is_success
    assert user.delete(again["id"]).status_code == 202
    user.wait_torn_down(again["id"])
    assert cloud.resources()["models"] == before  # it is another deployment's
    assert user.delete(deployed["id"]).status_code == 202
    user.wait_torn_down(deployed["id"])
    assert held(cloud, deployed) == [0, 0, 0]


def test_a_file_that_is_no_model_is_refused_as_an_upload_would_be(
    user: User, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("no model")
    shown = begin(user, model_name="wine", filename="notes.txt", size=8)
    paste(shown["command"], tmp_path)
    confirm(user, shown["upload_id"])

    seen = wait_finished(user, shown["upload_id"])

    assert (seen["state"], seen["problem"]["code"]) == ("refused", "not_a_model")


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("big")
    (folder / "big.bin").write_bytes(random.Random(1).randbytes(BIG))  # noqa: S311 - bytes that do not compress
    return folder


def test_a_worker_killed_while_it_takes_in_a_file_leaves_one_whole_one(
    cloud: LocalCloud, user: User, big: Path
) -> None:
    account = storage_account.from_connection_string(cloud.connection_string)
    tables, blobs = AzureTables(account), AzureBlobs(account, "longshore")
    shown = begin(user, type="dataset", name="rows", filename="big.bin", size=BIG)
    paste(shown["command"], big)
    confirm(user, shown["upload_id"])
    kills = 0

    def is_over() -> bool:
        nonlocal kills
        rows = [row for row in intake_rows.list_unfinished(tables) if row.key == shown["upload_id"]]
        if rows and kills < KILLS and store.read_row(Intake, rows[0]).record.lease:
            cloud.kill_worker()
            kills += 1
            wait_until(lambda: cloud.worker_pids[0], seconds=30, what="a new worker")
        return not rows

    wait_until(is_over, seconds=120, what="the end of it", every=0.02)

    assert kills >= 1
    seen = wait_finished(user, shown["upload_id"])
    assert seen["state"] == "stored", seen
    digest = hashlib.sha256((big / "big.bin").read_bytes()).hexdigest()
    with blobs.open(content.content_key(digest)) as file:
        assert hashlib.sha256(file.read()).hexdigest() == digest
    listed = user.http.get("/artifacts/dataset").json()["artifacts"]
    assert [each["id"] for each in listed] == [seen["artifact_id"]]
    assert [each.key for each in blobs.list("quarantine/")] == []
    assert [each.key for each in blobs.list("artifacts/dataset")] == [
        content.metadata_key(seen["artifact_id"])
    ]
