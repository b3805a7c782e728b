"""Zip archives: what kind of model one holds is told by the names of its files."""

from shared.domain.inspection import Inspection
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.formats import mlflow_models
from shared.domain.reading.model_file import ModelFile


def read(model_file: ModelFile) -> Inspection:
    """The inspection of what the archive holds. Raises UnreadableModel."""
    archive = Archive(model_file.file, model_file.size, model_file.limits)
    return mlflow_models.read_folder(model_file, archive)
