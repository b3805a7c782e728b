"""Opcodes of the pickle machine that push a single value, or keep and recall one.

Text is decoded as Python 3's unpicklers do it by default, so that a name spelled in any form is the name they would see.
"""

import codecs
import struct
import sys

from shared.domain.reading.limits import corrupt
from shared.domain.reading.pickles.graph import Skipped, Value
from shared.domain.reading.pickles.machine import Machine, Opcode

_LONGEST_NUMBER = 2_000
_TEXT_HEAD = sys.getsizeof("\u00e9") - 1
_LONGEST_LINE = 500
"""Digits cost more, the more of them are in one number."""
_NEWEST_PROTOCOL = 5
_BOOSTERS = (b"{L", b'{"', b"CONFIG-offset:", b"binf", b"tree\n", b"CBM1")
_LONGEST_MARK = 14
"""How the models of XGBoost, LightGBM and CatBoost start, which their objects keep as one long value."""


def _take(machine: Machine, size: int) -> bytes | Skipped:
    if size <= machine.limits.kept_value:
        machine.count_text(size)
        return machine.source.take(size)
    start = machine.source.take(_LONGEST_MARK)
    if not (start.startswith(_BOOSTERS) and machine.may_keep_ends()):
        machine.source.skip(size - len(start))
        return Skipped(size)
    end = machine.limits.kept_value
    machine.count_text(2 * end)
    head = start + machine.source.take(min(end, size) - len(start))
    tail = min(end, size - len(head))
    machine.source.skip(size - len(head) - tail)
    return Skipped(size, head, machine.source.take(tail))


def _sized(width: int, kind: str) -> Opcode:
    """Text or bytes after its own size in `width` bytes; `kind` names how it is decoded."""

    def push_sized(machine: Machine) -> None:
        size = int.from_bytes(machine.source.take(width), "little")
        data = _take(machine, size)
        if isinstance(data, Skipped) or kind == "bytes":
            machine.push(data)
        else:
            _push_text(machine, _decode(data, kind), size)

    return push_sized


def _decode(data: bytes, kind: str) -> str:
    return data.decode("ascii") if kind == "python2" else data.decode("utf-8", "surrogatepass")


def _push_text(machine: Machine, text: str, counted: int) -> None:
    """Put a text on the stack. Python keeps each letter in as many bytes as the widest one needs, some may be counted."""
    kept = 0 if text.isascii() else sys.getsizeof(text) - _TEXT_HEAD
    machine.count_text(max(0, kept - counted))
    machine.push(text)


def _line(machine: Machine, longest: int) -> bytes:
    line = machine.source.line(longest)
    if line is None:
        raise corrupt("a number or name in it is too long")
    return line


def _push_text_line(machine: Machine) -> None:
    line = machine.source.line(machine.limits.kept_value)
    if line is None:
        machine.push(Skipped(machine.limits.kept_value))
        return
    machine.count_text(len(line))
    _push_text(machine, line.decode("raw-unicode-escape"), len(line))


def _push_quoted_line(machine: Machine) -> None:
    line = machine.source.line(machine.limits.kept_value)
    if line is None:
        machine.push(Skipped(machine.limits.kept_value))
        return
    if len(line) < 2 or line[0] != line[-1] or line[:1] not in (b"'", b'"'):
        raise corrupt("a text in it has no quotes")
    machine.count_text(len(line))
    data: bytes = codecs.escape_decode(line[1:-1])[0]
    machine.push(data.decode("ascii"))


def _push_int_line(machine: Machine) -> None:
    line = _line(machine, _LONGEST_LINE)
    machine.push(line == b"01" if line in (b"00", b"01") else int(line, 0))


def _push_long_line(machine: Machine) -> None:
    machine.push(int(_line(machine, _LONGEST_LINE).removesuffix(b"L"), 0))


def _push_float_line(machine: Machine) -> None:
    machine.push(float(_line(machine, _LONGEST_LINE)))


def _unsigned(width: int) -> Opcode:
    return lambda machine: machine.push(int.from_bytes(machine.source.take(width), "little"))


def _push_int(machine: Machine) -> None:
    machine.push(int.from_bytes(machine.source.take(4), "little", signed=True))


def _push_float(machine: Machine) -> None:
    machine.push(struct.unpack(">d", machine.source.take(8))[0])


def _long(width: int) -> Opcode:
    def push_long(machine: Machine) -> None:
        size = int.from_bytes(machine.source.take(width), "little", signed=width > 1)
        if not 0 <= size <= _LONGEST_NUMBER:
            raise corrupt("a number in it is too long")
        machine.push(int.from_bytes(machine.source.take(size), "little", signed=True))

    return push_long


def _constant(value: Value) -> Opcode:
    return lambda machine: machine.push(value)


def _set_protocol(machine: Machine) -> None:
    machine.protocol = machine.source.byte()
    if machine.protocol > _NEWEST_PROTOCOL:
        raise corrupt(f"it is written in pickle protocol {machine.protocol}, which does not exist")


def _enter_frame(machine: Machine) -> None:
    machine.source.enter_frame(int.from_bytes(machine.source.take(8), "little"))


def _put(width: int) -> Opcode:
    return lambda machine: machine.remember(int.from_bytes(machine.source.take(width), "little"))


def _put_line(machine: Machine) -> None:
    index = int(_line(machine, _LONGEST_LINE))
    if index < 0:
        raise corrupt("it remembers a value under a negative number")
    machine.remember(index)


def _get(width: int) -> Opcode:
    return lambda machine: _recall(machine, int.from_bytes(machine.source.take(width), "little"))


def _get_line(machine: Machine) -> None:
    _recall(machine, int(_line(machine, _LONGEST_LINE)))


def _recall(machine: Machine, index: int) -> None:
    if index not in machine.memo:
        raise corrupt("it recalls a value that it never kept")
    machine.push(machine.memo[index])


def _pop_group(machine: Machine) -> None:
    machine.pop_mark()


def _pop(machine: Machine) -> None:
    if machine.stack:
        machine.stack.pop()
    else:
        machine.pop_mark()


VALUE_OPCODES: dict[bytes, Opcode] = {
    b"\x80": _set_protocol,
    b"\x95": _enter_frame,
    b"N": _constant(None),
    b"\x88": _constant(value=True),
    b"\x89": _constant(value=False),
    b"I": _push_int_line,
    b"L": _push_long_line,
    b"F": _push_float_line,
    b"J": _push_int,
    b"K": _unsigned(1),
    b"M": _unsigned(2),
    b"G": _push_float,
    b"\x8a": _long(1),
    b"\x8b": _long(4),
    b"S": _push_quoted_line,
    b"T": _sized(4, "python2"),
    b"U": _sized(1, "python2"),
    b"V": _push_text_line,
    b"X": _sized(4, "text"),
    b"\x8c": _sized(1, "text"),
    b"\x8d": _sized(8, "text"),
    b"B": _sized(4, "bytes"),
    b"C": _sized(1, "bytes"),
    b"\x8e": _sized(8, "bytes"),
    b"\x96": _sized(8, "bytes"),
    b"p": _put_line,
    b"q": _put(1),
    b"r": _put(4),
    b"\x94": lambda machine: machine.remember(len(machine.memo)),
    b"g": _get_line,
    b"h": _get(1),
    b"j": _get(4),
    b"0": _pop,
    b"1": _pop_group,
    b"2": lambda machine: machine.push(machine.stack[-1]),
    b"(": Machine.mark,
}
