"""The array that a TorchScript module takes: what it was traced with, or what its first layer fixes.

Only where it is sure: the input has to go into a linear layer and nowhere else, through whatever modules lie around it.
"""

import re

from shared.domain.inspection import Tensor
from shared.domain.reading.facts.estimators import attribute, class_name
from shared.domain.reading.formats.torchscript_code import Method, find_method
from shared.domain.reading.pickles.graph import Made, Pairs, Value
from shared.domain.reading.pickles.torch_dialect import tensor_shape

_MANGLED = re.compile(r"\.___torch_mangle_\d+")
_LINEAR = "torch.nn.modules.linear.Linear"
_SCRIPTED = "__torch__."
_NUMPY = frozenset({"float16", "float32", "float64", "int32", "int64", "bool"})
_DEEPEST = 10


def plain_class(node: Value) -> str:
    """The class of a module as it was called in Python."""
    return _MANGLED.sub("", class_name(node)).removeprefix(_SCRIPTED)


def find_forward(node: Value, sources: dict[str, str]) -> Method | None:
    """A module's `forward`, in the file that its class name leads to."""
    module, _, cls = class_name(node).rpartition(".")
    source = sources.get(f"code/{module.replace('.', '/')}.py")
    return find_method(source, cls, "forward") if source is not None else None


def find_traced(inputs: Value) -> Tensor | None:
    """The array a module was traced with, its first length left open."""
    named = _untagged(inputs)
    forward = _untagged(named.get("forward")) if isinstance(named, Pairs) else None
    shape = tensor_shape(forward[0]) if isinstance(forward, list) and len(forward) == 1 else None
    if shape is None or not shape.lengths or shape.dtype not in _NUMPY:
        return None
    return Tensor(name=None, dtype=str(shape.dtype), shape=(-1, *shape.lengths[1:]))


def find_first_linear(root: Value, sources: dict[str, str]) -> Tensor | None:
    """What the linear layer takes that the input goes into."""
    node = root
    for _ in range(_DEEPEST):
        forward = find_forward(node, sources)
        if forward is None or not forward.arguments:
            return None
        name = re.escape(forward.arguments[0].name)
        if len(re.findall(rf"\b{name}\b", forward.body)) != 1:
            return None
        if plain_class(node) == _LINEAR:
            weight = tensor_shape(attribute(node, "weight"))
            known = weight is not None and len(weight.lengths) == 2 and weight.dtype in _NUMPY
            return (
                Tensor(name=None, dtype=str(weight.dtype), shape=(-1, weight.lengths[1]))
                if known and weight
                else None
            )
        node = _find_called(node, forward, name)
    return None


def _find_called(node: Value, forward: Method, name: str) -> Value:
    """The module inside a module that is called with the input; None where it is used otherwise."""
    called = re.search(rf"\((\w+)\)\.forward\({name}, \)", forward.body)
    if called is None:
        return None
    own = re.escape(forward.self_name)
    local = re.escape(called.group(1))
    origin = re.search(
        rf"^ *{local} = (?:{own}\.(\w+)|getattr\({own}, \"(\w+)\"\))$", forward.body, re.MULTILINE
    )
    return attribute(node, origin.group(1) or origin.group(2)) if origin else None


def _untagged(value: Value) -> Value:
    tagged = isinstance(value, Made) and value.full.endswith(".restore_type_tag")
    return value.args[0] if tagged and value.args else value
