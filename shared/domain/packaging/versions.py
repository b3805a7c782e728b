"""Version numbers as files tell them: taken only where they are safe to write into a requirements file."""

import re
from typing import TypeAlias

Release: TypeAlias = tuple[int, ...]

_VERSION = re.compile(r"\d{1,4}(\.\d{1,6}){0,3}((a|b|rc|\.post)\d{1,3})?")
_LOCAL = re.compile(r"\+[A-Za-z0-9.]{1,40}")
_PYTHON = re.compile(r"3\.\d{1,2}(\.\d{1,2})?")
_RELEASE = r"\d{1,4}(?:\.\d{1,6}){0,3}"
_NEED = re.compile(rf"([a-z0-9][a-z0-9-]{{0,60}})(?:>=({_RELEASE}))?,?(?:<({_RELEASE}))?")


def parse_version(text: str) -> str | None:
    """The text if it is a plain release number; without a build's name (2.4.1+cpu), which PyPI does not have; else None."""
    text = _LOCAL.sub("", text)
    return text if _VERSION.fullmatch(text) else None


def parse_python(text: str) -> str | None:
    """The text if it is a plain Python 3 version; else None."""
    return text if _PYTHON.fullmatch(text) else None


def parse_need(text: str) -> tuple[str, str | None, str | None] | None:
    """A library, its first release that serves, and the first that does not any more; None for anything else.

    From `onnxruntime>=1.18`, `statsmodels<0.15`, both bounds with a comma between them, or the name alone.
    """
    found = _NEED.fullmatch(text)
    return (found[1], found[2], found[3]) if found else None


def parse_release(version: str) -> Release:
    """The numbers of a version, to compare: (1, 4, 2) for 1.4.2rc1."""
    return tuple(int(part) for part in re.findall(r"\d+", re.split(r"a|b|rc|\.post", version)[0]))
