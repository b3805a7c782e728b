"""Walks an ONNX model (ModelProto of onnx.proto): its graph, the graphs inside it, its functions, and no tensor's values.

Every node is looked at, wherever it stands: loading a model runs none of them, but an operator that onnxruntime does not
have asks for somebody's library, and a tensor can name another file to be read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

from shared.domain.inspection import Json
from shared.domain.reading.containers.protobuf import VARINT, Field, Wire, passing_over, signed
from shared.domain.reading.formats.onnx_categories import OnnxCategories
from shared.domain.reading.formats.onnx_values import OnnxValue, read_value
from shared.domain.reading.limits import corrupt, over_limits

Operator: TypeAlias = tuple[str, str]
"""Domain and name."""

_LABELS = ("classlabels_strings", "classlabels_int64s", "classlabels_ints")
_EXTERNAL = 1
_FLOATS, _INTS, _STRINGS = 7, 8, 9
_LISTS = passing_over(_FLOATS, _INTS, _STRINGS)
_TEXTS = passing_over(6)


@dataclass(slots=True, kw_only=True)
class OnnxModel:
    """What the walk finds. `producer` is a name and a version. `elsewhere` are the files that tensors are kept in; `newer` says that unknown fields are set."""

    ir_version: int = 0
    producer: str = ""
    graph_name: str = ""
    opsets: dict[str, int] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    operators: dict[Operator, None] = field(default_factory=dict)
    functions: set[Operator] = field(default_factory=set)
    inputs: list[OnnxValue] = field(default_factory=list)
    outputs: list[OnnxValue] = field(default_factory=list)
    initializers: set[str] = field(default_factory=set)
    classes: tuple[Json, ...] = ()
    elsewhere: dict[str, None] = field(default_factory=dict)
    categories: OnnxCategories = field(default_factory=OnnxCategories)
    newer: bool = False


class OnnxWalk:
    """One walk over a file, which fills `model`."""

    def __init__(self, wire: Wire) -> None:
        self.model = OnnxModel()
        self._wire = wire

    def run(self) -> OnnxModel:
        """The model of the whole file. Raises UnreadableModel."""
        graphs = 0
        for part in self._wire.fields(0, self._wire.size):
            match part.number:
                case 1:
                    self.model.ir_version = signed(part.value)
                case 2 | 3:
                    self.model.producer = f"{self.model.producer} {self._text(part)}".strip()
                case 7:
                    graphs += 1
                    self._graph(part, 0)
                case 8:
                    domain, version = self._opset(part)
                    self.model.opsets[domain] = version
                case 14:
                    self._keep_metadata(part)
                case 20:
                    self._graphs_in(part, (1, 2))
                case 25:
                    self._function(part)
                case number:
                    self._expect_known(number, (4, 5, 6, 26))
        if graphs != 1 or not self.model.ir_version:
            raise corrupt("it holds no ONNX graph, or more than one")
        return self.model

    def _graph(self, of: Field, depth: int) -> None:
        if depth > self._wire.limits.nesting:
            raise over_limits("its graphs are nested deeper than any model's")
        for part in self._inside(of):
            match part.number:
                case 1:
                    self._node(part, depth)
                case 5:
                    name = self._tensor(part)
                    if depth == 0:
                        self.model.initializers.add(name)
                case 15:
                    self._sparse(part)
                case 2 if depth == 0:
                    self.model.graph_name = self._text(part)
                case 11 if depth == 0:
                    self._keep_value(self.model.inputs, part)
                case 12 if depth == 0:
                    self._keep_value(self.model.outputs, part)
                case number:
                    self._expect_known(number, (2, 10, 11, 12, 13, 14, 16))

    def _node(self, of: Field, depth: int) -> None:
        domain, name = "", ""
        for part in self._inside(of):
            match part.number:
                case 4:
                    name = self._text(part)
                case 5:
                    self._attribute(part, depth)
                case 7:
                    domain = self._text(part)
                case number:
                    self._expect_known(number, (1, 2, 3, 6, 8, 9, 10))
        if depth == 0:
            self.model.categories.note(self._wire, of, name)
        self.model.operators[(domain, name)] = None
        if len(self.model.operators) > self._wire.limits.names:
            raise over_limits("it uses more operators than any model does")

    def _attribute(self, of: Field, depth: int) -> None:
        name = ""
        for part in self._inside(of, _LISTS):
            match part.number:
                case 1:
                    name = self._text(part)
                case 5 | 10:
                    self._tensor(part)
                case 6 | 11:
                    self._graph(part, depth + 1)
                case 22 | 23:
                    self._sparse(part)
                case number:
                    self._expect_known(number, (2, 3, 4, 7, 8, 9, 13, 14, 15, 20, 21))
        if name in _LABELS:
            self._keep_labels(of)

    def _tensor(self, of: Field) -> str:
        """The tensor's name; its values are passed over."""
        name, elsewhere = "", False
        for part in self._inside(of, _TEXTS):
            match part.number:
                case 8:
                    name = self._text(part)
                case 13:
                    elsewhere = True
                    key, value = self._pair(part)
                    if key == "location":
                        self.model.elsewhere[value] = None
                case 14:
                    elsewhere = elsewhere or part.value == _EXTERNAL
                case number:
                    self._expect_known(number, (1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 16))
        if elsewhere and not self.model.elsewhere:
            self.model.elsewhere[""] = None
        if len(self.model.elsewhere) > self._wire.limits.names:
            raise over_limits("it keeps its tensors in more files than any model does")
        return name

    def _sparse(self, of: Field) -> None:
        for part in self._inside(of):
            if part.number in (1, 2):
                self._tensor(part)
            else:
                self._expect_known(part.number, (3,))

    def _function(self, of: Field) -> None:
        domain, name = "", ""
        for part in self._inside(of):
            match part.number:
                case 1:
                    name = self._text(part)
                case 7:
                    self._node(part, 1)
                case 10:
                    domain = self._text(part)
                case 11:
                    self._attribute(part, 1)
                case number:
                    self._expect_known(number, (4, 5, 6, 8, 9, 12, 13, 14))
        self.model.functions.add((domain, name))

    def _graphs_in(self, of: Field, numbers: tuple[int, ...]) -> None:
        for part in self._inside(of):
            if part.number in numbers:
                self._graph(part, 1)

    def _keep_labels(self, of: Field) -> None:
        """The class labels that a classifier's attribute lists; the last such list is the one that comes out."""
        labels: list[Json] = []
        for part in self._inside(of):
            if part.number == _INTS and part.wire == VARINT:
                labels.append(signed(part.value))
            elif part.number == _STRINGS:
                labels.append(self._text(part))
            if len(labels) > self._wire.limits.classes:
                return
        self.model.classes = tuple(labels) or self.model.classes

    def _keep_value(self, values: list[OnnxValue], of: Field) -> None:
        values.append(read_value(self._wire, of))
        if len(values) > self._wire.limits.columns:
            raise over_limits("it has more inputs or outputs than any model")

    def _keep_metadata(self, of: Field) -> None:
        key, value = self._pair(of)
        if len(self.model.metadata) < self._wire.limits.names:
            self.model.metadata[key] = value

    def _opset(self, of: Field) -> tuple[str, int]:
        domain, version = "", 0
        for part in self._inside(of):
            if part.number == 1:
                domain = self._text(part)
            elif part.number == 2:
                version = signed(part.value)
        return domain, version

    def _pair(self, of: Field) -> tuple[str, str]:
        key, value = "", ""
        for part in self._inside(of):
            if part.number == 1:
                key = self._text(part)
            elif part.number == 2 and part.end - part.start <= self._wire.limits.kept_value:
                value = self._wire.text(part, self._wire.limits.kept_value)
        return key, value

    def _inside(self, of: Field, passing: re.Pattern[bytes] | None = None) -> Iterator[Field]:
        return self._wire.inside(of, passing)

    def _text(self, part: Field) -> str:
        return self._wire.text(part)

    def _expect_known(self, number: int, known: tuple[int, ...]) -> None:
        self.model.newer = self.model.newer or number not in known
