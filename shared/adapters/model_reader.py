"""Reads an uploaded model in a child process that has no rights, little memory and little time.

The reading itself is `shared.domain.reading`; it runs nothing of the file. The process around it is the second wall: a
file that breaks the reader costs one refused upload. Light enough for the HTTP path: standard library only.
"""

import importlib.util
import io
import json
import logging
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.inspection_json import parse_inspection

_PROGRAM = Path(__file__).with_name("model_reading_process.py")
_CODE = str(Path(__file__).resolve().parents[2])
_MOST_OUTPUT = 8 * 1024 * 1024
_MOST_COMPLAINT = 4_096
_CHUNK = 65_536
_log = logging.getLogger(__name__)


class ProcessModelReader:
    """The `ModelReader` port. Limits hold for each file; at most `at_once` are read at the same time."""

    def __init__(
        self,
        *,
        wall_seconds: float = 60,
        cpu_seconds: int = 45,
        memory_bytes: int = 768 * 1024 * 1024,
        at_once: int = 4,
    ) -> None:
        yaml_path = _find_yaml()
        self._wall_seconds = wall_seconds
        self._order = {
            "cpu_seconds": cpu_seconds,
            "memory_bytes": memory_bytes,
            "code_path": _CODE,
            "yaml_path": yaml_path,
            "readable": [f"{_CODE}/shared", yaml_path, str(Path(os.__file__).parent)],
        }
        self._turns = threading.BoundedSemaphore(at_once)

    def read(self, content: BinaryIO, *, digest: str) -> Inspection:
        """The inspection of a seekable file; its position is not kept. Raises UnreadableModel."""
        with self._turns, _open_for_child(content) as (descriptor, size):
            order = json.dumps(self._order | {"digest": digest, "size": size})
            answer = self._run(descriptor, order)
        inspection = _parse_answer(answer)
        if (inspection.digest, inspection.size) != (digest, size):
            raise _stopped("its answer is about another file")
        return inspection

    def layers(self) -> tuple[str, ...]:
        """Which of the kernel's walls (`reading_sandbox`) stand around the process on this machine."""
        answer = self._run(subprocess.DEVNULL, json.dumps(self._order))
        return tuple(str(layer) for layer in json.loads(answer)["layers"])

    def _run(self, descriptor: int, order: str) -> bytes:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-B", str(_PROGRAM), order],
            stdin=descriptor,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd="/",
            env={},
            start_new_session=True,
        )
        try:
            output, complaint, in_time = _collect(process, time.monotonic() + self._wall_seconds)
        finally:
            _end(process)
        if not in_time:
            raise _stopped(f"it took longer than {self._wall_seconds:g} seconds")
        if process.returncode:
            _log.warning("reading process ended with %s: %r", process.returncode, complaint[-500:])
            raise _stopped(
                "it used more time or memory than reading a model takes, or confused the reader"
            )
        return output


def _collect(process: subprocess.Popen[bytes], deadline: float) -> tuple[bytes, bytes, bool]:
    """What the process writes until it closes both pipes, up to a size and a time. The last value: in time."""
    assert process.stdout  # noqa: S101 - both are pipes; this is for the type checker
    assert process.stderr  # noqa: S101 - see above
    output, complaint = process.stdout.fileno(), process.stderr.fileno()
    written = {output: bytearray(), complaint: bytearray()}
    most = {output: _MOST_OUTPUT, complaint: _MOST_COMPLAINT}
    open_pipes = [output, complaint]
    in_time = True
    while open_pipes and in_time:
        readable, _, _ = select.select(open_pipes, [], [], max(0.0, deadline - time.monotonic()))
        in_time = bool(readable)
        for pipe in readable:
            piece = os.read(pipe, _CHUNK)
            if not piece:
                open_pipes.remove(pipe)
            written[pipe] += piece[: most[pipe] - len(written[pipe])]
    return bytes(written[output]), bytes(written[complaint]), in_time


def _end(process: subprocess.Popen[bytes]) -> None:
    """Leave nothing of the process behind: its session is killed if it is still there, its pipes are closed."""
    if process.poll() is None:
        try:
            process.wait(timeout=0.2)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()


@contextmanager
def _open_for_child(content: BinaryIO) -> Iterator[tuple[int, int]]:
    """A descriptor of the content for reading only, with a position of its own, and the content's size."""
    try:
        descriptor = content.fileno()
        content.flush()
    except (AttributeError, io.UnsupportedOperation):
        with tempfile.TemporaryFile() as spooled:
            content.seek(0)
            shutil.copyfileobj(content, spooled)
            with _open_for_child(cast("BinaryIO", spooled)) as opened:
                yield opened
        return
    own = os.open(f"/dev/fd/{descriptor}", os.O_RDONLY | os.O_CLOEXEC)
    try:
        yield own, os.fstat(own).st_size
    finally:
        os.close(own)


def _parse_answer(answer: bytes) -> Inspection:
    """The process's answer, trusted no more than the file it has read."""
    try:
        document: dict[str, Any] = json.loads(answer)
        if "unreadable" in document:
            code, reason, remedy = (str(part) for part in document["unreadable"])
            raise UnreadableModel(UnreadableCode(code), reason, remedy)
        return parse_inspection(document["inspection"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        _log.warning("reading process gave no usable answer: %r", answer[:200])
        raise _stopped("the reader gave no usable answer") from error


def _stopped(why: str) -> UnreadableModel:
    return UnreadableModel(
        UnreadableCode.READER_STOPPED,
        f"Reading the file was stopped: {why}.",
        "Save the fitted estimator alone, without data or caches, and upload it again.",
    )


def _find_yaml() -> str:
    """The folder from which the process may import PyYAML: it sees no installed package by itself."""
    found = importlib.util.find_spec("yaml")
    if found is None or found.origin is None:
        raise RuntimeError("PyYAML is not installed; it is part of requirements.txt")
    return str(Path(found.origin).parents[1])
