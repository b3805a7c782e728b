"""What is installed from the requirements.txt that is written serves the model as the original did.

Each environment is made by uv from PyPI, on the Python that the folder asks for; kept files with equal requirements share one.
"""

import json
import shutil
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import pytest

from local.azure_ml.interpreters import find_python
from tests.corpus.build import NotMade, install
from tests.corpus.packaging import ask, is_as_original, write_package
from tests.corpus.reading import KEPT, SERVED

KINDS = sorted({f"{KEPT[name].environment} {KEPT[name].note['format']}" for name in SERVED})
LARGE = {"torch": "torch==2.13.0"}
"""Where a pin leaves a choice, the build that the corpus is made with: each other one would bring some more gigabytes."""


def needed(folder: Path) -> tuple[str, tuple[str, ...]]:
    """The Python and the requirements that a folder asks for."""
    python = json.loads((folder / "python_env.yaml").read_text())["python"]
    lines = (folder / "requirements.txt").read_text().splitlines()
    chosen = [
        pin for library, pin in LARGE.items() if any(_is_open(line, library) for line in lines)
    ]
    return ".".join(python.split(".")[:2]), (*lines, *chosen)


def _is_open(line: str, library: str) -> bool:
    return line.startswith((f"{library}>", f"{library}<")) or line == library


@pytest.mark.proof
@pytest.mark.parametrize("kind", KINDS)
def test_the_pins_that_are_written_serve_as_the_original_did(kind: str, tmp_path: Path) -> None:
    environment, form = kind.split()
    together: dict[tuple[str, tuple[str, ...]], list[str]] = defaultdict(list)
    for at, name in enumerate(SERVED):
        if (KEPT[name].environment, KEPT[name].note["format"]) == (environment, form):
            together[needed(write_package(name, tmp_path / "packages" / str(at)))].append(name)

    wrong: dict[str, object] = {}
    for at, ((python, requirements), names) in enumerate(together.items()):
        answers = serve(tmp_path / f"venv-{at}", python, requirements, names)
        wrong |= {
            name: answers[name] for name in names if not is_as_original(answers[name], KEPT[name])
        }

    assert wrong == {}


def serve(
    venv: Path, python: str, requirements: Sequence[str], names: Sequence[str]
) -> dict[str, object]:
    """What the packages of these files answer in an environment made for them, which then goes."""
    try:
        interpreter = install(venv, python, requirements)
        return ask(str(interpreter), names, venv.with_suffix(".packages"))
    except NotMade as error:
        if not find_python(python).endswith("python") and "interpreter" in str(error):
            pytest.skip(f"Python {python} is not here, and uv cannot bring it: {error}")
        raise
    finally:
        shutil.rmtree(venv, ignore_errors=True)
