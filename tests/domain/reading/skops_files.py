"""Models saved by skops, and the same with other trees in them than skops writes."""

import io
import json
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import skops.io
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import FunctionTransformer

Node = dict[str, Any]
MODEL = Pipeline([("f", FunctionTransformer(np.log1p)), ("m", LogisticRegression())]).fit(
    np.eye(4), [0, 1, 0, 1]
)
SAVED: bytes = skops.io.dumps(MODEL)
PLACE = "/nowhere/at/all"


def edited(edit: Callable[[Node], None], more: Mapping[str, bytes] | None = None) -> bytes:
    """The model with its tree changed, and with other files beside it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(SAVED)) as given, zipfile.ZipFile(out, "w") as made:
        schema = json.loads(given.read("schema.json"))
        edit(schema)
        for name in given.namelist():
            if name != "schema.json":
                made.writestr(name, given.read(name))
        for name, data in (more or {}).items():
            made.writestr(name, data)
        made.writestr("schema.json", json.dumps(schema))
    return out.getvalue()


def leave(schema: Node) -> None:
    """Changes nothing."""


def _empty(schema: Node) -> None:
    schema.clear()
    schema.update(text(1), protocol=2)


def _name_in_the_old_place(schema: Node) -> None:
    content = {"module_path": "posix", "function": "mkdir"}
    schema["protocol"] = 0
    schema["content"]["content"]["memory"] = node("FunctionNode", "numpy", "exp", content=content)


def planted(node: Node, more: Mapping[str, bytes] | None = None) -> bytes:
    """The model with one attribute of the pipeline replaced by a node."""

    def edit(schema: Node) -> None:
        schema["content"]["content"]["memory"] = node

    return edited(edit, more)


def node(loader: str, module: str, name: str, **told: Any) -> Node:
    return {"__loader__": loader, "__module__": module, "__class__": name, **told}


def text(value: object) -> Node:
    return node("JsonNode", "builtins", "str", content=json.dumps(value), is_json=True)


def group(*items: Node, loader: str = "TupleNode", kind: str = "tuple") -> Node:
    return node(loader, "builtins", kind, content=list(items))


def table(keys: Node | None = None, **items: Node) -> Node:
    kinds = group(*[keys or node("TypeNode", "builtins", "str")] * len(items), loader="ListNode", kind="list")  # fmt: skip
    return node("DictNode", "builtins", "dict", content=items, key_types=kinds)


def npy(array: Any) -> bytes:
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


def hostile() -> dict[str, bytes]:
    """Trees that look up, call or swap something that no model does."""
    mkdir = ("posix", "mkdir")
    looked_up = node("TypeNode", *mkdir)
    place = group(text(PLACE))
    reduced = {"args": place}
    function = node("FunctionNode", *mkdir)
    svr = node("TypeNode", "sklearn.svm._classes", "SVR")
    array = {"type": "numpy", "file": "x.npy"}
    one = {"x.npy": npy(np.zeros(1))}
    nothing = table()
    state = table(bit_generator=text("seed"))
    ours = node("ObjectNode", "sklearn.svm._classes", "SVC", content=table(__class__=function))
    twice = node("ObjectNode", "sklearn.svm._classes", "SVC", content=nothing, __id__=77)
    hidden = node("ObjectNode", "sklearn.svm._classes", "SVC", content=table(a=function), __id__=77)
    inside = node("ObjectNode", "sklearn.svm._classes", "SVC", __id__=78)
    inside["content"] = table(a=node("CachedNode", "", "", __id__=78))
    dict_of = {
        "content": {"a": text(1)},
        "key_types": group(text(1), loader="ListNode", kind="list"),
    }
    return {
        "function of a system": planted(function),
        "function in the old place": edited(_name_in_the_old_place),
        "type of a system": planted(looked_up),
        "keys made by a call": planted(table(looked_up, **{PLACE: text(1)})),
        "keys made by a remembered call": planted(
            group(
                node("TypeNode", *mkdir, __id__=5),
                table(node("CachedNode", "", "", __id__=5), **{PLACE: text(1)}),
            )
        ),
        "keys by a memory map": planted(
            table(node("TypeNode", "numpy", "memmap"), **{PLACE: text(1)})
        ),
        "keys of no type": planted(node("DictNode", "builtins", "dict", **dict_of)),
        "instance of a process": planted(node("ObjectNode", "subprocess", "Popen", content=nothing)),
        "instance of a mentioned type": planted(node("ObjectNode", "numpy", "memmap", content=nothing)),
        "instance of an unknown class": planted(node("ObjectNode", "their_module", "Model", content=nothing)),
        "class changed": planted(ours),
        "class changed to another known one": planted(
            node("ObjectNode", "sklearn.svm._classes", "SVC", content=table(__class__=svr))
        ),
        "constructor call": planted(node("ConstructorFromReduceNode", *mkdir, content=place)),
        "constructor of a memory map": planted(node("ConstructorFromReduceNode", "numpy", "memmap", content=place)),
        "constructor with odd arguments": planted(
            node("ConstructorFromReduceNode", "sklearn.neighbors._kd_tree", "newObj", content=place)
        ),
        "loss of a system": planted(node("LossNode", *mkdir, content=nothing, __reduce__=reduced)),
        "loss of an older skops": planted(node("SGDNode", *mkdir, content=nothing, __reduce__=reduced)),
        "loss of another class": planted(
            node("LossNode", "sklearn.svm._classes", "SVC", content=nothing, __reduce__=reduced)
        ),
        "tree of a system": planted(node("TreeNode", *mkdir, content=nothing, __reduce__=reduced)),
        "method": planted(
            node("MethodNode", "sklearn.svm._classes", "SVC", content={"func": "fit", "obj": twice})
        ),
        "method of a module": planted(
            node("MethodNode", "builtins", "method", content={"func": "__globals__", "obj": function})
        ),
        "operator": planted(node("OperatorFuncNode", "operator", "methodcaller", attrs=place)),
        "operator of another module": planted(node("OperatorFuncNode", "numpy", "attrgetter", attrs=place)),
        "partial": planted(
            node(
                "PartialNode", "functools", "partial",
                content={"func": function, "args": place, "kwds": nothing, "namespace": text(None)},
            )
        ),
        "list by a call": planted(node("ListNode", *mkdir, content=[text(PLACE)])),
        "list by a memory map": planted(node("ListNode", "numpy", "memmap", content=[text(PLACE)])),
        "set by a call": planted(node("SetNode", *mkdir, content=[text(PLACE)])),
        "dict by a call": planted(node("DictNode", *mkdir, content={}, key_types=group())),
        "named tuple": planted(node("TupleNode", "their_module", "Pair", content=[text(1)])),
        "defaults by a call": planted(
            node("DefaultDictNode", "collections", "defaultdict", content={"main": nothing, "default_factory": function})
        ),
        "number by a call": planted(node("NdArrayNode", *mkdir, **array), one),
        "number by a memory map": planted(node("NdArrayNode", "numpy", "memmap", **array), one),
        "array of objects": planted(
            node("NdArrayNode", "numpy", "ndarray", **array), {"x.npy": npy(np.array([{}], object))}
        ),
        "bytes by a call": planted(node("BytesNode", *mkdir, file="x.npy"), one),
        "random state by a call": planted(node("RandomStateNode", *mkdir, content=nothing)),
        "random generator by a call": planted(
            node("RandomGeneratorNode", *mkdir, content={"bit_generator": state, "seed_seq": nothing})
        ),
        "random generator of an odd kind": planted(
            node(
                "RandomGeneratorNode", "numpy.random._generator", "Generator",
                content={"bit_generator": state, "seed_seq": nothing},
            )
        ),
        "unknown loader": planted(node("PickleNode", "builtins", "str", content="")),
        "loader of another library": planted(node("QuantileForestNode", "quantile_forest", "QuantileForest")),
        "two nodes of one number": planted(group(twice, hidden)),
        "other class of one number": planted(group(twice, node("FunctionNode", *mkdir, __id__=77))),
        "node inside itself": planted(inside),
        "remembered before it was there": planted(node("CachedNode", "", "", __id__=99)),
        "number of a text": planted(text(1) | {"__id__": "1"}),
        "file that is not there": planted(node("BytesNode", "builtins", "bytes", file="../x")),
        "file that nobody refers to": edited(leave, {"x.pkl": b"cposix\nmkdir\n."}),
        "protocol of the future": edited(lambda schema: schema.update(protocol=99)),
        "protocol below": edited(lambda schema: schema.update(protocol=-1)),
        "protocol of a truth": edited(lambda schema: schema.update(protocol=True)),
        "no model": edited(_empty),
        "no node": planted([]),  # type: ignore[arg-type]
        "no class": planted({"__loader__": "ObjectNode"}),
        "no JSON in a value": planted(text(1) | {"content": "{"}),
        "list in a value": planted(text(1) | {"content": []}),
        "deep value": planted(text(1) | {"content": "[" * 5_000}),
    }  # fmt: skip
