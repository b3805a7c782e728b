"""Where a zip archive's list of files is: checked to be where its last record says, counted from the file's start.

Python's reader moves the list when something was put in front of the archive, torch's reader does not. With two lists in
one file, each would find another one.
"""

from typing import BinaryIO

from shared.domain.reading.limits import corrupt

_END, _END_64, _LOCATOR = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_SIZE, _END_64_SIZE, _LOCATOR_SIZE = 22, 56, 20
_LONGEST_COMMENT = 0xFFFF
_UNKNOWN = (0xFFFF, 0xFFFFFFFF)


def check_end(file: BinaryIO, size: int, files: int) -> None:
    """Raise UnreadableModel for an archive whose list does not end where its last record starts, or has not `files` files.

    Python reads the list to its end, torch as many files as the record counts.
    """
    start = max(0, size - _END_SIZE - _LONGEST_COMMENT)
    file.seek(start)
    tail = file.read()
    at = tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise corrupt("it has no list of files at its end")
    count, length, offset, comment = _numbers(tail[at + 10 : at + _END_SIZE], 2, 4, 4, 2)
    end = start + at
    if at + _END_SIZE + comment != len(tail):
        raise corrupt("bytes follow after its list of files")
    if tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_LOCATOR):
        end, longer = _read_64(file, end - _LOCATOR_SIZE)
        for short, long in zip((count, length, offset), longer, strict=True):
            if short not in (*_UNKNOWN, long):
                raise corrupt("it has two lists of files")
        count, length, offset = longer
    if offset + length != end:
        raise corrupt("its list of files is not where it says")
    if count != files:
        raise corrupt("its list of files is longer or shorter than it says")


def _read_64(file: BinaryIO, locator: int) -> tuple[int, tuple[int, int, int]]:
    """Where the longer record starts, and the count, length and offset that it tells."""
    file.seek(locator)
    (at,) = _numbers(file.read(_LOCATOR_SIZE)[8:16], 8)
    if at + _END_64_SIZE != locator:
        raise corrupt("its list of files is not where it says")
    file.seek(at)
    record = file.read(_END_64_SIZE)
    if not record.startswith(_END_64):
        raise corrupt("its list of files is not where it says")
    count, length, offset = _numbers(record[32:], 8, 8, 8)
    return at, (count, length, offset)


def _numbers(data: bytes, *widths: int) -> list[int]:
    found, at = [], 0
    for width in widths:
        found.append(int.from_bytes(data[at : at + width], "little"))
        at += width
    return found
