"""What the queues bring, read strictly and handed on; what nobody can read is put aside at first sight.

So a message fails, and comes again, only where it is not to blame: storage does not answer, or
Longshore itself goes wrong.
"""

from collections.abc import Callable, Collection
from datetime import timedelta
from typing import TypeVar

from shared import telemetry
from shared.domain import messages
from shared.domain.errors import Forbidden, InvalidRequest, StoreError
from shared.domain.messages import DeadLetterReason, Garbage
from shared.domain.policy import (
    DEPLOY_JOBS,
    DEPLOY_REQUESTS,
    DEPLOY_REQUESTS_POISON,
    INTAKE_JOBS,
    Policy,
)
from shared.domain.redaction import redact
from shared.intake_ports import IntakePorts
from shared.ports import Ports, WorkerPorts
from shared.service import hints, run
from shared.service.claims import Mint
from shared.service.hints import NewerHint
from shared.service.intake import hints as intake_hints, take_in
from shared.service.queues import dead_letters, poison, produce
from shared.telemetry import Happened

H = TypeVar("H")
PARK_SECONDS = 300
PARK_AT_MOST = timedelta(days=7)  # as long as a message lives


def take_hint(ports: WorkerPorts, policy: Policy, body: bytes) -> None:
    """Runs one turn for the deployment that a hint points to. Raises what `run.run_turn` raises."""
    if hint := read_hint(ports, DEPLOY_JOBS, body, hints.parse_hint):
        run.run_turn(ports, policy, hint)


def take_poisoned_hint(ports: Ports, body: bytes) -> None:
    """Gives a deployment whose message failed too often its second chance. Raises StoreError."""
    if hint := read_hint(ports, DEPLOY_JOBS, body, hints.parse_hint):
        poison.take_hint(ports, hint, body)


def take_intake_hint(ports: IntakePorts, mint: Mint, policy: Policy, body: bytes) -> None:
    """Runs one turn for the file that a hint points to. Raises StoreError."""
    if hint := read_hint(ports, INTAKE_JOBS, body, intake_hints.parse):
        take_in.take_in(ports, mint, policy, hint)


def take_poisoned_intake_hint(ports: Ports, body: bytes) -> None:
    """Tells that the hint of a file failed too often: storage was away, and the sweep sends another."""
    if hint := read_hint(ports, INTAKE_JOBS, body, intake_hints.parse):
        telemetry.tell(Happened.POISON_TAKEN, upload=hint.upload_id)


def take_event(
    ports: Ports, mint: Mint, policy: Policy, producers: Collection[str], issuer: str, body: bytes
) -> None:
    """Accepts or refuses a producer's deploy request. Raises StoreError."""
    try:
        text = messages.read_text(body)
        produce.accept_event(ports, mint, policy, producers, issuer, text)
    except (InvalidRequest, Forbidden) as error:
        _put_event_aside(ports, body, error)


def take_poisoned_event(ports: Ports, producers: Collection[str], issuer: str, body: bytes) -> None:
    """Gives an event that failed too often its second chance, or its refusal.

    While tables do not answer it goes back to the end of its queue: nobody else knows of it, and the
    host would run it five times only. Raises StoreError where that fails too.
    """
    try:
        text = messages.read_text(body)
        event = produce.parse_event(text)
        principal = produce.principal_of(event, producers, issuer)
    except (InvalidRequest, Forbidden) as error:
        _put_event_aside(ports, body, error)
        return
    try:
        poison.take_event(ports, principal, event, body)
    except StoreError:
        ports.queue.send(DEPLOY_REQUESTS_POISON, text, delay=PARK_SECONDS)


def read_hint(ports: Ports, queue: str, body: bytes, parse: Callable[[str], H]) -> H | None:
    """The hint in a message; None for one that was put aside, or put off."""
    try:
        text = messages.read_text(body)
        return parse(text)
    except Garbage as error:
        dead_letters.put_aside(ports, queue, body, error.reason, error.detail)
    except NewerHint as error:
        _park(ports, queue, text, body, error)
    return None


def _park(ports: Ports, queue: str, text: str, body: bytes, error: NewerHint) -> None:
    """Puts a hint off until a version runs here that reads it; in seven days one should."""
    reason = DeadLetterReason.NEWER_VERSION
    letter = dead_letters.put_aside(ports, queue, body, reason, str(error))
    if letter.last_at - letter.at < PARK_AT_MOST:
        ports.queue.send(queue, text, delay=PARK_SECONDS)


def _put_event_aside(ports: Ports, body: bytes, error: InvalidRequest | Forbidden) -> None:
    reason = DeadLetterReason.NO_EVENT
    if isinstance(error, Garbage):
        reason = error.reason
    elif isinstance(error, Forbidden):
        reason = DeadLetterReason.PRODUCER_NOT_ALLOWED
    dead_letters.put_aside(ports, DEPLOY_REQUESTS, body, reason, redact(error.detail))
