"""TorchScript archives: compiled modules with their code, which runs in torch's own interpreter and not in Python.

torch reads the pickles in them with an unpickler of its own that imports nothing. What can do harm is the code, by the
operators that it calls; it may run as soon as the file is loaded.
"""

from dataclasses import replace

from shared.domain.inspection import Inspection, ModelFormat, Obstacle
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.facts.estimators import class_name, short_name
from shared.domain.reading.facts.samples import zeros
from shared.domain.reading.facts.torch_layers import take_census
from shared.domain.reading.facts.torchscript_inputs import (
    find_first_linear,
    find_forward,
    find_traced,
    plain_class,
)
from shared.domain.reading.formats.torch_archives import (
    TorchArchive,
    is_plain_file,
    open_torch_archive,
)
from shared.domain.reading.formats.torchscript_code import Method, judge_code
from shared.domain.reading.limits import MIB, corrupt, over_limits
from shared.domain.reading.model_file import ModelFile
from shared.domain.reading.pickles.graph import Value
from shared.domain.reading.pickles.pickle_files import read_content
from shared.domain.reading.pickles.torch_dialect import torch_dialect

_SCRIPTED = "__torch__."
_CODE, _DEBUG = ".py", ".debug_pkl"
_MOST_CODE = 2 * MIB
_PICKLES = {"data.pkl": "data/", "constants.pkl": "constants/", "traced_inputs.pkl": None}
"""Each pickle, and the folder of its tensors; the inputs a module was traced with are kept without their numbers."""
_FOLDERS = ("data/", "constants/", "traced_inputs/")
_EXTRA = "extra/"
_WRAP = "Wrap it in a torch.nn.Module whose forward takes one tensor and gives one, script that, and upload it."


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:
    """The inspection of a TorchScript archive. Raises UnreadableModel."""
    limits, evidence = model_file.limits, model_file.evidence
    opened = open_torch_archive(archive, limits)
    _check_files(opened, model_file)
    roots = {
        name: _read_pickle(opened, name, model_file) for name in _PICKLES if name in opened.sizes
    }
    sources = _read_code(opened, model_file)
    judge_code(sources.values(), evidence, limits)
    root = roots["data.pkl"]
    census = take_census([root, roots.get("constants.pkl")], evidence, limits)
    forward = find_forward(root, sources)
    takes = None
    if _is_one_array(forward):
        takes = find_traced(roots.get("traced_inputs.pkl")) or find_first_linear(root, sources)
    return replace(
        model_file.blank(ModelFormat.TORCHSCRIPT, "pytorch"),
        written_by="torch.jit.save",
        estimator=plain_class(root)[: limits.name] or None,
        inputs=(takes,) if takes else (),
        sample_input=zeros(takes, limits.sample_values) if takes else None,
        needs=("torch",),
        details=(
            ("numbers", str(census.numbers))
            if roots.get("constants.pkl")
            else ("parameters", str(census.learned)),
            *((("forward", _render(forward)[: limits.name]),) if forward else ()),
        ),
        obstacle=_find_obstacle(root, forward),
    )


def _check_files(opened: TorchArchive, model_file: ModelFile) -> None:
    for name in opened.sizes:
        in_code = name.startswith("code/") and name.endswith((_CODE, _CODE + _DEBUG))
        if name in _PICKLES or name.startswith(_FOLDERS) or is_plain_file(name) or in_code:
            continue
        if not name.startswith(_EXTRA):
            raise corrupt(f"TorchScript has no file {name[:60]!r}")
        if opened.archive.open(opened.prefix + name).read(1) == b"\x80" or name.endswith(
            (".pkl", ".py", ".so")
        ):
            model_file.evidence.add_unknown(
                f"It brings an extra file that holds code, or could: {name[:80]!r}."
            )


def _read_pickle(opened: TorchArchive, name: str, model_file: ModelFile) -> Value:
    folder = _PICKLES[name]
    dialect = torch_dialect(None if folder is None else opened.storages(folder), scripted=True)
    content = opened.archive.open(opened.prefix + name)
    return read_content(content, model_file.evidence, model_file.limits, dialect).root


def _read_code(opened: TorchArchive, model_file: ModelFile) -> dict[str, str]:
    """The sources by their names. What belongs to them for messages (`.debug_pkl`) is only read once something fails."""
    names = [name for name in opened.sizes if name.startswith("code/") and name.endswith(_CODE)]
    if sum(opened.sizes[name] for name in names) > _MOST_CODE:
        raise over_limits("it holds more code than any model does")
    try:
        return {
            name: opened.read(name, model_file.limits.document).decode("utf-8") for name in names
        }
    except UnicodeDecodeError as error:
        raise corrupt("its code is no text") from error


def _is_one_array(forward: Method | None) -> bool:
    if forward is None or forward.gives != "Tensor":
        return False
    required = [one for one in forward.arguments if not one.optional]
    return len(required) == 1 and required[0].type == "Tensor"


def _render(forward: Method) -> str:
    arguments = ", ".join(f"{one.name}: {one.type}" for one in forward.arguments)
    return f"({arguments}) -> {forward.gives}"


def _find_obstacle(root: Value, forward: Method | None) -> Obstacle | None:
    if not class_name(root).startswith(_SCRIPTED):
        return Obstacle("The archive holds no module that could be called.", _WRAP)
    if forward is None:
        return Obstacle(f"{short_name(root)} has no forward that could be called.", _WRAP)
    if not _is_one_array(forward):
        return Obstacle(
            "MLflow gives a PyTorch model one array and expects one array back; "
            f"forward is {_render(forward)[:200]}.",
            _WRAP,
        )
    return None
