"""ONNX models: a graph of operators that onnxruntime computes. Nothing in one is code, unless it asks for somebody's library.

A ModelProto has no magic number: it is known by its first field, the version of the format, and by what may follow it.
"""

import re
from dataclasses import replace

from shared.domain.inspection import Inspection, ModelFormat, Obstacle, Tensor
from shared.domain.packaging.onnx_releases import NEWEST_READ, find_onnx_needs
from shared.domain.reading.containers.protobuf import Wire
from shared.domain.reading.facts.tensor_inputs import Input, describe_inputs
from shared.domain.reading.formats.onnx_graph import OnnxModel, OnnxWalk
from shared.domain.reading.formats.onnx_values import OnnxValue
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.trust.evidence import Evidence
from shared.domain.reading.trust.onnx_operators import is_known_operator

_OUTSIDE = re.compile(r"^[/\\]|^[A-Za-z]:|(^|[/\\])\.\.([/\\]|$)|://")
_PREFIX = "onnx:"
_SHOWN = 12
_LONGEST_DETAIL = 200


def read(model_file: ModelFile) -> Inspection:
    """The inspection of an ONNX model. Raises UnreadableModel."""
    model = OnnxWalk(Wire(model_file.file, model_file.size, model_file.limits)).run()
    _judge(model, model_file.evidence)
    wanted = [value for value in model.inputs if value.name not in model.initializers]
    described = describe_inputs(
        tuple(Input(value.name, value.words, value.dtype, value.shape) for value in wanted),
        model.categories.find_samples(
            {value.name: value.dtype == "str" for value in wanted if _is_column(value)}
        ),
        model_file.limits,
    )
    needs = find_onnx_needs(model.ir_version, model.opsets)
    return replace(
        model_file.blank(ModelFormat.ONNX, "onnx"),
        written_by=model.producer[:_LONGEST_DETAIL] or None,
        inputs=described.inputs,
        sample_input=described.sample_input,
        outputs=tuple(
            Tensor(name=value.name, dtype=value.dtype, shape=value.shape)
            for value in model.outputs
            if value.dtype is not None and value.shape is not None
        ),
        classes=model.classes,
        needs=needs or ("onnx", "onnxruntime"),
        details=_details(model),
        obstacle=_find_obstacle(model, readable=needs is not None) or described.obstacle,
    )


def _is_column(value: OnnxValue) -> bool:
    return value.shape is not None and value.shape[1:] in ((), (1,))


def _judge(model: OnnxModel, evidence: Evidence) -> None:
    for domain, name in _foreign(model):
        evidence.add_name(_PREFIX + domain, name)
    for place in model.elsewhere:
        if _OUTSIDE.search(place):
            evidence.add_dangerous(f"It asks for a file outside of its own folder: {place[:80]!r}.")
        else:
            evidence.add_unknown(f"Its tensors are in another file, {place[:80]!r}.")
    if model.newer:
        evidence.add_unknown("It has parts that ONNX up to format version 14 does not know.")


def _foreign(model: OnnxModel) -> list[tuple[str, str]]:
    """Operators that neither onnxruntime nor the model itself brings."""
    return [
        operator
        for operator in model.operators
        if not is_known_operator(*operator) and operator not in model.functions
    ]


def _find_obstacle(model: OnnxModel, *, readable: bool) -> Obstacle | None:
    if model.elsewhere:
        return Obstacle(
            "The model keeps its tensors in another file.",
            "Save it as one file: onnx.save_model(onnx.load('model.onnx'), 'one.onnx', save_as_external_data=False).",
        )
    foreign = _foreign(model)
    if foreign:
        named = ", ".join(f"{domain}.{name}" for domain, name in foreign[:_SHOWN])
        return Obstacle(
            f"The model needs operators of a library of its own: {named[:500]}.",
            "Export it with the operators of ONNX (opset domains '' and 'ai.onnx.ml') only.",
        )
    if not readable:
        return Obstacle(
            f"No release of onnxruntime known here reads it: they read up to {NEWEST_READ}.",
            "Export it with a lower opset_version, or convert it with onnx.version_converter.",
        )
    return None


def _details(model: OnnxModel) -> tuple[tuple[str, str], ...]:
    told = [("format version", str(model.ir_version))]
    if model.graph_name:
        told.append(("graph", model.graph_name))
    told += [
        (f"operator set {domain or 'ai.onnx'}", str(version))
        for domain, version in model.opsets.items()
    ]
    names = dict.fromkeys(name for _, name in model.operators)
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    told.append(("operators", ", ".join(list(names)[:_SHOWN]) + more))
    told += [
        (f"input {value.name}", value.words)
        for value in model.inputs
        if value.name not in model.initializers
    ][:_SHOWN]
    told += [(f"output {value.name}", value.words) for value in model.outputs][:_SHOWN]
    told += [(f"note {key}", value) for key, value in model.metadata.items()][:_SHOWN]
    return tuple((name[:_LONGEST_DETAIL], text[:_LONGEST_DETAIL]) for name, text in told)
