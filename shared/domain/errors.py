"""The errors Longshore speaks in. Each answers: what happened, whose fault, what to do next.

LongshoreError
|-- Refusal             the request cannot be met as it stands; told to the caller
|   |-- InvalidRequest  its fields are wrong (all problems at once)
|   |-- NotFound        no such thing, or another user's
|   |-- Forbidden       the caller may not do this
|   |-- Conflict        it contradicts what is there
|   |-- PreconditionFailed   it was made for another version of the thing
|   |-- TooLarge        more bytes than the limit
|   |-- TooMany         more than one user may have or ask for at a time
|   `-- Unsafe          the model file asks for what is not allowed, or cannot be read
|-- StoreError          a storage service refused or did not answer
|   |-- Exists          an insert met a row, blob or name that is there
|   |-- Changed         the version we meant to replace is no longer the current one
|   |-- Missing         what should be there is not
|   `-- Unavailable     no clear answer: the write may have happened
|       `-- Copying     the service goes on with a copy by itself: ask again
|-- UnreadableRow       a row is there, and this version cannot make a record of it
|   |-- Newer           a newer version wrote it: leave it to that one
|   `-- Malformed       it describes no record: somebody has to look at it
|-- SourceError         where a model is taken from does not answer as it should: it may pass
|-- CloudError          Azure ML refused or did not answer; its `trouble` says of what class
`-- LeaseLost           another turn works on the record: stop, change nothing
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any


class LongshoreError(Exception):
    """Base of all errors raised by Longshore itself."""


class Refusal(LongshoreError):
    """A request that cannot be met: a stable code, what is wrong, and what to do next.

    `retry_after`, in seconds, is set where it passes by itself: the same request may be met then.
    """

    def __init__(
        self,
        code: str,
        detail: str,
        next_step: str,
        *,
        problems: Sequence[Mapping[str, Any]] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.next_step = next_step
        self.problems = tuple(problems)
        self.retry_after = retry_after


def render_refusal(refusal: Refusal) -> dict[str, Any]:
    """A refusal as it is kept, to be told later."""
    return {
        "code": refusal.code,
        "detail": refusal.detail,
        "next": refusal.next_step,
        "problems": [dict(each) for each in refusal.problems],
    }


def parse_refusal(kept: Mapping[str, Any]) -> Refusal:
    """The refusal that was kept."""
    return Refusal(kept["code"], kept["detail"], kept["next"], problems=kept["problems"])


class InvalidRequest(Refusal):
    """Fields of the request are wrong; `problems` lists all of them."""


class NotFound(Refusal):
    """No such thing, or one that belongs to somebody else: the caller cannot tell which."""


class Forbidden(Refusal):
    """The caller is known and may not do this."""


class Conflict(Refusal):
    """The request contradicts what is there now."""


class PreconditionFailed(Refusal):
    """The thing is not in the version that the caller made its request for."""


class TooLarge(Refusal):
    """The request carries more than the limit."""


class TooMany(Refusal):
    """More than one user may have unfinished, or ask for in a minute; `retry_after` is always set."""


class Unsafe(Refusal):
    """The model file asks for what is not allowed, or cannot be read."""


class StoreError(LongshoreError):
    """A storage service refused or did not answer."""


class Exists(StoreError):
    """An insert met something that is there already."""


class Changed(StoreError):
    """The version to be replaced or removed is no longer the current one."""


class Missing(StoreError):
    """What should be replaced or read is not there."""


class Unavailable(StoreError):
    """The service gave no clear answer: a write may have happened or not."""


class Copying(Unavailable):
    """The service goes on with a copy by itself, and it takes its time: ask again."""


class UnreadableRow(LongshoreError):
    """A row is there, and this version cannot make a record of it; `row` says which."""

    row: str = ""

    def __str__(self) -> str:
        """What is wrong, and with which row where that is known."""
        return f"row {self.row}: {super().__str__()}" if self.row else super().__str__()


class Newer(UnreadableRow):
    """A newer version of Longshore wrote it; it is left to that version, and nothing is changed."""


class Malformed(UnreadableRow):
    """It describes no record: damaged, or not ours."""


class SourceError(LongshoreError):
    """Where a model is taken from does not answer as it should: it may pass.

    `retry_after` is in seconds where it said.
    """

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class LeaseLost(LongshoreError):
    """Another turn has the record; this one stops without a further effect."""


class Trouble(StrEnum):
    """The class of a cloud error, which decides what is done about it."""

    TRANSIENT = "transient"  # nothing happened; try again soon
    THROTTLED = "throttled"  # too many calls; try again when told
    CONFLICT = "conflict"  # something else changes the resource; wait for it
    AMBIGUOUS = "ambiguous"  # it may have happened; look before repeating
    PERMANENT = "permanent"  # the same call will fail again
    AUTH = "auth"  # not allowed; roles may take minutes to spread


class CloudError(LongshoreError):
    """Azure ML refused or did not answer.

    `code` and `message` are the cloud's own words; `retry_after` is in seconds where it gave one.
    """

    def __init__(
        self, trouble: Trouble, code: str, message: str, *, retry_after: float | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.trouble = trouble
        self.code = code
        self.message = message
        self.retry_after = retry_after
