"""The nightly run with the real adapter below it: what users called in the emulator is what is written down."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from local.azurite import Azurite
from shared.adapters.arm_rest import Workspace
from shared.domain import usage as days_of_use
from shared.domain.records import Status
from shared.service import usage
from tests.adapters.deploying import Deploying
from tests.local.azure_ml import running
from tests.local.azure_ml.running import score


@pytest.fixture
def deploying(
    emulator: running.Running, workspace: Workspace, azurite: Azurite
) -> Iterator[Deploying]:
    """Its clock shows what the emulator's shows, as far as it does not wait."""
    deploying = Deploying(emulator, workspace, azurite, timeout=10)
    world = deploying.world
    world.sleep((datetime.now(UTC) - world.clock.now()).total_seconds())
    yield deploying
    deploying.close()


def test_what_was_called_by_day_is_written_down(
    deploying: Deploying, emulator: running.Running, endpoint: str
) -> None:
    world = deploying.world
    record = deploying.deploy(endpoint)
    assert record.status is Status.ACTIVE, record.failure
    key = deploying.world.ports.view.read_keys(endpoint).primary
    assert score(emulator.url, endpoint, key, {"nothing": "of use"}).status_code == 424
    world.sleep(timedelta(days=2).total_seconds())  # midnight may pass meanwhile

    done = usage.record_usage(world.ports, world.policy)

    now = world.clock.now()
    first, last = days_of_use.first_day(3, now), now.date()
    found = list(usage.list_usage(world.tables, record.user_key, record.id, first=first, last=last))
    assert (done.troubled, done.written) == (0, len(found))
    totals = days_of_use.sum_up(found)
    assert (totals.requests, totals.client_errors, totals.server_errors) == (
        2,
        1,
        0,
    )  # one was Longshore's own
    assert totals.latency_ms
    assert found[-1].memory_percent
