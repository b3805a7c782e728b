"""A world in which files come in by themselves: straight to storage, or from sources that are in memory."""

import io
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, fields
from datetime import timedelta
from functools import partial
from typing import BinaryIO

from shared.domain.catalogue.intake_requests import ConfirmRequest, FromRequest, UploadRequest
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.domain.catalogue.sources import Allowed, DatastoreSource, Source
from shared.domain.errors import StoreError
from shared.domain.policy import INTAKE_JOBS, Policy
from shared.domain.principal import Principal
from shared.intake_ports import IntakePorts, SourceFile
from shared.ports import Ports
from shared.service.intake import (
    begin,
    hints as intake_hints,
    rows as intake_rows,
    sweep as intake_sweep,
    take_in,
)
from shared.service.intake.begin import Begun
from tests.service.faults import Died
from tests.service.metered import Meter
from tests.service.sample import CONTENT
from tests.service.world import ANNA, HOST_LEASE, LONGEST, SWEEP_EVERY, World

ALLOWED = Allowed(
    containers=("models",), buckets=("models",), hosts=("models.example.com",), tracking=True
)
FOUND = "s3://models/model.pkl"


class MemorySources:
    """The `Sources` port over a dictionary of sources, each a file or a folder of them."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes | dict[str, bytes]] = {FOUND: CONTENT}
        self.before: Callable[[], None] = lambda: None
        self.meter = Meter()

    def find(self, source: Source | DatastoreSource) -> Sequence[SourceFile]:
        self.before()
        found = self.contents.get(str(source))
        if found is None:
            return []
        if isinstance(found, bytes):
            found = {"": found}
        return [
            SourceFile(path=path, size=len(data), open=partial(self._open, f"{source}{path}", data))
            for path, data in found.items()
        ]

    def _open(self, name: str, data: bytes) -> BinaryIO:
        return self.meter.open(name, io.BytesIO(data))


class MemorySpool:
    def new(self) -> BinaryIO:
        return io.BytesIO()


@dataclass(frozen=True)
class Ended:
    """What a user sees of a finished upload."""

    state: IntakeState
    code: str


class Arrivals(World):
    """Uploads and their worker, on the ports of a `World`."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__(policy=policy or Policy(sources=ALLOWED))
        self.sources = MemorySources()
        plain = {each.name: getattr(self.ports, each.name) for each in fields(Ports)}
        self.intake_ports = IntakePorts(**plain, sources=self.sources, spool=MemorySpool())
        self._sweeps = self.clock.now() + timedelta(seconds=SWEEP_EVERY)

    # -------------------------------------------------------------- what users do

    def begin(self, user: Principal = ANNA, *, key: str = "", **asked: object) -> Begun:
        request = UploadRequest.model_validate({"model_name": "churn", **asked})
        return begin.begin_upload(self.ports, self.mint, self.policy, user, request, key=key)

    def put(self, begun: Begun, content: bytes = CONTENT) -> None:
        """What the holder of the link does."""
        assert begun.link
        self.blobs.follow(begun.link, content)

    def confirm(self, intake: Intake, user: Principal = ANNA, *, sha256: str = "") -> Intake:
        request = ConfirmRequest(sha256=sha256)
        return begin.confirm_upload(self.ports, self.policy, user, intake.id, request)

    def uploaded(self, content: bytes = CONTENT, **asked: object) -> Intake:
        """A file that was uploaded and confirmed."""
        begun = self.begin(ANNA, key="", **asked)
        self.put(begun, content)
        return self.confirm(begun.intake)

    def take_from(self, source: str = FOUND, user: Principal = ANNA, *, key: str = "") -> Intake:
        request = FromRequest.model_validate({"source": source, "model_name": "churn"})
        return begin.begin_from(self.ports, self.mint, self.policy, user, request, key=key).intake

    def see(self, intake: Intake, user: Principal = ANNA) -> Intake:
        return intake_rows.require_intake(self.ports, user, intake.id).record

    # -------------------------------------------------------------- what goes on by itself

    def work(self, intake: Intake) -> None:
        """One turn, as if a hint had just come."""
        hint = intake_hints.IntakeHint(user_key=intake.user_key, upload_id=intake.id)
        take_in.take_in(self.intake_ports, self.mint, self.policy, hint)

    def rest(self) -> None:
        """Goes on until no upload is being read, nobody's file is left, and no message either."""
        end = self.clock.now() + LONGEST
        while self.pending() or self.queue.next_visible(INTAKE_JOBS) is not None:
            assert self.clock.now() < end, self.pending()
            message = self.queue.receive(INTAKE_JOBS, lease=HOST_LEASE)
            if message is None:
                self._pass_time()
                continue
            hint = intake_hints.parse(message.text)
            with suppress(Died, StoreError):
                take_in.take_in(self.intake_ports, self.mint, self.policy, hint)
                self.queue.delete(INTAKE_JOBS, message)

    def lose_intake_hints(self) -> None:
        """All messages that are visible now are gone."""
        while message := self.queue.receive(INTAKE_JOBS, lease=1):
            self.queue.delete(INTAKE_JOBS, message)

    def sweep_intakes(self) -> intake_sweep.IntakeSweep:
        return intake_sweep.sweep_intakes(self.ports, self.policy)

    def _pass_time(self) -> None:
        visible = self.queue.next_visible(INTAKE_JOBS)
        if visible is None or visible > self._sweeps:
            self._move_to(self._sweeps)
            self._sweeps = self.clock.now() + timedelta(seconds=SWEEP_EVERY)
            with suppress(Died, StoreError):
                self.sweep_intakes()
        else:
            self._move_to(visible)

    # -------------------------------------------------------------- what is there

    def pending(self) -> list[str]:
        return [row.key for row in intake_rows.list_unfinished(self.tables)]

    def ended(self, intake: Intake) -> Ended:
        seen = self.see(intake)
        return Ended(seen.state, str(seen.problem.get("code", "")))

    def blob_keys(self) -> list[str]:
        return [each.key for each in self.blobs.list("")]
