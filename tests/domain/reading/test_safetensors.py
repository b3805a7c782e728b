"""safetensors: what is read equals what the library says, and no byte of a file is left unaccounted for."""

import json
import struct
import time
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

from shared.domain.inspection import ModelFormat, UnreadableCode, Verdict
from tests.domain.reading.answers import inspect, refusal

TENSORS = {
    "layer.weight": np.arange(12, dtype=np.float32).reshape(3, 4),
    "layer.bias": np.zeros(3, np.float16),
    "steps": np.array(7, np.int64),
    "empty": np.zeros((0, 4)),
}


def packed(header: object, data: bytes = b"") -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(
    start: int, end: int, shape: list[Any] | None = None, dtype: Any = "U8"
) -> dict[str, Any]:
    return {"dtype": dtype, "shape": [end - start] if shape is None else shape, "data_offsets": [start, end]}  # fmt: skip


def test_weights_are_told_and_cannot_be_served() -> None:
    data = safetensors.numpy.save(TENSORS, metadata={"format": "pt", "author": "me"})
    found = inspect(data)
    known = safetensors.numpy.load(data)
    details = dict(found.details)

    assert (found.format, found.verdict) == (ModelFormat.SAFETENSORS, Verdict.CLEAN)
    assert found.written_by == "PyTorch"
    assert details["tensors"] == str(len(known))
    assert details["parameters"] == str(sum(tensor.size for tensor in known.values()))
    assert details["types"] == "F16 (1), F32 (1), F64 (1), I64 (1)"
    assert "layer.weight F32 [3, 4]" in details["first tensors"]
    assert details["note author"] == "me"
    assert found.obstacle is not None
    assert "weights without the model" in found.obstacle.why


BAD = {
    "overlapping": packed({"a": entry(0, 4), "b": entry(2, 6)}, bytes(6)),
    "same place": packed({"a": entry(0, 4), "b": entry(0, 4)}, bytes(4)),
    "gap": packed({"a": entry(0, 4), "b": entry(6, 8)}, bytes(8)),
    "more bytes than tensors": packed({"a": entry(0, 4)}, bytes(5)),
    "fewer bytes than tensors": packed({"a": entry(0, 4)}, bytes(3)),
    "backwards": packed({"a": entry(4, 0, [4])}, bytes(4)),
    "shape of another size": packed({"a": entry(0, 4, [5])}, bytes(4)),
    "huge shape": packed({"a": entry(0, 4, [1 << 62, 1 << 62])}, bytes(4)),
    "negative shape": packed({"a": entry(0, 4, [-2, -2])}, bytes(4)),
    "shape of no numbers": packed({"a": entry(0, 4, [True, "4"])}, bytes(4)),
    "many dimensions": packed({"a": entry(0, 1, [1] * 1000)}, bytes(1)),
    "half a byte": packed({"a": entry(0, 1, [1], "F4")}, bytes(1)),
    "dtype of no text": packed({"a": entry(0, 4, None, ["F32"])}, bytes(4)),
    "unknown dtype": packed({"a": entry(0, 4, None, "Q9")}, bytes(4)),
    "unknown key": packed({"a": entry(0, 4) | {"location": "/etc/passwd"}}, bytes(4)),
    "no entry": packed({"a": []}),
    "name twice": packed(b'{"a":%b,"a":%b}' % ((json.dumps(entry(0, 4)).encode(),) * 2), bytes(4)),
    "notes of no text": packed({"__metadata__": {"a": 1}}),
    "notes of no object": packed({"__metadata__": []}),
    "not a number": packed(b'{"a":NaN}'),
    "no JSON": packed(b'{"a"'),
    "no UTF-8": packed(b'{"\xff":1}'),
    "deep": packed(b'{"a":' + b"[" * 100_000),
    "number of many digits": packed(b'{"a":' + b"9" * 100_000 + b"}"),
    "list longer than the file": struct.pack("<Q", 99_000_000) + b'{"a":1}',
    "longer than allowed": packed(b'{"a":[' + b"[]," * 2_000_000 + b"[]]}"),
}


@pytest.mark.parametrize("name", BAD)
def test_files_that_do_not_add_up_are_refused_at_once(name: str) -> None:
    started = time.process_time()
    assert refusal(BAD[name]).code in (
        UnreadableCode.CORRUPT,
        UnreadableCode.UNSUPPORTED,
        UnreadableCode.OVER_LIMITS,
    )
    assert time.process_time() - started < 1.0


def test_an_empty_list_of_tensors_is_no_error() -> None:
    assert dict(inspect(packed({})).details)["tensors"] == "0"
    assert inspect(packed(b"{}   ")).verdict is Verdict.CLEAN
