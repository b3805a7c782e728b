"""What a Keras model's configuration tells: its inputs and outputs with shapes, and how many layers it has.

Keras 3 writes a layer's input shape as `batch_shape`, Keras 2 as `batch_input_shape`; None is any length.
"""

from collections.abc import Iterator
from typing import Any

from shared.domain.inspection import Tensor

_NESTED = ("Functional", "Sequential", "Model")
_SHAPES = ("batch_shape", "batch_input_shape")
_DEEPEST = 20
_MOST_DIMENSIONS = 16
_DTYPES = frozenset(
    """
    bool float16 float32 float64 int16 int32 int64 int8 uint16 uint32 uint64 uint8
    """.split()  # noqa: SIM905 - reviewed as words
)


def find_inputs(model: dict[str, Any]) -> tuple[Tensor, ...]:
    """The arrays a model takes, in the order in which it takes them; none where the configuration does not tell."""
    layers = _layers(model)
    if model.get("class_name") == "Sequential":
        first = _tensor(layers[0], None) if layers else None
        found = first or _built(model, layers)
        return (found,) if found else ()
    by_name = {_name(layer): layer for layer in layers}
    names = list(_nodes(_config(model).get("input_layers")))
    tensors = [_tensor(by_name.get(name, {}), name if len(names) > 1 else None) for name in names]
    return tuple(one for one in tensors if one) if all(tensors) else ()


def find_outputs(model: dict[str, Any]) -> tuple[Tensor, ...]:
    """The arrays a model gives, where dense layers give them whose input shape is written down; else none."""
    layers = _layers(model)
    by_name = {_name(layer): layer for layer in layers}
    if model.get("class_name") == "Sequential":
        found = [_dense(layers[-1], None)] if layers else []
    else:
        names = list(_nodes(_config(model).get("output_layers")))
        found = [_dense(by_name.get(name, {}), name if len(names) > 1 else None) for name in names]
    return tuple(one for one in found if one) if all(found) else ()


def count_layers(model: dict[str, Any], depth: int = 0) -> int:
    """Layers with those of models inside the model, inputs not counted."""
    if depth > _DEEPEST:
        return 0
    return sum(
        count_layers(layer, depth + 1) if layer.get("class_name") in _NESTED else 1
        for layer in _layers(model)
        if layer.get("class_name") != "InputLayer"
    )


def _config(part: dict[str, Any]) -> dict[str, Any]:
    config = part.get("config")
    return config if isinstance(config, dict) else {}


def _layers(model: dict[str, Any]) -> list[dict[str, Any]]:
    """The layers; the earliest form of a Sequential's configuration is the list itself."""
    layers = _config(model).get("layers", model.get("config"))
    return [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []


def _name(layer: dict[str, Any]) -> object:
    name = layer.get("name", _config(layer).get("name"))
    return name if isinstance(name, str) else None


def _nodes(value: Any) -> Iterator[str]:
    """The names of layers in `["a", 0, 0]`, `[["a", 0, 0], ["b", 0, 0]]` or an object of those."""
    if isinstance(value, dict):
        value = list(value.values())
    if not isinstance(value, list) or not value:
        return
    if isinstance(value[0], str):
        yield value[0]
        return
    for one in value:
        if isinstance(one, list) and one and isinstance(one[0], str):
            yield one[0]


def _tensor(layer: dict[str, Any], name: str | None) -> Tensor | None:
    config = _config(layer)
    written = next((config[key] for key in _SHAPES if key in config), None)
    dtype = config.get("dtype")
    shape = _shape(written)
    if shape is None:
        return None
    if layer.get("class_name") != "InputLayer":
        dtype = "float32"  # a first layer that states its input shape says its own type, not its input's
    if dtype == "string":
        return Tensor(name=name, dtype="str", shape=shape)
    return (
        Tensor(name=name, dtype=dtype, shape=shape)
        if isinstance(dtype, str) and dtype in _DTYPES
        else None
    )


def _built(model: dict[str, Any], layers: list[dict[str, Any]]) -> Tensor | None:
    """A Sequential without a stated input remembers what it was first called with."""
    built = model.get("build_config")
    stated = built.get("input_shape") if isinstance(built, dict) else None
    shape = _shape(stated or _config(model).get("build_input_shape"))
    embeds = bool(layers) and layers[0].get("class_name") in ("Embedding", "TextVectorization")
    if shape is None or embeds:
        return None
    return Tensor(name=None, dtype="float32", shape=shape)


def _shape(value: object) -> tuple[int, ...] | None:
    """Lengths, of which the first is the batch's and left open: Keras notes the one it was built with."""
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_DIMENSIONS:
        return None
    if not all(one is None or (type(one) is int and 0 <= one < 2**31) for one in value):
        return None
    return (-1, *(-1 if one is None else one for one in value[1:]))


def _dense(layer: dict[str, Any], name: str | None) -> Tensor | None:
    config, built = _config(layer), layer.get("build_config")
    shape = _shape(built.get("input_shape")) if isinstance(built, dict) else None
    units = config.get("units")
    if layer.get("class_name") != "Dense" or shape is None or type(units) is not int or units < 1:
        return None
    return Tensor(name=name, dtype="float32", shape=(-1, *shape[1:-1], units))
