"""Has an app indexed, loaded and run by Microsoft's own Python worker library, as Azure does.

`azure_functions_runtime` is what a Python worker of Azure Functions does these things with. Its
wheel asks for Python 3.13 but the code runs on 3.11, so it is installed aside, pinned by hash,
into `.local/`. An app can be indexed once a process, so each call here starts
`local.microsoft_worker`. Used by the tests of the app.
"""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local import processes

VERSION = "1.3.0"
REQUIREMENT = (
    f"azure-functions-runtime=={VERSION} "
    "--hash=sha256:5045cf1e1a9a33ff262043eb52cf976834d2f2b6c67c20da61588fe7dc2fcf64"
)

_ROOT = Path(__file__).parents[1]
_INSTALLED = _ROOT / ".local" / "microsoft-runtime" / VERSION


class RuntimeLibraryError(Exception):
    """The library could not be installed, or refused the app; the message has its words."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """A function as the library tells the host of it."""

    name: str
    bindings: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What came of running a function once; `error` is empty where it succeeded."""

    error: str
    returned: Any
    outputs: dict[str, Any]


def install() -> Path:
    """The folder that holds the library, installed unless it is there. Raises on failure."""
    with processes.one_at_a_time(_INSTALLED.parent / "lock"):
        if _INSTALLED.exists():
            return _INSTALLED
        partial = _INSTALLED.parent / "partial"
        command = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--require-hashes"]
        command += ["--no-deps", "--only-binary", ":all:", "--python-version", "3.13"]
        command += ["--target", str(partial), "--requirements", "-"]
        done = subprocess.run(
            command, input=REQUIREMENT, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeLibraryError(f"the library could not be installed: {done.stderr}")
        partial.rename(_INSTALLED)
        return _INSTALLED


def index(app: Path, env: Mapping[str, str]) -> list[Indexed]:
    """The app's functions as Microsoft's library sees and loads them. Raises if it refuses."""
    return [Indexed(**each) for each in _child([str(app)], env)["functions"]]


def invoke(app: Path, name: str, given: Mapping[str, object], env: Mapping[str, str]) -> Invocation:
    """Runs one function through the library.

    `given` may hold, for HTTP, `method`, `url`, `headers`, `route` and `body`; for a queue
    `message` and `dequeue_count`; for a timer `past_due`. Raises if the app is refused.
    """
    arguments = [str(app), "--invoke", name, "--given", json.dumps(given)]
    return Invocation(**_child(arguments, env)["invocation"])


def _child(arguments: Sequence[str], env: Mapping[str, str]) -> dict[str, Any]:
    install()  # here, where this process's proxies and certificates are known
    done = subprocess.run(
        [sys.executable, "-m", "local.microsoft_worker", *arguments],
        cwd=_ROOT,
        env=dict(env),
        capture_output=True,
        text=True,
        check=False,
    )
    if not done.stdout:
        raise RuntimeLibraryError(f"it ended with exit code {done.returncode}: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    if "refused" in answer:
        raise RuntimeLibraryError(answer["refused"])
    return answer
