"""Which releases of onnxruntime and onnx read a model of a given format and operator sets. Measured, and reviewed data.

onnxruntime: each release was given models of every format version (`ir_version`) and operator set, and the highest that it
opened were noted. onnx: its own table of versions (`onnx.helper.VERSION_TABLE`). A release between two lines is as the
line before it.
"""

from collections.abc import Mapping, Sequence

_RUNTIMES = (
    ("1.15", 9, 18, 3),
    ("1.16", 9, 19, 3),
    ("1.17", 9, 20, 4),
    ("1.18", 10, 21, 5),
    ("1.21", 10, 22, 5),
    ("1.23", 11, 23, 5),
    ("1.24", 13, 25, 5),
    ("1.25", 13, 26, 5),
)
"""First release, highest format version, highest set of ai.onnx and of ai.onnx.ml."""

_ONNX = (
    ("1.13", 8, 18, 3),
    ("1.14", 9, 19, 3),
    ("1.15", 9, 20, 4),
    ("1.16", 10, 21, 5),
    ("1.17", 10, 22, 5),
    ("1.18", 11, 23, 5),
    ("1.19", 12, 24, 5),
    ("1.20", 13, 25, 5),
    ("1.21", 13, 26, 5),
)
"""First release, highest format version, highest set of ai.onnx and of ai.onnx.ml."""

NEWEST_READ = "format version 13 and operator set 26 of ai.onnx"


def find_onnx_needs(ir_version: int, opsets: Mapping[str, int]) -> tuple[str, ...] | None:
    """Requirements that read a model; None where no release known here does. `opsets` are its operator sets by domain."""
    asked = (ir_version, opsets.get("", opsets.get("ai.onnx", 0)), opsets.get("ai.onnx.ml", 0))
    runtime = next((first for first, *highest in _RUNTIMES if _reads(highest, asked)), None)
    onnx = next((first for first, *highest in _ONNX if _reads(highest, asked)), None)
    return None if runtime is None or onnx is None else (f"onnx>={onnx}", f"onnxruntime>={runtime}")


def _reads(highest: Sequence[int], asked: Sequence[int]) -> bool:
    return all(most >= one for most, one in zip(highest, asked, strict=True))
