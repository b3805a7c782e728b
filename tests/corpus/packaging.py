"""Packages kept files as the product does, renders their scoring requests, and compares answers with the originals'."""

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from local.azure_ml.environments_built import Wanted, read_wanted
from shared.adapters.mlflow_packaging import MlflowPackager
from shared.domain.inspection import Inspection
from shared.domain.packaging.package import Inline, Member, Whole
from shared.domain.packaging.signatures import told_inputs
from shared.domain.reading.containers.members import open_member
from tests.corpus.keeping import Kept
from tests.corpus.reading import KEPT, inspect


def render_package(name: str) -> dict[str, bytes]:
    """The MLflow folder of a kept file: its files by path."""
    data = KEPT[name].path.read_bytes()
    package = MlflowPackager(default_python="3.11").package(inspect(name), io.BytesIO(data))
    files: dict[str, bytes] = {}
    for file in package.files:
        match file.origin:
            case Inline(made):
                files[file.path] = made
            case Whole():
                files[file.path] = data
            case Member(member):
                files[file.path] = open_member(io.BytesIO(data), member).read()
    return files


def find_environment(name: str, folder: Path) -> Wanted:
    """What the emulator builds for a kept file; `folder` gets the two files that say so, in place of any others."""
    files = render_package(name)
    for file in ("requirements.txt", "python_env.yaml"):
        (folder / file).write_bytes(files[file])
    return read_wanted(folder)


def render_request(inspection: Inspection, kept: Kept) -> dict[str, Any]:
    """The body of the scoring request for the input that the recipe noted."""
    given = kept.note["given"]
    if "arrays" in given:
        arrays = given["arrays"]
        named = any(tensor.name is not None for tensor in told_inputs(inspection))
        return {"input_data": arrays if named or len(arrays) > 1 else next(iter(arrays.values()))}
    rows = given["rows"]
    if not isinstance(rows[0], list):  # texts, one a row
        return {"input_data": rows}
    columns = given["columns"] or list(range(len(rows[0])))
    return {"input_data": {"columns": columns, "index": list(range(len(rows))), "data": rows}}


def is_as_original(answer: Any, kept: Kept) -> bool:
    """Whether an answer has the original's predictions: the same labels, and numbers to float32's precision."""
    found = list(_flat(answer.get("predictions")))
    expected = list(_flat(kept.note["predictions"]))
    return len(found) == len(expected) and all(map(_same, found, expected))


def _flat(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        for _, inner in sorted(value.items()):
            yield from _flat(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _flat(inner)
    else:
        yield value


def _same(found: Any, expected: Any) -> bool:
    if isinstance(found, str) or isinstance(expected, str):
        return bool(found == expected)
    return math.isclose(found, expected, rel_tol=1e-4, abs_tol=1e-6)
