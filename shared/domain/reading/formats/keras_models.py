"""Keras models: the `.keras` archive of Keras 2.12 and later, and the single HDF5 file of all releases.

The archive holds the configuration as JSON and the weights as HDF5. The older form is one HDF5 file with the configuration
in attributes of its root.
"""

from dataclasses import replace
from typing import Any

from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    Obstacle,
    Tensor,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from shared.domain.packaging.environment import parse_version
from shared.domain.reading.containers.archive import Archive
from shared.domain.reading.containers.hdf5 import Hdf5File, read_hdf5
from shared.domain.reading.facts.keras_models import count_layers, find_inputs, find_outputs
from shared.domain.reading.facts.samples import zeros
from shared.domain.reading.formats.keras_config import judge_config, parse_config
from shared.domain.reading.limits import corrupt
from shared.domain.reading.model_file import ModelFile, not_a_model

_CONFIG, _METADATA, _WEIGHTS = "config.json", "metadata.json", "model.weights.h5"
_ASSETS = "assets/"
_ATTRIBUTES = ("model_config", "training_config", "keras_version", "backend", "layer_names")
_KERAS = "keras"
_BACKENDS = ("tensorflow", "torch", "jax")
_WITHOUT_MODEL = Obstacle(
    "The file holds the weights of a Keras model and not the model itself.",
    "In Python, build the model, call model.load_weights(...), then model.save('model.keras'), and upload that file.",
)


def read_archive(model_file: ModelFile, archive: Archive) -> Inspection:
    """The inspection of a `.keras` archive. Raises UnreadableModel."""
    limits = model_file.limits
    _check_files(archive, model_file)
    metadata = parse_config(archive.read(_METADATA, limits.document), _METADATA)
    config = parse_config(archive.read(_CONFIG, limits.document), _CONFIG)
    judge_config(config, model_file.evidence, limits)
    start, size = archive.find_stored(_WEIGHTS)
    weights = read_hdf5(model_file.file, start, size, (), limits)
    _judge_weights(weights, model_file)
    return replace(
        _describe(model_file, config, metadata.get("keras_version"), None, weights),
        written_by="model.save, .keras archive",
    )


def read(model_file: ModelFile) -> Inspection:
    """The inspection of an HDF5 file. Raises UnreadableModel for one that Keras did not write."""
    found = read_hdf5(model_file.file, 0, model_file.size, _ATTRIBUTES, model_file.limits)
    _judge_weights(found, model_file)
    version, backend = found.attributes.get("keras_version"), found.attributes.get("backend")
    config: dict[str, Any] = {}
    if "model_config" in found.attributes:
        config = parse_config(found.attributes["model_config"], "model_config")
        judge_config(config, model_file.evidence, model_file.limits)
        training = parse_config(found.attributes.get("training_config", "{}"), "training_config")
        judge_config(training, model_file.evidence, model_file.limits)
    elif not _holds_weights(found) and model_file.evidence.verdict is Verdict.CLEAN:
        raise not_a_model("The file is HDF5, but holds no model or weights of Keras's.")
    described = _describe(model_file, config, version, backend, found)
    if config:
        return replace(described, written_by="model.save, HDF5")
    return replace(described, written_by="model.save_weights, HDF5", obstacle=_WITHOUT_MODEL)


def _check_files(archive: Archive, model_file: ModelFile) -> None:
    names = {entry.name for entry in archive.entries}
    if _METADATA not in names or _WEIGHTS not in names:
        raise UnreadableModel(
            UnreadableCode.UNSUPPORTED,
            f"The Keras archive keeps its weights or its version in another form than {_WEIGHTS} and {_METADATA}.",
            "Save it again with Keras 2.12 or later: model.save('model.keras').",
        )
    for name in names - {_CONFIG, _METADATA, _WEIGHTS}:
        if not name.startswith(_ASSETS):
            model_file.evidence.add_unknown(
                f"The archive has a file that Keras does not write: {name[:80]!r}."
            )


def _judge_weights(found: Hdf5File, model_file: ModelFile) -> None:
    for sentence in found.elsewhere:
        model_file.evidence.add_dangerous(sentence)
    for sentence in found.odd:
        model_file.evidence.add_unknown(sentence)


def _holds_weights(found: Hdf5File) -> bool:
    """Whether an HDF5 file without a configuration looks like `model.save_weights`."""
    own = {"/layers", "/_layer_checkpoint_dependencies", "/model_weights", "/vars"}
    return bool(found.datasets) and ("keras_version" in found.attributes or own & set(found.groups) != set())  # fmt: skip


def _describe(
    model_file: ModelFile, config: dict[str, Any], version: object, backend: str | None, weights: Hdf5File
) -> Inspection:  # fmt: skip
    if version is not None and not isinstance(version, str):
        raise corrupt("its Keras version is not what Keras writes")
    known = parse_version(version) if version else None
    inputs = find_inputs(config)
    name = config.get("class_name")
    details = [("backend", backend)] if backend in _BACKENDS else []
    details += [("layers", str(count_layers(config)))] if config else []
    details.append(("parameters", str(_count_parameters(weights))))
    return replace(
        model_file.blank(ModelFormat.KERAS, _flavor(known)),
        estimator=f"keras.{name}"[: model_file.limits.name] if isinstance(name, str) else None,
        libraries=((_KERAS, known),) if known else (),
        inputs=inputs,
        outputs=find_outputs(config),
        sample_input=_sample(inputs, model_file.limits.sample_values),
        needs=(*(() if known else (_KERAS,)), backend if backend in _BACKENDS else "tensorflow"),
        details=tuple(details),
    )


def _flavor(version: str | None) -> str:
    """MLflow loads Keras 2 by its flavor for TensorFlow."""
    return "tensorflow" if version and version.startswith(("1.", "2.")) else "keras"


def _count_parameters(weights: Hdf5File) -> int:
    """Weights without those of the optimizer, of metrics and of random generators."""
    return sum(
        found.numbers
        for found in weights.datasets
        if not found.path.startswith(("/optimizer", "/metrics")) and found.dtype != "uint32"
    )


def _sample(inputs: tuple[Tensor, ...], most: int) -> Any:
    samples = [zeros(tensor, most) for tensor in inputs]
    if not samples or any(one is None for one in samples):
        return None
    if len(inputs) == 1:
        return samples[0]
    return {str(tensor.name): one for tensor, one in zip(inputs, samples, strict=True)}
