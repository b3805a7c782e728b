"""From a saved model to a live endpoint and back to nothing, as users and pipelines do it."""

import json
import pickle
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from azure.storage.queue import QueueClient, TextBase64EncodePolicy

from local.cloud import LocalCloud
from local.processes import wait_until
from tests.e2e.conftest import Faults
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.user import User


def names_in_cloud(cloud: LocalCloud, kind: str) -> list[str]:
    return [each["name"] for each in cloud.resources()[kind]]


def test_an_uploaded_model_scores_as_the_original_and_leaves_nothing_when_deleted(
    cloud: LocalCloud, user: User
) -> None:
    model = wine_model()

    deployed = user.wait_active(user.deploy(user.upload(saved(model))))
    answer = user.score(deployed, wine_payload(5))

    assert answer.json() == wine_predictions(model, 5)
    assert [phase["at"] is not None for phase in deployed["timeline"]] == [True] * 7
    assert deployed["traffic"] == 100

    assert user.delete(deployed["id"]).status_code == 202
    user.wait_torn_down(deployed["id"])

    assert deployed["azure_model_name"] not in names_in_cloud(cloud, "models")
    assert deployed["endpoint_name"] not in names_in_cloud(cloud, "endpoints")
    assert deployed["deployment_name"] not in names_in_cloud(cloud, "deployments")


def test_a_producers_event_sent_twice_leads_to_one_live_deployment(
    cloud: LocalCloud, user: User
) -> None:
    source, event_id = "/pipelines/wine", str(uuid.uuid4())
    event = {
        "specversion": "1.0",
        "type": "longshore.deploy",
        "source": source,
        "id": event_id,
        "data": {"user_id": "local", "model_id": user.upload(saved(wine_model()))},
    }
    queue = QueueClient.from_connection_string(
        cloud.connection_string, "deploy-requests", message_encode_policy=TextBase64EncodePolicy()
    )
    before = user.deployment_ids()

    with queue:
        queue.send_message(json.dumps(event))
        queue.send_message(json.dumps(event))
        wait_until(
            lambda: (
                user.http.get("/requests", params={"source": source, "id": event_id}).is_success
            ),
            seconds=30,
            what="the event to be accepted",
        )
        wait_until(
            lambda: queue.get_queue_properties().approximate_message_count == 0,
            seconds=30,
            what="both messages to be taken",
        )

    told = user.http.get("/requests", params={"source": source, "id": event_id}).json()
    after = user.deployment_ids()
    user.wait_active(told["deployment_id"])

    assert after - before == {told["deployment_id"]}
    user.delete(told["deployment_id"])
    user.wait_torn_down(told["deployment_id"])


def test_deploys_of_one_model_at_once_both_become_active_under_different_names(
    user: User,
) -> None:
    model_id = user.upload(saved(wine_model()))

    with ThreadPoolExecutor(2) as both:
        ids = list(both.map(user.deploy, [model_id, model_id]))
    first, second = (user.wait_active(each) for each in ids)

    assert first["azure_model_name"] != second["azure_model_name"]
    assert first["scoring_uri"] != second["scoring_uri"]
    for each in ids:
        user.delete(each)
    for each in ids:
        user.wait_torn_down(each)


def test_the_last_of_three_deployments_takes_the_endpoint_with_it(
    cloud: LocalCloud, user: User
) -> None:
    model_id = user.upload(saved(wine_model()))
    name = "shared-endpoint"
    ids = [user.deploy(model_id, endpoint_name=name) for _ in range(3)]
    for each in ids:
        user.wait_active(each, seconds=90)
    live = sorted((user.look(each) for each in ids), key=lambda each: -each["traffic"])
    carrier, heir, last = live

    refused = user.delete(carrier["id"])
    moved = user.delete(carrier["id"], traffic_to=heir["deployment_name"])
    user.wait_torn_down(carrier["id"])

    assert [each["traffic"] for each in live] == [100, 0, 0]
    assert refused.status_code == 409
    assert refused.json()["code"] == "carries_traffic"
    assert moved.status_code == 202
    assert user.score(heir, wine_payload(1)).status_code == 200

    user.delete(last["id"])
    user.wait_torn_down(last["id"])
    assert name in names_in_cloud(cloud, "endpoints")

    user.delete(heir["id"])
    user.wait_torn_down(heir["id"])
    assert name not in names_in_cloud(cloud, "endpoints")
    assert user.http.get(f"/models/{model_id}").status_code == 200


def test_a_container_that_crashes_ends_failed_with_its_log_and_costs_nothing(
    cloud: LocalCloud, user: User, faults: Faults
) -> None:
    crash = {"operation": {"crash": "ModuleNotFoundError: No module named 'wine_features'"}}
    faults.add("PUT", "/deployments/", crash)

    deployment_id = user.deploy(user.upload(saved(wine_model())))
    failed = user.wait(deployment_id, lambda each: each["status"] == "failed")
    user.wait_torn_down(deployment_id)

    assert failed["failure"]["code"] == "container_failed"
    assert failed["failure"]["whose_turn"] == "you"
    log = user.http.get(f"/deployments/{deployment_id}/logs").json()["log"]
    assert "No module named 'wine_features'" in log
    assert failed["endpoint_name"] not in names_in_cloud(cloud, "endpoints")
    assert failed["deployment_name"] not in names_in_cloud(cloud, "deployments")


class _Touch:
    """Touches a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return (Path.touch, (self.path,))


def test_a_pickle_that_would_run_code_is_refused_by_name_and_has_not_run(
    user: User, tmp_path: Path
) -> None:
    marker = tmp_path / "ran"

    answer = user.http.post(
        "/models",
        files={"file": ("model.pkl", pickle.dumps(_Touch(marker)))},
        data={"model_name": "trojan"},
    )

    assert answer.status_code == 422
    assert "pathlib" in answer.text
    assert not marker.exists()
