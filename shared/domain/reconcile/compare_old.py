"""Rows that are kept for a time and then of no use: how long, and what is told of them together.

Each has an age of its own, so it is removed without having been seen before, and never a moment younger.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.domain import plans
from shared.domain.bookkeeping import TOMBSTONE, ClaimKind
from shared.domain.ids import parse_id, to_datetime
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.runs import OVER
from shared.domain.records import SCHEMA_VERSION
from shared.domain.requests import KEY_DAYS

Values = Mapping[str, str | int | float | bool]
TOMBSTONE_DAYS, LETTER_DAYS, RUN_DAYS, NAME_DAYS = 30, 90, 90, 90
_WORDS = {
    Case.OLD_KEYS: ("idempotency keys", "expired idempotency key", "s", ""),
    Case.OLD_TOMBSTONES: ("tombstones", "place", "s", " of acceptances that were given up"),
    Case.OLD_EVENTS: ("events", "histor", "ies", " of deployments that were torn down long ago"),
    Case.OLD_DEAD_LETTERS: ("dead letters", "message", "s", " put aside long ago"),
    Case.OLD_RUNS: ("runs", "old run", "s", " of the reconciliation, with all findings"),
    Case.OLD_NAMES: ("names", "endpoint name", "s", " given up long ago"),
}
"""What is told of each: a name, and some of them in words, whose third part is that of more than one."""


@dataclass(slots=True)
class Aged:
    """How many rows of a case are too old, and since when the oldest one counts."""

    case: Case
    count: int = 0
    oldest: datetime | None = None

    def add(self, since: datetime) -> None:
        """One more."""
        self.count += 1
        self.oldest = min(since, self.oldest or since)

    def told(self) -> Finding | None:
        """One finding for all of them."""
        if self.oldest is None:
            return None
        subject, thing, several, more = _WORDS[self.case]
        ending = several if self.count > 1 else several.replace("ies", "y").removesuffix("s")
        return Finding(
            case=self.case,
            subject=subject,
            since=self.oldest,
            text=f"{self.count:,} {thing}{ending}{more}, the oldest of {self.oldest:%Y-%m-%d}.",
        )


def since_of(case: Case, values: Values, key: str, *, now: datetime, days: int) -> datetime | None:
    """Since when a row counts that is too old now; None for one that is kept, or of a newer version.

    `days` are those of the events.
    """
    if int(values.get("schema_version", SCHEMA_VERSION)) > SCHEMA_VERSION:
        return None
    since, kept = _age(case, values, key, days)
    if since is None or now - since < timedelta(days=kept):
        return None
    if case is Case.OLD_KEYS and (until := _time(values, "until")) and until > now:
        return None
    return since


def _age(case: Case, values: Values, key: str, days: int) -> tuple[datetime | None, int]:
    """Since when a row counts, and for how many days it is kept from then on."""
    match case:
        case Case.OLD_KEYS:
            return _time(values, "at"), KEY_DAYS
        case Case.OLD_TOMBSTONES if TOMBSTONE in values:
            moment = parse_id(f"{10**20 - 1 - int(key[2:]):020d}")
            return to_datetime(moment) if moment is not None else None, TOMBSTONE_DAYS
        case Case.OLD_EVENTS if values.get("events") and plans.is_finished_row(values):
            return _time(values, "torn_down_at"), days
        case Case.OLD_DEAD_LETTERS:
            return _time(values, "last_at"), LETTER_DAYS
        case Case.OLD_RUNS if values.get("state") in OVER:
            return _time(values, "created_at"), RUN_DAYS
        case Case.OLD_NAMES if values.get("kind") == ClaimKind.RELEASED:
            return _time(values, "released_at"), NAME_DAYS
    return None, 0


def _time(values: Values, name: str) -> datetime | None:
    """A time; None also for what is none, so that one damaged row keeps its place and stops no run."""
    try:
        found = datetime.fromisoformat(str(values.get(name)))
    except ValueError:
        return None
    return found if found.tzinfo else None
