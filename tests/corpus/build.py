"""Makes the corpus: for each environment a venv with uv, in it the recipe, and the files under .local/corpus.

What is made stays, so that an interrupted run goes on. What cannot be installed here is told at the end, with uv's reason.
"""

import argparse
import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from local.azure_ml.interpreters import find_python
from tests.corpus.environments import ENVIRONMENTS, Environment
from tests.corpus.keeping import keep
from tests.corpus.recipes.record import NOTE

ROOT = Path(__file__).parents[2]
HOME = ROOT / ".local" / "corpus"
FILES = HOME / "files"
_RECIPES = Path(__file__).parent / "recipes"
_MADE = "made"
_LONGEST = 1_800  # seconds for an installation, or a recipe


class NotMade(Exception):
    """An environment could not be installed, or its recipe ended with an error; says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Makes the environments that are asked for, or all; 1 where one could not be made."""
    parser = argparse.ArgumentParser(prog="make corpus", description=__doc__)
    parser.add_argument("names", nargs="*", help="environments to make; without any: all")
    parser.add_argument("--keep", action="store_true", help="renew tests/corpus/kept from them")
    asked = parser.parse_args(arguments)
    chosen = [each for each in ENVIRONMENTS if not asked.names or each.name in asked.names]
    failed = {}
    for environment in chosen:
        try:
            made = make(environment)
        except NotMade as error:
            failed[environment.name] = str(error)
            continue
        print(f"{environment.name:24} {made}")
    for name, why in failed.items():
        print(f"{name:24} NOT MADE: {why}")
    if asked.keep:
        keep([each for each in chosen if each.name not in failed], FILES)
    return 1 if failed else 0


def make(environment: Environment) -> str:
    """Makes the files of an environment, if they are not there as it would make them; says what was done."""
    folder = FILES / environment.name
    marker, recipe = folder / _MADE, _fingerprint(environment)
    if marker.exists() and json.loads(marker.read_text()) == recipe:
        return "is there"
    shutil.rmtree(folder, ignore_errors=True)
    venv = HOME / "venvs" / environment.name
    try:
        python = install(venv, environment.python, environment.requirements, environment.alone)
        _run([str(python), "-m", f"tests.corpus.recipes.{environment.recipe}", str(folder)])
    finally:
        shutil.rmtree(venv, ignore_errors=True)  # uv's cache makes it again in seconds
    marker.write_text(json.dumps(recipe))
    return f"{len(list(folder.glob('*' + NOTE)))} files"


def install(venv: Path, version: str, requirements: Sequence[str], alone: bool = False) -> Path:
    """A new venv with these requirements, from wheels only; its interpreter. Raises NotMade."""
    uv = str(Path(sys.executable).with_name("uv"))
    python = venv / "bin" / "python"
    _run([uv, "venv", "--quiet", "--clear", "--python", find_python(version), str(venv)])
    options = ["--no-deps"] if alone else []
    _run(
        [uv, "pip", "install", "--quiet", "--no-build", "--python", str(python), *options, *requirements]
    )  # fmt: skip
    return python


def _run(command: list[str]) -> None:
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=_LONGEST, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NotMade(f"took longer than {_LONGEST} seconds") from error
    if done.returncode:
        lines = [line.strip() for line in done.stderr.splitlines() if line.strip()]
        raise NotMade(" ".join(lines[-6:])[-600:])


def _fingerprint(environment: Environment) -> list[str]:
    """What an environment's files depend on: its pins, its recipe, and the modules that one names."""
    recipe = (_RECIPES / f"{environment.recipe}.py").read_text()
    named = [path for path in sorted(_RECIPES.glob("*.py")) if path.stem in recipe]
    code = "".join([recipe, *(path.read_text() for path in named)])
    pins = (environment.python, environment.recipe, *environment.requirements)
    return [*pins, hashlib.sha256(code.encode()).hexdigest()]


if __name__ == "__main__":
    sys.exit(main())
