"""TensorFlow SavedModel folders: recognised and refused, for their graph may call any operation, files included."""

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.model_file import ModelFile


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:  # noqa: ARG001 - the form all readers have
    """Raise UnreadableModel with what to do."""
    raise unread_saved_model()


def unread_saved_model() -> UnreadableModel:
    """The error for an archive with such a folder."""
    return UnreadableModel(
        UnreadableCode.UNSUPPORTED,
        "The archive holds a TensorFlow SavedModel, which is not read here.",
        "If it is a Keras model, load it with keras.models.load_model and save it with model.save('model.keras'); "
        "else convert it with python -m tf2onnx.convert --saved-model FOLDER --output model.onnx. Upload the new file.",
    )
