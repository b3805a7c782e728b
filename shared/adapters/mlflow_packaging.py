"""Writes the MLflow folder of an inspected model as data: nothing is loaded, and MLflow itself is not imported.

The `Packager` port, used by `prepare`; the decisions are in `shared.domain.packaging`. Importing MLflow's model classes
costs 1.4 s; the tests hold what is written here against MLflow 2.16.2 itself.
"""

import hashlib
import json
from collections.abc import Sequence
from typing import BinaryIO

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.packaging.documents import WRITTEN, render_documents
from shared.domain.packaging.environment import plan_environment
from shared.domain.packaging.flavors import plan_serving
from shared.domain.packaging.lint import lint
from shared.domain.packaging.package import Inline, Member, Origin, Package, PackageFile, Whole
from shared.domain.packaging.serving import Serving
from shared.domain.reading.containers.members import open_archive
from shared.domain.reading.formats.mlflow_folder import OWN_CODE, find_folder
from shared.domain.reading.limits import DEFAULT_LIMITS

_HEAD = 8


class MlflowPackager:
    """The `Packager` port. `default_python` is the Python of the container where the file does not name one."""

    def __init__(self, *, default_python: str = "3.10") -> None:
        self._default_python = default_python

    def package(
        self, inspection: Inspection, content: BinaryIO, requirements: Sequence[str] = ()
    ) -> Package:
        """The folder's files; the same inspection and content always give the same digest.

        Raises NotServable where the inspection has an obstacle.
        """
        content.seek(0)
        serving = plan_serving(inspection, content.read(_HEAD))
        environment = plan_environment(inspection, self._default_python).plus(requirements)
        written = {**serving.files, **render_documents(inspection, serving, environment)}
        files = [_inline(path, data) for path, data in written.items()]
        files += _content_files(inspection, serving, content)
        files.sort(key=lambda file: file.path)
        return Package(
            digest=_digest(files, inspection),
            files=tuple(files),
            findings=tuple(finding.code for finding in lint(inspection, environment)),
        )


def _content_files(
    inspection: Inspection, serving: Serving, content: BinaryIO
) -> list[PackageFile]:
    """The upload's own files: of a folder the model alone, since whatever else lies there could be imported beside it.

    A folder of its owner's code is whole: an exception lets it in as it is.
    """
    if inspection.format is not ModelFormat.MLFLOW:
        return [PackageFile(path=serving.path, size=inspection.size, origin=Whole())]
    archive = open_archive(content, inspection.size, DEFAULT_LIMITS)
    prefix = find_folder(archive)
    ours = {*WRITTEN, *serving.files}
    found = {
        entry.name.removeprefix(prefix): entry
        for entry in archive.entries
        if entry.name.startswith(prefix)
    }
    return [
        PackageFile(path=path, size=entry.size, origin=Member(entry.name))
        for path, entry in found.items()
        if path not in ours and (inspection.flavor == OWN_CODE or path == serving.path)
    ]


def _inline(path: str, data: bytes) -> PackageFile:
    return PackageFile(path=path, size=len(data), origin=Inline(data))


def _digest(files: list[PackageFile], inspection: Inspection) -> str:
    """sha256 over the manifest. Content that is not moved counts by the digest of the upload it stands in."""
    manifest = [[file.path, file.size, *_identity(file.origin, inspection)] for file in files]
    return hashlib.sha256(json.dumps(manifest).encode()).hexdigest()


def _identity(origin: Origin, inspection: Inspection) -> tuple[str, ...]:
    match origin:
        case Inline(data):
            return (hashlib.sha256(data).hexdigest(),)
        case Whole():
            return (inspection.digest,)
        case Member(name):
            return (inspection.digest, name)
