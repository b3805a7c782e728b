"""Endpoints that nobody has called for a while: what is on them is paid for all the same."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from shared.domain import ownership
from shared.domain.reconcile.compare_endpoints import is_ours
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.observed import SeenDeployment, SeenEndpoint
from shared.domain.records import Deployment, Status


def may_be_idle(seen: SeenEndpoint) -> bool:
    """Whether an endpoint is ours, at rest, and has something that serves."""
    return is_ours(seen) and not seen.busy and any(_live(seen))


def compare_idle(
    seen: SeenEndpoint, since: datetime | None, *, days: int, now: datetime
) -> Iterator[Finding]:
    """What serves on an endpoint that has had no request `since`: a finding each, for what each costs.

    `since` is None where that is not known, which is never taken for idle.
    """
    if since is None or now - since < timedelta(days=days):
        return
    for each, record in _live(seen):
        yield Finding(
            case=Case.DEPLOYMENT_IDLE,
            subject=f"{seen.name}/{each.name}",
            identity=record.id,
            user_key=record.user_key,
            since=since,
            instance_type=each.instance_type,
            instance_count=each.instance_count,
            text=f"Nobody has called {seen.name} since {since:%Y-%m-%d}, and deployment {record.id} is paid for meanwhile. "
            f"Where nobody needs it: DELETE /deployments/{record.id}",
        )


def _live(seen: SeenEndpoint) -> Iterator[tuple[SeenDeployment, Deployment]]:
    for each in seen.deployments:
        record = each.record
        if record is None or record.status is not Status.ACTIVE:
            continue
        if ownership.is_ours(each.tags, ownership.deployment_tags(record)):
            yield each, record
