"""Workers killed in the middle of every step, and at any moment: the work goes on as if nothing had been."""

import pytest

from local.cloud import LocalCloud
from shared.domain.plans import STEPS
from shared.domain.records import Plan, Step
from tests.e2e.conftest import EVERY_CALL_SLOW, Faults
from tests.e2e.killing import a_worker, killing
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.user import Json, User
from tests.e2e.watch import Watch, count, names_in, names_of, wait_at_rest

OFTEN = (1.0, 6.0)  # seconds between kills; a new worker needs about two to be of use


def kill_in_every_step(cloud: LocalCloud, deployment_id: str, plan: Plan) -> list[Step]:
    watch = Watch(cloud, deployment_id)
    killed = []
    for step in STEPS[plan]:
        watch.wait_inside(step)
        cloud.kill_worker()
        killed.append(watch.record().work.step)
    return [step for step in killed if step is not None]


def test_a_worker_killed_in_every_step_deploys_once_and_deletes_all(
    cloud: LocalCloud, user: User, faults: Faults
) -> None:
    faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    model = wine_model()
    model_id = user.upload(saved(model))
    cloud.kill_worker()  # a cold one takes its time over the first step

    deployment_id = user.deploy(model_id)
    killed = kill_in_every_step(cloud, deployment_id, Plan.DEPLOY)
    deployed = user.wait_active(deployment_id)

    assert killed == list(STEPS[Plan.DEPLOY])
    assert count(cloud, "models", deployed["azure_model_name"]) == 1
    assert count(cloud, "endpoints", deployed["endpoint_name"]) == 1
    assert count(cloud, "deployments", deployed["deployment_name"]) == 1
    assert user.score(deployed, wine_payload(3)).json() == wine_predictions(model, 3)

    user.delete(deployment_id)
    killed = kill_in_every_step(cloud, deployment_id, Plan.DELETE)
    user.wait_torn_down(deployment_id)

    assert killed == list(STEPS[Plan.DELETE])
    assert count(cloud, "models", deployed["azure_model_name"]) == 0
    assert count(cloud, "endpoints", deployed["endpoint_name"]) == 0
    assert count(cloud, "deployments", deployed["deployment_name"]) == 0


@pytest.mark.parametrize(
    "seed", [1, *(pytest.param(seed, marks=pytest.mark.proof) for seed in range(2, 12))]
)
def test_workers_killed_at_any_moment_leave_one_of_each_and_then_nothing(
    pair: LocalCloud, pair_user: User, seed: int
) -> None:
    model_id = pair_user.upload(saved(wine_model()))
    shared = f"killed-{seed}"

    with killing(a_worker(pair), seed=seed, between=OFTEN):
        ids = [pair_user.deploy(model_id) for _ in range(3)]
        ids += [pair_user.deploy(model_id, endpoint_name=shared) for _ in range(2)]
        live = [pair_user.wait_active(each, seconds=120) for each in ids]
        held = names_in(pair)
        for deployed in sorted((pair_user.look(each) for each in ids), key=traffic):
            assert pair_user.delete(deployed["id"]).status_code == 202
        for each in ids:
            pair_user.wait_torn_down(each, seconds=120)

    wait_at_rest(pair, hints=len(ids))
    assert held == names_of(live)
    assert pair.resources()["empty"]


def traffic(deployment: Json) -> int:
    """The one with traffic is deleted last: while others are there it would be refused."""
    return int(deployment["traffic"])
