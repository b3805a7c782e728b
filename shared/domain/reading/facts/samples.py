"""Sample input for models that take arrays: zeros, for one row, where every other length is known."""

from math import prod
from typing import Any

from shared.domain.inspection import Tensor

TEXTS = ["a text"]
"""What a model of texts is called with."""
_ZEROS: dict[str, Any] = {"bool": False, "str": ""}


def zeros(tensor: Tensor, most: int) -> Any:
    """A nested list of zeros with a first length of 1; None where a length is unknown or it has over `most` numbers."""
    lengths = tensor.shape[1:]
    if not tensor.shape or any(length < 0 for length in lengths) or prod(lengths) > most:
        return None
    value: Any = 0 if tensor.dtype.startswith(("int", "uint")) else _ZEROS.get(tensor.dtype, 0.0)
    for length in reversed(lengths):
        value = [value] * length
    return [value]
