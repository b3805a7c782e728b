"""What was deployed with environments built from its own files: `deployed.json`, a line for each file, which the proof writes."""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from tests.corpus.packaging import find_environment
from tests.corpus.reading import KEPT, SERVED

FILE = Path(__file__).with_name("deployed.json")


def describe(name: str, folder: Path) -> dict[str, str]:
    """The file as it is kept, and the environment as it is asked for, today; `folder` is worked in."""
    return {"sha256": KEPT[name].sha256, "environment": find_environment(name, folder).digest}


def load_deployed() -> dict[str, dict[str, str]]:
    """What has predicted as its original, by file."""
    found: dict[str, dict[str, str]] = json.loads(FILE.read_text())
    return found


def deployed_by_pins(folder: Path) -> Iterator[str]:
    """Files of which this holds today; `folder` is worked in."""
    found = load_deployed()
    return (name for name in SERVED if found.get(name) == describe(name, folder))


def save_deployed(right: Mapping[str, dict[str, str]], wrong: Iterable[str]) -> None:
    """Adds what is right, and takes away what is wrong or not kept any more."""
    entries = {**load_deployed(), **right}
    kept = sorted(entries.keys() & KEPT.keys() - set(wrong))
    lines = (f"{json.dumps(name)}: {json.dumps(entries[name])}" for name in kept)
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n")
