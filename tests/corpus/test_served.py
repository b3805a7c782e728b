"""Kept files predict as their originals did, from the folders that are written of them."""

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from local.azure_ml.scoring.environment import differences
from shared.domain.inspection import ModelFormat
from tests.corpus.packaging import ask, is_as_original, write_package
from tests.corpus.reading import KEPT, SERVED, inspect

OWN_FORMS = (ModelFormat.XGBOOST, ModelFormat.LIGHTGBM, ModelFormat.CATBOOST, ModelFormat.ONNX)
"""Forms that a library keeps reading in its later releases; pickles are for the release that wrote them."""
NOT_SERVED_HERE = {
    ModelFormat.SAFETENSORS,  # weights alone
    ModelFormat.KERAS,  # TensorFlow and torch are too big for every run: see test_pins.py
    ModelFormat.TORCH,
    ModelFormat.TORCHSCRIPT,
}
NAMED_OTHERWISE_HERE = {"xgboost": "xgboost-cpu"}


def served_here(root: Path) -> Iterator[str]:
    """Files whose pins this interpreter meets, or whose form is read by any later release."""
    for at, name in enumerate(SERVED):
        later = inspect(name).format in OWN_FORMS
        if later or not unmet(write_package(name, root / str(at))):
            yield name


def unmet(folder: Path) -> list[str]:
    """Lines of the folder's requirements that this interpreter does not meet, but for Azure's own server."""
    lines = []
    for line in differences(folder):
        library, _, pin = line.partition(":")[0].partition("==")
        here = NAMED_OTHERWISE_HERE.get(library)
        if not library.startswith("azureml-") and not (here and version(here) == pin):
            lines.append(line)
    return lines


def test_every_package_that_can_be_served_here_predicts_as_the_original(tmp_path: Path) -> None:
    names = list(served_here(tmp_path / "all"))

    answers = ask(sys.executable, names, tmp_path / "here")

    assert {
        name: answers[name] for name in names if not is_as_original(answers[name], KEPT[name])
    } == {}
    assert {inspect(name).format for name in names} == set(ModelFormat) - NOT_SERVED_HERE
