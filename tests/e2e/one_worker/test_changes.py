"""What users do to deployments that are there: try again, deploy anew, move traffic, renew keys."""

from collections.abc import Iterator

import pytest

from local.cloud import LocalCloud
from local.processes import wait_until
from tests.e2e.conftest import Faults
from tests.e2e.models import saved, wine_model, wine_payload
from tests.e2e.user import Json, User
from tests.e2e.watch import count

FOUR_CORES = "Standard_F4s_v2"


@pytest.fixture
def made(user: User) -> Iterator[list[str]]:
    """Ids of deployments, deleted at the end of the test, those without traffic first."""
    ids: list[str] = []
    yield ids
    left = [found for found in map(user.look, ids) if found["status"] != "deleted"]
    for deployment in sorted(left, key=lambda each: int(each["traffic"] or 0)):
        assert user.delete(deployment["id"]).status_code == 202
    for each in ids:
        user.wait_torn_down(each)


def test_a_failed_deployment_becomes_active_when_it_is_tried_again_after_the_mend(
    cloud: LocalCloud, user: User, faults: Faults, made: list[str]
) -> None:
    crash = {"operation": {"crash": "ModuleNotFoundError: No module named 'wine_features'"}}
    faults.add("PUT", "/deployments/", crash)
    made.append(user.deploy(user.upload(saved(wine_model()))))
    failed = user.wait_failed(made[0])

    assert user.retry(made[0]).status_code == 202
    live = user.wait_active(made[0])

    assert failed["failure"]["code"] == "container_failed"
    assert live["azure_model_version"] == failed["azure_model_version"]
    assert count(cloud, "models", live["azure_model_name"]) == 1
    assert user.score(live, wine_payload(1)).status_code == 200
    assert user.retry(made[0]).status_code == 409


def test_what_failed_for_quota_becomes_active_when_another_has_made_room(
    user: User, made: list[str]
) -> None:
    model_id = user.upload(saved(wine_model()))
    made.append(user.deploy(model_id, instance_type=FOUR_CORES, instance_count=5))
    big = user.wait_active(made[0])
    made.append(user.deploy(model_id, instance_type=FOUR_CORES))
    failed = user.wait_failed(made[1])

    user.delete(big["id"])
    user.wait_torn_down(big["id"])
    user.retry(made[1])

    assert failed["failure"]["code"] == "quota"
    assert big["deployment_name"] in str(failed["failure"])
    assert user.wait_active(made[1])["failure"] is None


def test_a_deleted_deployment_is_deployed_anew_under_an_id_of_its_own(
    user: User, made: list[str]
) -> None:
    made.append(user.deploy(user.upload(saved(wine_model())), description="the first"))
    user.wait_active(made[0])
    user.delete(made[0])
    user.wait_torn_down(made[0])

    answer = user.http.post(f"/deployments/{made[0]}/redeploy")
    made.append(answer.json()["deployment_id"])
    live = user.wait_active(made[1])

    assert answer.status_code == 202
    assert live["description"] == "the first"
    assert user.score(live, wine_payload(1)).status_code == 200
    assert user.look(made[0])["status"] == "deleted"


def test_traffic_is_shared_and_taken_back_and_a_new_key_opens_where_the_old_one_did(
    user: User, made: list[str]
) -> None:
    model_id, name = user.upload(saved(wine_model())), "changed-endpoint"
    made += [user.deploy(model_id, endpoint_name=name) for _ in range(2)]
    blue, green = (user.wait_active(each)["deployment_name"] for each in made)
    before = user.look_at_endpoint(name)["routed"]

    half = route(user, name, {blue: 50, green: 50})
    back = route(user, name, before)
    old = user.keys(name)["primary_key"]
    rotated = user.http.post(f"/endpoints/{name}/keys/rotate", json={"key": "primary"})
    new = wait_until(lambda: changed(user, name, old), seconds=30, what="a new key")

    assert half == {blue: 50, green: 50}
    assert {who: share for who, share in back.items() if share} == before
    assert rotated.status_code == 202
    live = user.look(made[0])
    assert user.score(live, wine_payload(1), key=new).status_code == 200
    assert user.score(live, wine_payload(1), key=old).status_code == 401


def route(user: User, name: str, shares: Json) -> Json:
    """Asks for this traffic; what the cloud routes when the change has ended."""
    answer = user.http.put(f"/endpoints/{name}/traffic", json={"traffic": shares})
    assert answer.status_code == 202, answer.text

    def ended() -> Json | None:
        found = user.look_at_endpoint(name)
        return None if found["changing"] else found

    found = wait_until(ended, seconds=60, what="the traffic")
    assert found["trouble"] is None
    routed: Json = found["routed"]
    return routed


def changed(user: User, name: str, old: str) -> str:
    """The primary key, once it is not the old one."""
    found = str(user.keys(name)["primary_key"])
    return "" if found == old else found
