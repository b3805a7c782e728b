"""ONNX, safetensors, skops and npz files, changed anywhere: the answer is an inspection or the reader's own error, and soon."""

import io
import json
import time
import zipfile

import numpy as np
import pytest
import safetensors.numpy
from hypothesis import HealthCheck, given, settings, strategies as st

from shared.domain.inspection import Inspection, UnreadableModel
from shared.domain.inspection_json import parse_inspection, render_inspection
from tests.domain.reading import onnx_files, skops_files
from tests.domain.reading.answers import inspect

ARRAYS = {"a": np.zeros((2, 3), np.float32), "b": np.ones(4)}


def _npz() -> bytes:
    file = io.BytesIO()
    np.savez(file, **ARRAYS, c=np.array([{}], object))  # type: ignore[arg-type]
    return file.getvalue()


SEEDS = {
    "onnx": onnx_files.classifier().SerializeToString(),
    "onnx, branching": onnx_files.branching(onnx_files.foreign()).SerializeToString(),
    "onnx, columns": onnx_files.columns().SerializeToString(),
    "safetensors": safetensors.numpy.save(ARRAYS, metadata={"format": "np"}),
    "skops": skops_files.SAVED,
    "npz": _npz(),
}
SLOW = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def check(data: bytes) -> None:
    started = time.process_time()
    try:
        answer: Inspection | UnreadableModel = inspect(data)
    except UnreadableModel as error:
        answer = error
    assert time.process_time() - started < 2.0
    if isinstance(answer, Inspection):
        assert parse_inspection(json.loads(json.dumps(render_inspection(answer)))) == answer


@pytest.mark.parametrize("name", SEEDS)
@SLOW
@given(st.data())
def test_changed_bytes_get_a_typed_answer(name: str, data: st.DataObject) -> None:
    seed = bytearray(SEEDS[name])
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(seed)))
        new = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"\xff" * 8, b"\x80\x80\x01", b"[["])
        )
        seed[at : at + data.draw(st.integers(0, 6))] = new
    check(bytes(seed))


@pytest.mark.parametrize("name", SEEDS)
@SLOW
@given(st.data())
def test_cut_and_repeated_files_get_a_typed_answer(name: str, data: st.DataObject) -> None:
    seed = SEEDS[name]
    first, last = sorted(data.draw(st.tuples(*[st.integers(0, len(seed))] * 2)))
    check(seed[:last])
    check(seed[:first] + seed[last:])
    check(seed[:last] + seed[first:last] + seed[last:])


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
ANYTHING = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=6)  # fmt: skip
LOADERS = ("ObjectNode", "NdArrayNode", "DictNode", "TypeNode", "TreeNode", "RandomGeneratorNode")
KEYS = ("__loader__", "__module__", "__class__", "__id__", "__reduce__", "content", "file", "type")


@SLOW
@given(st.data())
def test_changed_trees_get_a_typed_answer(data: st.DataObject) -> None:
    def change(schema: skops_files.Node) -> None:
        places: list[skops_files.Node] = [schema]
        for place in places:
            places += [inner for inner in place.values() if isinstance(inner, dict)]
            lists = [inner for inner in place.values() if isinstance(inner, list)]
            places += [item for items in lists for item in items if isinstance(item, dict)]
        for _ in range(data.draw(st.integers(1, 4))):
            place = places[data.draw(st.integers(0, len(places) - 1))]
            key = data.draw(st.sampled_from([*place, *KEYS]) if place else st.sampled_from(KEYS))
            place[key] = data.draw(st.sampled_from(LOADERS) | ANYTHING)

    check(skops_files.edited(change))


@SLOW
@given(st.dictionaries(st.text(max_size=5), ANYTHING | st.fixed_dictionaries({
    "dtype": st.sampled_from(["F32", "U8", "F4"]) | LEAVES,
    "shape": st.lists(st.integers(-1, 4) | LEAVES, max_size=3),
    "data_offsets": st.lists(st.integers(-1, 9) | LEAVES, max_size=3),
}), max_size=3))  # fmt: skip
def test_any_list_of_tensors_gets_a_typed_answer(header: dict[str, object]) -> None:
    text = json.dumps(header).encode()
    check(len(text).to_bytes(8, "little") + text + bytes(8))


@SLOW
@given(st.lists(st.binary(max_size=12), max_size=12))
def test_any_fields_get_a_typed_answer(parts: list[bytes]) -> None:
    graph = b"".join(parts)
    check(b"\x08\x08\x3a" + (bytes([len(graph)]) if len(graph) < 128 else b"\xff\x01") + graph)


@SLOW
@given(st.binary(max_size=80))
def test_any_array_header_gets_a_typed_answer(header: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    check(file.getvalue())
