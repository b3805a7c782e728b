"""Tar archives: an MLflow folder in one is read as in a zip. Whoever packed another model is told which file to upload."""

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.reading.containers.tar import TarArchive
from shared.domain.reading.formats import mlflow_models, saved_models
from shared.domain.reading.formats.torch_streams import old_torch_file
from shared.domain.reading.model_file import ModelFile, not_a_model

_OLD_TORCH = {"sys_info", "pickle", "storages", "tensors"}
_MODELS = [
    ".pkl",
    ".pickle",
    ".joblib",
    ".skops",
    ".onnx",
    ".pt",
    ".pth",
    ".keras",
    ".h5",
    ".hdf5",
    ".ubj",
    ".cbm",
    ".safetensors",
    ".zip",
    ".bst",
    ".json",
    ".txt",
]
_MOST_NAMED = 3


def read(model_file: ModelFile) -> Inspection:
    """The inspection of an MLflow folder. Raises UnreadableModel with what to do for any other content."""
    archive = TarArchive(model_file.file, model_file.size, model_file.limits)
    names = {entry.name for entry in archive.entries}
    inner = {name.partition("/")[2] for name in names}
    if "MLmodel" in names | inner:
        return mlflow_models.read_folder(model_file, archive)
    if names >= _OLD_TORCH:
        raise old_torch_file()
    if any(name.rpartition("/")[2] == "saved_model.pb" for name in names):
        raise saved_models.unread_saved_model()
    found = [name for ending in _MODELS for name in sorted(names) if name.lower().endswith(ending)]
    if not found:
        raise not_a_model("The tar archive holds neither an MLflow folder nor a model file.")
    shown = " or ".join(repr(name[:80]) for name in found[:_MOST_NAMED])
    raise UnreadableModel(
        UnreadableCode.UNSUPPORTED,
        "The tar archive holds no MLflow folder, and no other model is read inside of an archive.",
        f"Unpack it and upload the model file itself: {shown}.",
    )
