"""CatBoost's own model files (cbm), read in place: nothing of the trees is looked at."""

from typing import BinaryIO

from shared.domain.inspection import Inspection, ModelFormat
from shared.domain.reading.facts.catboost_facts import describe_catboost
from shared.domain.reading.formats.booster_files import inspect_booster
from shared.domain.reading.limits import corrupt
from shared.domain.reading.model_file import ModelFile


def read(model_file: ModelFile) -> Inspection:
    """The inspection of a CatBoost model. Raises UnreadableModel."""
    source = _FileAccess(model_file.file)
    facts = describe_catboost(source, model_file.size, model_file.limits)
    return inspect_booster(model_file, ModelFormat.CATBOOST, facts, written_as="cbm")


class _FileAccess:
    """A file's bytes by their place."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def read_at(self, at: int, size: int) -> bytes:
        """See `RandomAccess`."""
        self._file.seek(at)
        found = self._file.read(size)
        if len(found) != size:
            raise corrupt("it ends in the middle of its description")
        return found
