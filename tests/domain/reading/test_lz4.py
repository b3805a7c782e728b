"""LZ4 frames are unpacked without the library lz4, to the byte, and hostile ones cost little."""

import contextlib
import io
import struct

import pytest
from hypothesis import given, settings, strategies as st

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.reading.containers.content import UnpackedContent
from shared.domain.reading.containers.lz4 import Lz4Frame, unpack_block
from shared.domain.reading.limits import DEFAULT_LIMITS, Limits
from tests.domain.reading.lz4_samples import FRAMES, content

HEADER = b"\x04\x22\x4d\x18\x60\x40\x82"
END = bytes(4)


def unpack(frame: bytes, limits: Limits = DEFAULT_LIMITS, step: int = 10_000) -> bytes:
    source = UnpackedContent(io.BytesIO(frame), "lz4", limits)
    pieces = []
    while piece := source.read(step):
        pieces.append(piece)
    return b"".join(pieces)


def block(data: bytes) -> bytes:
    return struct.pack("<I", len(data)) + data


def stored(data: bytes) -> bytes:
    return struct.pack("<I", len(data) | 1 << 31) + data


def pack(data: bytes) -> bytes:
    """A block that names each repetition of eight bytes, found the slow way, and ends in plain bytes as the format asks."""
    out, at, plain = b"", 0, 0
    while at < len(data) - 12:
        start = data.rfind(data[at : at + 8], max(0, at - 65_535), at + 7)
        if start < 0:
            at += 1
            continue
        length = 8
        while at + length < len(data) - 5 and data[start + length] == data[at + length]:
            length += 1
        out += _sequence(data[plain:at], at - start, length)
        at += length
        plain = at
    return out + _sequence(data[plain:], 0, 0)


def _sequence(literals: bytes, distance: int, length: int) -> bytes:
    match = length - 4 if length else 0
    token = bytes([min(len(literals), 15) << 4 | min(match, 15)])
    out = token + _more(len(literals)) + literals
    return out + struct.pack("<H", distance) + _more(match) if length else out


def _more(length: int) -> bytes:
    return b"" if length < 15 else b"\xff" * ((length - 15) // 255) + bytes([(length - 15) % 255])


@pytest.mark.parametrize("name", [name for name in FRAMES if name != "nothing"])
@pytest.mark.parametrize("step", [1_000, 70_000, 1 << 20])
def test_frames_of_the_library_are_unpacked_to_the_byte(name: str, step: int) -> None:
    assert unpack(FRAMES[name], step=step) == content()


def test_an_empty_frame_holds_nothing() -> None:
    assert unpack(FRAMES["nothing"]) == b""


@given(st.lists(st.sampled_from([b"a", b"abcdefgh", b"12345678", b"xyz", bytes(40)]), max_size=80))
@settings(max_examples=200, deadline=None)
def test_whatever_a_writer_packs_comes_back(pieces: list[bytes]) -> None:
    data = b"".join(pieces)
    assert unpack_block(pack(data), b"", len(data)) == data


@given(st.binary(max_size=200), st.binary(max_size=50))
@settings(max_examples=500, deadline=None)
def test_any_block_is_unpacked_or_refused_and_never_longer_than_it_may_be(
    data: bytes, history: bytes
) -> None:
    with contextlib.suppress(ValueError, EOFError):
        assert len(unpack_block(data, history, 1_000)) <= 1_000


@given(st.sampled_from(sorted(FRAMES)), st.data())
@settings(max_examples=300, deadline=None)
def test_a_changed_frame_gets_an_answer(name: str, data: st.DataObject) -> None:
    frame = bytearray(FRAMES[name])
    for _ in range(data.draw(st.integers(1, 3))):
        frame[data.draw(st.integers(0, len(frame) - 1))] = data.draw(st.integers(0, 255))
    try:
        unpack(bytes(frame))
    except UnreadableModel as error:
        assert error.code in (UnreadableCode.CORRUPT, UnreadableCode.OVER_LIMITS)  # noqa: PT017 - both answers are good


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_that_is_cut_or_followed_by_more_is_broken(name: str) -> None:
    frame = FRAMES[name]
    for broken in (frame[:-1], frame[: len(frame) // 2], frame + b"\0", frame + frame):
        with pytest.raises(UnreadableModel) as caught:
            unpack(broken)
        assert caught.value.code is UnreadableCode.CORRUPT


@pytest.mark.parametrize(
    "frame",
    [
        HEADER[:4] + b"\x61\x40\x82" + bytes(20),
        HEADER[:4] + b"\x40\x00\x82" + bytes(20),
        HEADER[:4] + b"\xa0\x40\x82" + bytes(20),
        HEADER + struct.pack("<I", 65_537) + bytes(20),
        HEADER + block(b"\x00\x01\x00") + END + bytes(8),
        HEADER + block(b"\x10a\x05\x00\x00") + END + bytes(8),
        HEADER + block(b"\x1fa\x01\x00" + b"\xff" * 400 + b"\x00\x00") + END + bytes(8),
    ],
    ids=["dictionary", "no block size", "version", "long block", "no distance", "too far", "too long"],
)  # fmt: skip
def test_a_frame_that_breaks_the_format_is_broken(frame: bytes) -> None:
    with pytest.raises(UnreadableModel) as caught:
        unpack(frame)
    assert caught.value.code is UnreadableCode.CORRUPT


def test_a_frame_may_not_unpack_to_more_than_the_limits() -> None:
    small = Limits(lz4_unpacked=100_000)
    with pytest.raises(UnreadableModel) as caught:
        unpack(FRAMES["linked blocks"], small)
    assert caught.value.code is UnreadableCode.OVER_LIMITS
    bomb = HEADER + 200 * block(b"\x1fa\x01\x00" + b"\xff" * 250 + b"\x00\x50aaaaa") + END
    with pytest.raises(UnreadableModel) as caught:
        unpack(bomb, Limits(free_ratio_below=1_000_000, ratio=100))
    assert caught.value.code is UnreadableCode.OVER_LIMITS


def test_a_frame_of_countless_tiny_blocks_is_refused() -> None:
    with pytest.raises(UnreadableModel, match="small blocks"):
        unpack(HEADER + stored(b"a") * 20_000 + END)
    assert unpack(HEADER + stored(b"a") * 2_000 + END) == b"a" * 2_000


def test_memory_stays_flat() -> None:
    frame = Lz4Frame()
    frame.decompress(FRAMES["independent blocks"], 0)
    assert not frame.needs_input
    assert len(frame.decompress(b"", 50)) == 50
