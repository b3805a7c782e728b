"""What the API says of reconciliations."""

from datetime import datetime

from pydantic import BaseModel, Field

from functions.deploy_http.catalogue_answers import NextPage
from shared.domain.reconcile.findings import Area, Case, Kind, Repair
from shared.domain.reconcile.repair import Decision
from shared.domain.reconcile.report import tell
from shared.domain.reconcile.runs import Item, ItemState, Run, RunState


class RunAnswer(BaseModel):
    """A run: what it looked at, what it found, and what became of that."""

    id: str
    state: RunState
    message: str = Field(description="How it ended, or where it stands, in a sentence.")
    dry_run: bool
    days: int
    kinds: list[Area]
    asked_by: str = Field(description="An operator, or `schedule`.")
    created_at: datetime
    finished_at: datetime | None
    seen: dict[Area, int] = Field(description="How many things there are.")
    unknown: dict[Area, str] = Field(
        description="Of which nothing is said, since their listing failed, and why."
    )
    found: int
    found_by_case: dict[Case, int]
    repaired: int
    skipped: int = Field(description="Planned, and left alone: it was no longer so, or in use.")
    waiting: int = Field(description="What it waits to take away until an operator approves.")
    deletes: dict[Area, int] = Field(description="How many things it plans to take away.")
    caps: dict[Area, int] = Field(
        description="How many may go in one run, where that is fewer than planned."
    )
    left: int = Field(description="Too much for one run: left to the next.")
    cost_a_month: float = Field(description="Of all that was found, in US dollars.")
    approved_by: str | None
    approved_at: datetime | None


class RunList(BaseModel):
    """Runs, newest first."""

    runs: list[RunAnswer]
    next_page: NextPage


class FindingAnswer(BaseModel):
    """One disagreement of records and cloud, the decision about it, and what became of it."""

    number: int
    case: Case
    kind: Kind
    area: Area
    subject: str
    owner: str | None = Field(
        description="The user whose it is; their key where no deployment tells the name; null for nobody's."
    )
    text: str
    since: datetime | None = Field(description="When it came to be so; null where nobody knows.")
    cost_a_month: float | None = Field(description="In US dollars; null where none is known.")
    repair: Repair | None = Field(
        description="What would repair it; null where nothing does by itself."
    )
    decision: Decision
    why: str
    first_seen: datetime
    state: ItemState
    outcome: str
    at: datetime | None


class FindingList(BaseModel):
    """Findings of a run, in order."""

    findings: list[FindingAnswer]
    next_page: NextPage


def render_run(run: Run) -> RunAnswer:
    """A run as the API shows it."""
    return RunAnswer(
        id=run.id,
        state=run.state,
        message=tell(run),
        dry_run=run.dry_run,
        days=run.days,
        kinds=[Area(each) for each in run.areas],
        asked_by=run.asked_by,
        created_at=run.created_at,
        finished_at=run.finished_at,
        seen={Area(area): count for area, count in run.seen.items()},
        unknown={Area(area): why for area, why in run.unknown.items()},
        found=sum(run.found.values()),
        found_by_case={Case(case): count for case, count in run.found.items()},
        repaired=run.repaired,
        skipped=run.skipped,
        waiting=run.waiting,
        deletes={Area(area): count for area, count in run.deletes.items()},
        caps={Area(area): count for area, count in run.caps.items()},
        left=run.left,
        cost_a_month=round(run.cost, 2),
        approved_by=run.approved_by or None,
        approved_at=run.approved_at,
    )


def render_finding(item: Item) -> FindingAnswer:
    """A finding as the API shows it."""
    finding, rule = item.finding, item.finding.rule
    return FindingAnswer(
        number=item.number,
        case=finding.case,
        kind=rule.kind,
        area=rule.area,
        subject=finding.subject,
        owner=finding.owner or None,
        text=finding.text,
        since=finding.since,
        cost_a_month=finding.cost,
        repair=rule.repair,
        decision=item.decision,
        why=item.why,
        first_seen=item.seen_since,
        state=item.state,
        outcome=item.outcome,
        at=item.at,
    )
