"""Records by themselves: what should have ended, is on no index, or was never taken up."""

from datetime import datetime, timedelta

from shared.domain import plans
from shared.domain.bookkeeping import Claim
from shared.domain.ids import parse_id, to_datetime
from shared.domain.prices import is_paid
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.records import Deployment, Model, Plan

_TEARDOWN = timedelta(hours=2)
"""Azure removes a deployment in minutes; after hours somebody has to know."""
_LATE = timedelta(hours=1)


def compare_unfinished(record: Deployment, *, indexed: bool, now: datetime) -> Finding | None:
    """A deployment with work left, and whether the index of unfinished work has it."""
    work = record.work
    if plans.is_finished(record):
        return None
    if not indexed:
        text = f"its work ({work.plan}) is not finished and on no list of such work, so nothing goes on with it."
        return _of(record, Case.NOT_INDEXED, work.step_since, text)
    why = work.trouble or work.waiting or "nothing was told"
    if work.plan in (Plan.DELETE, Plan.ABANDON) and now - work.step_since > _TEARDOWN:
        text = f"what is left of it is being removed ({work.step}) without coming to an end: {why}."
        return _of(record, Case.TEARDOWN_UNFINISHED, work.step_since, text)
    if plans.can_fail(work.plan) and not work.in_line_since and now > work.deadline_at + _LATE:
        text = f"it should have come to an end at {work.deadline_at:%Y-%m-%d %H:%M} UTC ({work.step}): {why}."
        return _of(record, Case.DEPLOYING_TOO_LONG, work.deadline_at, text)
    return None


def compare_name(claim: Claim, *, used: bool) -> Finding | None:
    """An endpoint's name that is claimed, and whether there is such an endpoint on record."""
    if used:
        return None
    moment = parse_id(claim.claimed_for)
    return Finding(
        case=Case.NAME_UNUSED,
        subject=claim.name,
        identity=claim.tag,
        user_key=claim.user_key,
        since=to_datetime(moment) if moment is not None else None,
        text=f"The name is reserved for deployment {claim.claimed_for}, and there is no such endpoint.",
    )


def compare_model(model: Model, *, deployed: bool, now: datetime, days: int) -> Finding | None:
    """A catalogue entry: half deleted, or kept for long and never registered."""
    if model.leaving is not None:
        return Finding(
            case=Case.DELETION_UNFINISHED,
            subject=model.id,
            identity=f"{model.leaving}",
            user_key=model.user_key,
            since=model.leaving,
            text="Its deletion began and broke off: it is hidden, and not gone.",
        )
    if deployed or model.registry_name or now - model.created_at < timedelta(days=days):
        return None
    return Finding(
        case=Case.NEVER_REGISTERED,
        subject=model.id,
        user_key=model.user_key,
        since=model.created_at,
        text=f"{model.model_name} was uploaded and never deployed, so it is in no registry.",
    )


def _of(record: Deployment, case: Case, since: datetime, text: str) -> Finding:
    paid = is_paid(record)
    return Finding(
        case=case,
        subject=f"{record.endpoint_name}/{record.deployment_name}",
        identity=f"{record.id} {record.generation}",
        user_key=record.user_key,
        since=since,
        instance_type=record.instance_type if paid else "",
        instance_count=record.instance_count if paid else 0,
        text=f"Deployment {record.id}: {text}",
    )
