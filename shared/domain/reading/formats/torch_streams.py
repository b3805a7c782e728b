"""What `torch.save` wrote before 1.6, or was told to write: several pickles in a row and numbers after them. Refused."""

from shared.domain.inspection import Inspection, UnreadableCode, UnreadableModel
from shared.domain.reading.model_file import ModelFile


def read(model_file: ModelFile) -> Inspection:  # noqa: ARG001 - the form all readers have
    """Raise UnreadableModel with what to do."""
    raise old_torch_file()


def old_torch_file() -> UnreadableModel:
    """The error for a file in one of torch's older forms."""
    return UnreadableModel(
        UnreadableCode.UNSUPPORTED,
        "The file is in the form torch.save wrote before torch 1.6, which is not read here.",
        "If you made the file yourself, and only then, for loading it runs whatever is in it: "
        "model = torch.load('old.pt', weights_only=False), where torch before 1.13 takes no weights_only; then "
        "torch.jit.script(model.eval()).save('new.pt'), or torch.onnx.export. Upload the new file.",
    )
