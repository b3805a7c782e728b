"""Step 1: the MLflow folder of the model is in the content store, complete."""

from typing import BinaryIO, cast

from shared.domain import phases
from shared.domain.catalogue.exceptions import (
    VerdictException,
    covers,
    grant_of,
    tell_grant,
)
from shared.domain.catalogue.ways_out import explain_ways_out
from shared.domain.errors import Missing
from shared.domain.failures import failure
from shared.domain.inspection import (
    READER_VERSION,
    Inspection,
    Obstacle,
    UnreadableModel,
    Verdict,
)
from shared.domain.inspection_json import parse_inspection
from shared.domain.outcomes import Done, Failed, Outcome, Wait
from shared.domain.packaging.lint import lint_memory
from shared.domain.packaging.package import (
    Inline,
    Member,
    NotServable,
    Package,
    PackageFile,
    Whole,
)
from shared.domain.reading.containers.members import open_member
from shared.domain.records import Failure, Model, Turn as WhoseTurn
from shared.service.catalogue import content, exceptions, shelf
from shared.service.turn import Turn

_MLMODEL = "MLmodel"
_DELETION = 5  # seconds: it is called off as soon as it sees this deployment


def ensure_package(turn: Turn) -> Outcome:
    """Packages the model and stores what is not stored yet; the description of it comes last."""
    stored = shelf.load_leaving(turn.ports.tables, turn.record.user_key, turn.record.model_id)
    if stored is None:
        turn.note(model_deleted=True)
        return Failed(failure=_gone("its catalogue entry was deleted"))
    if stored.record.leaving is not None:
        return Wait(why="a deletion of its model is under way", seconds=_DELETION)
    if stored.record.registry_name:
        return _ensure_let_in(turn, parse_inspection(dict(stored.record.inspection)))
    try:
        source = content.open_content(turn.ports.artifacts, turn.record.content_digest)
    except Missing:
        return Failed(failure=_gone("its content is not in the store"))
    with source:
        try:
            return _package(turn, stored.record, source)
        except UnreadableModel as error:
            return Failed(failure=failure(error.code, error.reason, WhoseTurn.YOU, error.next))
        except NotServable as error:
            return Failed(failure=_not_servable(error.obstacle))


def _package(turn: Turn, model: Model, source: BinaryIO) -> Outcome:
    """Judges the file again and stores its package. Raises UnreadableModel, NotServable."""
    inspection = _inspect(turn, parse_inspection(dict(model.inspection)), source)
    exception = _find_exception(turn, inspection)
    if not _is_let_in(inspection, exception):
        return Failed(failure=_unsafe(inspection, exception))
    if turn.record.azure_model_version:  # a retry serves what is registered
        return Done(text="Packaged and registered before.", phases=(phases.PREPARED,))
    requirements = exception.requirements if exception else ()
    package = turn.ports.packager.package(inspection, source, requirements)
    turn.note(package_digest=package.digest)
    _store_package(turn, package, source)
    text = f"Packaged {inspection.estimator or 'the model'} as MLflow ({len(package.files)} files)."
    memory = (finding.code for finding in lint_memory(inspection, turn.record.instance_type))
    if findings := [*memory, *package.findings]:
        text += f" Worth knowing: {', '.join(findings)}."
    if exception:
        text += f" {tell_grant(grant_of(exception))}"
    return Done(text=text, phases=(phases.PREPARED,))


def _ensure_let_in(turn: Turn, inspection: Inspection) -> Outcome:
    """A registered model is not ours to package, and was judged when it was taken in; an exception may have been revoked since."""
    exception = _find_exception(turn, inspection)
    if not _is_let_in(inspection, exception):
        return Failed(failure=_unsafe(inspection, exception))
    turn.note(package_digest=turn.record.content_digest)
    text = f"Registered before: {turn.record.azure_model_name}, version {turn.record.azure_model_version}."
    if exception:
        text += f" {tell_grant(grant_of(exception))}"
    return Done(text=text, phases=(phases.PREPARED,))


def _is_let_in(inspection: Inspection, exception: VerdictException | None) -> bool:
    return inspection.verdict is Verdict.CLEAN or covers(exception, inspection)


def _inspect(turn: Turn, kept: Inspection, source: BinaryIO) -> Inspection:
    if kept.reader_version == READER_VERSION:
        return kept
    return turn.ports.reader.read(source, digest=turn.record.content_digest)


def _find_exception(turn: Turn, inspection: Inspection) -> VerdictException | None:
    """The last decision about a content that is not clean; one that lets it in is put on record."""
    if inspection.verdict is Verdict.CLEAN:
        return None
    exception = exceptions.find_last(turn.ports.tables, inspection.digest)
    if exception and covers(exception, inspection) and turn.record.grant != grant_of(exception):
        turn.note(grant=grant_of(exception))
    return exception


def _store_package(turn: Turn, package: Package, source: BinaryIO) -> None:
    """Writes each file that is not there, and touches each that is: a collection that has seen it removes it no more."""
    folder = content.package_folder(package.digest)
    for file in sorted(package.files, key=lambda each: each.path == _MLMODEL):
        key = f"{folder}/{file.path}"
        turn.before_change()
        if not turn.ports.blobs.touch(key):
            _store_file(turn, key, file, source)


def _store_file(turn: Turn, key: str, file: PackageFile, source: BinaryIO) -> None:
    match file.origin:
        case Inline(data):
            content.ensure_blob(turn.ports.blobs, key, data)
        case Whole() if turn.ports.artifacts is turn.ports.blobs:
            turn.ports.blobs.copy(content.content_key(turn.record.content_digest), key)
        case Whole():
            source.seek(0)
            content.ensure_blob(turn.ports.blobs, key, source)
        case Member(name):
            with open_member(source, name) as member:
                content.ensure_blob(turn.ports.blobs, key, cast(BinaryIO, member))


def _gone(why: str) -> Failure:
    return failure(
        "model_not_found",
        f"The model cannot be fetched: {why}.",
        WhoseTurn.YOU,
        "Upload the model again with POST /models, then deploy it.",
    )


def _not_servable(obstacle: Obstacle) -> Failure:
    return failure("model_not_servable", obstacle.why, WhoseTurn.YOU, obstacle.next)


def _unsafe(inspection: Inspection, exception: VerdictException | None) -> Failure:
    lost = "" if exception is None else "No exception lets it in any more. "
    return failure(
        "model_unsafe",
        f"The model file is not safe to load. {lost}" + " ".join(inspection.reasons),
        WhoseTurn.OPERATOR if lost else WhoseTurn.YOU,
        "Save the model without the parts named, and upload it again. "
        + explain_ways_out(inspection, exception),
    )
