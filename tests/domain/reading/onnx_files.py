"""ONNX models made with onnx itself, honest and hostile."""

from collections.abc import Iterable

import numpy as np
import onnx
from onnx import (
    AttributeProto,
    GraphProto,
    ModelProto,
    NodeProto,
    TensorProto,
    helper,
    numpy_helper,
)

IR_VERSION = 8
WEIGHTS = np.arange(8, dtype=np.float32).reshape(4, 2)


def tensor(
    name: str, kind: int = TensorProto.FLOAT, shape: Iterable[object] = (None, 4)
) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, list(shape))


def model(
    nodes: list[NodeProto],
    inputs: list[onnx.ValueInfoProto],
    outputs: list[onnx.ValueInfoProto],
    initializers: Iterable[TensorProto] = (),
    **told: object,
) -> ModelProto:
    graph = helper.make_graph(nodes, "graph", inputs, outputs, initializer=list(initializers))
    domains = {"": 17, "ai.onnx.ml": 3} | {
        node.domain: 1 for node in nodes if node.domain not in ("", "ai.onnx.ml")
    }
    opsets = [helper.make_opsetid(domain, version) for domain, version in domains.items()]
    return helper.make_model(graph, **{"opset_imports": opsets, "ir_version": IR_VERSION} | told)


def dense() -> ModelProto:
    """y = x W, with W as an initializer that is an input as well, as models before format version 4 have it."""
    return model(
        [helper.make_node("MatMul", ["x", "w"], ["y"])],
        [tensor("x"), tensor("w", shape=(4, 2))],
        [tensor("y", shape=(None, 2))],
        [numpy_helper.from_array(WEIGHTS, "w")],
        producer_name="pytorch",
        producer_version="2.9.1",
    )


def classifier() -> ModelProto:
    """Three classes with names, and a map of probabilities for each row, as skl2onnx makes them."""
    labels = {"classlabels_strings": ["setosa", "versicolor", "virginica"]}
    linear = helper.make_node(
        "LinearClassifier", ["x"], ["label", "scores"], domain="ai.onnx.ml",
        coefficients=[0.1] * 12, intercepts=[0.0] * 3, multi_class=1, post_transform="SOFTMAX", **labels,
    )  # fmt: skip
    mapped = helper.make_node(
        "ZipMap", ["scores"], ["probabilities"], domain="ai.onnx.ml", **labels
    )
    row = helper.make_map_type_proto(
        TensorProto.STRING, helper.make_tensor_type_proto(TensorProto.FLOAT, None)
    )
    rows = helper.make_value_info("probabilities", helper.make_sequence_type_proto(row))
    return model(
        [linear, mapped], [tensor("x")], [tensor("label", TensorProto.STRING, (None,)), rows]
    )


def columns() -> ModelProto:
    """One input for each column, of different types."""
    given = [
        tensor("age", shape=(None, 1)),
        tensor("count", TensorProto.INT64, (None, 1)),
        tensor("city", TensorProto.STRING, (None, 1)),
    ]
    nodes = [helper.make_node("Identity", [each.name], [f"{each.name}_out"]) for each in given]
    kinds = (TensorProto.FLOAT, TensorProto.INT64, TensorProto.STRING)
    outputs = [
        tensor(f"{each.name}_out", kind, (None, 1)) for each, kind in zip(given, kinds, strict=True)
    ]
    return model(nodes, given, outputs)


def branching(node: NodeProto) -> ModelProto:
    """A model with `node` (x to b) in one branch of an If."""
    condition = helper.make_node(
        "Constant", [], ["c"], value=numpy_helper.from_array(np.array(True))
    )
    usual = helper.make_graph(
        [helper.make_node("Identity", ["x"], ["a"])], "usual", [], [tensor("a")]
    )
    other = helper.make_graph([node], "other", [], [tensor("b")])
    branch = helper.make_node("If", ["c"], ["y"], then_branch=usual, else_branch=other)
    return model([condition, branch], [tensor("x")], [tensor("y")])


def foreign(domain: str = "ai.onnx.contrib", name: str = "PyOp") -> NodeProto:
    return helper.make_node(name, ["x"], ["b"], domain=domain)


def kept_at(place: str) -> TensorProto:
    """A tensor whose values are in another file."""
    found = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[4, 2])
    found.data_location = TensorProto.EXTERNAL
    found.external_data.add(key="location", value=place)
    return found


def nested(depth: int) -> GraphProto:
    """Graphs in graphs."""
    graph = helper.make_graph([], "innermost", [], [])
    for _ in range(depth):
        node = NodeProto(op_type="If")
        node.attribute.append(
            AttributeProto(name="then_branch", type=AttributeProto.GRAPH, g=graph)
        )
        graph = helper.make_graph([node], "outer", [], [])
    return graph


def hostile() -> dict[str, ModelProto]:
    """Models that ask for code or files, in each place where one can."""
    constant = helper.make_node("Constant", [], ["w"], value=kept_at("/etc/passwd"))
    function = helper.make_function(
        "local", "Twice", ["x"], ["b"], [foreign()], [helper.make_opsetid("", 17)]
    )
    sparse = onnx.SparseTensorProto(values=kept_at("../w"), indices=kept_at("../w"), dims=[4])
    with_sparse = dense()
    with_sparse.graph.sparse_initializer.append(sparse)
    with_list = NodeProto(op_type="Foo")
    with_list.attribute.append(
        AttributeProto(
            name="l",
            type=AttributeProto.GRAPHS,
            graphs=[helper.make_graph([foreign()], "g", [], [])],
        )
    )
    trained = dense()
    trained.training_info.add().algorithm.node.append(foreign())
    local = model([foreign("local", "Twice")], [tensor("x")], [tensor("b")], functions=[function])
    return {
        "operator of a library": model([foreign()], [tensor("x")], [tensor("b")]),
        "operator of a library in a branch": branching(foreign()),
        "operator of a library in a list of graphs": model([with_list], [tensor("x")], [tensor("y")]),
        "operator of a library in a function": local,
        "operator of a library in the training": trained,
        "domain named like a trusted module": model([foreign("sklearn.svm._classes", "SVC")], [tensor("x")], [tensor("b")]),
        "function of another name": model([foreign("local", "Thrice")], [tensor("x")], [tensor("b")], functions=[function]),
        "compiled program": model([foreign("com.microsoft", "EPContext")], [tensor("x")], [tensor("b")]),
        "Python by name": model([foreign("com.microsoft", "PythonOp")], [tensor("x")], [tensor("b")]),
        "file outside, absolute": model([], [tensor("x")], [tensor("x")], [kept_at("/etc/passwd")]),
        "file outside, upwards": model([], [tensor("x")], [tensor("x")], [kept_at("a/../../w")]),
        "file outside, Windows": model([], [tensor("x")], [tensor("x")], [kept_at("C:\\w")]),
        "file outside, address": model([], [tensor("x")], [tensor("x")], [kept_at("https://example.org/w")]),
        "file outside, in a node": model([constant], [tensor("x")], [tensor("w")]),
        "file outside, sparse": with_sparse,
        "file beside": model([], [tensor("x")], [tensor("x")], [kept_at("weights.bin")]),
    }  # fmt: skip


def encoding(*, through: str, zeros: int) -> ModelProto:
    """An encoder that knows two cities, of an input or of what another node makes of it."""
    told = {"axis": 1} if through == "Concat" else {}
    first = helper.make_node(through, ["city"], ["c"], **told)
    encoder = helper.make_node(
        "OneHotEncoder",
        ["c"],
        ["y"],
        domain="ai.onnx.ml",
        cats_strings=["Oslo", "Rome"],
        zeros=zeros,
    )
    return model(
        [first, encoder],
        [tensor("city", TensorProto.STRING, (None, 1)), tensor("age", shape=(None, 1))],
        [tensor("y", shape=(None, None, None))],
    )
