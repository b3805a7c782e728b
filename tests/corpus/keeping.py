"""The small corpus in the repository, with what is known of each file: `manifest.json`, a line for each."""

import hashlib
import io
import json
import shutil
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from tests.corpus.environments import Environment
from tests.corpus.recipes.record import NOTE

FOLDER = Path(__file__).parent / "kept"
MANIFEST = FOLDER / "manifest.json"
_NOTES_ON_SOURCE = ".debug_pkl"


@dataclass(frozen=True, slots=True)
class Kept:
    """One kept file, and what its recipe noted of it."""

    environment: str
    file: str
    sha256: str
    size: int
    note: dict[str, Any]

    @property
    def name(self) -> str:
        """Where it lies in the folder; unique."""
        return f"{self.environment}/{self.file}"

    @property
    def path(self) -> Path:
        """The file."""
        return FOLDER / self.name

    @property
    def told(self) -> dict[str, Any]:
        """What the library tells of the model."""
        found: dict[str, Any] = self.note["told"]
        return found


def load_kept() -> list[Kept]:
    """All kept files, in the order of their names."""
    return [Kept(**entry) for entry in json.loads(MANIFEST.read_text())]


def keep(environments: Sequence[Environment], made: Path) -> None:
    """Renews what is kept of these environments with the files that were made in this folder."""
    names = {environment.name for environment in environments}
    entries = [] if not MANIFEST.exists() else json.loads(MANIFEST.read_text())
    entries = [entry for entry in entries if entry["environment"] not in names]
    for environment in environments:
        shutil.rmtree(FOLDER / environment.name, ignore_errors=True)
        for note_file in sorted((made / environment.name).glob("*" + NOTE)):
            source = note_file.with_suffix("")
            if any(fnmatch(source.name, pattern) for pattern in environment.keep):
                entries.append(_keep_one(environment.name, source))
    entries.sort(key=lambda entry: (entry["environment"], entry["file"]))
    MANIFEST.write_text(
        "[\n" + ",\n".join(json.dumps(entry, sort_keys=True) for entry in entries) + "\n]\n"
    )


def _keep_one(environment: str, source: Path) -> dict[str, Any]:
    target = FOLDER / environment / source.name
    target.parent.mkdir(parents=True, exist_ok=True)
    content = _without_places(source.read_bytes())
    target.write_bytes(content)
    note = json.loads(source.with_name(source.name + NOTE).read_text())
    del note["file"]
    return {
        "environment": environment,
        "file": source.name,
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "note": note,
    }


def _without_places(content: bytes) -> bytes:
    """A file without the folders of the machine that made it: torch notes where each line of a module's source lay."""
    if not content.startswith(b"PK"):
        here = bytes(Path.cwd())
        return content.replace(here, b"/".ljust(len(here), b"_"))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        infos = archive.infolist()
        if not any(info.filename.endswith(_NOTES_ON_SOURCE) for info in infos):
            return content
        kept = io.BytesIO()
        with zipfile.ZipFile(kept, "w") as cleared:
            for info in infos:
                if not info.filename.endswith(_NOTES_ON_SOURCE):
                    cleared.writestr(zipfile.ZipInfo(info.filename), archive.read(info))
    return kept.getvalue()
