"""Runs of the reconciliation as they are kept: what was asked for, what was found, and what became of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.reconcile.findings import DELETES, Finding
from shared.domain.reconcile.repair import Decision
from shared.domain.records import Kept, Lease

SCHEDULE = "schedule"
"""Who asks for the nightly run."""


class RunState(StrEnum):
    """Where a run stands."""

    WAITING = "waiting"
    OBSERVING = "observing"
    REPAIRING = "repairing"
    NEEDS_APPROVAL = "needs_approval"
    DONE = "done"
    FAILED = "failed"


OVER = (RunState.NEEDS_APPROVAL, RunState.DONE, RunState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run(Kept):
    """One run. `areas` it looks at; `unknown` are those whose listing failed, with the reason.

    `seen`: how many things there are in each area. `deletes`: how many it plans to take away in each, and `caps` of
    those areas where that is more than one run may. `cost` is in US dollars a month, of all that was found. `due_at`:
    no turn before.
    """

    id: str
    asked_by: str
    created_at: datetime
    dry_run: bool
    days: int
    areas: tuple[str, ...]
    state: RunState = RunState.WAITING
    unknown: Mapping[str, str] = field(default_factory=dict)
    seen: Mapping[str, int] = field(default_factory=dict)
    found: Mapping[str, int] = field(default_factory=dict)
    deletes: Mapping[str, int] = field(default_factory=dict)
    caps: Mapping[str, int] = field(default_factory=dict)
    repaired: int = 0
    skipped: int = 0
    waiting: int = 0
    left: int = 0
    cost: float = 0.0
    items: int = 0
    began_at: datetime | None = None
    observed_at: datetime | None = None
    finished_at: datetime | None = None
    approved_by: str = ""
    approved_at: datetime | None = None
    attempts: int = 0
    trouble: str = ""
    lease: Lease | None = None
    due_at: datetime | None = None


class ItemState(StrEnum):
    """Where the repair of one finding stands."""

    NONE = "none"  # nothing is done about it in this run
    PLANNED = "planned"
    BEGUN = "begun"  # the cloud was asked, and has not confirmed yet
    REPAIRED = "repaired"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item(Kept):
    """One finding of a run. `seen_since`: when runs without a break have first seen it. `why` and `outcome` are for people."""

    run_id: str
    number: int
    finding: Finding
    decision: Decision
    why: str
    seen_since: datetime
    state: ItemState = ItemState.NONE
    outcome: str = ""
    begun_at: datetime | None = None
    at: datetime | None = None


def is_leased(run: Run, now: datetime) -> bool:
    """Whether a turn works on a run."""
    return run.lease is not None and run.lease.until > now


def is_due(run: Run, now: datetime) -> bool:
    """Whether the time has come for the next turn; messages come at whole seconds."""
    return run.due_at is None or now >= run.due_at - timedelta(seconds=1)


def is_waiting_for_approval(run: Run, item: Item) -> bool:
    """Whether a repair takes something away in an area where that is more than one run may."""
    rule = item.finding.rule
    return not run.approved_by and rule.area in run.caps and rule.repair in DELETES


def is_over(run: Run) -> bool:
    """Whether nothing goes on with a run by itself."""
    return run.state in OVER
