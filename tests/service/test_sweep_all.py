"""The sweep has three parts, and what stops one is no reason to leave the others."""

from dataclasses import replace
from typing import Any

import pytest

from shared.domain.errors import Unavailable
from shared.domain.policy import DEPLOY_JOBS, RECONCILE_JOBS
from shared.service import store, sweep_all
from shared.service.intake import rows as intake_rows
from shared.service.reconcile import begin
from shared.service.reconcile.begin import Wanted
from tests.service.reconciling import OLGA, Reconciled


class Broken:
    """Tables of which one cannot be listed."""

    def __init__(self, real: Any, table: str) -> None:
        self._real, self._table = real, table

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def scan(self, table: str, *args: Any, **bounds: Any) -> Any:
        if table == self._table:
            raise Unavailable(f"{table}: no answer")
        return self._real.scan(table, *args, **bounds)


def forgotten() -> Reconciled:
    """A deployment and a run whose hints are lost."""
    world = Reconciled()
    world.deploy(world.upload())
    begin.begin_run(world.ports, world.mint, world.policy, OLGA, Wanted())
    for queue in (DEPLOY_JOBS, RECONCILE_JOBS):
        while message := world.queue.receive(queue, lease=1):
            world.queue.delete(queue, message)
    world.sleep(120)
    return world


@pytest.mark.parametrize(
    ("broken", "reminded"),
    [
        ("", {DEPLOY_JOBS, RECONCILE_JOBS}),
        (store.INFLIGHT, {RECONCILE_JOBS}),
        (intake_rows.INTAKES, {DEPLOY_JOBS, RECONCILE_JOBS}),
    ],
)
def test_the_others_have_their_turn_and_the_error_is_raised(
    broken: str, reminded: set[str]
) -> None:
    world = forgotten()
    tables: Any = Broken(world.ports.tables, broken)
    ports = replace(world.ports, tables=tables)

    if broken:
        with pytest.raises(Unavailable):
            sweep_all.sweep_all(ports, world.policy)
    else:
        sweep_all.sweep_all(ports, world.policy)

    queues = (DEPLOY_JOBS, RECONCILE_JOBS)
    assert {each for each in queues if world.queue.receive(each, lease=1)} == reminded
