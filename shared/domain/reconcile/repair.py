"""Which findings are repaired in a run, and why the others are not: a plan that can be shown, kept and carried out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from shared.domain.reconcile.findings import Area, Finding, Repair

_SHARE_OF_CAP = 0.2


class Decision(StrEnum):
    """What becomes of a finding in this run."""

    REPAIR = "repair"
    YOUNG = "young"  # it may be on its way
    SEEN_ONCE = "seen_once"  # a second run has to see it, too
    REPORT = "report"  # nothing can be done by itself
    NOT_WANTED = "not_wanted"  # a setting says so
    UNKNOWN_AGE = "unknown_age"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The numbers of a run. `days` is the grace of what costs nothing; `gap` lies between two sightings."""

    days: int = 7
    paid_grace: timedelta = timedelta(hours=2)
    gap: timedelta = timedelta(hours=1)
    wanted: frozenset[Repair] = field(default_factory=frozenset)


def decide(
    finding: Finding, rules: Rules, *, seen_since: datetime | None, now: datetime
) -> Decision:
    """What becomes of a finding. `seen_since`: when it was first seen by runs without a break; None for the first time."""
    repair = finding.rule.repair
    if repair is None:
        return Decision.REPORT
    if repair not in rules.wanted:
        return Decision.NOT_WANTED
    if finding.rule.at_once:
        return Decision.REPAIR
    since = finding.since or seen_since
    if since is None:
        return Decision.UNKNOWN_AGE
    grace = rules.paid_grace if finding.rule.paid else timedelta(days=rules.days)
    if now - since < grace:
        return Decision.YOUNG
    if seen_since is None or now - seen_since < rules.gap:
        return Decision.SEEN_ONCE
    return Decision.REPAIR


def explain(decision: Decision, finding: Finding, rules: Rules) -> str:
    """Why a finding is not repaired now, for the person who reads the report; what will be, for one that is."""
    grace = _span(rules.paid_grace) if finding.rule.paid else _days(rules.days)
    match decision:
        case Decision.REPAIR:
            return f"will be repaired ({finding.rule.repair})"
        case Decision.YOUNG:
            return f"younger than {grace}: it may be on its way"
        case Decision.SEEN_ONCE:
            return (
                f"a run at least {_span(rules.gap)} after the first that saw it has to see it, too"
            )
        case Decision.UNKNOWN_AGE:
            return "nobody knows how old it is: its age counts from now on"
        case Decision.NOT_WANTED:
            return f"RECONCILE_REPAIRS leaves it alone ({finding.rule.repair})"
        case Decision.REPORT:
            return "for you to decide: nothing is done about it by itself"


def find_excess(
    seen: Mapping[Area, int], deletes: Mapping[Area, int], least: int
) -> dict[Area, int]:
    """The areas in which more would be taken away than one run may without approval, and how many it may there.

    `least` things it may in any case. A bug that makes everything look orphaned shows as just that.
    """
    caps = {area: max(least, int(seen.get(area, 0) * _SHARE_OF_CAP)) for area in deletes}
    return {area: caps[area] for area, count in deletes.items() if count > caps[area]}


def _days(days: int) -> str:
    return "a day" if days == 1 else f"{days} days"


def _span(span: timedelta) -> str:
    """A length of time as people say it, in the largest unit that it is a whole number of."""
    seconds = span.total_seconds()
    units = ((3600, "hour"), (60, "minute"))
    size, unit = next((each for each in units if seconds and seconds % each[0] == 0), (1, "second"))
    count = seconds / size
    return f"{'an' if unit == 'hour' else 'a'} {unit}" if count == 1 else f"{count:g} {unit}s"
