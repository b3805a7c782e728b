"""What `torch.save` wrote: a whole module, or weights alone, which nobody can serve without the code that uses them."""

from collections.abc import Iterator
from dataclasses import replace

from shared.domain.inspection import Inspection, ModelFormat, Obstacle, Verdict
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.facts.estimators import class_name, public_name, short_name
from shared.domain.reading.facts.samples import zeros
from shared.domain.reading.facts.torch_layers import (
    Census,
    find_input,
    find_output,
    is_layer,
    take_census,
)
from shared.domain.reading.formats.torch_archives import (
    TorchArchive,
    is_plain_file,
    open_torch_archive,
)
from shared.domain.reading.limits import corrupt
from shared.domain.reading.model_file import ModelFile, not_a_model
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.pickle_files import read_content
from shared.domain.reading.pickles.torch_dialect import torch_dialect

_EXPORT = (
    "In Python, build the model, load the weights into it, and save what runs without your code: "
    "torch.jit.script(model.eval()).save('model.pt'), or torch.onnx.export. Upload that file."
)
_WEIGHTS = Obstacle(
    "The file holds weights (a state_dict or tensors) and not the model that uses them.", _EXPORT
)
_OWN_CLASSES = (
    "The file names classes of your own ({}) whose code is not in it, so nothing else can load it."
)
_NOT_ONE_ARRAY = "MLflow gives a PyTorch model one array and expects one array back; a {} has no such way to be called."
_NO_FORWARD = frozenset(
    """
    ModuleDict ModuleList ParameterDict ParameterList LSTM GRU RNN LSTMCell MultiheadAttention Transformer
    TransformerDecoder TransformerDecoderLayer Bilinear CosineSimilarity PairwiseDistance AdaptiveLogSoftmaxWithLoss
    MaxUnpool1d MaxUnpool2d MaxUnpool3d
    """.split()  # noqa: SIM905 - reviewed as words
)
_SHOWN = 5


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:
    """The inspection of what `torch.save` wrote into an archive. Raises UnreadableModel."""
    limits, evidence = model_file.limits, model_file.evidence
    opened = open_torch_archive(archive, limits)
    _check_files(opened)
    dialect = torch_dialect(opened.storages("data/"))
    found = read_content(archive.open(f"{opened.prefix}data.pkl"), evidence, limits, dialect)
    if found.joblib:
        raise corrupt("an array of joblib's is in it, which torch cannot load")
    census = take_census(found.root, evidence, limits)
    if not census.tensors and not is_layer(found.root) and evidence.verdict is Verdict.CLEAN:
        raise not_a_model(
            "The file was written by torch.save and holds neither a model nor weights."
        )
    takes = find_input(found.root, limits)
    gives = find_output(found.root, limits)
    return replace(
        model_file.blank(ModelFormat.TORCH, "pytorch"),
        written_by="torch.save",
        estimator=_public(found.root, evidence.refused)[: limits.name] or None,
        inputs=(takes,) if takes else (),
        outputs=(gives,) if gives else (),
        sample_input=zeros(takes, limits.sample_values) if takes else None,
        needs=("torch",),
        details=tuple(_describe(census)),
        obstacle=_find_obstacle(found.root, evidence.refused),
    )


def _check_files(opened: TorchArchive) -> None:
    odd = [
        name
        for name in opened.sizes
        if name != "data.pkl" and not name.startswith("data/") and not is_plain_file(name)
    ]
    if odd:
        raise corrupt(f"torch.save writes no {odd[0][:60]!r}")


def _public(root: Value, refused: tuple[str, ...] = ()) -> str:
    """The class of a module as one would import it; empty for weights."""
    name = class_name(root)
    if name.startswith("torch.nn.modules."):
        return f"torch.nn.{short_name(root)}"
    return public_name(name) if name in refused else ""


def _find_obstacle(root: Value, refused: tuple[str, ...]) -> Obstacle | None:
    own = [name for name in refused if not name.startswith("torch.")]
    if own:
        more = f" and {len(own) - _SHOWN} more" if len(own) > _SHOWN else ""
        return Obstacle(_OWN_CLASSES.format(", ".join(own[:_SHOWN]) + more), _EXPORT)
    if not is_layer(root):
        return _WEIGHTS
    if short_name(root) in _NO_FORWARD or short_name(root).endswith("Loss"):
        return Obstacle(
            _NOT_ONE_ARRAY.format(_public(root)),
            "Put it into a torch.nn.Module whose forward takes and gives one tensor, and save that with torch.jit.script.",
        )
    return None


def _describe(census: Census) -> Iterator[tuple[str, str]]:
    if census.layers:
        yield "layers", str(census.layers)
        yield "parameters", str(census.parameters)
    else:
        yield "tensors", str(census.tensors)
        yield "numbers", str(census.numbers)
    if census.locations not in ((), ("cpu",)):
        yield "saved from", ", ".join(census.locations)[:200]
