"""safetensors: a JSON list of tensors, and their bytes. Weights alone: the code that uses them is somewhere else.

The format: eight bytes with the length of the JSON, the JSON, and the tensors' bytes without gaps
(https://huggingface.co/docs/safetensors). Only the JSON is read; it has to account for every byte of the file.
"""

import json
from collections import Counter
from dataclasses import replace
from math import prod
from typing import Any, NamedTuple, NoReturn

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    Obstacle,
    UnreadableCode,
    UnreadableModel,
)
from shared.domain.reading.limits import corrupt, over_limits
from shared.domain.reading.model_file import ModelFile

_HEADER = 8
_METADATA = "__metadata__"
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8, "F6_E2M3": 6, "F6_E3M2": 6, "F4": 4,
}  # fmt: skip
_KEYS = {"dtype", "shape", "data_offsets"}
_WRITERS = {"pt": "PyTorch", "tf": "TensorFlow", "flax": "Flax", "np": "NumPy", "mlx": "MLX"}
_MOST_DIMENSIONS = 64
_SHOWN = 10


class _Stored(NamedTuple):
    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    end: int


def read(model_file: ModelFile) -> Inspection:
    """The inspection of the weights. Raises UnreadableModel."""
    header, data_size = _read_header(model_file)
    metadata = _parse_metadata(header.pop(_METADATA, {}))
    tensors = [_parse_tensor(name, entry) for name, entry in header.items()]
    _check_cover(tensors, data_size)
    kind = metadata.get("format", "")
    return replace(
        model_file.blank(ModelFormat.SAFETENSORS, ""),
        written_by=_WRITERS.get(kind, kind) or None,
        details=_details(tensors, metadata),
        obstacle=Obstacle(
            "The file holds weights without the model that uses them.",
            "Load them into the model and save that whole: torch.jit.script(model).save(...), torch.onnx.export(...), "
            "or log it with MLflow and upload the folder.",
        ),
    )


def _read_header(model_file: ModelFile) -> tuple[dict[str, Any], int]:
    length = int.from_bytes(model_file.head(_HEADER), "little")
    data_size = model_file.size - _HEADER - length
    if data_size < 0:
        raise corrupt("its list of tensors is longer than the file")
    if length > model_file.limits.document:
        raise over_limits(f"its list of tensors is longer than {model_file.limits.document} bytes")
    try:
        header = json.loads(
            model_file.file.read(length).decode("utf-8"),
            object_pairs_hook=_without_repetition,
            parse_constant=_refuse_constant,
        )
    except (ValueError, RecursionError) as error:
        raise corrupt("its list of tensors is no JSON, or names one twice") from error
    if not isinstance(header, dict):
        raise corrupt("its list of tensors is no JSON object")
    return header, data_size


def _without_repetition(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _refuse_constant(text: str) -> NoReturn:
    raise ValueError(f"{text} is no JSON")


def _parse_metadata(value: object) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(text, str) for text in value.values()):
        raise corrupt("its notes are not texts")
    return value


def _parse_tensor(name: str, entry: object) -> _Stored:
    if not isinstance(entry, dict) or set(entry) != _KEYS:
        raise corrupt(f"its tensor {name[:80]!r} is not described as safetensors does")
    dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
    if not isinstance(dtype, str) or dtype not in _BITS:
        raise UnreadableModel(
            UnreadableCode.UNSUPPORTED,
            f"The tensor {name[:80]!r} is of the type {str(dtype)[:20]!r}, which is not read here.",
            "Save it with a type of safetensors 0.8 or earlier.",
        )
    if not (_are_lengths(shape) and _are_lengths(offsets) and len(offsets) == 2):
        raise corrupt(f"the tensor {name[:80]!r} has an impossible shape or place")
    bits = prod(shape) * _BITS[dtype]
    if bits % 8 or bits // 8 != offsets[1] - offsets[0]:
        raise corrupt(f"the tensor {name[:80]!r} is not as long as its shape says")
    return _Stored(name, dtype, tuple(shape), offsets[0], offsets[1])


def _are_lengths(values: object) -> bool:
    return (
        isinstance(values, list)
        and len(values) <= _MOST_DIMENSIONS
        and all(type(value) is int and 0 <= value < 1 << 63 for value in values)
    )


def _check_cover(tensors: list[_Stored], data_size: int) -> None:
    """Every byte belongs to exactly one tensor: nothing hides between them, and none reads another's bytes."""
    at = 0
    for tensor in sorted(tensors, key=lambda tensor: (tensor.start, tensor.end)):
        if tensor.start != at:
            raise corrupt(f"the tensor {tensor.name[:80]!r} overlaps another, or leaves a gap")
        at = tensor.end
    if at != data_size:
        raise corrupt("its tensors do not end where the file ends")


def _details(tensors: list[_Stored], metadata: dict[str, str]) -> tuple[tuple[str, str], ...]:
    kinds = Counter(tensor.dtype for tensor in tensors)
    shown = [
        f"{tensor.name[:100]} {tensor.dtype} {list(tensor.shape)}" for tensor in tensors[:_SHOWN]
    ]
    more = f" and {len(tensors) - _SHOWN} more" if len(tensors) > _SHOWN else ""
    return (
        ("tensors", str(len(tensors))),
        ("parameters", str(sum(prod(tensor.shape) for tensor in tensors))),
        ("types", ", ".join(f"{kind} ({count})" for kind, count in sorted(kinds.items()))),
        ("first tensors", ", ".join(shown) + more),
        *((f"note {key[:100]}", text[:200]) for key, text in list(metadata.items())[:_SHOWN]),
    )
