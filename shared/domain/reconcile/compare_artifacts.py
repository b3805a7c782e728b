"""What is kept in files beside the records: named by none, or on record and not there."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.domain.catalogue.artifacts import Artifact, is_elsewhere
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.kept_things import Sort, Thing
from shared.domain.reconcile.observed import SeenFiles
from shared.domain.records import Model
from shared.domain.storage_prices import cost_a_month

_SHOWN = 5
_UNNAMED = {
    Sort.CONTENT: (
        Case.CONTENT_WITHOUT_RECORD,
        "No model, dataset, code or deployment has this content any more.",
    ),
    Sort.DESCRIPTION: (
        Case.DESCRIPTION_WITHOUT_RECORD,
        "It describes an artifact of which there is no record.",
    ),
    Sort.PACKAGE: (
        Case.PACKAGE_WITHOUT_RECORD,
        "No deployment that is there or can be tried again was packaged so, and nothing registered is made of it.",
    ),
    Sort.LOG: (Case.LOG_WITHOUT_RECORD, "It is of a deployment of which there is no record."),
}


def compare_unnamed(thing: Thing, seen: SeenFiles) -> Finding:
    """A thing of ours that no record names."""
    case, text = _UNNAMED[thing.sort]
    return Finding(
        case=case,
        subject=thing.name,
        since=seen.modified_at,
        cost=cost_a_month(seen.size),
        text=f"{text} {_measure(seen)}",
    )


def compare_trash(seen: SeenFiles, *, now: datetime, days: float) -> Finding | None:
    """A thing in the trash, and whether its time there is over."""
    if now - seen.modified_at < timedelta(days=days):
        return None
    return Finding(
        case=Case.TRASH_EXPIRED,
        subject=seen.name,
        since=seen.modified_at,
        cost=cost_a_month(seen.size),
        text=f"It was put into the trash {(now - seen.modified_at).days} days ago, and nothing has missed it since. "
        f"{_measure(seen)}",
    )


def compare_missing(
    thing: Thing,
    artifacts: Sequence[Model | Artifact],
    *,
    deployments: Sequence[str] = (),
    in_trash: bool,
) -> Finding | None:
    """A content that is not in its place, with the artifacts that have it, and the deployments of those models."""
    having = [each for each in artifacts if not is_elsewhere(each)]
    if not having:
        return None
    told = f"It is the file of {_some([each.id for each in having])}"
    if deployments:
        told += f", of which there are deployments ({_some(deployments)})"
    if in_trash:
        case, told = Case.CONTENT_IN_TRASH, f"{told}, and lies in the trash."
    else:
        case = Case.CONTENT_GONE
        told += (
            ", and is nowhere in the store: upload the same file again, and all of them have it."
        )
    return Finding(
        case=case,
        subject=thing.name,
        user_key=having[0].user_key,
        since=None,
        text=told,
    )


def compare_described(record: Model | Artifact, name: str, *, described: bool) -> Finding | None:
    """An artifact, and whether its description is in the store; one that is being deleted has none."""
    if described or (isinstance(record, Model) and record.leaving is not None):
        return None
    return Finding(
        case=Case.DESCRIPTION_GONE,
        subject=name,
        identity=record.id,
        user_key=record.user_key,
        since=record.created_at,
        text=f"The store holds no description of {record.id}, which is on record.",
    )


def _measure(seen: SeenFiles) -> str:
    files = "" if seen.count == 1 else f" in {seen.count} files"
    return f"It takes {seen.size:,} bytes{files}."


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}"
