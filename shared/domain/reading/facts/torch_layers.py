"""What a module saved by `torch.save` holds: its layers looked at one by one, its parameters counted, its input where told.

`Module.__setstate__` takes whatever its state holds for attributes. So a layer's state may be numbers, tensors, other layers
in their place and an activation, and nothing that PyTorch would call.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from shared.domain.inspection import Tensor
from shared.domain.reading.facts.estimators import attribute, short_name
from shared.domain.reading.facts.walking import Budget
from shared.domain.reading.limits import Limits, over_limits
from shared.domain.reading.pickles.graph import Made, Name, Pairs, Value
from shared.domain.reading.pickles.torch_dialect import Storage, TensorShape, tensor_shape
from shared.domain.reading.trust.evidence import Evidence
from shared.domain.reading.trust.torch_names import ACTIVATIONS, LAYERS, REBUILDERS

_ELEMENTWISE = frozenset(
    """
    AlphaDropout CELU Dropout ELU GELU Hardshrink Hardsigmoid Hardswish Hardtanh Identity LeakyReLU LogSigmoid LogSoftmax
    Mish ReLU ReLU6 SELU SiLU Sigmoid Softmax Softplus Softsign Tanh
    """.split()  # noqa: SIM905 - reviewed as words
)
"""Layers after which an array has the shape it had before."""
_CONVOLUTIONS = {"Conv1d": 1, "Conv2d": 2, "Conv3d": 3}
_FLOATS = ("float16", "float32", "float64")


@dataclass(slots=True)
class Census:
    """What was found in a graph. `tensors` counts all tensors in sight, `numbers` what is in them, `learned` what
    is in those that were trained; `locations` are the devices they were saved from.
    """

    layers: int = 0
    parameters: int = 0
    tensors: int = 0
    numbers: int = 0
    learned: int = 0
    locations: tuple[str, ...] = ()


def take_census(root: Value, evidence: Evidence, limits: Limits) -> Census:
    """Walk all that the pickle builds. What a layer should not hold goes to `evidence`."""
    census, budget = Census(), Budget(limits)
    locations: set[str] = set()
    parameters: set[int] = set()
    seen: set[int] = set()
    todo = [root]
    while todo:
        value = todo.pop()
        if isinstance(value, list | tuple | Made | Pairs):
            if id(value) in seen:
                continue
            seen.add(id(value))
        shape = tensor_shape(value)
        if shape is not None:
            census.tensors += 1
            census.numbers += shape.numbers
            census.learned += shape.numbers if shape.learned else 0
            locations.add(_location(value))
        elif is_layer(value):
            census.layers += 1
            for found in _parameters_of(value):
                known = id(found) in parameters
                parameters.add(id(found))
                census.parameters += 0 if known else (tensor_shape(found) or _EMPTY).numbers
            _check_layer(value, evidence, limits, budget)
        parts = _parts_of(value, evidence)
        budget.spend(1 + len(parts))
        todo += parts
    census.locations = tuple(sorted(locations))
    return census


def is_layer(value: Value) -> bool:
    """Whether a value is one of PyTorch's own modules."""
    return isinstance(value, Made) and value.instance_of in LAYERS


def find_input(root: Value, limits: Limits) -> Tensor | None:
    """The array a module takes, where its first layer fixes the shape; None where that cannot be told for sure."""
    first = next(_significant(root, Budget(limits), 0), None)
    weight = tensor_shape(_part(first, "_parameters", "weight"))
    if weight is None or weight.dtype not in _FLOATS:
        return None
    kind, lengths = short_name(first), weight.lengths
    if kind == "Linear" and len(lengths) == 2:
        return Tensor(name=None, dtype=weight.dtype, shape=(-1, lengths[1]))
    channels = attribute(first, "in_channels")
    if kind in _CONVOLUTIONS and type(channels) is int and channels > 0:
        shape = (-1, channels) + (-1,) * _CONVOLUTIONS[kind]
        return Tensor(name=None, dtype=weight.dtype, shape=shape)
    return None


def find_output(root: Value, limits: Limits) -> Tensor | None:
    """The array a module gives, where its last layer that counts is a linear one."""
    layers = list(_significant(root, Budget(limits), 0))
    weight = tensor_shape(_part(layers[-1], "_parameters", "weight")) if layers else None
    linear = bool(layers) and {short_name(layers[0]), short_name(layers[-1])} == {"Linear"}
    if not linear or weight is None or weight.dtype not in _FLOATS or len(weight.lengths) != 2:
        return None
    return Tensor(name=None, dtype=weight.dtype, shape=(-1, weight.lengths[0]))


def _significant(node: Value, budget: Budget, depth: int) -> Iterator[Value]:
    """The layers an array goes through, in order, without those that leave its shape alone."""
    budget.visit(depth)
    if not is_layer(node):
        return
    if short_name(node) != "Sequential":
        if short_name(node) not in _ELEMENTWISE:
            yield node
        return
    for _, inner in _pairs(attribute(node, "_modules")):
        yield from _significant(inner, budget, depth + 1)


def _parts_of(value: Value, evidence: Evidence) -> list[Value]:
    match value:
        case list() | tuple():
            return list(value)
        case Pairs():
            return [part for pair in value.pairs for part in pair]
        case Made() if is_layer(value):
            return [part for _, part in _pairs(value.state) if not isinstance(part, Name)]
        case Made() if value.instance_of not in REBUILDERS:
            return [value.state, *value.args[1:], *(part for pair in value.pairs for part in pair)]
        case Name() if value.full in ACTIVATIONS:
            evidence.add_unknown(
                f"It keeps {value.full} where no layer of PyTorch's has a function."
            )
    return []


def _check_layer(layer: Made, evidence: Evidence, limits: Limits, budget: Budget) -> None:
    kind = short_name(layer)
    if not isinstance(layer.state, Pairs) or layer.pairs:
        evidence.add_unknown(f"A {kind} in it has no state as PyTorch saves it.")
        return
    if len(layer.state.pairs) >= limits.kept_items:
        raise over_limits(f"a {kind} in it has more attributes than any layer has")
    for key, value in layer.state.pairs:
        budget.spend(1 + len(_pairs(value)))
        if not isinstance(key, str) or not _belongs(key, value):
            evidence.add_unknown(f"A {kind} in it keeps something odd as {str(key)[:60]!r}.")


def _belongs(key: str, value: Value) -> bool:
    """Whether a layer may keep a value under this key."""
    if key == "activation" and isinstance(value, Name):
        return value.full in ACTIVATIONS
    if "hook" in key and key != "_is_full_backward_hook":
        return value is None or _is_empty(value)
    if key == "_modules":
        return all(inner is None or isinstance(inner, Made) for _, inner in _pairs(value))
    if key in ("_parameters", "_buffers"):
        tensors = (inner for _, inner in _pairs(value))
        return all(one is None or tensor_shape(one) is not None for one in tensors)
    return not isinstance(value, Name) and not is_layer(value)


def _is_empty(value: Value) -> bool:
    if isinstance(value, Pairs):
        return not value.pairs
    plain = isinstance(value, Made) and value.full == "collections.OrderedDict"
    return plain and not value.args and not value.pairs and value.state is None


def _pairs(value: Value) -> list[tuple[Value, Value]]:
    return value.pairs if isinstance(value, Pairs | Made) else []


def _part(node: Value, group: str, key: str) -> Value:
    return next((value for name, value in _pairs(attribute(node, group)) if name == key), None)


def _parameters_of(layer: Value) -> list[Value]:
    found = [value for _, value in _pairs(attribute(layer, "_parameters"))]
    return [value for value in found if tensor_shape(value) is not None]


def _location(tensor: Made) -> str:
    inner = tensor.args[0]
    return inner.location if isinstance(inner, Storage) else _location(inner)


_EMPTY = TensorShape((0,), None, learned=False)
