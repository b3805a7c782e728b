"""Messages that were put aside: what they were, without secrets, and why; for operators to see.

One row for each text, however often it comes, so that a copy counts and nothing piles up.
"""

import hashlib
import heapq
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared import telemetry
from shared.domain import codec, messages
from shared.domain.errors import Changed, Exists, Forbidden
from shared.domain.messages import DeadLetterReason, Garbage
from shared.domain.principal import Principal
from shared.domain.records import Kept
from shared.domain.redaction import redact
from shared.ports import Ports, Row, Tables
from shared.service import store
from shared.service.store import Stored
from shared.telemetry import Happened

DEAD_LETTERS = "deadletters"
EXCERPT = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter(Kept):
    """A message put aside; `digest` is the sha256 of its body, `size` its bytes.

    `excerpt` is the beginning of its text without what looks like a secret.
    """

    queue: str
    digest: str
    size: int
    reason: str
    detail: str
    excerpt: str
    at: datetime
    last_at: datetime
    times: int = 1


def put_aside(
    ports: Ports, queue: str, body: bytes, reason: DeadLetterReason, detail: str
) -> DeadLetter:
    """Keeps what is known of a message that is not handled, or counts it once more.

    `detail` is in our own words. Raises StoreError where it could not be kept: then the message has
    to come again.
    """
    now = ports.clock.now()
    digest = hashlib.sha256(body).hexdigest()
    letter = DeadLetter(
        queue=queue,
        digest=digest,
        size=len(body),
        reason=reason.value,
        detail=detail[:EXCERPT],
        excerpt=_excerpt(body),
        at=now,
        last_at=now,
    )
    telemetry.tell(
        Happened.DEAD_LETTER, row=f"{queue}/{digest}", reason=reason, detail=detail[:200]
    )
    try:
        store.insert(ports.tables, ports.random, DEAD_LETTERS, _row(letter))
    except Exists:
        return _count(ports, letter)
    return letter


def list_dead_letters(
    ports: Ports, principal: Principal, *, limit: int
) -> tuple[list[DeadLetter], int]:
    """The messages put aside last, newest first, and how many there are in all.

    Raises Forbidden for everybody but operators: a message that nobody could read may be anybody's.
    """
    if not principal.is_operator:
        raise Forbidden(
            "operators_only",
            "Only operators may see the messages that were put aside.",
            "Ask an operator; the setting OPERATORS names them.",
        )
    count = 0

    def counted() -> Iterator[DeadLetter]:
        nonlocal count
        for row in ports.tables.scan(DEAD_LETTERS, None):
            count += 1
            yield codec.parse_record(DeadLetter, row.values)

    newest = heapq.nlargest(limit, counted(), key=lambda letter: letter.last_at)
    return newest, count


def load_dead_letter(tables: Tables, queue: str, digest: str) -> Stored[DeadLetter] | None:
    """One of them, by the sha256 of its body."""
    row = tables.get(DEAD_LETTERS, queue, digest)
    return Stored(codec.parse_record(DeadLetter, row.values), row) if row else None


def _count(ports: Ports, letter: DeadLetter) -> DeadLetter:
    stored = load_dead_letter(ports.tables, letter.queue, letter.digest)
    if stored is None:
        return letter
    again = replace(letter, at=stored.record.at, times=stored.record.times + 1)
    with suppress(Changed):  # another copy was counted at the same moment, and tells the same
        store.save(ports.tables, ports.random, DEAD_LETTERS, _row(again, stored.row.etag))
    return again


def _row(letter: DeadLetter, etag: str = "") -> Row:
    values = codec.render_record(letter)
    return Row(partition=letter.queue, key=letter.digest, values=values, etag=etag)


def _excerpt(body: bytes) -> str:
    try:
        text = messages.read_text(body)
    except Garbage:
        text = body[: messages.MAX_BYTES].decode(errors="replace")
    shown = "".join(each if each.isprintable() or each in "\n\t" else "\ufffd" for each in text)
    return redact(shown)[:EXCERPT]
