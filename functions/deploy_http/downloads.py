"""The bytes of an artifact: whole, or a range of them, read piece by piece; beyond the limit by a link.

The Functions host takes an answer over whole, so what is large must not pass through here: it is read
from storage itself, by a signed address that lasts for minutes.
"""

import re
from collections.abc import Iterator
from typing import BinaryIO
from urllib.parse import quote

from fastapi import Request, Response
from fastapi.responses import StreamingResponse

from functions.deploy_http.caching import was_seen
from functions.deploy_http.problems import render_problem
from shared.domain.catalogue.artifacts import Artifact, is_elsewhere
from shared.domain.errors import NotFound, Refusal
from shared.domain.policy import Policy
from shared.domain.records import Model
from shared.ports import Ports
from shared.service.catalogue.content import content_key, find_content

LINK_SECONDS = 300
_PIECE = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_ANY = "application/octet-stream"


def send_content(
    request: Request, ports: Ports, policy: Policy, record: Model | Artifact
) -> Response:
    """The answer with the artifact's bytes. Raises NotFound where they are not in the store."""
    tag = f'"{record.content_digest}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if was_seen(request, tag):
        return Response(status_code=304, headers=headers)
    key = content_key(record.content_digest)
    found = find_content(ports.artifacts, record.content_digest)
    if found is None:
        raise _missing(record)
    if found.size > policy.upload_limit:
        link = ports.artifacts.read_link(key, seconds=LINK_SECONDS)
        private = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}
        return Response(status_code=307, headers={"Location": link.url, **private})
    headers |= {
        "Accept-Ranges": "bytes",
        "Content-Disposition": _disposition(record.filename or record.id),
        "X-Content-Type-Options": "nosniff",
    }
    asked = request.headers.get("range", "")
    if request.headers.get("if-range", tag) != tag:
        asked = ""
    span = _parse_range(asked, found.size)
    if span is None:
        return _unsatisfiable(request, found.size)
    first, length = span
    status = 206 if length < found.size else 200
    if status == 206:
        headers["Content-Range"] = f"bytes {first}-{first + length - 1}/{found.size}"
    headers["Content-Length"] = str(length)
    if request.scope.get("bodiless"):
        return Response(status_code=status, headers=headers, media_type=_ANY)
    file = ports.artifacts.open(key, etag=found.etag)
    return StreamingResponse(_pieces(file, first, length), status, headers, media_type=_ANY)


def _pieces(file: BinaryIO, first: int, length: int) -> Iterator[bytes]:
    with file:
        file.seek(first)
        while length > 0 and (piece := file.read(min(_PIECE, length))):
            length -= len(piece)
            yield piece


def _parse_range(asked: str, size: int) -> tuple[int, int] | None:
    """Where to begin and how many bytes; all of them for no range or one of another kind; None beyond the end."""
    match = _RANGE.fullmatch(asked.replace(" ", ""))
    if match is None or not any(match.groups()):
        return 0, size
    first, last = match.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    begin, end = int(first), min(int(last or size), size - 1)
    if last and int(last) < begin:
        return 0, size  # not a range at all (RFC 9110, 14.1.1)
    return (begin, end - begin + 1) if begin < size else None


def _disposition(filename: str) -> str:
    """To be saved under its name, spelled so that every client can read it (RFC 6266), and in no other folder."""
    plain = "".join(each if each.isascii() and each not in '"\\%/' else "_" for each in filename)
    whole = quote(filename.replace("/", "_").replace("\\", "_"), safe="")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{whole}"


def _missing(record: Model | Artifact) -> NotFound:
    if is_elsewhere(record):
        return NotFound(
            "content_missing",
            f"The files of {record.id} are in the workspace's registry, and not in the store.",
            "Read them there, by the name and version it was taken from.",
        )
    return NotFound(
        "content_missing",
        f"The file of {record.id} (sha256 {record.content_digest}) is not in the store any more.",
        "Upload the same file again: then this artifact has it, too.",
    )


def _unsatisfiable(request: Request, size: int) -> Response:
    refusal = Refusal(
        "range_not_satisfiable",
        f"The range begins beyond the end: the file has {size:,} bytes.",
        "Ask for a range within it, or for the whole.",
    )
    return render_problem(request, 416, refusal, {"Content-Range": f"bytes */{size}"})
