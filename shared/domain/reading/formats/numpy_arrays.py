"""numpy's own `.npy` files: data and not models. One that holds Python objects is a pickle behind a header, and judged as such."""

from shared.domain.inspection import Inspection, ModelFormat, Verdict
from shared.domain.reading.containers.content import PlainContent
from shared.domain.reading.containers.npy import read_npy_header
from shared.domain.reading.model_file import ModelFile, not_a_model
from shared.domain.reading.pickles.pickle_files import read_content


def read(model_file: ModelFile) -> Inspection:
    """Only of an array whose objects would do harm there is an inspection; else raises UnreadableModel."""
    model_file.file.seek(0)
    content = PlainContent(model_file.file, model_file.size)
    if read_npy_header(content).has_objects:
        read_content(content, model_file.evidence, model_file.limits)
        if model_file.evidence.verdict is not Verdict.CLEAN:
            return model_file.blank(ModelFormat.PICKLE, "")
    raise not_a_model("The file is an array saved by numpy: data, and not a model.")
