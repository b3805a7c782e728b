"""Workers frozen in the middle of a turn and past their lease: when they wake, they change nothing."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from local.cloud import LocalCloud
from local.processes import wait_until
from shared.domain.plans import STEPS
from shared.domain.records import Plan, Step
from tests.e2e.conftest import EVERY_CALL_SLOW, Faults
from tests.e2e.models import saved, wine_model
from tests.e2e.user import User
from tests.e2e.watch import Watch, frozen, held, names_in, replace_worker, wait_at_rest

ZOMBIE, OTHER = 0, 1


def of(steps: Sequence[Step], quick: Step | None = None) -> list[Any]:
    """All steps as parameters; but for a quick one, they are for `make proof`."""
    marks = {step: () if step is quick else pytest.mark.proof for step in steps}
    return [pytest.param(step, marks=mark, id=step.value) for step, mark in marks.items()]


@contextmanager
def zombie(cloud: LocalCloud, watch: Watch, step: Step) -> Iterator[None]:
    """The worker that does this step is frozen in it; after the block it wakes, and is waited for.

    Until then the other one is frozen, so that it is this one.
    """
    with frozen(cloud, OTHER):
        watch.wait_inside(step)
        turn = frozen(cloud, ZOMBIE)
        turn.__enter__()
    try:
        assert watch.record().work.step is step
        yield
    finally:
        turn.__exit__(None, None, None)
    replace_worker(cloud, ZOMBIE)


def lost_leases(cloud: LocalCloud, deployment_id: str) -> int:
    return cloud.worker_log(ZOMBIE).read_text().count(f"lease_lost deployment={deployment_id}")


@pytest.mark.parametrize("step", of(STEPS[Plan.DEPLOY], Step.DEPLOYMENT))
def test_one_that_wakes_when_its_deployment_is_active_changes_nothing(
    pair: LocalCloud, pair_user: User, pair_faults: Faults, step: Step
) -> None:
    pair_faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    deployment_id = pair_user.deploy(pair_user.upload(saved(wine_model())))
    watch = Watch(pair, deployment_id)

    with zombie(pair, watch, step):
        deployed = pair_user.wait_active(deployment_id)
        before = (watch.stored().row.etag, pair.resources())

    assert (watch.stored().row.etag, pair.resources()) == before
    assert lost_leases(pair, deployment_id) >= 1
    assert held(pair, deployed) == [1, 1, 1]
    pair_user.delete(deployment_id)
    pair_user.wait_torn_down(deployment_id)


@pytest.mark.parametrize("step", of(STEPS[Plan.DELETE]))
def test_one_that_wakes_when_its_deletion_is_confirmed_changes_nothing(
    pair: LocalCloud, pair_user: User, pair_faults: Faults, step: Step
) -> None:
    deployment_id = pair_user.deploy(pair_user.upload(saved(wine_model())))
    pair_user.wait_active(deployment_id)
    watch = Watch(pair, deployment_id)
    pair_faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    pair_user.delete(deployment_id)

    with zombie(pair, watch, step):
        deleted = pair_user.wait_torn_down(deployment_id)
        before = watch.stored().row.etag

    assert watch.stored().row.etag == before
    assert lost_leases(pair, deployment_id) >= 1
    wait_at_rest(pair)
    assert held(pair, deleted) == [0, 0, 0]


@pytest.mark.parametrize("step", of(STEPS[Plan.DEPLOY], Step.ENDPOINT))
def test_one_that_wakes_in_a_deployment_deleted_since_leaves_nothing_in_the_cloud(
    pair: LocalCloud, pair_user: User, pair_faults: Faults, step: Step
) -> None:
    before = names_in(pair)
    pair_faults.add("*", ".", EVERY_CALL_SLOW, times=0)
    deployment_id = pair_user.deploy(pair_user.upload(saved(wine_model())))
    watch = Watch(pair, deployment_id)

    with zombie(pair, watch, step):
        pair_user.delete(deployment_id)
        pair_user.wait_torn_down(deployment_id)

    wait_at_rest(pair)
    wait_until(lambda: names_in(pair) == before, seconds=10, what="nothing left in the cloud")
