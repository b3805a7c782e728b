"""Exceptions to the verdict, kept by digest: operators make and revoke them, uploads and turns look them up.

A decision is a row of its own, in the order of its number: nothing is erased.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from shared import telemetry
from shared.domain import codec
from shared.domain.catalogue.exceptions import ExceptionRequest, VerdictException, is_digest
from shared.domain.errors import Forbidden, NotFound
from shared.domain.principal import Principal
from shared.ports import Ports, Row, Tables
from shared.service import store
from shared.service.contention import until_written
from shared.service.pages import Page
from shared.service.store import Stored
from shared.telemetry import Happened

EXCEPTIONS = "exceptions"


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision about a file, and whether a later one has taken its place."""

    exception: VerdictException
    superseded: bool


def allow(ports: Ports, principal: Principal, request: ExceptionRequest) -> VerdictException:
    """Lets a content in; the same said again is the decision there is. Raises Forbidden."""
    _require_operator(principal)

    def attempt() -> VerdictException:
        stored = load_last(ports.tables, request.digest)
        last = stored.record if stored else None
        if last and last.revoked_at is None and _asked(last) == request:
            return last
        exception = VerdictException(
            **request.model_dump(),
            number=last.number + 1 if last else 1,
            operator=principal.user_id,
            at=ports.clock.now(),
        )
        store.insert(ports.tables, ports.random, EXCEPTIONS, _row(exception))
        _tell(Happened.EXCEPTION_ALLOWED, exception, principal)
        return exception

    return until_written("exception", attempt)


def revoke(ports: Ports, principal: Principal, digest: str) -> VerdictException:
    """Ends the exception of a digest, once. Raises Forbidden, NotFound."""
    _require_operator(principal)

    def attempt() -> VerdictException:
        stored = load_last(ports.tables, digest) if is_digest(digest) else None
        if stored is None:
            raise NotFound(
                "exception_not_found",
                f"There is no exception for the digest {digest[:64]!r}.",
                "List them with GET /exceptions.",
            )
        if stored.record.revoked_at is not None:
            return stored.record
        now = ports.clock.now()
        revoked = replace(stored.record, revoked_by=principal.user_id, revoked_at=now)
        store.save(ports.tables, ports.random, EXCEPTIONS, _row(revoked, stored.row.etag))
        _tell(Happened.EXCEPTION_REVOKED, revoked, principal)
        return revoked

    return until_written("exception", attempt)


def list_exceptions(
    ports: Ports, principal: Principal, *, limit: int, after: str = ""
) -> Page[Decision]:
    """Decisions, the last one first, from the place `after` on. Raises Forbidden.

    Their order is found by a narrow read of all; whole are read those that are shown, as names make a row long.
    """
    _require_operator(principal)
    narrow = list(ports.tables.scan(EXCEPTIONS, None, select=("at",)))
    last = {
        row.partition: row.key for row in narrow
    }  # rows of a digest come in the order of their numbers
    places = sorted((_place(row) for row in narrow), reverse=True)
    left = [each for each in places if not after or each < after]
    rows = (ports.tables.get(EXCEPTIONS, *each.split()[1:]) for each in left[:limit])
    return Page(
        items=[
            Decision(store.read_row(VerdictException, row).record, row.key < last[row.partition])
            for row in rows
            if row
        ],
        total=len(places),
        last=left[limit - 1] if len(left) > limit else "",
    )


def find_last(tables: Tables, digest: str) -> VerdictException | None:
    """The last decision about a digest, revoked or not: a narrow range read."""
    stored = load_last(tables, digest)
    return stored.record if stored else None


def load_last(tables: Tables, digest: str) -> Stored[VerdictException] | None:
    """The same with its row."""
    rows = list(tables.scan(EXCEPTIONS, digest))
    return store.read_row(VerdictException, rows[-1]) if rows else None


def _asked(exception: VerdictException) -> ExceptionRequest:
    return ExceptionRequest(
        digest=exception.digest,
        names=exception.names,
        reason=exception.reason,
        requirements=exception.requirements,
    )


def _place(row: Row) -> str:
    """Where a decision is in the list, for good: texts in the order of their moments."""
    at = datetime.fromisoformat(str(row.values["at"]))
    return f"{at.isoformat(timespec='microseconds')} {row.partition} {row.key}"


def _row(exception: VerdictException, etag: str = "") -> Row:
    values = codec.render_record(exception)
    key = f"{exception.number:06d}"
    return Row(partition=exception.digest, key=key, values=values, etag=etag)


def _require_operator(principal: Principal) -> None:
    if not principal.is_operator:
        raise Forbidden(
            "operators_only",
            "Only operators may see, make or revoke exceptions to a verdict.",
            "Ask an operator; the setting OPERATORS names them.",
        )


def _tell(happened: Happened, exception: VerdictException, by: Principal) -> None:
    telemetry.tell(
        happened,
        digest=exception.digest,
        number=exception.number,
        names=len(exception.names),
        operator=by.user_id,
        reason=exception.reason,
    )
