"""Writes docs/formats.md: what the kept corpus shows of each kind of file. `python -m tests.corpus.table` renews it."""

import re
import tempfile
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

from shared.domain.packaging.flavors import find_obstacle
from tests.corpus.deployed import deployed_by_pins
from tests.corpus.keeping import Kept
from tests.corpus.reading import KEPT, READABLE, SERVED, UNREADABLE, inspect, made_with
from tests.corpus.served import served_here

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
_HEAD = """# Formats, as tested

Made by `python -m tests.corpus.table` from the kept corpus, `tests/corpus/kept`: {files} model files, saved by the real libraries in the
releases named here (`tests/corpus/environments.py`, `make corpus`). A tick stands for every file of its row.

- **clean**: judged so, without running the file. **versions**: the file tells the library's, and truly. **inputs**: columns or arrays are told.
- **packaged**: as an MLflow folder. **deployed here**: deployed to the emulator in `make test`, on libraries of this repository, it
  predicts as the original did.
- **deployed by pins**: the same in `make proof`, in an environment that the emulator has built from the requirements.txt and the Python that are
  written (`tests/corpus/deployed.json`).

| made by | releases | file | files | read | clean | versions | inputs | packaged | deployed here | deployed by pins |
|---|---|---|---|---|---|---|---|---|---|---|
"""
_WORDS = {
    "pickle": "pickle, cloudpickle",
    "joblib": "joblib",
    "mlflow": "zipped MLflow folder",
    "torch": "`torch.save`",
    "xgboost": "JSON, UBJSON",
    "lightgbm": "text",
    "catboost": "cbm",
    "keras": "`.keras`, HDF5",
}
_GIVEN_UP = {"torch": "`torch.save` before 1.6", "xgboost": "binary, given up by XGBoost"}


def render() -> str:
    """The page."""
    with tempfile.TemporaryDirectory() as folder:
        deployed = (set(served_here(Path(folder))), set(deployed_by_pins(Path(folder))))
    rows: dict[tuple[str, str], list[Kept]] = defaultdict(list)
    for kept in KEPT.values():
        rows[_maker(kept), _kind(kept)].append(kept)
    lines = [_render_row(*key, rows[key], *deployed) for key in sorted(rows)]
    return _HEAD.format(files=len(KEPT)) + "\n".join(lines) + "\n"


def _maker(kept: Kept) -> str:
    return kept.environment.partition("-")[0]


def _kind(kept: Kept) -> str:
    form: str = kept.note["format"]
    if kept.note["judged"] == UNREADABLE:
        return _GIVEN_UP[form]
    word = _WORDS.get(form, form)
    return word if kept.note["served"] else f"{word}: weights, or code of one's own"


def _render_row(maker: str, kind: str, files: list[Kept], here: set[str], pins: set[str]) -> str:
    readable = [kept.name for kept in files if kept.name in READABLE]
    found = [inspect(name) for name in readable]
    packaged = [each for each in found if find_obstacle(each) is None]
    releases = {re.split(r"-", kept.environment)[1] for kept in files}
    served = [name for name in readable if name in SERVED]
    cells = [
        maker,
        ", ".join(sorted(releases, key=_release)),
        kind,
        str(len(files)),
        _ticked(kept.name in READABLE for kept in files),
        _ticked(each.verdict == "clean" for each in found),
        _ticked(_tells(name) for name in readable),
        _ticked(each.signature for each in found),
        _ticked([len(packaged) == len(found) > 0]),
        _ticked(name in here for name in served),
        _ticked(name in pins for name in served),
    ]
    return f"| {' | '.join(cells)} |"


def _tells(name: str) -> bool:
    """Whether a file tells the version of the library that made it; for what other libraries wrap, of one of them."""
    true, told = made_with(KEPT[name]), dict(inspect(name).libraries)
    return any(told.get(library) == version for library, version in true.items())


def _ticked(shown: Iterable[bool]) -> str:
    """A tick where all show it, a part of them in numbers, else nothing."""
    each = list(shown)
    if each and all(each):
        return "✓"
    return f"{sum(each)} of {len(each)}" if any(each) else ""


def _release(text: str) -> list[int]:
    return [int(part) for part in text.split(".")]


if __name__ == "__main__":
    PAGE.write_text(render())
