"""Files on their way in: uploaded straight to storage, or taken from a source. Pure decisions about their record.

    waiting --confirmed--> reading --in one transaction with the artifact--> stored
       |                      |`--trouble: again, later each time--'
       `--expired----------> refused <--not a model, unsafe, changed, given up

`waiting` and `reading` are in a table of their own, which is the index of unfinished ones; what is finished is
in the user's partition for good. The same transaction makes the artifact seen and the intake finished.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.domain.catalogue.artifacts import ArtifactKind
from shared.domain.errors import Refusal, Trouble, render_refusal
from shared.domain.records import Kept, Lease
from shared.domain.retry import MAX_ATTEMPTS, retry_delay

EARLY = timedelta(seconds=0.5)  # clocks differ
LONGEST = timedelta(hours=6)
"""From the confirmation on; after it an intake is given up."""
MOST_UNENDED = 10
"""Turns in a row that began and never ended: their process was killed, each time."""


class IntakeState(StrEnum):
    """What users see of a file on its way in."""

    WAITING = "waiting"
    READING = "reading"
    STORED = "stored"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told(Kept):
    """What an owner says about a file: the fields of an upload beside the file itself."""

    name: str
    filename: str = ""
    algorithm: str = ""
    description: str = ""
    license: str = ""
    metrics: Mapping[str, float] = field(default_factory=dict)
    evaluation: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intake(Told):
    """A file on its way in. `source` is empty where it is uploaded straight to storage.

    `etag` is of the version that was confirmed. `size` in bytes: stated, then what was there, then what was
    read; 0 where it is not known. `sha256` is what the file has to have, where its owner said. `unended`: turns in a row that began and
    did not end. `problem` is the refusal, as an upload by HTTP would have told it.
    """

    id: str
    user_key: str
    kind: ArtifactKind
    created_at: datetime
    expires_at: datetime
    due_at: datetime
    deadline_at: datetime
    state: IntakeState = IntakeState.WAITING
    source: str = ""
    size: int = 0
    sha256: str = ""
    etag: str = ""
    attempts: int = 0
    unended: int = 0
    trouble: str = ""
    lease: Lease | None = None
    artifact_id: str = ""
    problem: Mapping[str, Any] = field(default_factory=dict)
    finished_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The intake with its next turn planned, in so many seconds."""

    intake: Intake
    seconds: float


def confirm(
    intake: Intake, now: datetime, *, etag: str = "", size: int = 0, sha256: str = ""
) -> Intake:
    """The intake to be read, of the version that is there."""
    return replace(
        intake,
        state=IntakeState.READING,
        etag=etag,
        size=size or intake.size,
        sha256=sha256 or intake.sha256,
        due_at=now,
        deadline_at=now + LONGEST,
    )


def is_expired(intake: Intake, now: datetime) -> bool:
    """Whether it was not confirmed in time."""
    return intake.state is IntakeState.WAITING and intake.expires_at <= now


def may_begin(intake: Intake, now: datetime) -> bool:
    """Whether a turn may take it up: confirmed, due, and nobody else at it."""
    is_leased = intake.lease is not None and intake.lease.until > now
    return intake.state is IntakeState.READING and not is_leased and intake.due_at <= now + EARLY


def is_forgotten(intake: Intake, late: float, now: datetime) -> bool:
    """Whether no turn is at it although it has been due for `late` seconds."""
    return may_begin(intake, now) and intake.due_at + timedelta(seconds=late) <= now


def take_lease(intake: Intake, owner: str, until: datetime) -> Intake:
    """The intake leased to a turn, which counts as not ended until it has."""
    return replace(intake, lease=Lease(owner=owner, until=until), unended=intake.unended + 1)


def renew_lease(intake: Intake, owner: str, until: datetime) -> Intake:
    """The intake leased to the same turn for longer."""
    return replace(intake, lease=Lease(owner=owner, until=until))


def put_off(intake: Intake) -> Intake:
    """The intake free for the next turn, where this one ends without a fault of the file or its source."""
    return replace(intake, lease=None, unended=0)


def after_trouble(
    intake: Intake, text: str, now: datetime, *, retry_after: float | None, jitter: float
) -> TryAgain | Refusal:
    """What to do after a turn that met trouble at the source, or ended in an error nobody expected."""
    met = replace(put_off(intake), attempts=intake.attempts + 1, trouble=text)
    if met.attempts >= MAX_ATTEMPTS[Trouble.TRANSIENT] or now >= intake.deadline_at:
        return Refusal(
            "intake_given_up",
            f"It was tried {met.attempts} times, and each time something was in the way. The last time: {text}",
            "If the source is at fault, send the request again once it answers; else tell the operators.",
        )
    seconds = retry_delay(Trouble.TRANSIENT, intake.attempts, retry_after, jitter)
    return TryAgain(replace(met, due_at=now + timedelta(seconds=seconds)), seconds)


def find_end(intake: Intake, now: datetime) -> Refusal | None:
    """Why an intake is given up before another turn begins; None where it goes on."""
    if intake.unended >= MOST_UNENDED:
        return Refusal(
            "intake_stopped",
            f"Longshore was stopped {intake.unended} times in a row while it read the file.",
            "Tell the operators: the worker may have too little memory or room in its temporary folder.",
        )
    if now >= intake.deadline_at:
        hours = LONGEST.total_seconds() / 3600
        return Refusal(
            "intake_given_up",
            f"It could not be read within {hours:.0f} hours. {intake.trouble}".rstrip(),
            "Send the request again; if it fails again, tell the operators.",
        )
    return None


def expired(intake: Intake) -> Refusal:
    """Why an intake ends that nobody confirmed, or that its request broke off before."""
    if intake.source:
        return Refusal(
            "upload_expired",
            "Its request broke off before it was accepted.",
            "Send it again under a new key.",
        )
    return Refusal(
        "upload_expired",
        "It was not confirmed in time, so what had been uploaded was removed.",
        "Begin again with POST /uploads.",
    )


def stored(intake: Intake, artifact_id: str, size: int, now: datetime) -> Intake:
    """The intake whose file is an artifact now."""
    return replace(
        put_off(intake),
        state=IntakeState.STORED,
        artifact_id=artifact_id,
        size=size,
        trouble="",
        finished_at=now,
    )


def refused(intake: Intake, refusal: Refusal, now: datetime) -> Intake:
    """The intake that has come to nothing, and why."""
    return replace(
        put_off(intake),
        state=IntakeState.REFUSED,
        problem=render_refusal(refusal),
        trouble="",
        finished_at=now,
    )
