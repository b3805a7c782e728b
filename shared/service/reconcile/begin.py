"""Begins runs, by the schedule or as an operator asks, and lets one go on that waits for an approval."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from shared import telemetry
from shared.domain import ids
from shared.domain.bookkeeping import ClaimKind
from shared.domain.errors import Changed, Conflict, Exists, Forbidden, Missing, NotFound
from shared.domain.policy import Policy
from shared.domain.principal import Principal
from shared.domain.reconcile.findings import Area
from shared.domain.reconcile.runs import (
    SCHEDULE,
    Run,
    RunState,
    is_over,
)
from shared.ports import Operation, Ports, Replace, Row
from shared.service import store
from shared.service.claims import Mint
from shared.service.contention import until_written
from shared.service.reconcile import hints, rows
from shared.service.store import Stored
from shared.telemetry import Happened

EVERYTHING = tuple(Area)
ARTIFACTS = (Area.ARTIFACTS,)
NIGHTLY = tuple(each for each in Area if each not in ARTIFACTS)
"""Of the two runs at night: first what is kept in the stores, then all else."""
_NOBODY = "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked of a run; `days` is the age from which on things without cost are repaired."""

    dry_run: bool = False
    days: int | None = None
    areas: Collection[Area] = EVERYTHING


def begin_run(
    ports: Ports, mint: Mint, policy: Policy, principal: Principal, wanted: Wanted
) -> Run:
    """Begins a run. Raises Forbidden; Conflict `reconcile_running` while another goes on."""
    require_operator(principal)
    return _begin(ports, mint, policy, principal.user_id, wanted)


def begin_nightly(
    ports: Ports, mint: Mint, policy: Policy, areas: Collection[Area] = NIGHTLY
) -> None:
    """Begins a run of the schedule; where one is under way, the sweep begins this one after it.

    One that is about to look at the same does for this one: a tick may come twice.
    """
    try:
        _begin(ports, mint, policy, SCHEDULE, Wanted(areas=areas))
    except Conflict:
        if not _is_about_to_look(ports, areas):
            until_written("schedule", lambda: rows.wish(ports, areas))
        remind(ports, policy)


def remind(ports: Ports, policy: Policy) -> bool:
    """Sends another hint for the run under way where nobody works on it, or begins what the schedule waits for; whether it did."""
    current, now = rows.load_current(ports.tables), ports.clock.now()
    if current is None:
        return _take_up(ports, policy)
    run = current.record
    since = run.lease.until if run.lease else run.due_at or run.began_at or run.created_at
    if (now - since).total_seconds() < policy.rehint_after:
        return False
    telemetry.tell(Happened.REHINTED, run=run.id)
    return hints.send(ports.queue, run.id)


def approve_run(ports: Ports, principal: Principal, run_id: str, expected_deletes: int) -> Run:
    """Lets a run take away what it has planned beyond its cap: each thing is read again before.

    Raises Forbidden; NotFound; Conflict `nothing_to_approve`, `other_deletes`, `run_superseded`, `reconcile_running`.
    """
    require_operator(principal)

    def attempt() -> Run:
        stored = require_run(ports, run_id)
        _require_approvable(ports, stored.record, expected_deletes)
        return _approve(ports, stored, principal.user_id)

    return until_written("run", attempt)


def require_run(ports: Ports, run_id: str) -> Stored[Run]:
    """A run. Raises NotFound."""
    stored = rows.load_run(ports.tables, run_id) if ids.parse_id(run_id) is not None else None
    if stored is None:
        raise NotFound(
            "run_not_found",
            f"There is no run {run_id[:40]!r} of the reconciliation.",
            "List them with GET /reconcile/runs.",
        )
    return stored


def require_operator(principal: Principal) -> None:
    """Raises Forbidden for everybody but operators: a run looks at, and repairs, what is everybody's."""
    if not principal.is_operator:
        raise Forbidden(
            "operators_only",
            "Only operators may reconcile records and cloud.",
            "Ask an operator; the setting OPERATORS names them.",
        )


def _is_about_to_look(ports: Ports, areas: Collection[Area]) -> bool:
    current = rows.load_current(ports.tables)
    if current is None or current.record.dry_run:
        return False
    is_before = current.record.state in (RunState.WAITING, RunState.OBSERVING)
    return is_before and set(areas) <= set(current.record.areas)


def _take_up(ports: Ports, policy: Policy) -> bool:
    """Begins the run that the schedule waits for; whether there was one. Another sweep may be faster."""
    wish = rows.load_wish(ports.tables)
    if wish is None:
        return False
    mint = Mint(ports.tables, ports.clock, ports.random, policy)
    wanted = Wanted(areas=rows.parse_wish(wish))
    try:
        _begin(ports, mint, policy, SCHEDULE, wanted, wish)
    except (Conflict, Changed, Missing):
        return False
    return True


def _begin(
    ports: Ports,
    mint: Mint,
    policy: Policy,
    asked_by: str,
    wanted: Wanted,
    wish: Row | None = None,
) -> Run:
    if (current := rows.load_current(ports.tables)) is not None:
        raise _running(current.record)
    run = Run(
        id=_claim_id(ports, mint),
        asked_by=asked_by,
        created_at=ports.clock.now(),
        dry_run=wanted.dry_run,
        days=policy.reconcile_days if wanted.days is None else wanted.days,
        areas=tuple(each.value for each in Area if each in wanted.areas),
    )
    try:
        rows.begin(ports, run, wish)
    except Exists as error:
        current = rows.load_current(ports.tables)
        raise _running(current.record if current else run) from error
    telemetry.tell(Happened.RECONCILE_BEGUN, run=run.id, by=asked_by, dry_run=str(run.dry_run))
    hints.send(ports.queue, run.id)
    return run


def _claim_id(ports: Ports, mint: Mint) -> str:
    """Later than those of all runs before: what they have seen is looked up in that order, and clocks differ."""
    newest = next(rows.list_runs(ports.tables), None)
    last = ids.parse_id(newest.id) if newest else None
    return ids.render_id(mint.claim(ClaimKind.RECONCILE, _NOBODY, after=last or 0))


def _require_approvable(ports: Ports, run: Run, expected_deletes: int) -> None:
    if run.state is not RunState.NEEDS_APPROVAL:
        raise Conflict(
            "nothing_to_approve",
            f"Run {run.id} is {run.state}: it waits for no approval.",
            f"See what it did with GET /reconcile/runs/{run.id}.",
        )
    later = (each for each in rows.list_runs(ports.tables) if set(each.areas) & set(run.caps))
    newest = next(later, run)
    if newest.id != run.id:
        raise Conflict(
            "run_superseded",
            f"A later run, {newest.id}, has looked at the same again.",
            f"Decide by that one: GET /reconcile/runs/{newest.id}.",
        )
    if run.waiting != expected_deletes:
        raise Conflict(
            "other_deletes",
            f"Run {run.id} waits to take away {run.waiting} things, and not {expected_deletes}.",
            f"Read them, GET /reconcile/runs/{run.id}/findings?state=planned, and send their number where all is right.",
        )


def _approve(ports: Ports, stored: Stored[Run], operator: str) -> Run:
    approved = replace(
        stored.record,
        state=RunState.REPAIRING,
        approved_by=operator,
        approved_at=ports.clock.now(),
        finished_at=None,
        waiting=0,
        attempts=0,
        due_at=None,
    )
    operations: list[Operation] = [
        Replace(rows.run_row(approved, stored.row.etag)),
        rows.resume(approved.id),
    ]
    try:
        store.commit(ports.tables, ports.random, rows.RUNS, operations)
    except Exists as error:
        current = rows.load_current(ports.tables)
        if current is None or is_over(current.record):
            raise Changed("the run under way has just ended") from error
        raise _running(current.record) from error
    telemetry.tell(Happened.RECONCILE_APPROVED, run=approved.id, by=operator)
    hints.send(ports.queue, approved.id)
    return approved


def _running(run: Run) -> Conflict:
    return Conflict(
        "reconcile_running",
        f"Run {run.id} is under way ({run.state}).",
        f"Wait for its end: GET /reconcile/runs/{run.id}.",
    )
