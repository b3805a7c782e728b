"""Taking a deployment away: each step removes one thing and reads back that it is gone."""

from datetime import timedelta

from shared import telemetry
from shared.cloud_ports import CloudDeployment, CloudEndpoint
from shared.domain import ownership
from shared.domain.errors import CloudError, Trouble, UnreadableRow
from shared.domain.failures import shorten
from shared.domain.outcomes import Done, Outcome, Wait
from shared.domain.records import Plan, Step
from shared.service import claims, pace, store
from shared.service.catalogue import content
from shared.service.turn import Turn
from shared.telemetry import Happened

_LOG_LINES = 1000
_LOG_PATIENCE = timedelta(minutes=5)
_IN_USE_PATIENCE = timedelta(minutes=10)  # our own deployment may be counted for a while longer


def ensure_logs_saved(turn: Turn) -> Outcome:
    """Keeps the container's log before the container goes; a log that cannot be read is let go."""
    record = turn.record
    _, ours = turn.cloud_deployment()
    if not ours:
        return Done(text="There is no container, and so no log.")
    try:
        text = turn.ports.view.read_logs(
            record.endpoint_name, record.deployment_name, lines=_LOG_LINES
        )
    except CloudError as error:
        waited = turn.ports.clock.now() - record.work.step_since
        if waited < _LOG_PATIENCE and error.trouble is not Trouble.PERMANENT:
            raise
        return Done(text=f"The container's log could not be read: {shorten(str(error), 300)}")
    turn.before_change()
    key = content.log_key(record.id, record.generation - (record.work.plan is Plan.RETRY))
    content.ensure_blob(turn.ports.blobs, key, text.encode(errors="replace"))
    text = f"Saved the container's log: {len(text.splitlines())} lines."
    return Done(text=text, changes={"saved_log": key})


def ensure_no_deployment(turn: Turn) -> Outcome:
    """Removes the deployment in the cloud, where it is ours."""
    name = turn.record.deployment_name
    found, ours = turn.cloud_deployment()
    if found is None:
        pace.learn(turn, Step.REMOVE_DEPLOYMENT)
        return Done(text=f"{name} is not in the cloud.")
    if not ours:
        return Done(text=f"What is named {name} in the cloud is not ours.")
    return _remove_deployment(turn, found)


def ensure_no_endpoint(turn: Turn) -> Outcome:
    """Leaves the endpoint; the last member takes it along, unless something else lives on it.

    A turn that lost its record just before its call may have made the deployment once more: it goes
    first, since nothing would look for it after this step.
    """
    record = turn.record
    again, ours = turn.cloud_deployment()
    if again is not None and ours:
        return _remove_deployment(turn, again)
    stored = turn.endpoint()
    if stored is None:
        return Done(text="It is on no endpoint any more.")
    if len(stored.record.members) > 1:
        text = f"Left {record.endpoint_name} to {len(stored.record.members) - 1} other deployments."
        return Done(text=text, leaves_endpoint=True)
    held = turn.hold_endpoint(stored)
    if isinstance(held, Wait):
        return held
    found, ours = turn.cloud_endpoint()
    if found is None or not ours:
        pace.learn(turn, Step.REMOVE_ENDPOINT)
        return Done(text=f"{record.endpoint_name} is not in the cloud.", leaves_endpoint=True)
    return _remove_endpoint(turn, found)


def _remove_endpoint(turn: Turn, found: CloudEndpoint) -> Outcome:
    others = _find_others(turn, found.name)
    states = [*((each.name, each.state) for each in others), (found.name, found.state)]
    if going := [name for name, state in states if state == "Deleting"]:
        return Wait(why=f"Azure removes {going[0]}")
    if others:
        text = f"{found.name} stays: it has a deployment that is not ours."
        return Done(text=text, leaves_endpoint=True)
    turn.before_change()
    turn.ports.control.remove_endpoint(found.name)
    return Wait(why=f"Azure removes {found.name}", began=True)


def _remove_deployment(turn: Turn, found: CloudDeployment) -> Wait:
    why = f"Azure removes {found.name}"
    if found.state == "Deleting":
        return Wait(why=why)
    turn.before_change()
    turn.ports.control.remove_deployment(turn.record.endpoint_name, found.name)
    return Wait(why=why, began=True)


def _find_others(turn: Turn, endpoint_name: str) -> list[CloudDeployment]:
    """What lives on the endpoint. A listing may show for a while what has gone."""
    listed = turn.ports.view.list_deployments(endpoint_name)
    found = (turn.ports.view.find_deployment(endpoint_name, each.name) for each in listed)
    return [each for each in found if each is not None]


def ensure_no_model(turn: Turn) -> Outcome:
    """Removes the deployment's own entry in the registry; its catalogue model is untouched.

    Where Azure says that the entry is in use, that may be by what a late call has made again.
    """
    record = turn.record
    version = record.azure_model_version or "1"
    found = turn.ports.view.find_model(record.azure_model_name, version)
    if found is None:
        return Done(text=f"{record.azure_model_name} is not in the registry.")
    if not ownership.is_ours(found.tags, ownership.deployment_tags(record)):
        return Done(text=f"What is named {record.azure_model_name} in the registry is not ours.")
    turn.before_change()
    try:
        turn.ports.view.remove_model(record.azure_model_name, version)
    except CloudError as error:
        if error.trouble is not Trouble.CONFLICT:
            raise
        again, ours = turn.cloud_deployment()
        if again is not None and ours:
            return _remove_deployment(turn, again)
        if turn.ports.clock.now() - record.work.step_since < _IN_USE_PATIENCE:
            raise
        return Done(text=f"{record.azure_model_name} stays: something else in Azure ML uses it.")
    return Wait(why="Azure removes the model's registry entry", seconds=0)


def ensure_closed(turn: Turn) -> Outcome:
    """Frees the endpoint's name where the endpoint is gone, and says when nothing was left.

    It says, too, that the model is gone: who came to be as it was deleted, and goes before its first turn, was not told.
    """
    claims.release_endpoint_name(
        turn.ports.tables,
        turn.ports.random,
        turn.record.endpoint_name,
        turn.record.user_key,
        at=turn.ports.clock.now(),
    )
    telemetry.tell(Happened.TORN_DOWN, turn.record.id, endpoint=turn.record.endpoint_name)
    return Done(
        text="Nothing of it is left in the cloud.",
        changes={
            "torn_down_at": turn.ports.clock.now(),
            "model_deleted": turn.record.model_deleted or _is_model_gone(turn),
        },
    )


def _is_model_gone(turn: Turn) -> bool:
    try:
        return (
            store.load_model(turn.ports.tables, turn.record.user_key, turn.record.model_id) is None
        )
    except UnreadableRow as error:
        store.tell_unreadable(error)
        return False
