"""Kept files predict as their originals did, once deployed to the emulator on the libraries of this repository."""

from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from local.azure_ml.scoring.environment import differences
from local.azurite import Azurite
from shared.domain.inspection import ModelFormat
from tests.corpus.deploying import find_wrong
from tests.corpus.packaging import render_package
from tests.corpus.reading import SERVED, inspect

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
    for name in SERVED:
        if inspect(name).format in OWN_FORMS or not unmet(name, root):
            yield name


def unmet(name: str, folder: Path) -> list[str]:
    """Lines of a file's requirements that this interpreter does not meet, but for Azure's own server."""
    (folder / "requirements.txt").write_bytes(render_package(name)["requirements.txt"])
    lines = []
    for line in differences(folder):
        library, _, pin = line.partition(":")[0].partition("==")
        here = NAMED_OTHERWISE_HERE.get(library)
        if not library.startswith("azureml-") and not (here and version(here) == pin):
            lines.append(line)
    return lines


def test_every_file_that_can_be_served_here_is_deployed_and_predicts_as_the_original(
    azurite: Azurite, tmp_path: Path
) -> None:
    names = list(served_here(tmp_path))

    assert find_wrong(azurite, tmp_path / "light", names, "--serving", "light") == {}
    assert {inspect(name).format for name in names} == set(ModelFormat) - NOT_SERVED_HERE
