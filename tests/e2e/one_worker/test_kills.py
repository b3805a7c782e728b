"""Workers killed in the middle of every step, and at any moment: the work goes on as if nothing had been."""

from collections.abc import Set

import pytest

from local.cloud import LocalCloud
from local.processes import wait_until
from shared.domain.plans import STEPS
from shared.domain.records import Plan, Step
from tests.e2e.conftest import EVERY_CALL_SLOW, Faults
from tests.e2e.killing import a_worker, killing
from tests.e2e.models import saved, wine_model, wine_payload, wine_predictions
from tests.e2e.user import Json, User
from tests.e2e.watch import Watch, held, names_in, wait_at_rest

ALL = {*STEPS[Plan.DEPLOY], *STEPS[Plan.DELETE]}
COSTLY = {Step.ENDPOINT, Step.DEPLOYMENT, Step.REMOVE_DEPLOYMENT}
"""What they make and remove is paid for by the hour."""
ROUNDS = 4  # on an idle machine the first one does
SHORTER = EVERY_CALL_SLOW["delay"] / 10  # than any step
OFTEN = (1.0, 6.0)  # seconds between kills; a new worker needs about two to be of use
SPARE = 120.0  # seconds until a spare hint is due, also those that earlier seeds have left


@pytest.mark.parametrize("steps", [COSTLY, pytest.param(ALL, marks=pytest.mark.proof)], ids=len)
def test_a_worker_killed_in_its_steps_deploys_once_and_deletes_all(
    cloud: LocalCloud, user: User, faults: Faults, steps: Set[Step]
) -> None:
    faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    model = wine_model()
    model_id = user.upload(saved(model))
    alive = set(steps)

    for _ in range(ROUNDS):
        deployment_id = user.deploy(model_id)
        kill_in_each(cloud, deployment_id, alive)
        deployed = user.wait_active(deployment_id)
        assert held(cloud, deployed) == [1, 1, 1]
        assert user.score(deployed, wine_payload(3)).json() == wine_predictions(model, 3)

        user.delete(deployment_id)
        kill_in_each(cloud, deployment_id, alive)
        deleted = user.wait_torn_down(deployment_id)
        assert held(cloud, deleted) == [0, 0, 0]
        if not alive:
            return
    pytest.fail(f"never killed in {alive}")


def kill_in_each(cloud: LocalCloud, deployment_id: str, alive: set[Step]) -> None:
    """Kills the worker in each of these steps, once; a step that it was too late for is left."""
    watch = Watch(cloud, deployment_id)

    def finished() -> bool:
        record = watch.record()
        step = record.work.step
        if step in alive and record.lease is not None:
            cloud.kill_worker()
            if watch.record().work.step is step:
                alive.remove(step)
        return step is None

    wait_until(finished, seconds=300, what="the end of the work", every=SHORTER)


@pytest.mark.proof
@pytest.mark.parametrize("seed", range(1, 11))
def test_workers_killed_at_any_moment_leave_one_of_each_and_then_nothing(
    pair: LocalCloud, pair_user: User, seed: int
) -> None:
    before = names_in(pair)
    model_id = pair_user.upload(saved(wine_model()))
    shared = f"killed-{seed}"

    with killing(a_worker(pair), seed=seed, between=OFTEN):
        ids = [pair_user.deploy(model_id) for _ in range(3)]
        ids += [pair_user.deploy(model_id, endpoint_name=shared) for _ in range(2)]
        live = [pair_user.wait_active(each, seconds=120) for each in ids]
        found = [held(pair, each) for each in live]
        for deployed in sorted((pair_user.look(each) for each in ids), key=traffic):
            assert pair_user.delete(deployed["id"]).status_code == 202
        for each in ids:
            pair_user.wait_torn_down(each, seconds=120)

    wait_at_rest(pair, seconds=60 + SPARE, hints=len(ids))
    assert found == [[1, 1, 1]] * len(ids)
    assert names_in(pair) == before


def traffic(deployment: Json) -> int:
    """The one with traffic is deleted last: while others are there it would be refused."""
    return int(deployment["traffic"])
