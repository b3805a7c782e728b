"""What a recipe leaves beside each model file: how it was made, an input, and what the library itself says of it.

A recipe runs in an environment that has only its library, on Python 3.8 or later, and prints nothing.
"""

from __future__ import annotations

import json
import platform
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Sequence  # noqa: UP035 - of Python 3.8

NOTE = ".note"
"""A file's name with this is the name of what is known of it, in JSON."""
ROWS = 5
"""So many rows of input are kept with each model."""


class Files:
    """The files of one recipe in one folder. `libraries` are packages whose versions are noted."""

    def __init__(self, *libraries: str) -> None:
        self.folder = Path(sys.argv[1])
        self.folder.mkdir(parents=True, exist_ok=True)
        self._versions = {name: metadata.version(name).split("+")[0] for name in libraries}

    def path(self, name: str) -> str:
        """Where to write the file of this name."""
        return str(self.folder / name)

    def write(self, name: str, content: bytes) -> None:
        """Writes the file of this name."""
        Path(self.path(name)).write_bytes(content)

    def note(
        self,
        name: str,
        *,
        saved: str,
        format: str,  # noqa: A002 - the word of an inspection
        given: dict[str, Any] | None,
        predictions: Any,
        judged: str = "clean",
        served: bool = True,
        **told: Any,
    ) -> None:
        """Notes what is known of a file that was written.

        `given` is an input made by `table` or `arrays`, `predictions` what the model says to it; both None for weights.
        `judged` is the verdict that the file deserves, or "unreadable"; `served` is False where it cannot be alone.
        `told` are facts as an inspection has them: estimator, features, classes, inputs, outputs.
        """
        document = {
            "file": name,
            "saved": saved,
            "format": format,
            "python": platform.python_version(),
            "libraries": self._versions,
            "given": given,
            "predictions": plain(predictions),
            "judged": judged,
            "served": served and given is not None,
            "told": {fact: plain(value) for fact, value in told.items()},
        }
        Path(self.path(name + NOTE)).write_text(json.dumps(document, indent=1) + "\n")


def table(rows: Any) -> dict[str, Any]:
    """The first rows of a data frame, or of an array, whose columns have no names."""
    columns = [str(name) for name in rows.columns] if hasattr(rows, "columns") else None
    values = rows.to_numpy() if columns else rows
    return {"columns": columns, "rows": plain(values[:ROWS])}


def arrays(dtype: str, **named: Any) -> dict[str, Any]:
    """Arrays by name, all of one type. A model that takes one array without a name calls it `x`."""
    return {"dtype": dtype, "arrays": {name: plain(value) for name, value in named.items()}}


def plain(value: Any) -> Any:
    """The value as JSON has it."""
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, dict):
        return {str(name): plain(inner) for name, inner in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [plain(inner) for inner in value]
    return value


def class_of(model: Any) -> str:
    """The model's class as one imports it: without the modules whose names begin with an underscore."""
    kind = type(model)
    public = []
    for part in kind.__module__.split("."):
        if part.startswith("_"):
            break
        public.append(part)
    return ".".join([*public, kind.__name__])
