"""Reads a finding about something kept in files again, and repairs it: nothing of data is removed that was not in the trash.

A thing is as it was found as long as none of its files is newer than it was then: who needs one touches it first.
"""

from collections.abc import Callable

from shared.domain.errors import Changed, Copying, Missing
from shared.domain.reconcile.findings import Case, Finding, Repair
from shared.domain.reconcile.kept_things import Sort, Thing
from shared.ports import Listed
from shared.reconcile_ports import ReconcilePorts
from shared.service.catalogue import artifacts as describing, content, trash
from shared.service.reconcile import things
from shared.service.reconcile.artifacts import load_artifact, see_described
from shared.service.reconcile.in_the_way import NotNow, Stays
from shared.service.reconcile.named import NamedNow

_LAST_WRITTEN = "/MLmodel"


# ------------------------------------------------------------------ looking again


def look_at_unnamed(ports: ReconcilePorts, named: NamedNow, finding: Finding) -> Finding | None:
    """The finding, where the thing is there, untouched, and named by nobody."""
    thing = things.parse_name(finding.subject)
    files = things.find_files(ports, thing)
    if not files or _is_newer(files, finding) or named.has(thing):
        return None
    return finding


def look_at_trash(ports: ReconcilePorts, named: NamedNow, finding: Finding) -> Finding | None:
    """The finding, where the thing is in the trash, since then, and not missed."""
    thing = things.parse_name(finding.subject)
    files = things.find_files(ports, thing, trashed=True)
    if not files or _is_newer(files, finding):
        return None
    if not things.find_files(ports, thing) and named.has(thing):
        return None
    return finding


def look_at_missing(ports: ReconcilePorts, named: NamedNow, finding: Finding) -> Finding | None:
    """The finding, where the content is not in its place, and named."""
    thing = things.parse_name(finding.subject)
    missed = ports.artifacts.find(thing.name) is None and named.has(thing)
    return finding if missed else None


def look_at_description(
    ports: ReconcilePorts, _named: NamedNow, finding: Finding
) -> Finding | None:
    """The finding, where the artifact is there and its description is not."""
    return see_described(ports, finding.user_key, finding.identity)


LOOKS: dict[Case, Callable[[ReconcilePorts, NamedNow, Finding], Finding | None]] = {
    Case.CONTENT_WITHOUT_RECORD: look_at_unnamed,
    Case.DESCRIPTION_WITHOUT_RECORD: look_at_unnamed,
    Case.PACKAGE_WITHOUT_RECORD: look_at_unnamed,
    Case.LOG_WITHOUT_RECORD: look_at_unnamed,
    Case.TRASH_EXPIRED: look_at_trash,
    Case.CONTENT_IN_TRASH: look_at_missing,
    Case.CONTENT_GONE: look_at_missing,
    Case.DESCRIPTION_GONE: look_at_description,
}


# ------------------------------------------------------------------ repairing


def put_away(ports: ReconcilePorts, finding: Finding) -> None:
    """Puts a thing into the trash, the file first without which the others are nothing. Raises Stays, NotNow."""
    thing = things.parse_name(finding.subject)
    blobs = things.store_of(ports, thing.sort)
    for each in _require_untouched(ports, thing, finding, trashed=False):
        try:
            trash.put_away(blobs, each)
        except Missing:
            continue
        except Changed as error:
            raise Stays(f"somebody needs it again: {error}") from error
        except Copying as error:
            raise NotNow(str(error)) from error


def empty_trash(ports: ReconcilePorts, finding: Finding) -> None:
    """Removes a thing from the trash for good. Raises Stays."""
    thing = things.parse_name(finding.subject)
    blobs = things.store_of(ports, thing.sort)
    for each in _require_untouched(ports, thing, finding, trashed=True):
        try:
            blobs.remove(each.key, etag=each.etag)
        except Changed as error:
            raise Stays(f"it was put into the trash again: {error}") from error


def bring_back(ports: ReconcilePorts, finding: Finding) -> None:
    """Puts a content back into its place. Raises Stays, NotNow."""
    try:
        if not trash.bring_back(ports.artifacts, finding.subject):
            raise Stays("it is in the trash no more: upload the same file again")
    except Copying as error:
        raise NotNow(str(error)) from error


def describe(ports: ReconcilePorts, finding: Finding) -> None:
    """Writes an artifact's description anew. Raises NotNow."""
    record = load_artifact(ports, finding.user_key, finding.identity)
    if record is None:
        raise NotNow("its record is gone")
    description = describing.render_description(record, ports.random.nonce())
    content.write_once(ports.artifacts, finding.subject, description)


ACTS: dict[Repair, Callable[[ReconcilePorts, Finding], None]] = {
    Repair.PUT_AWAY: put_away,
    Repair.EMPTY_TRASH: empty_trash,
    Repair.BRING_BACK: bring_back,
    Repair.DESCRIBE: describe,
}


def _require_untouched(
    ports: ReconcilePorts, thing: Thing, finding: Finding, *, trashed: bool
) -> list[Listed]:
    files = things.find_files(ports, thing, trashed=trashed)
    if _is_newer(files, finding):
        raise Stays("somebody needs it again")
    if thing.sort is not Sort.PACKAGE:
        return files
    return sorted(files, key=lambda each: not each.key.endswith(f"{thing.about}{_LAST_WRITTEN}"))


def _is_newer(files: list[Listed], finding: Finding) -> bool:
    return any(finding.since is None or each.modified_at > finding.since for each in files)
