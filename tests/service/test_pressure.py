"""A thousand pieces of work that are due at once: found in one sweep, and not hinted at over and over."""

from datetime import timedelta

from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Status
from tests.service.faults import Died
from tests.service.world import SWEEP_EVERY as WORLD_SWEEPS
from tests.service.world import World

USERS = [Principal(user_id=f"user-{number}", issuer="tests") for number in range(10)]
EACH = 100
SWEEP_EVERY = 30


def world_with_a_thousand_due() -> tuple[World, list[Deployment]]:
    """Ten users with a hundred deployments each, whose hints are all lost."""
    world = World(operation_seconds=0, policy=Policy(deploys_per_minute=1_000_000))
    world.cloud.cores = 10_000
    accepted = []
    for user in USERS:
        model = world.upload(user)
        for _ in range(EACH):
            world.clock.advance(0.001)
            accepted.append(world.deploy(model, user))
    world.clock.advance(1)
    world.lose_messages()
    return world, accepted


def test_one_sweep_finds_a_thousand_that_are_due() -> None:
    world, accepted = world_with_a_thousand_due()
    world.clock.advance(SWEEP_EVERY)
    assert world.sweep().rehinted == len(accepted)
    assert world.sweep().rehinted == 0


def test_a_line_of_ten_minutes_gets_few_hints_more_and_not_a_new_one_with_each_sweep() -> None:
    world, accepted = world_with_a_thousand_due()
    sent = 0
    for _ in range(int(timedelta(minutes=10).total_seconds() / SWEEP_EVERY)):
        world.clock.advance(SWEEP_EVERY)
        sent += world.sweep().rehinted
    assert len(accepted) <= sent <= 5 * len(accepted)


def test_what_is_due_for_hours_is_still_hinted_at_every_few_minutes() -> None:
    world = World(operation_seconds=0)
    world.deploy(world.upload())
    world.clock.advance(timedelta(hours=3).total_seconds())
    hints = 0
    for _ in range(60 * 60 // SWEEP_EVERY):
        world.lose_messages()
        world.clock.advance(SWEEP_EVERY)
        hints += world.sweep().rehinted
    assert 11 <= hints <= 13


def test_a_worker_that_dies_again_and_again_is_replaced_as_soon_each_time() -> None:
    world = World(operation_seconds=0)
    record = world.deploy(world.upload())

    def die(effect: str) -> None:
        if effect == "blob:put":
            raise Died(effect)

    world.effects.before = die
    for _ in range(6):
        begun, epoch = world.clock.now(), world.read(record).epoch
        world.run_until(lambda epoch=epoch: world.read(record).epoch > epoch)  # type: ignore[misc]
        stood_still = (world.clock.now() - begun).total_seconds()
        assert stood_still <= world.policy.lease + WORLD_SWEEPS
    world.effects.before = lambda _effect: None
    world.settle()
    assert world.read(record).status is Status.ACTIVE
