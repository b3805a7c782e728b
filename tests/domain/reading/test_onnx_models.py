"""What is read of ONNX models equals what onnxruntime says of them; models that ask for code or files are never clean."""

import io
import time

import numpy as np
import onnx
import onnxruntime
import pytest
import yaml
from onnx import TensorProto, helper

from shared.domain.inspection import ModelFormat, Tensor, UnreadableCode, Verdict
from shared.domain.packaging.onnx_releases import find_onnx_needs
from shared.domain.reading.limits import Limits
from shared.domain.reading.reader import read_model
from tests.domain.reading import onnx_files
from tests.domain.reading.answers import inspect, is_trusted, refusal
from tests.domain.reading.onnx_files import dense, model, tensor

HONEST = {"dense": onnx_files.dense(), "classifier": onnx_files.classifier(), "columns": onnx_files.columns()}  # fmt: skip
HOSTILE = {name: made.SerializeToString() for name, made in onnx_files.hostile().items()}
KINDS = {"tensor(float)": "float32", "tensor(int64)": "int64", "tensor(string)": "str"}


@pytest.mark.parametrize("name", HONEST)
def test_inputs_and_outputs_are_those_that_onnxruntime_sees(name: str) -> None:
    data = HONEST[name].SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])

    found = inspect(data)

    assert found.verdict is Verdict.CLEAN
    assert (found.format, found.flavor, found.obstacle) == (ModelFormat.ONNX, "onnx", None)
    assert found.inputs == tuple(_described(each) for each in session.get_inputs())
    plain = [each for each in session.get_outputs() if each.type in KINDS]
    assert found.outputs == tuple(_described(each) for each in plain)


def _described(each: onnxruntime.NodeArg) -> Tensor:
    shape = tuple(length if isinstance(length, int) else -1 for length in each.shape)
    return Tensor(name=each.name, dtype=KINDS[each.type], shape=shape)


@pytest.mark.parametrize("name", HONEST)
def test_the_sample_is_taken_by_the_model(name: str) -> None:
    data = HONEST[name].SerializeToString()
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    found = inspect(data)
    given = found.sample_input
    if not isinstance(given, dict):
        given = {found.inputs[0].name: given}

    answers = session.run(
        None, {each.name: np.asarray(given[each.name], each.dtype) for each in found.inputs}
    )

    assert len(answers) == len(session.get_outputs())


def test_classes_producer_and_maps_are_told() -> None:
    labels = inspect(onnx_files.classifier().SerializeToString())
    assert labels.classes == ("setosa", "versicolor", "virginica")
    assert dict(labels.details)["output probabilities"].startswith("list of map of str to float32")
    assert inspect(dense().SerializeToString()).written_by == "pytorch 2.9.1"


@pytest.mark.parametrize("name", HOSTILE)
def test_a_model_that_asks_for_code_or_files_is_not_clean(name: str) -> None:
    found = inspect(HOSTILE[name])
    outside = name.startswith("file outside")
    assert found.verdict is (Verdict.DANGEROUS if outside else Verdict.UNKNOWN)
    assert found.reasons
    assert found.obstacle is not None


def test_operators_of_libraries_are_listed_by_their_exact_names() -> None:
    found = inspect(HOSTILE["operator of a library in a branch"])
    assert found.refused == ("onnx:ai.onnx.contrib.PyOp",)


def test_a_function_that_the_model_brings_is_no_foreign_operator() -> None:
    twice = helper.make_function(
        "local", "Twice", ["x"], ["b"], [helper.make_node("Add", ["x", "x"], ["b"])], [helper.make_opsetid("", 17)]
    )  # fmt: skip
    made = model([onnx_files.foreign("local", "Twice")], [tensor("x")], [tensor("b")], functions=[twice])  # fmt: skip
    assert is_trusted(made.SerializeToString())
    assert is_trusted(onnx_files.branching(helper.make_node("Neg", ["x"], ["b"])).SerializeToString())  # fmt: skip


@pytest.mark.parametrize(
    "value",
    [
        helper.make_value_info(
            "x", helper.make_sequence_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, [1]))
        ),
        helper.make_value_info("x", helper.make_tensor_type_proto(TensorProto.FLOAT, None)),
        tensor("x", TensorProto.BFLOAT16),
        tensor("x", TensorProto.COMPLEX64),
    ],
)  # fmt: skip
def test_inputs_that_json_cannot_hold_are_told_as_an_obstacle(value: onnx.ValueInfoProto) -> None:
    found = inspect(model([], [value], [tensor("y")]).SerializeToString())
    assert found.obstacle is not None
    assert "x (" in found.obstacle.why


def test_a_large_input_is_described_without_a_sample() -> None:
    found = inspect(model([], [tensor("x", shape=("n", 3, 224, 224))], [tensor("y")]).SerializeToString())  # fmt: skip
    assert found.inputs == (Tensor(name="x", dtype="float32", shape=(-1, 3, 224, 224)),)
    assert found.sample_input is None


def test_a_sample_has_a_category_that_a_strict_encoder_knows() -> None:
    data = onnx_files.encoding(through="Identity", zeros=0).SerializeToString()
    found = inspect(data)
    assert found.sample_input == {"city": [["Oslo"]], "age": [[0.0]]}
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    given = {"city": np.asarray([["Oslo"]]), "age": np.zeros((1, 1), np.float32)}
    assert session.run(None, given)[0].tolist() == [[[1.0, 0.0]]]
    with pytest.raises(Exception, match="Unknown Category"):
        session.run(None, given | {"city": np.asarray([[""]])})


def test_no_sample_is_told_where_a_strict_encoder_cannot_be_traced() -> None:
    assert inspect(onnx_files.encoding(through="Concat", zeros=0).SerializeToString()).sample_input is None  # fmt: skip
    lenient = inspect(onnx_files.encoding(through="Concat", zeros=1).SerializeToString())
    assert lenient.sample_input == {"city": [[""]], "age": [[0.0]]}


def test_gigabytes_of_weights_are_not_read() -> None:
    gigabytes = 3 << 30
    field = _Sparse(dense().SerializeToString(), gigabytes)
    found = read_model(field, field.size, "0" * 64, yaml.safe_load)  # type: ignore[arg-type]
    assert found.verdict is Verdict.CLEAN
    assert found.inputs[0].name == "x"
    assert field.given < 1 << 20


class _Sparse(io.RawIOBase):
    """A model whose first graph field is an initializer with `blank` bytes of zeros, which exist only when read."""

    def __init__(self, data: bytes, blank: int) -> None:
        super().__init__()
        made = onnx.load_from_string(data)
        graph = made.graph.SerializeToString()
        made.ClearField("graph")
        raw = b"\x4a" + _varint(blank)
        front = b"\x2a" + _varint(len(raw) + blank) + raw
        size = len(front) + blank + len(graph)
        self._front = b"\x08\x08" + b"\x3a" + _varint(size) + front
        self._back = graph + made.SerializeToString()
        self._blank = blank
        self.size = len(self._front) + blank + len(self._back)
        self.given = 0
        self._at = 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (self._at if whence else 0)
        return self._at

    def read(self, size: int = -1) -> bytes:
        pieces = []
        for start, length, data in (
            (0, len(self._front), self._front),
            (len(self._front), self._blank, None),
            (len(self._front) + self._blank, len(self._back), self._back),
        ):
            first, last = max(self._at, start) - start, min(self._at + size, start + length) - start
            if first < last:
                pieces.append(bytes(last - first) if data is None else data[first:last])
        answer = b"".join(pieces)
        self._at += len(answer)
        self.given += len(answer)
        return answer


def _varint(value: int) -> bytes:
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def _field(number: int, data: bytes) -> bytes:
    return _varint(number << 3 | 2) + _varint(len(data)) + data


HEAD = b"\x08\x08"
GRAPH = dense().graph.SerializeToString()
BROKEN = {
    "graph longer than the file": HEAD + b"\x3a" + _varint(1 << 40) + GRAPH,
    "length of 2**63": HEAD + b"\x3a" + _varint(1 << 63),
    "number of eleven bytes": HEAD + b"\x3a" + b"\xff" * 10 + b"\x01",
    "number beyond 64 bits": HEAD + b"\x3a" + b"\xff" * 9 + b"\x7f",
    "group": HEAD + _field(7, b"\x0b\x0c"),
    "wire type 7": HEAD + _field(7, b"\x0f"),
    "field 0": HEAD + _field(7, b"\x00\x01"),
    "graph as a number": HEAD + b"\x38\x01" + _field(7, GRAPH),
    "two graphs": HEAD + _field(7, GRAPH) + _field(7, GRAPH),
    "node as a number": HEAD + _field(7, b"\x08\x01"),
    "name as a number": HEAD + _field(7, _field(1, b"\x20\x01")),
    "value of two types": HEAD + _field(7, _field(11, _field(2, _field(1, b"") + _field(4, b"")))),
    "inner longer than outer": HEAD + _field(7, b"\x0a\x7f\x00") + bytes(200),
    "part that ends in the next one": HEAD + _field(7, b"\x6a\x20") + _field(6, b"." * 30),
    "cut": (HEAD + _field(7, GRAPH))[:-3],
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_models_are_refused(name: str) -> None:
    assert refusal(BROKEN[name]).code in (UnreadableCode.CORRUPT, UnreadableCode.NOT_A_MODEL)


def test_fields_that_onnx_does_not_know_keep_a_model_from_being_clean() -> None:
    unknown = _field(7, GRAPH + _field(99, b"x"))
    assert inspect(HEAD + unknown).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    "name", ["graphs in graphs", "types of types", "fields", "values one by one", "names"]
)
def test_bombs_cost_less_than_a_second(name: str) -> None:
    kind = _field(1, b"")
    for _ in range(5_000 if name == "types of types" else 0):
        kind = _field(4, _field(1, kind))
    bombs = {
        "graphs in graphs": onnx_files.nested(30).SerializeToString(),
        "types of types": _field(11, _field(2, kind)),
        "fields": b"\x6a\x00" * 3_000_000,
        "values one by one": _field(1, _field(5, b"\x40\x01\x3d1234\x4a\x03abc" * 500_000)),
        "names": _field(5, _field(8, b"n" * 4_000)) * 30_000,
    }
    started = time.process_time()
    if name == "values one by one":
        assert inspect(HEAD + _field(7, bombs[name])).verdict is Verdict.CLEAN
    else:
        assert refusal(HEAD + _field(7, bombs[name])).code is UnreadableCode.OVER_LIMITS
    assert time.process_time() - started < 1.0


def test_limits_are_kept() -> None:
    data = dense().SerializeToString()
    assert refusal(data, Limits(fields=20)).code is UnreadableCode.OVER_LIMITS
    assert refusal(data, Limits(kept_text=5)).code is UnreadableCode.OVER_LIMITS


def test_the_table_of_releases_is_what_this_onnxruntime_reads() -> None:
    newest = dense()
    newest.ir_version, newest.opset_import[0].version = 13, 26
    assert find_onnx_needs(13, {"": 26, "ai.onnx.ml": 5}) is not None
    onnxruntime.InferenceSession(newest.SerializeToString(), providers=["CPUExecutionProvider"])
    for ir_version, opset in ((14, 26), (13, 27)):
        newest.ir_version, newest.opset_import[0].version = ir_version, opset
        assert inspect(newest.SerializeToString()).obstacle is not None
        with pytest.raises(Exception, match=r"(?i)version|opset"):
            onnxruntime.InferenceSession(newest.SerializeToString())


def test_the_first_release_that_reads_a_model_is_asked_for() -> None:
    assert find_onnx_needs(8, {"": 17}) == ("onnx>=1.13", "onnxruntime>=1.15")
    assert find_onnx_needs(11, {"": 23}) == ("onnx>=1.18", "onnxruntime>=1.23")
    assert find_onnx_needs(8, {"": 17, "ai.onnx.ml": 99}) is None
    for release, ir_version, opset, ml, *_ in helper.VERSION_TABLE:
        found = find_onnx_needs(ir_version, {"": opset, "ai.onnx.ml": ml})
        if found is not None:
            first = found[0].removeprefix("onnx>=")
            assert _release(first) <= max(_release(release), (1, 13))


def _release(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split(".")[:2])
