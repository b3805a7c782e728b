"""Model versions in the registry beside the records: registered without a record, and on record without being registered."""

import re

from shared.domain import ownership, plans
from shared.domain.reconcile.findings import Case, Finding
from shared.domain.reconcile.observed import SeenVersion
from shared.domain.records import Deployment, Model, Status

_OURS = re.compile(r"model_[A-Za-z0-9_-]{1,100}_([0-9]{20})(_v[23])?")
"""How `shared.domain.names.registry_name` names what is registered."""


def may_be_ours(name: str) -> bool:
    """Whether a model's name has the form of ours; then its tags tell."""
    return _OURS.fullmatch(name) is not None


def needs_registered(record: Deployment) -> bool:
    """Whether a deployment has a version in the registry that should be there."""
    if not record.azure_model_version:
        return False
    return record.status is not Status.DELETED or not plans.is_finished(record)


def compare_version(seen: SeenVersion) -> Finding | None:
    """A version that no record names: left over where its tags lead to a deployment of ours that is over."""
    form = _OURS.fullmatch(seen.name)
    told = seen.tags.get(ownership.DEPLOYMENT_TAG)
    if form is None or not seen.minted or told != form.group(1):
        return None
    record = seen.record
    if record is not None and (not plans.is_finished(record) or _names(record, seen)):
        return None
    whose = (
        f"deployment {told}, which is {record.status}"
        if record
        else f"{told}, of which there is no record"
    )
    return Finding(
        case=Case.MODEL_WITHOUT_RECORD,
        subject=f"{seen.name}:{seen.version}",
        identity=f"{told} {seen.created_at or ''}",
        user_key=record.user_key if record else "",
        since=seen.created_at,
        text=f"It was registered for {whose}, and no record needs it.",
    )


def compare_registered(record: Deployment, registered: bool) -> Finding | None:
    """A deployment with a version on record, and whether the registry has the name.

    What serves has its own copy of the files, and goes on.
    """
    if registered or not needs_registered(record) or not plans.is_finished(record):
        return None
    live = record.status is Status.ACTIVE
    then = ": it goes on serving, and Azure ML cannot start another instance of it" if live else ""
    return Finding(
        case=Case.DEPLOYED_MODEL_GONE if live else Case.MODEL_GONE,
        subject=f"{record.azure_model_name}:{record.azure_model_version}",
        identity=record.id,
        user_key=record.user_key,
        since=record.deployed_at or record.created_at,
        text=f"Deployment {record.id} ({record.status}) names it, and the registry has it no more{then}.",
    )


def compare_referenced(model: Model, registered: bool) -> Finding | None:
    """A model that was taken from the registry, and whether it is there."""
    if registered or not model.registry_name:
        return None
    return Finding(
        case=Case.REFERENCED_MODEL_GONE,
        subject=f"{model.registry_name}:{model.registry_version}",
        identity=model.id,
        user_key=model.user_key,
        since=model.created_at,
        text=f"Model {model.id} refers to it, and the registry has it no more: it cannot be deployed.",
    )


def _names(record: Deployment, seen: SeenVersion) -> bool:
    named = (record.azure_model_name, record.azure_model_version)
    return needs_registered(record) and named == (seen.name, seen.version)
