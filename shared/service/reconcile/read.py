"""Answers questions about runs. Reads only."""

from itertools import islice

from shared.domain.principal import Principal
from shared.domain.reconcile.runs import Item, ItemState, Run
from shared.ports import Ports
from shared.service.reconcile import begin, rows

MOST = 20_000
"""Findings in a report."""


def list_runs(
    ports: Ports, principal: Principal, *, limit: int, after: str = ""
) -> tuple[list[Run], str]:
    """Runs, newest first, and the id that a next page begins after, or empty. Raises Forbidden."""
    begin.require_operator(principal)
    found = list(islice(rows.list_runs(ports.tables, after=after), limit + 1))
    return found[:limit], found[limit - 1].id if len(found) > limit else ""


def require_run(ports: Ports, principal: Principal, run_id: str) -> Run:
    """A run. Raises Forbidden, NotFound."""
    begin.require_operator(principal)
    return begin.require_run(ports, run_id).record


def list_findings(
    ports: Ports,
    principal: Principal,
    run_id: str,
    *,
    state: ItemState | None = None,
    limit: int,
    after: int = 0,
) -> tuple[list[Item], str]:
    """Findings of a run in a state or in all, and the number that a next page begins after. Raises Forbidden, NotFound."""
    require_run(ports, principal, run_id)
    all_of_them = (each.record for each in rows.list_items(ports.tables, run_id, after=after))
    wanted = (each for each in all_of_them if state in (None, each.state))
    found = list(islice(wanted, limit + 1))
    return found[:limit], str(found[limit - 1].number) if len(found) > limit else ""


def parse_number(text: str) -> int | None:
    """The number of a finding that a page begins after; None for another text."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 6 else None
