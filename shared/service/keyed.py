"""Requests under an idempotency key: the same request again gets the answer of the first one.

The answer's row is written in the transaction that accepts the request, so there is one exactly where
something was accepted. Whoever loses that transaction to the same key looks again and answers as the
winner did. A key is forgotten after `requests.KEY_DAYS`: its row is removed when it is met again.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared import telemetry
from shared.domain import plans, requests
from shared.domain.bookkeeping import Request
from shared.domain.errors import Exists, InvalidRequest, Refusal, parse_refusal, render_refusal
from shared.domain.principal import Principal
from shared.domain.records import Deployment
from shared.ports import Insert, Operation, Ports
from shared.service import hints, store
from shared.service.owned import require_deployment
from shared.service.store import Stored
from shared.telemetry import Happened

_NEW_ID = "As a new event, under another id: this one keeps its answer."


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What a request is known by: the row key of `requests.request_key`, and its fingerprint.

    An empty key is that of a request which is new each time it comes.
    """

    key: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The deployment a request led to; `replayed` where an earlier request of the same key made it."""

    record: Deployment
    replayed: bool = False


def once(
    ports: Ports, principal: Principal, keyed: Keyed, accept: Callable[[], Accepted]
) -> Accepted:
    """What the same request led to before, else what `accept` does. Raises as `find_replay` and as that.

    It is looked for again after a refusal: what is in the way may be the same request, which was faster.
    """
    if earlier := find_replay(ports, principal, keyed):
        return Accepted(record=earlier, replayed=True)
    try:
        return accept()
    except Refusal:
        if earlier := find_replay(ports, principal, keyed):
            return Accepted(record=earlier, replayed=True)
        raise


def find_replay(ports: Ports, principal: Principal, keyed: Keyed) -> Deployment | None:
    """The deployment that the same request led to before, as it is now; None for a new request.

    A hint that was lost is sent once more. Raises InvalidRequest `idempotency_key_reused` where the
    key came with another request, and the Refusal that was kept for a refused one.
    """
    found = find_request(ports, principal, keyed)
    if found is None:
        return None
    if found.record.problem:
        raise parse_refusal(found.record.problem)
    record = require_deployment(ports, principal, found.record.deployment_id).record
    telemetry.tell(Happened.REPLAYED, record.id)
    if not plans.is_finished(record):
        hints.send_hint(ports.queue, record.user_key, record.id)
    return record


def answer_operation(
    principal: Principal, keyed: Keyed, deployment_id: str, at: datetime
) -> list[Operation]:
    """What the transaction that accepts the request writes with it: nothing without a key.

    The transaction fails with Exists where the same key was faster: `find_replay` then tells.
    """
    if not keyed.key:
        return []
    answer = Request(
        key=keyed.key, fingerprint=keyed.fingerprint, at=at, deployment_id=deployment_id
    )
    return [Insert(store.request_row(principal.user_key, answer))]


def keep_refusal(ports: Ports, principal: Principal, keyed: Keyed, refusal: Refusal) -> None:
    """Keeps a refusal as the answer, where the key has none yet: for producers, who cannot be told.

    Raises InvalidRequest where the key has the answer of another request.
    """
    problem = render_refusal(refusal)
    problem["next"] += f" {_NEW_ID}"
    refused = Request(
        key=keyed.key, fingerprint=keyed.fingerprint, at=ports.clock.now(), problem=problem
    )
    row = store.request_row(principal.user_key, refused)
    with suppress(Exists):  # its first delivery has been answered; that answer stands
        find_request(ports, principal, keyed)
        store.insert(ports.tables, ports.random, store.RECORDS, row)


def find_request(ports: Ports, principal: Principal, keyed: Keyed) -> Stored[Request] | None:
    """What is kept under the key. Raises InvalidRequest where it came with another request."""
    found = _load(ports, principal, keyed.key) if keyed.key else None
    if found and not requests.is_same_request(found.record.fingerprint, keyed.fingerprint):
        raise reused()
    return found


def reused() -> InvalidRequest:
    """The refusal of a key that came with another request."""
    return InvalidRequest(
        "idempotency_key_reused",
        "This key was used before, for a different request.",
        "Send a new key with a new request.",
    )


def _load(ports: Ports, principal: Principal, key: str) -> Stored[Request] | None:
    found = store.load_request(ports.tables, principal.user_key, key)
    if found is None or ports.clock.now() - found.record.at < timedelta(days=requests.KEY_DAYS):
        return found
    store.remove(ports.tables, store.RECORDS, found.row)
    return None
