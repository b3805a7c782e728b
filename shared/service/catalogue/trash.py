"""What a collection takes away is put into the trash of its store first, and comes back by itself where it is needed.

    content/<digest>  --put away-->  trash/content/<digest>  --after TRASH_DAYS, by a later run-->  gone
                      <--brought back, on demand or by a run--

Where something lies there follows from its key, so that whoever misses it finds it by one call; since when, by when it
was modified. Keys name contents: what lies there already is the same, is only touched, and its time begins anew.
"""

from shared.domain.errors import Missing
from shared.ports import Blobs, Listed

TRASH = "trash/"


def trash_key(key: str) -> str:
    """Where in the trash of its store the bytes of a key lie."""
    return TRASH + key


def put_away(blobs: Blobs, found: Listed) -> None:
    """Puts the version that was seen into the trash. Raises Changed or Missing where it is another by now, or none; Copying.

    Nobody locks anything. Who meets whom:

    - An upload of the same content. Files are listed before records, so a content that no record names was named
      later than its version was seen, if at all. An upload that finds it touches it: its version is another, and is
      not removed. Where it was removed just before, the upload stores it again. S3 does not tell versions of the same
      bytes apart: there the upload looks once more when its row is written, and what goes after that comes back on demand.
    - A deployment whose package this is. `prepare` names it on the record, then touches each file that it finds and
      writes each that it does not, the MLmodel last; a collection puts the MLmodel away first. So of each file either
      the removal loses, or it was before `prepare`, which writes it; and what is half there has no MLmodel.
    - Who brings it back. The copy is there before anything is removed, and bringing back removes nothing.
    - A run that empties the trash. It removes the version that it saw, and this touches it.
    """
    kept = trash_key(found.key)
    if not blobs.touch(kept):
        blobs.copy(found.key, kept, etag=found.etag)
    blobs.remove(found.key, etag=found.etag)


def bring_back(blobs: Blobs, key: str) -> bool:
    """Copies what lies in the trash to its place; False where none of it lies there. Done where it is in its place.

    It stays in the trash as well, until its time is over: nothing is ever only on its way.
    """
    try:
        blobs.copy(trash_key(key), key)
    except Missing:
        return False
    return True
