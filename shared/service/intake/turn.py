"""One turn's hold of one file on its way in: its lease, and what is written at its end.

Every write is conditional on the version seen last; where it lost, another turn has the intake, and this one
stops (`LeaseLost`). What is finished is written once, with the artifact in the same transaction: of two turns
that come to an end one has, whoever is slower finds it.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from shared import telemetry
from shared.domain.catalogue import intakes
from shared.domain.catalogue.intakes import Intake
from shared.domain.errors import Changed, Exists, LeaseLost, Missing, Refusal, StoreError
from shared.domain.policy import Policy
from shared.intake_ports import IntakePorts
from shared.ports import Insert, Operation, Ports, Row
from shared.service import store
from shared.service.intake import hints, rows
from shared.service.store import Stored
from shared.telemetry import Happened


class IntakeTurn:
    """The effects of a turn; the decisions are in `shared.domain.catalogue.intakes`, the order in `take_in`."""

    def __init__(self, ports: IntakePorts, policy: Policy, stored: Stored[Intake]) -> None:
        self.ports = ports
        self.policy = policy
        self.intake = stored.record
        self._etag = stored.row.etag
        self._owner = ports.random.nonce()

    def take_lease(self) -> None:
        """Leases the intake. Raises LeaseLost where another turn was faster."""
        self._save(intakes.take_lease(self.intake, self._owner, self._until()))

    def keep(self, *, share: float = 2 / 3) -> None:
        """Called again and again during long work: renews the lease where less than a share is left.

        A share above 1 is for work that cannot call it meanwhile. Raises LeaseLost.
        """
        lease, now = self.intake.lease, self.ports.clock.now()
        if lease is None or (lease.until - now).total_seconds() < self.policy.lease * share:
            until = now + timedelta(seconds=self.policy.lease * max(1, share))
            self._save(intakes.renew_lease(self.intake, self._owner, until))

    def put_off(self) -> None:
        """Frees the intake where storage does not answer; where that cannot be written, its lease ends by itself."""
        with suppress(LeaseLost, StoreError):
            self._save(intakes.put_off(self.intake))

    def met_trouble(self, text: str, retry_after: float | None = None) -> None:
        """Plans the next turn, or gives up after too many. Raises LeaseLost."""
        now, jitter = self.ports.clock.now(), self.ports.random.jitter()
        decided = intakes.after_trouble(
            self.intake, text, now, retry_after=retry_after, jitter=jitter
        )
        if isinstance(decided, Refusal):
            self.refuse(decided)
            return
        self._save(decided.intake)
        telemetry.tell(Happened.INTAKE_WAITS, upload=self.intake.id, reason=text)
        hints.send(self.ports.queue, self.intake, delay=decided.seconds)

    def refuse(self, refusal: Refusal) -> None:
        """Ends it without an artifact. Raises LeaseLost."""
        finish(self.ports, Stored(self.intake, self._row()), refusal)

    def store(self, row: Row, artifact_id: str, size: int) -> None:
        """Makes the artifact seen and the intake finished, in one transaction. Raises LeaseLost."""
        self.keep(share=1)
        ended = intakes.stored(self.intake, artifact_id, size, self.ports.clock.now())
        if _write_end(self.ports, ended, [Insert(row)]):
            telemetry.tell(Happened.INTAKE_STORED, upload=ended.id, artifact=artifact_id, size=size)

    def clear(self) -> None:
        """Removes what is left of it once it is finished."""
        clear(self.ports, Stored(self.intake, self._row()))

    def _until(self) -> datetime:
        return self.ports.clock.now() + timedelta(seconds=self.policy.lease)

    def _row(self) -> Row:
        return rows.unfinished_row(self.intake, self._etag)

    def _save(self, intake: Intake) -> None:
        row = rows.unfinished_row(intake, self._etag)
        try:
            etag = store.save(self.ports.tables, self.ports.random, rows.INTAKES, row)
        except (Changed, Missing) as error:
            raise LeaseLost(f"upload {intake.id} was changed by another") from error
        self.intake, self._etag = intake, etag


def finish(ports: Ports, stored: Stored[Intake], refusal: Refusal) -> None:
    """Ends an intake with a refusal, and clears what is left of it; another end stays as it is."""
    ended = intakes.refused(stored.record, refusal, ports.clock.now())
    if _write_end(ports, ended, []):
        telemetry.tell(Happened.INTAKE_REFUSED, upload=ended.id, code=refusal.code)
    clear(ports, stored)


def clear(ports: Ports, stored: Stored[Intake]) -> None:
    """Removes what is left of a finished intake: the uploaded file first, then the row that leads to it."""
    if not stored.record.source:
        ports.blobs.remove(rows.quarantine_key(stored.record.id))
    store.remove(ports.tables, rows.INTAKES, stored.row)


def _write_end(ports: Ports, ended: Intake, operations: list[Operation]) -> bool:
    """Whether this end is the one that counts; False where it has ended before."""
    operations = [*operations, Insert(rows.finished_row(ended))]
    try:
        store.commit(ports.tables, ports.random, store.RECORDS, operations)
    except Exists:
        return False
    return True
