"""Two effects of one deployment go wrong, at any two places, in any two ways: it still converges.

Thousands of schedules, so `make proof` runs them; `test_crashes` has the single ones.
"""

from collections.abc import Callable
from itertools import product

import pytest

from tests.service.faults import Fault
from tests.service.promises import check_one_active
from tests.service.world import World

OPERATION = 4
WAYS = (Fault.DIES_BEFORE, Fault.DIES_AFTER, Fault.ANSWER_LOST)


def deploy(planned: dict[int, Fault]) -> int:
    """One deployment on its way with these faults; how many effects it had."""
    world = World(operation_seconds=OPERATION)
    record = world.deploy(world.upload())
    world.effects.plan_all(planned)
    world.settle()
    check_one_active(world, record)
    return len(world.effects.names)


@pytest.mark.proof
@pytest.mark.parametrize(("first", "second"), list(product(WAYS, WAYS)))
def test_any_two_faults_on_the_way_of_a_deployment_change_nothing_in_the_end(
    first: Fault, second: Fault, record_property: Callable[[str, object], None]
) -> None:
    schedules = 0
    for one in range(deploy({})):
        other = one + 1
        while other < deploy({one: first, other: second}):
            other += 1
            schedules += 1
    record_property("schedules", schedules)
    assert schedules > 1000
