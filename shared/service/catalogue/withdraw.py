"""Deletes artifacts: a model with everything of its own, a dataset or code; contents stay for the nightly collection.

A model that is being deleted is `leaving`: from then on it is as if not there, so whoever would deploy it meets
that, or was earlier and is seen. What breaks off half-way goes on when it is asked for again.
"""

from dataclasses import replace
from functools import partial

from shared import telemetry
from shared.domain import ownership, plans, progress
from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.errors import Changed, CloudError, Conflict, Missing, Trouble
from shared.domain.principal import Principal
from shared.domain.records import Deployment, Model, Status
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import hints, listing, store
from shared.service.catalogue import artifacts, content, shelf
from shared.service.contention import until_written
from shared.service.owned import require_file, require_leaving
from shared.service.refusals import changed
from shared.service.store import Stored
from shared.telemetry import Happened

_CLEARING = 30.0  # seconds: what is left of a failed deployment goes in a minute or two
_SHOWN = 5


def delete_artifact(
    ports: Ports, principal: Principal, kind: ArtifactKind, artifact_id: str, *, if_match: str = ""
) -> None:
    """Deletes one artifact. Raises NotFound, PreconditionFailed; for a model also as `delete_model`."""
    if kind is ArtifactKind.MODEL:
        delete_model(ports, principal, artifact_id, if_match=if_match)
        return
    stored = require_file(ports, principal, kind, artifact_id)
    if if_match not in ("", stored.row.etag):
        raise changed(kind, f"/artifacts/{kind}/{artifact_id}")
    store.remove(ports.tables, store.RECORDS, stored.row)  # nothing ever changes it
    ports.artifacts.remove(content.metadata_key(artifact_id))
    telemetry.tell(Happened.ARTIFACT_DELETED, artifact=artifact_id)


def delete_model(ports: Ports, principal: Principal, model_id: str, *, if_match: str = "") -> None:
    """Deletes a model, its description, and its registry entries; marks its past deployments.

    Raises NotFound; Conflict `model_deployed` while a deployment of it is active or on its way; CloudError;
    PreconditionFailed where `if_match`, a row's etag, names another version of one whose deletion has not begun.
    """
    until_written("model", partial(_delete, ports, principal, model_id, if_match))
    telemetry.tell(Happened.MODEL_DELETED, model=model_id)


def finish_deletion(ports: Ports, user_key: str, model_id: str) -> None:
    """Goes on with a deletion that broke off. Raises Conflict where the model is used by now: then it is there again."""
    until_written("model", partial(_finish, ports, user_key, model_id))
    telemetry.tell(Happened.MODEL_DELETED, model=model_id)


def mark_deleted(ports: Ports, record: Deployment, etag: str) -> None:
    """Puts on a deployment's record that its model is gone. Raises Changed, Missing."""
    now, text = ports.clock.now(), f"Its model {record.model_id} was deleted."
    marked = replace(record, model_deleted=True)
    marked, event = progress.event_after(marked, "model_deleted", text, now, None)
    operations: list[Operation] = [
        Replace(store.deployment_row(marked, etag)),
        Insert(store.event_row(record.user_key, event)),
    ]
    store.commit(ports.tables, ports.random, store.RECORDS, operations)
    if not plans.is_finished(marked):  # a turn under way has lost its version of the record
        hints.send_hint_when_free(ports.queue, marked)


def _delete(ports: Ports, principal: Principal, model_id: str, if_match: str) -> None:
    """Looks before the mark, so that what is in use is not touched, and after it for who came in between.

    Raises Conflict, PreconditionFailed; Changed where another deletion of it has marked the row since.
    """
    found = require_leaving(ports, principal, model_id)
    if found.record.leaving is None and if_match not in ("", found.row.etag):
        raise changed("model", f"/models/{model_id}")
    _require_unused(ports, found.record)
    _remove(ports, _mark(ports, found))


def _finish(ports: Ports, user_key: str, model_id: str) -> None:
    found = shelf.load_leaving(ports.tables, user_key, model_id)
    if found is not None and found.record.leaving is not None:
        _remove(ports, _mark(ports, found))


def _remove(ports: Ports, stored: Stored[Model]) -> None:
    """Removes a model that is marked, or takes the mark away where somebody has come to need it. Raises Conflict, Changed."""
    model_id = stored.record.id
    try:
        for each in _require_unused(ports, stored.record):
            until_written("deployment", partial(_forget, ports, stored.record, each))
    except Conflict:
        _unmark(ports, stored)
        raise
    ports.artifacts.remove(content.metadata_key(model_id))
    if not store.remove(ports.tables, store.RECORDS, stored.row):
        raise Changed(f"model {model_id}")


def _mark(ports: Ports, stored: Stored[Model]) -> Stored[Model]:
    """Written also where it is marked: an earlier deletion cannot call off what this one decides."""
    leaving = replace(stored.record, leaving=stored.record.leaving or ports.clock.now())
    row = store.model_row(leaving, stored.row.etag)
    etag = store.save(ports.tables, ports.random, store.RECORDS, row)
    return Stored(leaving, replace(row, etag=etag))


def _unmark(ports: Ports, stored: Stored[Model]) -> None:
    """Calls a deletion off; the description comes back that an earlier one may have removed."""
    model = replace(stored.record, leaving=None)
    description = artifacts.render_description(model, ports.random.nonce())
    content.write_once(ports.artifacts, content.metadata_key(model.id), description)
    try:
        store.save(
            ports.tables, ports.random, store.RECORDS, store.model_row(model, stored.row.etag)
        )
    except (Changed, Missing):
        return  # another deletion of it, which decides the same


def _require_unused(ports: Ports, model: Model) -> list[str]:
    """The ids of all deployments of a model, none of which needs it any more. Raises Conflict."""
    found = list(listing.list_deployed(ports.tables, model.user_key, model.id))
    loaded = [store.load_deployment(ports.tables, model.user_key, each) for each in found]
    if users := [each.record for each in loaded if each and _uses(each.record)]:
        raise _deployed(users)
    return found


def _forget(ports: Ports, model: Model, deployment_id: str) -> None:
    stored = store.load_deployment(ports.tables, model.user_key, deployment_id)
    if stored is None or stored.record.model_deleted:
        return
    record = stored.record
    if _uses(record):
        raise _deployed([record])
    if record.status is Status.FAILED and _remove_registered(ports, record):
        record = replace(record, azure_model_version="")  # one that was deleted does so by itself
    mark_deleted(ports, record, stored.row.etag)


def _uses(record: Deployment) -> bool:
    """Whether a deployment needs its model, or is still being cleared away with it."""
    if record.status is Status.FAILED:
        return not plans.is_finished(record)
    return record.status is not Status.DELETED


def _remove_registered(ports: Ports, record: Deployment) -> bool:
    """Removes the entry that a failed deployment kept for its retry, where it is ours and unused.

    Whether there is none any more.
    """
    name, version = record.azure_model_name, record.azure_model_version or "1"
    found = ports.view.find_model(name, version)
    if found is None or not ownership.is_ours(found.tags, ownership.deployment_tags(record)):
        return found is None
    try:
        ports.view.remove_model(name, version)
    except CloudError as error:
        if error.trouble is not Trouble.CONFLICT:
            raise
        return False  # something else in Azure ML uses it
    return True


def _deployed(users: list[Deployment]) -> Conflict:
    named = ", ".join(f"{each.deployment_name} ({each.status})" for each in users[:_SHOWN])
    more = f" and {len(users) - _SHOWN} more" if len(users) > _SHOWN else ""
    clearing = [each for each in users if each.status is Status.FAILED]
    return Conflict(
        "model_deployed",
        f"Cannot delete a deployed model. It is used by {named}{more}.",
        "Send it again after the seconds in Retry-After: what is left of a failed deployment is being removed."
        if len(clearing) == len(users)
        else "Delete its deployments first: "
        + ", ".join(f"DELETE /deployments/{each.id}" for each in users[:_SHOWN])
        + f"{more}.",
        retry_after=_CLEARING if len(clearing) == len(users) else None,
    )
