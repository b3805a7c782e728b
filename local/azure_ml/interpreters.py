"""Interpreters of other versions than the one that runs."""

import sys
from pathlib import Path


def find_python(version: str) -> str:
    """An interpreter of this version that is installed here; else the version, which uv looks for, or gets."""
    if "{}.{}".format(*sys.version_info) == version:
        return sys.executable
    installed = sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))
    return str(installed[-1]) if installed else version
