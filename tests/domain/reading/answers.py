"""Asking the reader about bytes."""

import io

import yaml

from shared.domain.inspection import Inspection, UnreadableModel, Verdict
from shared.domain.reading.limits import DEFAULT_LIMITS, Limits
from shared.domain.reading.reader import read_model


def inspect(data: bytes, limits: Limits = DEFAULT_LIMITS) -> Inspection:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load, limits)


def refusal(data: bytes, limits: Limits = DEFAULT_LIMITS) -> UnreadableModel:
    try:
        found = inspect(data, limits)
    except UnreadableModel as error:
        return error
    raise AssertionError(f"it was read: {found}")


def is_trusted(data: bytes) -> bool:
    """Whether the file would be taken without anybody's leave."""
    try:
        found = inspect(data)
    except UnreadableModel:
        return False
    return found.verdict is Verdict.CLEAN and found.obstacle is None
