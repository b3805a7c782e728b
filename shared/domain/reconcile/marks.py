"""What is known to be wrong with a user's own thing and is not put right by itself: shown with it, until it is no longer so."""

from dataclasses import dataclass
from datetime import datetime

from shared.domain.reconcile.findings import Case, Finding
from shared.domain.records import Deployment, Kept, Status

MARKED = frozenset(
    {
        Case.DEPLOYMENT_GONE,
        Case.DEPLOYMENT_BROKEN,
        Case.DEPLOYMENT_REPLACED,
        Case.MODEL_GONE,
        Case.DEPLOYED_MODEL_GONE,
        Case.REFERENCED_MODEL_GONE,
    }
)
UNREGISTERED = frozenset({Case.MODEL_GONE, Case.DEPLOYED_MODEL_GONE, Case.REFERENCED_MODEL_GONE})
"""Of these, what says that the registry does not have what the thing needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark(Kept):
    """One thing that is not as its record says. `thing_id` is a deployment's or a model's, `since` when that was first seen."""

    user_key: str
    thing_id: str
    case: Case
    text: str
    since: datetime

    @property
    def key(self) -> str:
        """The same for the same thing and case."""
        return f"{self.thing_id}-{self.case}"


def mark_of(finding: Finding, now: datetime) -> Mark | None:
    """The mark that a finding leaves on what it is about; None where that is no live thing of a user's."""
    if finding.case not in MARKED:
        return None
    return Mark(
        user_key=finding.user_key,
        thing_id=finding.identity.split()[0],
        case=finding.case,
        text=finding.text,
        since=now,
    )


def is_shown(mark: Mark, record: Deployment) -> bool:
    """Whether a mark still says something of a deployment, which may have changed since."""
    if record.status is Status.FAILED:
        return mark.case in UNREGISTERED and bool(record.azure_model_version)
    return record.status is Status.ACTIVE
