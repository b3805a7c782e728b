import io
import os
import zipfile
from typing import BinaryIO

import pytest
from hypothesis import given, strategies as st

from shared.domain.inspection import UnreadableCode, UnreadableModel
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.inner_files import Rewound, open_inner
from shared.domain.reading.limits import Limits

CONTENT = os.urandom(3_000) + bytes(3_000)
SMALL = Limits(unpacked_file=100)
STEPS = st.lists(
    st.tuples(st.sampled_from(["read", "seek"]), st.integers(0, 7_000), st.sampled_from([0, 1, 2])),
    max_size=6,
)


def opened(method: int, limits: Limits) -> BinaryIO:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("before.txt", b"x" * 50)
        archive.writestr("m/model.bin", CONTENT)
    checked = Archive(file, len(file.getvalue()), limits)
    return open_inner(file, checked, "m/model.bin", len(CONTENT), limits)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
@pytest.mark.parametrize("limits", [SMALL, Limits()])
@given(steps=STEPS)
def test_an_inner_file_reads_as_the_file_itself(
    method: int, limits: Limits, steps: list[tuple[str, int, int]]
) -> None:
    inner, whole = opened(method, limits), io.BytesIO(CONTENT)
    for step, number, whence in steps:
        if step == "read":
            assert inner.read(number) == whole.read(number)
        else:
            offset = number if whence == io.SEEK_SET else -number if whence == io.SEEK_END else 0
            at = max(-len(CONTENT), offset)
            assert inner.seek(at, whence) == whole.seek(at, whence)
        assert inner.tell() == whole.tell()


def test_a_large_compressed_file_goes_back_a_few_times_only() -> None:
    inner = opened(zipfile.ZIP_DEFLATED, SMALL)
    assert isinstance(inner, Rewound)
    for _ in range(8):
        inner.read(10)
        inner.seek(0)
    inner.read(10)
    inner.seek(0)
    with pytest.raises(UnreadableModel, match="zip -0") as caught:
        inner.read(10)
    assert caught.value.code is UnreadableCode.OVER_LIMITS


def test_a_large_stored_file_is_read_where_it_lies() -> None:
    inner = opened(zipfile.ZIP_STORED, SMALL)
    for _ in range(20):
        inner.seek(-10, io.SEEK_END)
        assert inner.read() == CONTENT[-10:]
