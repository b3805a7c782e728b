"""What becomes of messages that failed so often that the host put them on a poison queue.

A hint leads to one automatic new try, by the record's word; an event to one more, marked as such.
The next is told: the deployment is failed by its next turn, the event has a refusal as its answer.
"""

from shared import telemetry
from shared.domain import limits, plans, poisoning, progress
from shared.domain.errors import Changed, Exists, Malformed, Missing, Newer, Refusal
from shared.domain.messages import DeadLetterReason
from shared.domain.poisoning import GiveUp, Ignore, TryAgain
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS
from shared.domain.principal import Principal
from shared.ports import Insert, Operation, Ports, Replace
from shared.service import hints, settle, store
from shared.service.hints import Hint
from shared.service.queues import dead_letters, produce
from shared.service.queues.produce import DeployEvent
from shared.telemetry import Happened

EVENT_PAUSE = 60  # seconds before an event's new try


def take_hint(ports: Ports, hint: Hint, body: bytes) -> None:
    """Does what the record says about a poisoned hint. Raises StoreError."""
    try:
        stored = store.load_deployment(ports.tables, hint.user_key, hint.deployment_id)
    except Newer:
        return  # its own version sends a hint
    except Malformed as error:
        reason = DeadLetterReason.RECORD_UNREADABLE
        detail = f"Deployment {hint.deployment_id}: {error}"
        dead_letters.put_aside(ports, DEPLOY_JOBS, body, reason, detail)
        return
    if stored is None:
        return  # never admitted, or buried: the sweep sees to it
    record = stored.record
    decision = poisoning.decide_poison(record, ports.clock.now())
    kind = type(decision).__name__
    telemetry.tell(Happened.POISON_TAKEN, record.id, step=record.work.step, decision=kind)
    match decision:
        case Ignore():
            if plans.is_finished(record):
                settle.settle_inflight(ports, record.user_key, record.id)
        case TryAgain(seconds=seconds):
            if _note(ports, decision, stored.row.etag):
                hints.send_hint(ports.queue, record.user_key, record.id, delay=seconds)
        case GiveUp():
            hints.send_hint(ports.queue, record.user_key, record.id)


def take_event(ports: Ports, principal: Principal, event: DeployEvent, body: bytes) -> None:
    """Sends a poisoned event once more, or refuses it where that was tried. Raises StoreError.

    The new message is marked, so that a copy of the old one is not taken for its second failure.
    """
    try:
        if store.load_request(ports.tables, principal.user_key, produce.key_of(event)):
            return
    except Newer:
        return  # answered, by its own version
    telemetry.tell(Happened.POISON_TAKEN, source=event.source, id=event.id)
    marked = _marked(event)
    if event.longshoretries == 0 and len(marked.encode()) <= limits.MAX_MESSAGE_BYTES:
        ports.queue.send(DEPLOY_REQUESTS, marked, delay=EVENT_PAUSE)
        return
    refusal = Refusal(
        "not_processed",
        "Longshore itself failed at this event, again and again.",
        "An operator finds the error in the worker's log by the event's id, and mends it; then send "
        "it again.",
    )
    dead_letters.put_aside(
        ports, DEPLOY_REQUESTS, body, DeadLetterReason.NOT_PROCESSED, "It failed at every try."
    )
    produce.refuse_event(ports, principal, event, refusal)


def _note(ports: Ports, decision: TryAgain, etag: str) -> bool:
    """Writes the decision with its event; False where somebody else is at work on the record."""
    record, now = decision.record, ports.clock.now()
    counted, event = progress.event_after(
        record, "poisoned", decision.text, now, plans.next_step(record)
    )
    operations: list[Operation] = [
        Replace(store.deployment_row(counted, etag)),
        Insert(store.event_row(record.user_key, event)),
    ]
    try:
        store.commit(ports.tables, ports.random, store.RECORDS, operations)
    except (Exists, Changed, Missing):
        return False
    return True


def _marked(event: DeployEvent) -> str:
    again = event.model_copy(update={"longshoretries": event.longshoretries + 1})
    return produce.render_event(again)
