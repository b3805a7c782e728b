"""Zip archives: what kind of model one holds is told by the names of its files."""

from collections.abc import Callable
from importlib import import_module
from typing import TypeAlias, cast

from shared.domain.inspection import Inspection
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.limits import corrupt
from shared.domain.reading.model_file import ModelFile

ReadArchive: TypeAlias = Callable[[ModelFile, Archive], Inspection]

_FORMATS = "shared.domain.reading.formats."
_FOLDER = "mlflow_models"


def read(model_file: ModelFile) -> Inspection:
    """The inspection of what the archive holds. Raises UnreadableModel.

    Files that macOS adds may lie in a folder, of which only what was read is passed on. Any other archive is loaded as it
    is, by libraries that do not leave them out.
    """
    archive = Archive(model_file.file, model_file.size, model_file.limits)
    module, function = find_reader(archive)
    if module != _FOLDER and archive.left_out:
        raise corrupt(f"no model has a file of the name {archive.left_out[0][:80]!r}")
    return cast("ReadArchive", getattr(import_module(_FORMATS + module), function))(
        model_file, archive
    )


def find_reader(archive: Archive) -> tuple[str, str]:
    """The module of `formats` that reads an archive with these files, and its function."""
    names = {entry.name for entry in archive.entries}
    inner = {name.partition("/")[2] for name in names}
    if "MLmodel" in names | inner:
        return _FOLDER, "read_folder"
    if "schema.json" in names:
        return "skops_models", "read_archive"
    if names and all(name.endswith(".npy") for name in names):
        return "npz_arrays", "read_archive"
    if "config.json" in names and any(name.startswith("model.weights") for name in names):
        return "keras_models", "read_archive"
    if "saved_model.pb" in names | inner:
        return "saved_models", "read_archive"
    if "constants.pkl" in inner:
        return "torchscript_models", "read_archive"
    if "data.pkl" in inner and inner & {"version", ".data/version"}:
        return "torch_models", "read_archive"
    return _FOLDER, "read_folder"
