"""Promises about what is kept in files: nothing goes that somebody needs, and nothing for good before its time in the trash.

Said in words of its own: needed is what a model on record is, and what a deployment has that is there or can be tried again.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from shared.adapters.memory_blobs import MemoryBlobs
from shared.domain import plans
from shared.domain.records import Deployment, Status
from shared.ports import Listed
from simulator.files import Files
from simulator.ledger import Ledger
from simulator.promises import tags as tags_of
from simulator.promises.ownership import moment_of
from simulator.timeline import SECOND, Broken, Task
from simulator.unrest import Unrest
from simulator.workspace import Workspace

_TRASH = "trash/"
_PACKAGE = ("model.pkl", "MLmodel")


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePromises:
    """Watches a store. `apart` is how far clocks may be, in microseconds."""

    files: Files
    workspace: Workspace
    unrest: Unrest
    apart: int
    now: Callable[[], int]

    @property
    def ledger(self) -> Ledger:
        """What is on record."""
        return self.files.ledger

    @property
    def blobs(self) -> MemoryBlobs:
        """The store itself."""
        return self.files.blobs

    def going(self, key: str, etag: str, task: Task) -> None:
        """Raises Broken where a file that is about to be removed must not be."""
        found = next((each for each in self.blobs.list(key) if each.key == key), None)
        if found is None or etag not in ("", found.etag):
            return
        if key in self.files.theirs:
            raise Broken(f"{key}, which is somebody else's, is removed by {task.kind}")
        if key.startswith(_TRASH):
            self._check_emptied(found, task)
        elif task.kind == "reconcile" and not self._is_kept(key):
            raise Broken(f"{key} is removed and not in the trash", task.run_id)

    def check_rest(self) -> None:
        """Raises Broken where something needed is missing, or what nobody needs is in its place."""
        there = {each.key for each in self.blobs.list("")}
        if gone := self.files.theirs - there:
            raise Broken(f"files of others are gone: {sorted(gone)}")
        needed = set(self._needed())
        if missing := needed - there:
            raise Broken(f"files that are on record are missing: {sorted(missing)}")
        ours = {key for key in there if key.startswith(("content/", "packages/", "artifacts/"))}
        if left := ours - needed - self.files.theirs - self._may_be_there():
            raise Broken(f"files that nobody needs are in their places: {sorted(left)}")

    def _is_kept(self, key: str) -> bool:
        """Whether it is in the trash, too, or describes a model that its owner deletes."""
        described = self.ledger.models.get(key.removeprefix("artifacts/").partition("/")[0])
        is_leaving = described is not None and described.leaving is not None
        return is_leaving or self.blobs.find(_TRASH + key) is not None

    def _check_emptied(self, found: Listed, task: Task) -> None:
        if task.kind != "reconcile":
            raise Broken(f"{found.key} is removed by {task.kind}")
        age = self.now() - moment_of(found.modified_at)
        if age + self.apart + SECOND < self.unrest.trash * SECOND:
            raise Broken(
                f"{found.key} goes for good after {age // SECOND} s in the trash", task.run_id
            )
        place = found.key.removeprefix(_TRASH)
        if place in set(self._needed()) and self.blobs.find(place) is None:
            raise Broken(f"{place} goes for good, and is on record", task.run_id)

    def _needed(self) -> Iterator[str]:
        """What has to be in its place at rest."""
        for model in self.ledger.models.values():
            yield f"content/{model.content_digest}"
            yield f"artifacts/{model.id}/metadata.json"
        for record in self.ledger.deployments.values():
            if record.status is Status.ACTIVE or (
                _can_be_tried(record) and record.azure_model_version
            ):
                yield from _package_of(record.package_digest)

    def _may_be_there(self) -> set[str]:
        """What is left of a try that failed is kept for the next one, and a package for what is registered of it."""
        tried = [each for each in self.ledger.deployments.values() if _can_be_tried(each)]
        contents = {f"content/{each.content_digest}" for each in tried}
        registered = {each.get(tags_of.DIGEST, "") for each in self.workspace.models().values()}
        packages = registered | {each.package_digest for each in tried}
        return contents.union(*(_package_of(each) for each in packages))


def _can_be_tried(record: Deployment) -> bool:
    return not (record.status is Status.DELETED and plans.is_finished(record))


def _package_of(digest: str) -> list[str]:
    return [f"packages/{digest}/{name}" for name in _PACKAGE]
