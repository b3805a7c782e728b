"""Which kept files the libraries of this repository can serve."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from local.azure_ml.scoring.environment import differences
from shared.domain.inspection import ModelFormat
from tests.corpus.packaging import find_environment
from tests.corpus.reading import SERVED, inspect

OWN_FORMS = (ModelFormat.XGBOOST, ModelFormat.LIGHTGBM, ModelFormat.CATBOOST, ModelFormat.ONNX)
"""Forms that a library keeps reading in its later releases; pickles are for the release that wrote them."""
FORMATS_HERE = set(ModelFormat) - {
    ModelFormat.SAFETENSORS,  # weights alone
    ModelFormat.KERAS,  # TensorFlow and torch are too big for every run: see test_pins.py
    ModelFormat.TORCH,
    ModelFormat.TORCHSCRIPT,
}
NAMED_OTHERWISE_HERE = {"xgboost": "xgboost-cpu"}


def served_here(folder: Path) -> Iterator[str]:
    """Files whose pins this interpreter meets, or whose form is read by any later release; `folder` is worked in."""
    for name in SERVED:
        if inspect(name).format in OWN_FORMS or not unmet(name, folder):
            yield name


def unmet(name: str, folder: Path) -> list[str]:
    """Lines of a file's requirements that this interpreter does not meet, but for Azure's own server."""
    find_environment(name, folder)
    lines = []
    for line in differences(folder):
        library, _, pin = line.partition(":")[0].partition("==")
        here = NAMED_OTHERWISE_HERE.get(library)
        if not library.startswith("azureml-") and not (here and version(here) == pin):
            lines.append(line)
    return lines
