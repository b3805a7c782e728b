"""Lays what is kept in files beside the records, both ways.

Files are listed first, then the registry, then the records: what is named later has a newer version, or is on record.
What is on record and was not listed may have come in between, so it is looked for once more before it is told.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

from shared.domain import ids
from shared.domain.catalogue.artifacts import Artifact
from shared.domain.errors import Missing, StoreError, UnreadableRow
from shared.domain.reconcile.compare_artifacts import (
    compare_described,
    compare_missing,
    compare_trash,
    compare_unnamed,
)
from shared.domain.reconcile.findings import Finding
from shared.domain.reconcile.kept_things import Sort, parse_key
from shared.domain.records import Model
from shared.reconcile_ports import Entry, Join, ReconcilePorts
from shared.service import listing, store
from shared.service.catalogue import content, shelf, trash
from shared.service.reconcile import named, things
from shared.service.reconcile.candidates import MOST_READ, Candidates
from shared.service.reconcile.sides import EACH_PAGE, NOTHING, keeping

_FOREIGN = "foreign"
_MOST_DESCRIPTION = 2 * 1024 * 1024  # bytes
Found = Iterator[Finding | None]


@dataclass(slots=True)
class ArtifactsLook:
    """One look at all of it. `seen`: how many things there are."""

    ports: ReconcilePorts
    join: Join
    trash_days: float
    candidates: Candidates
    seen: int = 0

    def find(self) -> Found:
        """All findings. Raises CloudError, StoreError."""
        for sort in Sort:
            self._lay_files(sort, trashed=False)
            self._lay_files(sort, trashed=True)
        named.lay_registered(self.ports, self.join, self.candidates.keep)
        records = named.lay_named(self.ports.tables, self.join, self.candidates.keep)
        if self.seen and not records:
            raise StoreError("there is not a single record: they may have been lost")
        yield from self._descriptions()
        yield from self._contents()
        yield from self._packages()
        yield from self._logs()
        yield from self._trash()
        yield from self._missing_contents()
        yield from self._missing_descriptions()

    # -------------------------------------------------------------- in a store, and on no record

    def _descriptions(self) -> Found:
        """What those say that were never ours stays: another installation keeps its artifacts in the same store."""
        unnamed = self.join.missing(_side(Sort.DESCRIPTION), named.DESCRIBED)
        theirs: list[Entry] = []
        for number, (artifact_id, note) in enumerate(keeping(unnamed, self.candidates.keep)):
            if number >= MOST_READ:
                raise StoreError(f"more than {MOST_READ:,} descriptions are of no artifact here")
            if is_minted(self.ports, artifact_id):
                yield self._unnamed(note)
            elif digest := self._described_digest(artifact_id):
                theirs.append((digest, artifact_id))
        self.join.add(_FOREIGN, theirs)

    def _contents(self) -> Found:
        unheld = self.join.missing(_side(Sort.CONTENT), named.HOLDING)
        for digest, note in self.candidates.some(unheld):
            if all(self.join.find(side, digest) is None for side in (named.USED, _FOREIGN)):
                yield self._unnamed(note)

    def _packages(self) -> Found:
        unnamed = list(self.candidates.some(self.join.missing(_side(Sort.PACKAGE), named.PACKAGED)))
        if unnamed:
            named.lay_made_of(self.ports, self.join, self.candidates.keep)
        for digest, note in unnamed:
            if self.join.find(named.MADE_OF, digest) is None:
                yield self._unnamed(note)

    def _logs(self) -> Found:
        for deployment_id, note in self.candidates.some(
            self.join.missing(_side(Sort.LOG), named.KNOWN)
        ):
            if store.load_claim(self.ports.tables, deployment_id):
                yield self._unnamed(note)

    def _trash(self) -> Found:
        """What a record names and misses stays: it is to be brought back."""
        now = self.ports.clock.now()
        for sort in Sort:
            for about, note in self.candidates.some(
                self.join.missing(_side(sort, trashed=True), NOTHING)
            ):
                missed = self.join.find(_side(sort), about) is None
                if not (missed and named.is_named(self.join, sort, about)):
                    yield compare_trash(things.parse_seen(note), now=now, days=self.trash_days)

    # -------------------------------------------------------------- on record, and in no store

    def _missing_contents(self) -> Found:
        missed = self.candidates.some(self.join.missing(named.HOLDING, _side(Sort.CONTENT)))
        for digest, notes in groupby(missed, key=lambda entry: entry[0]):
            holders = [note for _, note in notes]
            if self.ports.artifacts.find(content.content_key(digest)) is None:
                yield see_missing(self.ports, digest, holders)

    def _missing_descriptions(self) -> Found:
        missed = self.join.missing(named.DESCRIBED, _side(Sort.DESCRIPTION))
        for artifact_id, note in self.candidates.some(missed):
            yield see_described(self.ports, note.partition(" ")[0], artifact_id)

    # -------------------------------------------------------------- of all

    def _lay_files(self, sort: Sort, *, trashed: bool) -> None:
        listed = keeping(
            things.list_things(self.ports, sort, trashed=trashed),
            self.candidates.keep,
            every=EACH_PAGE,
        )
        self.seen += self.join.add(
            _side(sort, trashed=trashed),
            (
                (thing.about, things.render_seen(things.measure(thing.name, files)))
                for thing, files in listed
            ),
        )

    def _unnamed(self, note: str) -> Finding:
        seen = things.parse_seen(note)
        return compare_unnamed(things.parse_name(seen.name), seen)

    def _described_digest(self, artifact_id: str) -> str:
        try:
            with self.ports.artifacts.open(content.metadata_key(artifact_id)) as file:
                return str(json.loads(file.read(_MOST_DESCRIPTION))["content_digest"])
        except (Missing, ValueError, KeyError, TypeError):
            return ""


def is_minted(ports: ReconcilePorts, artifact_id: str) -> bool:
    """Whether an artifact's id was given out by us."""
    parts = ids.parse_artifact_id(artifact_id)
    return parts is not None and store.load_claim(ports.tables, ids.render_id(parts[2])) is not None


def see_missing(ports: ReconcilePorts, digest: str, holders: list[str]) -> Finding | None:
    """What is to be said of a content that is not in its place; `holders`: whose it is, each a user's key and an id."""
    loaded = [load_artifact(ports, *each.split(" ", 1)) for each in holders]
    having = [each for each in loaded if each and each.content_digest == digest]
    key = content.content_key(digest)
    thing = parse_key(key)
    if thing is None or not having:
        return None
    models = (each for each in having if isinstance(each, Model))
    deployments = [
        deployment
        for model in models
        for deployment in listing.list_deployed(ports.tables, model.user_key, model.id)
    ]
    in_trash = ports.artifacts.find(trash.trash_key(key)) is not None
    return compare_missing(thing, having, deployments=deployments, in_trash=in_trash)


def see_described(ports: ReconcilePorts, user_key: str, artifact_id: str) -> Finding | None:
    """What is to be said of an artifact's description, as it is now."""
    record = load_artifact(ports, user_key, artifact_id)
    if record is None:
        return None
    key = content.metadata_key(artifact_id)
    return compare_described(record, key, described=ports.artifacts.find(key) is not None)


def load_artifact(
    ports: ReconcilePorts, user_key: str, artifact_id: str
) -> Model | Artifact | None:
    """An artifact of any kind; None where it is gone, or cannot be read."""
    try:
        model = shelf.load_leaving(ports.tables, user_key, artifact_id)
        stored = model or shelf.load_file(ports.tables, user_key, artifact_id)
    except UnreadableRow as error:
        store.tell_unreadable(error)
        return None
    return stored.record if stored else None


def _side(sort: Sort, *, trashed: bool = False) -> str:
    return f"trashed_{sort}" if trashed else f"kept_{sort}"
