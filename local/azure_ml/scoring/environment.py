"""Says in the log where a model's requirements differ from the interpreter that serves it.

On Azure an image is built from the requirements. Where the emulator's own interpreter serves, a
difference that would break there passes here, unless somebody reads this. Runs inside a scoring process.
"""

from __future__ import annotations

import importlib.metadata
import platform
import sys
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement


def differences(model: Path) -> list[str]:
    """One line for each requirement of the model that this interpreter does not meet."""
    listed = model / "requirements.txt"
    if not listed.exists():
        return ["the model has no requirements.txt: Azure could not build its environment"]
    found = []
    for line in listed.read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text and not text.startswith("-"):
            found.append(_difference(text))
    return [line for line in found if line]


def report(model: Path) -> str:
    """The comparison as the log shows it."""
    lines = differences(model)
    head = f"serving with Python {platform.python_version()} of {sys.prefix}"
    if not lines:
        return f"{head}; it meets requirements.txt"
    return "\n".join(
        [f"{head}; it differs from requirements.txt:", *(f"  {line}" for line in lines)]
    )


def _difference(text: str) -> str:
    try:
        wanted = Requirement(text)
    except InvalidRequirement:
        return f"{text}: not compared"
    if wanted.marker and not wanted.marker.evaluate():
        return ""
    version = _installed(wanted.name)
    if version is None:
        return f"{text}: not installed here"
    return "" if wanted.specifier.contains(version, prereleases=True) else f"{text}: here {version}"


def _installed(name: str) -> str | None:
    """The version of a package, or of its smaller build for machines without graphics cards."""
    for each in (name, f"{name}-cpu"):
        try:
            return importlib.metadata.version(each)
        except importlib.metadata.PackageNotFoundError:  # noqa: PERF203 - two names at most
            continue
    return None
