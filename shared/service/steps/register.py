"""Step 2: the model is in the registry, under a name that only this deployment uses."""

from shared import telemetry
from shared.cloud_ports import NewModel
from shared.domain import names, ownership, phases
from shared.domain.errors import CloudError, Trouble
from shared.domain.failures import failure, not_registered
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.records import Turn as WhoseTurn
from shared.service import store
from shared.service.catalogue import content
from shared.service.intake import referenced
from shared.service.turn import Turn
from shared.telemetry import Happened

_VERSION = "1"  # a name is unique to its deployment, so it never needs a second version
_DESCRIPTION = "Auto-deployed model"


def ensure_registered(turn: Turn) -> Outcome:
    """Adopts the model version that is ours, or registers it under the first name that is free."""
    record = turn.record
    ours = _tags(turn)
    if record.azure_model_version:
        return find_missing(turn) or _registered(
            record.azure_model_name, record.azure_model_version
        )
    base = names.registry_name(record.model_name, record.id)
    for name in names.registry_candidates(base):
        found = turn.ports.view.find_model(name, _VERSION)
        if found is not None and ownership.is_ours(found.tags, ours):
            return _registered(name)
        if found is not None:
            telemetry.tell(Happened.NAME_COLLISION, record.id, name=name)
            continue
        if record.azure_model_name != name:
            turn.note(azure_model_name=name)
        if not _register(turn, name):
            continue
        found = turn.ports.view.find_model(name, _VERSION)
        if found is not None and ownership.is_ours(found.tags, ours):
            return _registered(name)
        return Wait(why="the registry does not show the model yet", seconds=1)
    return Failed(
        failure=failure(
            "registry_name_taken",
            f"The registry has other models named {base}, {base}_v2 and {base}_v3.",
            WhoseTurn.YOU,
            "A new deployment gets a name of its own.",
        )
    )


def find_missing(turn: Turn) -> Failed | None:
    """The failure where the version on record is not in the registry; never a silent new upload.

    The record forgets the version with it, and a model of the registry is known to be gone from there.
    """
    record = turn.record
    if turn.ports.view.find_model(record.azure_model_name, record.azure_model_version):
        return None
    if model := store.load_model(turn.ports.tables, record.user_key, record.model_id):
        referenced.note(turn.ports, model.record, missing=True)
    return Failed(failure=not_registered(), changes={"azure_model_version": ""})


def _register(turn: Turn, name: str) -> bool:
    """Registers under a name; False where somebody else's model has got it meanwhile."""
    turn.before_change()
    try:
        turn.ports.control.register_model(_new_model(turn, name))
    except CloudError as error:
        found = None
        if error.trouble is Trouble.PERMANENT:
            found = turn.ports.view.find_model(name, _VERSION)
        if found is None or ownership.is_ours(found.tags, _tags(turn)):
            raise
        telemetry.tell(Happened.NAME_COLLISION, turn.record.id, name=name)
        return False
    return True


def _tags(turn: Turn) -> dict[str, str]:
    return ownership.deployment_tags(turn.record)


def _registered(name: str, version: str = _VERSION) -> Done:
    return Done(
        text=f"Registered as {name}, version {version}.",
        changes={"azure_model_name": name, "azure_model_version": version},
        phases=(phases.AUTHENTICATED, phases.REGISTERED),
    )


def _new_model(turn: Turn, name: str) -> NewModel:
    record = turn.record
    return NewModel(
        name=name,
        version=_VERSION,
        path=content.package_folder(record.package_digest),
        description=record.description or _DESCRIPTION,
        tags=_tags(turn),
    )
