"""Feeds mutated model files to the reader, guided by what code they reach: one target, until its time is up.

Run by `test_fuzzing` in an environment that has atheris (libFuzzer for Python): `program.py TARGET <libFuzzer's arguments>`.
Any exception but the reader's own, more memory or more time than libFuzzer is told, and a pickle that is
clean with a name that is not allowed end it with an error and leave the file that did it.
"""

import importlib
import io
import sys
from pathlib import Path

import atheris
import yaml

ROOT = Path(__file__).resolve().parents[2]
YAML = str(Path(yaml.__file__).parents[1])
sys.path.insert(0, str(ROOT))

from tests.fuzzing.targets import TARGETS  # noqa: E402 - the path is set just now

with atheris.instrument_imports(include=["shared.domain"]):
    for path in sorted((ROOT / "shared" / "domain" / "reading").rglob("*.py")):
        importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    from shared.adapters.model_reading_process import _parse_yaml
    from shared.domain.inspection import ModelFormat, UnreadableModel, Verdict
    from shared.domain.reading.reader import read_model
    from shared.domain.reading.trust.names import ALLOWED, judge_name


def check(data: bytes) -> None:
    """Reads one file. Raises whatever the reader should not."""
    try:
        found = read_model(
            io.BytesIO(data), len(data), "0" * 64, lambda text: _parse_yaml(text, YAML)
        )
    except UnreadableModel:
        return
    if found.verdict is Verdict.CLEAN and found.format in (ModelFormat.PICKLE, ModelFormat.JOBLIB):
        refused = [
            name for name in found.names if judge_name(*name.rpartition(".")[::2]) not in ALLOWED
        ]
        assert not refused, refused


def main() -> None:
    """Fuzzes the target named first."""
    target = TARGETS[sys.argv.pop(1)]
    atheris.Setup(sys.argv, lambda data: check(target.wrap(data)))
    atheris.Fuzz()


if __name__ == "__main__":
    main()
