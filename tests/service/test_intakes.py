"""Files that come in by themselves: uploaded straight to storage and confirmed, or taken from a source."""

import hashlib
import io
import itertools
import json
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, BinaryIO

import pytest

from shared.domain.catalogue import intakes
from shared.domain.catalogue.intakes import IntakeState
from shared.domain.catalogue.sources import DatastoreSource, Source
from shared.domain.errors import (
    Conflict,
    InvalidRequest,
    NotFound,
    SourceError,
    StoreError,
    TooLarge,
    TooMany,
)
from shared.domain.inspection import Inspection
from shared.domain.policy import INTAKE_JOBS, Policy
from shared.domain.principal import Principal
from shared.domain.records import Status
from shared.intake_ports import SourceFile
from shared.ports import Blobs
from shared.service import listing, owned
from shared.service.catalogue import content, reset
from shared.service.intake import fetch, rows
from shared.service.queues import dead_letters, inbox
from tests.service.arriving import ALLOWED, FOUND, Arrivals, Ended, MemorySources
from tests.service.faults import Died, Fault, once_before
from tests.service.sample import CONTENT, DIGEST
from tests.service.world import ANNA, BERT

OLGA = Principal(user_id="olga", issuer="tests", is_operator=True)

STORED = Ended(IntakeState.STORED, "")


def refused(code: str) -> Ended:
    return Ended(IntakeState.REFUSED, code)


def test_a_file_uploaded_straight_to_storage_becomes_a_model_that_deploys() -> None:
    world = Arrivals()
    begun = world.begin(filename="model.pkl", size=len(CONTENT), description="first")
    assert begun.intake.state is IntakeState.WAITING
    world.put(begun)
    assert world.confirm(begun.intake, sha256=DIGEST).state is IntakeState.READING
    world.rest()

    seen = world.see(begun.intake)
    assert seen.state is IntakeState.STORED
    model = owned.require_model(world.ports, ANNA, seen.artifact_id).record
    assert (model.model_name, model.filename, model.description) == ("churn", "model.pkl", "first")
    assert (model.content_digest, model.size) == (DIGEST, len(CONTENT))
    assert world.blob_keys() == [content.metadata_key(model.id), content.content_key(DIGEST)]
    record = world.deploy(model)
    world.settle()
    assert world.read(record).status is Status.ACTIVE


def test_a_dataset_comes_in_unread() -> None:
    world = Arrivals()
    begun = world.begin(type="dataset", model_name=None, name="rows", filename="rows.csv")
    world.put(begun, b"a,b\n1,2\n")
    world.confirm(begun.intake)
    world.rest()

    seen = world.see(begun.intake)
    assert seen.artifact_id.startswith("dataset-1-")
    found = owned.require_file(world.ports, ANNA, seen.kind, seen.artifact_id).record
    assert (found.name, found.size) == ("rows", 8)


def test_a_model_is_taken_from_a_source() -> None:
    world = Arrivals()
    intake = world.take_from()
    world.rest()

    seen = world.see(intake)
    assert (seen.state, seen.source) == (IntakeState.STORED, FOUND)
    model = owned.require_model(world.ports, ANNA, seen.artifact_id).record
    assert (model.content_digest, model.filename) == (DIGEST, "model.pkl")


def test_nothing_of_a_file_is_seen_before_it_is_stored() -> None:
    world = Arrivals()
    intake = world.uploaded()

    assert list(world.blob_keys()) == [f"quarantine/{intake.id}"]
    with pytest.raises(NotFound):
        owned.require_model(world.ports, ANNA, f"model-1-{intake.id}")


def test_another_users_upload_is_not_there() -> None:
    world = Arrivals()
    begun = world.begin()
    with pytest.raises(NotFound):
        world.see(begun.intake, BERT)
    with pytest.raises(NotFound):
        world.confirm(begun.intake, BERT)
    world.put(begun)
    world.confirm(begun.intake)
    world.rest()
    with pytest.raises(NotFound):
        world.see(begun.intake, BERT)


def test_a_file_written_again_after_it_was_confirmed_is_refused() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.confirm(begun.intake)
    world.put(begun, b"other bytes of somebody with the link")
    world.rest()

    assert world.ended(begun.intake) == refused("upload_changed")
    assert world.blob_keys() == []


def test_a_file_written_again_between_its_verdict_and_its_place_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.confirm(begun.intake)
    read = world.ports.reader.read

    def then_write(*args: object, **more: object) -> object:
        found = read(*args, **more)  # type: ignore[arg-type]  # passed on as they are
        world.put(begun, b"other bytes")
        return found

    monkeypatch.setattr(world.ports.reader, "read", then_write)
    world.rest()

    assert world.ended(begun.intake) == refused("upload_changed")
    assert world.blob_keys() == []


def test_an_upload_that_is_not_complete_is_not_taken() -> None:
    world = Arrivals()
    begun = world.begin(size=len(CONTENT))
    with pytest.raises(Conflict) as nothing:
        world.confirm(begun.intake)
    assert nothing.value.code == "upload_missing"
    world.put(begun, CONTENT[:10])
    with pytest.raises(Conflict) as half:
        world.confirm(begun.intake)
    assert half.value.code == "upload_incomplete"
    assert "begin again with POST /uploads" in half.value.next_step
    world.put(begun)
    world.confirm(begun.intake)
    world.rest()
    assert world.ended(begun.intake) == STORED


def test_a_file_with_another_checksum_is_refused() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.confirm(begun.intake, sha256=hashlib.sha256(b"other").hexdigest())
    world.rest()
    assert world.ended(begun.intake) == refused("checksum_differs")


def test_a_file_beyond_the_limit_is_refused_wherever_it_shows() -> None:
    world = Arrivals(Policy(direct_upload_limit=100, sources=ALLOWED))
    with pytest.raises(TooLarge):
        world.begin(size=101)
    begun = world.begin()
    world.put(begun)
    with pytest.raises(TooLarge):
        world.confirm(begun.intake)
    intake = world.take_from()
    world.rest()
    assert world.ended(intake) == refused("upload_too_large")
    world.sources.contents["s3://models/folder/"] = {"a": b"x" * 60, "b": b"x" * 60}
    intake = world.take_from("s3://models/folder/")
    world.rest()
    assert world.ended(intake) == refused("upload_too_large")


def test_confirming_again_is_harmless_and_another_checksum_is_not() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.confirm(begun.intake, sha256=DIGEST)
    first = world.see(begun.intake)
    assert world.confirm(begun.intake, sha256=DIGEST) == first
    assert world.confirm(begun.intake) == first
    with pytest.raises(Conflict) as caught:
        world.confirm(begun.intake, sha256="0" * 64)
    assert caught.value.code == "upload_confirmed"
    world.rest()
    assert world.confirm(begun.intake).state is IntakeState.STORED


def test_an_upload_that_nobody_confirms_ends_and_is_removed() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.clock.advance(world.policy.upload_link - 1)
    assert world.sweep_intakes().expired == 0
    world.clock.advance(2)
    with pytest.raises(Conflict) as late:
        world.confirm(begun.intake)
    assert (late.value.code, late.value.next_step) == (
        "upload_expired",
        "Begin again with POST /uploads.",
    )

    assert world.sweep_intakes().expired == 1
    assert world.ended(begun.intake) == refused("upload_expired")
    assert world.blob_keys() == []
    assert world.confirm(begun.intake).state is IntakeState.REFUSED


class Locked:
    """Blobs of which nobody can remove one."""

    def __init__(self, blobs: Blobs, key: str) -> None:
        self._blobs, self._key = blobs, key

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def remove(self, key: str, *, etag: str = "") -> None:
        if key == self._key:
            raise StoreError("removing: 412 LeaseIdMissing")
        self._blobs.remove(key, etag=etag)


def test_a_file_that_cannot_be_removed_keeps_no_other_from_its_end() -> None:
    world = Arrivals()
    bad, other, late = (world.begin(user) for user in (ANNA, BERT, ANNA))
    for begun in (bad, other, late):
        world.put(begun)
    world.confirm(other.intake, BERT)
    world.lose_intake_hints()
    locked = Locked(world.ports.blobs, rows.quarantine_key(bad.intake.id))
    world.ports = replace(world.ports, blobs=locked)
    world.clock.advance(world.policy.upload_link + 301)

    swept = world.sweep_intakes()

    assert (swept.troubled, swept.expired, swept.rehinted) == (1, 1, 1)
    assert world.ended(late.intake) == refused("upload_expired")


class Slow:
    """Blobs that take a second for each byte of what they write."""

    def __init__(self, world: Arrivals) -> None:
        self._blobs, self._world = world.ports.artifacts, world
        self.turns_meanwhile = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._blobs, name)

    def put(self, key: str, content: Any) -> None:
        if not isinstance(content, bytes):
            while piece := content.read(30):
                self._world.clock.advance(len(piece))
                self.turns_meanwhile += self._world.sweep_intakes().rehinted
            content.seek(0)
        self._blobs.put(key, content)


def test_no_other_turn_begins_while_a_content_is_written_for_longer_than_a_lease() -> None:
    world = Arrivals()
    slow = Slow(world)
    world.intake_ports = replace(world.intake_ports, artifacts=slow)
    intake = world.take_from()

    world.work(intake)

    assert world.ended(intake).state is IntakeState.STORED
    assert slow.turns_meanwhile == 0
    assert world.see(intake).unended == 0


def test_the_same_request_at_once_is_answered_by_what_the_faster_one_has_come_to() -> None:
    world = Arrivals()

    def be_faster() -> None:
        world.take_from(key="k")
        world.rest()

    once_before(world.effects, "intakes:Replace", be_faster)

    assert world.take_from(key="k").state is IntakeState.STORED


def test_a_reset_ends_what_is_on_its_way_in() -> None:
    world = Arrivals(Policy(sources=ALLOWED, allow_reset=True))
    world.put(world.begin())
    world.uploaded()
    reset.reset_catalogue(world.ports, world.policy, OLGA)
    world.rest()
    assert world.pending() == world.blob_keys() == []
    assert list(listing.list_models(world.tables, ANNA.user_key)) == []


def test_what_is_written_by_a_link_after_its_file_was_read_is_removed() -> None:
    world = Arrivals()
    begun = world.begin()
    world.put(begun)
    world.confirm(begun.intake)
    world.rest()
    world.put(begun, b"late")
    assert world.sweep_intakes().cleared == 0
    young = world.begin()
    world.clock.advance(world.policy.upload_link / 2)
    young_too = world.begin()
    world.put(young_too, b"waiting")
    world.clock.advance(world.policy.upload_link / 2 + 301)

    assert world.sweep_intakes().cleared == 1
    assert [key for key in world.blob_keys() if key.startswith("quarantine")] == [
        f"quarantine/{young_too.intake.id}"
    ]
    assert world.ended(young.intake) == refused("upload_expired")


def test_the_same_request_under_a_key_opens_one_upload() -> None:
    world = Arrivals()
    first = world.begin(key="k", filename="a")
    again = world.begin(key="k", filename="a")
    assert again.replayed
    assert again.intake.id == first.intake.id
    assert again.link
    with pytest.raises(InvalidRequest) as caught:
        world.begin(key="k", filename="b")
    assert caught.value.code == "idempotency_key_reused"
    world.put(again)
    world.confirm(first.intake)
    world.rest()
    ended = world.begin(key="k", filename="a")
    assert (ended.link, ended.intake.state) == (None, IntakeState.STORED)


def test_a_link_lasts_as_long_as_its_upload_also_where_it_is_given_again() -> None:
    world = Arrivals()
    first = world.begin(key="k")
    world.clock.advance(1000)
    again = world.begin(key="k")
    assert first.link
    assert again.link
    assert first.link.url == f"memory:quarantine/{first.intake.id}?{world.policy.upload_link}"
    assert (
        again.link.url == f"memory:quarantine/{first.intake.id}?{world.policy.upload_link - 1000}"
    )


def test_the_same_reference_under_a_key_makes_one_model() -> None:
    world = Arrivals()
    first = world.take_from(key="k")
    world.rest()
    again = world.take_from(key="k")
    assert (again.id, again.state) == (first.id, IntakeState.STORED)
    assert len([key for key in world.blob_keys() if key.endswith("metadata.json")]) == 1


def test_the_same_file_twice_is_two_models_over_one_content() -> None:
    world = Arrivals()
    intakes_ = [world.uploaded(), world.take_from()]
    world.rest()
    ids = {world.see(each).artifact_id for each in intakes_}
    assert len(ids) == 2
    assert [key for key in world.blob_keys() if key.startswith("content/")] == [f"content/{DIGEST}"]


def test_only_so_many_uploads_of_one_user_are_open() -> None:
    world = Arrivals(Policy(max_unfinished=2, sources=ALLOWED))
    world.begin()
    world.take_from()
    with pytest.raises(TooMany):
        world.begin()
    world.begin(BERT)
    world.clock.advance(world.policy.upload_link + 1)
    world.sweep_intakes()
    world.begin()


FOLDER = {"MLmodel": b"flavors: {}", "b/model.pkl": b"\x80\x04N.", "a.txt": b"a" * 300}


class UntoldSizes(MemorySources):
    """Sources that do not say how big their files are."""

    def find(self, source: Source | DatastoreSource) -> Sequence[SourceFile]:
        return [replace(each, size=None) for each in super().find(source)]


def packed(files: dict[str, bytes], sources: MemorySources | None = None) -> bytes:
    """The archive that a folder becomes."""
    world = Arrivals()
    sources = sources or world.sources
    sources.contents["s3://models/folder/"] = files
    seen: list[bytes] = []

    class Keeps:
        def read(self, content: BinaryIO, *, digest: str) -> Inspection:
            seen.append(content.read())
            assert hashlib.sha256(seen[0]).hexdigest() == digest
            raise fetch.changed()

    world.intake_ports = replace(world.intake_ports, reader=Keeps(), sources=sources)
    world.take_from("s3://models/folder/")
    world.rest()
    return seen[0]


def test_the_same_folder_becomes_the_same_archive_whatever_is_told_in_which_order() -> None:
    one = packed(FOLDER)
    other = packed(dict(reversed(FOLDER.items())))
    untold = packed(FOLDER, UntoldSizes())
    assert one == other == untold
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert archive.namelist() == sorted(FOLDER)
        assert {each.filename: archive.read(each) for each in archive.infolist()} == FOLDER
        assert {each.compress_type for each in archive.infolist()} == {zipfile.ZIP_STORED}
        assert {each.date_time for each in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_folder_of_too_many_files_is_refused() -> None:
    world = Arrivals()
    world.sources.contents["s3://models/folder/"] = {f"{n:04}": b"" for n in range(1001)}
    intake = world.take_from("s3://models/folder/")
    world.rest()
    assert world.ended(intake) == refused("source_too_large")


def test_a_source_that_is_not_there_is_told() -> None:
    world = Arrivals()
    intake = world.take_from("s3://models/nothing.pkl")
    world.rest()
    assert world.ended(intake) == refused("source_not_found")


def test_a_source_that_is_no_longer_allowed_when_its_turn_comes_is_refused() -> None:
    world = Arrivals()
    intake = world.take_from()
    world.policy = Policy()
    world.rest()
    assert world.ended(intake) == refused("source_not_allowed")


def test_a_source_that_does_not_answer_is_asked_again_later_each_time_and_then_given_up() -> None:
    world = Arrivals()
    asked = []

    def away() -> None:
        asked.append(world.clock.now())
        raise SourceError("it answered 503")

    world.sources.before = away
    intake = world.take_from()
    world.rest()

    assert world.ended(intake) == refused("intake_given_up")
    assert "it answered 503" in str(world.see(intake).problem["detail"])
    waits = [(b - a).total_seconds() for a, b in itertools.pairwise(asked)]
    assert len(asked) == 12
    assert waits[0] < 5
    assert waits[-1] > 50


def test_a_source_that_comes_back_is_taken_from() -> None:
    world = Arrivals()
    answers = iter([SourceError("away", retry_after=30), SourceError("away"), None])

    def sometimes() -> None:
        if error := next(answers):
            raise error

    world.sources.before = sometimes
    intake = world.take_from()
    begin = world.clock.now()
    world.rest()
    assert world.ended(intake) == STORED
    assert (world.clock.now() - begin).total_seconds() >= 30


def test_an_error_nobody_expected_is_tried_again_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    world = Arrivals()
    errors = iter([ZeroDivisionError(), None])

    def broken() -> None:
        if error := next(errors):
            raise error

    world.sources.before = broken
    intake = world.take_from()
    world.rest()
    assert world.ended(intake) == STORED
    assert "upload_turn_crashed" in caplog.text


def test_a_lost_hint_is_sent_again_by_the_sweep() -> None:
    world = Arrivals()
    intake = world.uploaded()
    while message := world.queue.receive(INTAKE_JOBS, lease=1):
        world.queue.delete(INTAKE_JOBS, message)
    world.rest()
    assert world.ended(intake) == STORED


def test_a_worker_that_is_killed_each_time_is_given_up_on() -> None:
    world = Arrivals()
    world.sources.before = lambda: (_ for _ in ()).throw(Killed())
    intake = world.take_from()
    for _ in range(intakes.MOST_UNENDED):
        with pytest.raises(Killed):
            world.work(intake)
        world.clock.advance(world.policy.lease + 1)
    world.work(intake)
    assert world.ended(intake) == refused("intake_stopped")


class Killed(BaseException):
    """The process is gone."""


def test_two_workers_at_once_store_one_model() -> None:
    world = Arrivals()
    intake = world.take_from()
    second = []

    def slow() -> None:
        world.sources.before = lambda: None
        world.clock.advance(world.policy.lease + 1)  # this one sleeps through its lease
        world.work(intake)
        second.append(world.see(intake).artifact_id)

    world.sources.before = slow
    world.work(intake)

    assert world.see(intake).artifact_id == second[0]
    assert len([key for key in world.blob_keys() if key.endswith("metadata.json")]) == 1
    world.rest()


def test_a_request_that_broke_off_is_told_to_come_under_a_new_key_and_may() -> None:
    """Under the same one it is told the same for as long as the key is kept."""
    world = Arrivals()
    world.effects.plan(3, Fault.DIES_BEFORE)  # the confirmation, after its key was written
    with pytest.raises(Died):
        world.take_from(key="k")
    world.clock.advance(world.policy.upload_link + 1)
    world.sweep_intakes()

    again = world.take_from(key="k")

    assert again.problem["next"] == "Send it again under a new key."
    other = world.take_from(key="another")
    world.rest()
    assert world.ended(other) == STORED


def test_a_late_or_doubled_hint_does_nothing() -> None:
    world = Arrivals()
    intake = world.uploaded()
    world.rest()
    before = list(world.effects.names)
    world.work(intake)
    assert world.effects.names == before


def test_a_reset_forgets_finished_uploads_and_their_keys() -> None:
    world = Arrivals(Policy(sources=ALLOWED, allow_reset=True))
    intake = world.take_from(key="k")
    world.rest()
    operator = replace(ANNA, is_operator=True)

    reset.reset_catalogue(world.ports, world.policy, operator)

    with pytest.raises(NotFound):
        world.see(intake)
    assert world.blob_keys() == []
    assert world.take_from(key="k").id != intake.id


def test_a_message_that_is_no_hint_is_put_aside_and_one_of_a_newer_version_put_off() -> None:
    world = Arrivals()
    newer = {"schema_version": 9, "user_key": "0" * 32, "upload_id": "0" * 20}
    for body in (b"no json", b"{}", json.dumps(newer).encode()):
        inbox.take_intake_hint(world.intake_ports, world.mint, world.policy, body)

    rows = list(world.tables.scan(dead_letters.DEAD_LETTERS, None))
    assert sorted(str(row.values["reason"]) for row in rows) == [
        "newer_version",
        "no_hint",
        "not_json",
    ]
    assert {row.partition for row in rows} == {INTAKE_JOBS}
    assert world.queue.next_visible(INTAKE_JOBS) is not None


def test_a_poisoned_hint_leaves_its_upload_to_the_sweep(caplog: pytest.LogCaptureFixture) -> None:
    world = Arrivals()
    intake = world.uploaded()
    message = world.queue.receive(INTAKE_JOBS, lease=1)
    assert message
    world.queue.delete(INTAKE_JOBS, message)

    inbox.take_poisoned_intake_hint(world.ports, message.text.encode())

    assert "poison_message_taken" in caplog.text
    world.rest()
    assert world.ended(intake) == STORED
