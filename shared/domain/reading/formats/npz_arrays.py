"""Zip archives of numpy arrays (.npz): data, and no model. Pickles in them are judged all the same."""

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.npy import read_npy_header
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.pickles.pickle_files import read_content

_SHOWN = 5


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:
    """Never an inspection: raises UnreadableModel, which says what the archive holds and what to upload instead."""
    described = []
    for entry in archive.entries:
        content = archive.open(entry.name)
        header = read_npy_header(content)
        if header.has_objects:
            read_content(content, model_file.evidence, model_file.limits)
        kind = "Python objects" if header.has_objects else header.descr
        described.append(f"{entry.name[:60]} {list(header.shape)} of {str(kind)[:60]}")
    more = f" and {len(described) - _SHOWN} more" if len(described) > _SHOWN else ""
    raise UnreadableModel(
        UnreadableCode.NOT_A_MODEL,
        f"The file holds numpy arrays, which are data and no model: {', '.join(described[:_SHOWN])}{more}.",
        "Load the arrays into the model that uses them and save that: with pickle, joblib, skops or MLflow.",
    )
