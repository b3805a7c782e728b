"""Which values the encoders of an ONNX graph know: a sample has to hold one of them where an encoder refuses all others.

skl2onnx makes one OneHotEncoder or LabelEncoder of ai.onnx.ml for each column, which is the input itself or a part of it.
"""

from collections.abc import Mapping

from shared.domain.inspection import Json
from shared.domain.reading.containers.protobuf import VARINT, Field, Wire, signed

_PASSING = frozenset(
    ("Cast", "Gather", "Identity", "ArrayFeatureExtractor", "Reshape", "Squeeze", "Unsqueeze")
)
_ENCODERS = frozenset(("OneHotEncoder", "LabelEncoder"))
_LISTS = ("cats_strings", "cats_int64s", "keys_strings", "keys_int64s")
_ZEROS = "zeros"
_INPUT, _OUTPUT, _ATTRIBUTE = 1, 2, 5
_NAME, _INTEGER, _INTS, _STRINGS = 1, 3, 8, 9
_LONGEST_WAY = 10


class OnnxCategories:
    """Filled with a graph's nodes, and then asked for samples."""

    def __init__(self) -> None:
        self._sources: dict[str, str] = {}
        self._known: list[tuple[str, Json]] = []
        self._strict: set[str] = set()

    def note(self, wire: Wire, node: Field, operator: str) -> None:
        """Take in one node of the graph."""
        if operator not in _PASSING and operator not in _ENCODERS:
            return
        source, target = "", ""
        known: list[Json] = []
        strict = operator == "OneHotEncoder"
        for part in wire.inside(node):
            if part.number == _INPUT and not source:
                source = wire.text(part)
            elif part.number == _OUTPUT and not target:
                target = wire.text(part)
            elif part.number == _ATTRIBUTE and operator in _ENCODERS:
                name, value = _first_value(wire, part)
                known += [value] if name in _LISTS else []
                strict = strict and not (name == _ZEROS and value != 0)
        if operator in _PASSING:
            self._sources[target] = source
            return
        self._known += [(source, value) for value in known[:1]]
        if strict:
            self._strict.add(source)

    def find_samples(self, inputs: Mapping[str, bool]) -> dict[str, Json] | None:
        """A known value for inputs that are encoded. `inputs` says of each whether it is one column of texts.

        None where a value is needed and it cannot be told which input it belongs to.
        """
        samples: dict[str, Json] = {}
        for source, value in self._known:
            name = self._trace(source, inputs)
            if name is not None and inputs[name] == isinstance(value, str):
                samples.setdefault(name, value)
        traced = [self._trace(source, inputs) for source in self._strict]
        return None if any(name not in samples for name in traced) else samples

    def _trace(self, name: str, inputs: Mapping[str, bool]) -> str | None:
        for _ in range(_LONGEST_WAY):
            if name in inputs:
                return name
            name = self._sources.get(name, "")
        return None


def _first_value(wire: Wire, attribute: Field) -> tuple[str, Json]:
    """An attribute's name, and its number or the first value of its list."""
    name = ""
    for part in wire.inside(attribute):
        if part.number == _NAME:
            name = wire.text(part)
        elif part.number in (_INTEGER, _INTS) and part.wire == VARINT:
            return name, signed(part.value)
        elif part.number == _STRINGS:
            return name, wire.text(part)
    return name, None
