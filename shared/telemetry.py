"""Named log events: one line each, with the deployment's id, countable by name.

Fields go in `extra`, so that a log service can query them, and into the text for people. Nothing
secret is ever passed: keys, tokens and signed addresses have no field here.
"""

import logging
from enum import StrEnum

_LOG = logging.getLogger("longshore")


class Happened(StrEnum):
    """What can be said in the log; the value is the name to search for."""

    ACCEPTED = "request_accepted"
    RETRIED = "retry_accepted"
    REROUTED = "traffic_accepted"
    REPLAYED = "request_replayed"
    REFUSED = "request_refused"
    MODEL_ADDED = "model_added"
    MODEL_DELETED = "model_deleted"
    ARTIFACT_ADDED = "artifact_added"
    ARTIFACT_DELETED = "artifact_deleted"
    ARTIFACT_COLLISION = "artifact_id_taken"
    CATALOGUE_RESET = "catalogue_reset"
    EXCEPTION_ALLOWED = "exception_allowed"
    EXCEPTION_REVOKED = "exception_revoked"
    INTAKE_BEGUN = "upload_begun"
    INTAKE_WAITS = "upload_waits"
    INTAKE_STORED = "upload_stored"
    INTAKE_REFUSED = "upload_refused"
    INTAKE_CRASHED = "upload_turn_crashed"
    INTAKES_SWEPT = "upload_sweep_finished"
    RECONCILE_BEGUN = "reconcile_begun"
    RECONCILE_OBSERVED = "reconcile_observed"
    RECONCILE_REPAIRED = "reconcile_repaired"
    RECONCILE_SKIPPED = "reconcile_skipped"
    RECONCILE_APPROVED = "reconcile_approved"
    RECONCILE_FINISHED = "reconcile_finished"
    RECONCILE_FAILED = "reconcile_failed"
    RECONCILE_UNMARKED = "reconcile_not_marked"
    RECONCILE_CRASHED = "reconcile_turn_crashed"
    KEY_ROTATED = "key_rotation_began"
    HINT_LOST = "hint_not_sent"
    TURN_SKIPPED = "turn_skipped"
    STEP_DONE = "step_done"
    STEP_WAITS = "step_waits"
    STEP_TROUBLE = "step_trouble"
    NAME_COLLISION = "registry_name_taken"
    DEPLOYMENT_ACTIVE = "deployment_active"
    TRAFFIC_FAILED = "traffic_failed"
    DEPLOYMENT_FAILED = "deployment_failed"
    TORN_DOWN = "deployment_torn_down"
    LEASE_LOST = "lease_lost"
    TURN_CRASHED = "turn_crashed"
    POISON_TAKEN = "poison_message_taken"
    DEAD_LETTER = "message_dead_lettered"
    UNREADABLE = "row_unreadable"
    REHINTED = "sweep_rehinted"
    TOMBSTONED = "sweep_tombstoned"
    SWEEP_TROUBLE = "sweep_row_failed"
    SWEPT = "sweep_finished"
    REGISTRY_UNSEEN = "registry_not_seen"
    USAGE_RECORDED = "usage_recorded"
    USAGE_ABSENT = "usage_of_absent_deployment"
    HTTP_UNAVAILABLE = "http_storage_or_cloud_unavailable"
    HTTP_FAILED = "http_failed"
    SETTINGS_WRONG = "settings_wrong"


_WARNINGS = {
    Happened.RECONCILE_UNMARKED,
    Happened.REGISTRY_UNSEEN,
    Happened.HINT_LOST,
    Happened.STEP_TROUBLE,
    Happened.NAME_COLLISION,
    Happened.ARTIFACT_COLLISION,
    Happened.CATALOGUE_RESET,
    Happened.RECONCILE_REPAIRED,
    Happened.RECONCILE_FAILED,
    Happened.TRAFFIC_FAILED,
    Happened.DEPLOYMENT_FAILED,
    Happened.LEASE_LOST,
    Happened.POISON_TAKEN,
    Happened.DEAD_LETTER,
    Happened.TOMBSTONED,
    Happened.SWEEP_TROUBLE,
    Happened.HTTP_UNAVAILABLE,
    Happened.INTAKE_WAITS,
}
_ERRORS = {
    Happened.UNREADABLE,
    Happened.HTTP_FAILED,
    Happened.SETTINGS_WRONG,
    Happened.TURN_CRASHED,
    Happened.INTAKE_CRASHED,
    Happened.RECONCILE_CRASHED,
}


def tell(
    happened: Happened,
    deployment_id: str = "-",
    *,
    error: BaseException | None = None,
    **fields: str | float | None,
) -> None:
    """Writes one named event; line breaks in a value are escaped, so one event is one line.

    `error` is one that nobody expected: its traceback follows the line.
    """
    level = logging.WARNING if happened in _WARNINGS else logging.INFO
    if happened in _ERRORS:
        level = logging.ERROR
    if not _LOG.isEnabledFor(level):
        return
    written = {name: _writable(value) for name, value in fields.items()}
    shown = " ".join(f"{name}={_one_line(value)}" for name, value in written.items())
    extra = {"event": happened.value, "deployment_id": deployment_id, "fields": written}
    _LOG.log(
        level,
        "%s deployment=%s %s",
        happened.value,
        deployment_id,
        shown,
        exc_info=error,
        extra=extra,
    )


def _writable(value: str | float | None) -> str | float | None:
    """Half of a character, which an answer of Azure may hold and no log can, is escaped."""
    if isinstance(value, StrEnum) or not isinstance(value, str):
        return value
    return value.encode(errors="backslashreplace").decode()


def _one_line(value: str | float | None) -> str:
    text = str(value).replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")
    return text if " " not in text else f'"{text}"'
