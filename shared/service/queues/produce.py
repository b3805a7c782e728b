"""Accepts deploy requests that training pipelines put on the queue, as CloudEvents.

`source` and `id` are the idempotency key: a message that comes twice leads to one deployment. The
queue's own message id is no key, since a lost answer to a send leaves two messages.
"""

import json
import math
from collections.abc import Collection
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared import telemetry
from shared.domain import limits, messages, requests
from shared.domain.bookkeeping import Request
from shared.domain.errors import Forbidden, InvalidRequest, Newer, NotFound, Refusal
from shared.domain.messages import DeadLetterReason, Garbage
from shared.domain.policy import DEPLOY_REQUESTS, Policy
from shared.domain.principal import Principal
from shared.domain.requests import OneLine
from shared.ports import Ports
from shared.service import store, submit
from shared.service.claims import Mint
from shared.service.keyed import Keyed, keep_refusal
from shared.telemetry import Happened

_VERSION = "1.0"
_NEWER_WAIT, _LONGEST_WAIT = 30.0, 900.0  # seconds


class DeployEvent(BaseModel):
    """A CloudEvent 1.0 in structured JSON; further attributes are allowed and not used.

    Its attributes hold no control characters: CloudEvents 1.0, 3.1. How often Longshore itself has sent
    the event once more: `longshoretries` after failures, `longshorewaits` after refusals that pass.
    """

    model_config = ConfigDict(frozen=True)

    specversion: Literal["1.0"]
    type: str = Field(min_length=1, max_length=256)
    source: OneLine = Field(max_length=512)
    id: OneLine = Field(max_length=256)
    data: dict[str, Any]
    longshoretries: int = 0
    longshorewaits: int = Field(default=0, ge=0)


def parse_event(text: str) -> DeployEvent:
    """The event in a message. Raises InvalidRequest with all problems."""
    found = messages.read_object(text)
    if found.get("specversion", _VERSION) != _VERSION:
        raise Garbage(DeadLetterReason.UNKNOWN_VERSION, f"Its specversion is not {_VERSION}.")
    try:
        return DeployEvent.model_validate(found)
    except ValidationError as error:
        raise requests.invalid(error.errors(include_url=False)) from error


def render_event(event: DeployEvent) -> str:
    """The event as a message that `parse_event` reads; attributes that are not used are left out."""
    return json.dumps(event.model_dump(), ensure_ascii=False, separators=(",", ":"))


def accept_event(
    ports: Ports, mint: Mint, policy: Policy, producers: Collection[str], issuer: str, text: str
) -> None:
    """Does what `POST /deployments/deploy` does with the event's data.

    A refusal is kept under the event's key, where `GET /requests` finds it; one that passes by itself
    is no answer, so the event goes back to the queue, and so does one that meets a newer version's row.
    Raises InvalidRequest and Forbidden for a message that names no key, no user it may name, or a key
    that has another message's answer (those are nobody's rows), StoreError where nothing is kept.
    """
    event = parse_event(text)
    principal = principal_of(event, producers, issuer)
    try:
        request = requests.parse_deploy_request(_asked(event))
        submit.accept_deploy(ports, mint, policy, principal, request, key=key_of(event))
    except Refusal as error:
        if error.retry_after is None:
            refuse_event(ports, principal, event, error)
        else:
            _send_back(ports, event, text, error.retry_after)
    except Newer:  # what it needs is for a newer version, which may be the next to take it
        _send_back(ports, event, text, _NEWER_WAIT)


def refuse_event(ports: Ports, principal: Principal, event: DeployEvent, refusal: Refusal) -> None:
    """Keeps the refusal as the answer to an event that has none yet.

    Raises Garbage where its source and id have the answer of an event with other data.
    """
    telemetry.tell(Happened.REFUSED, code=refusal.code, source=event.source, id=event.id)
    key, asked = key_of(event), _asked(event)
    try:
        keyed = submit.name_request(requests.parse_deploy_request(asked), key)
    except InvalidRequest:
        keyed = Keyed(key=key, fingerprint=requests.fingerprint("deploy", asked))
    try:
        keep_refusal(ports, principal, keyed, refusal)
    except InvalidRequest as error:
        detail = f"Event {event.id!r} of {event.source!r} came before, with other data."
        raise Garbage(DeadLetterReason.ID_REUSED, detail) from error


def key_of(event: DeployEvent) -> str:
    """The row key under which the event is answered."""
    return requests.request_key(event.source, event.id)


def require_request(ports: Ports, principal: Principal, source: str, request_id: str) -> Request:
    """What became of the principal's keyed request. Raises NotFound."""
    key = requests.request_key(source, request_id)
    stored = store.load_request(ports.tables, principal.user_key, key)
    if stored is None:
        raise NotFound(
            "request_not_found",
            "No request of yours with this source and id has been taken from the queue.",
            "It may still be waiting: ask again in a few seconds, and check source, id and user_id.",
        )
    return stored.record


def principal_of(event: DeployEvent, producers: Collection[str], issuer: str) -> Principal:
    """Whom the event is for. Raises InvalidRequest, and Forbidden for a user it may not name."""
    user_id = event.data.get("user_id", "local")
    if not isinstance(user_id, str):
        raise InvalidRequest(
            "invalid_request", "data.user_id is not text.", "Send the event again, corrected."
        )
    if user_id not in producers:
        raise Forbidden(
            "producer_not_allowed",
            f"Producers may not deploy for the user {user_id[:64]!r}.",
            "An operator adds the user to the setting PRODUCER_USERS; then send the event again.",
        )
    return Principal(user_id=user_id, issuer=issuer)


def _asked(event: DeployEvent) -> dict[str, Any]:
    return {name: value for name, value in event.data.items() if name != "user_id"}


def _send_back(ports: Ports, event: DeployEvent, text: str, delay: float) -> None:
    """Sends the event once more, to come when its refusal may have passed, and later each time.

    One message goes for each that came, never sooner than told, so this cannot storm; and unlike a
    message that fails, it does not come nearer to the poison queue with each try.
    """
    again = event.model_copy(update={"longshorewaits": event.longshorewaits + 1})
    marked = render_event(again)
    longer = min(delay * 2 ** min(event.longshorewaits, 10), _LONGEST_WAIT)
    spread = max(delay, longer) * (1 + ports.random.jitter())  # those refused together come apart
    fits = len(marked.encode()) <= limits.MAX_MESSAGE_BYTES
    ports.queue.send(DEPLOY_REQUESTS, marked if fits else text, delay=math.ceil(spread))
