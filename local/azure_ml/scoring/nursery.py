"""Starts scoring processes within milliseconds: has MLflow and scikit-learn imported, then forks.

`python -m local.azure_ml.scoring.nursery SOCKET`, started by `scorers`. A caller connects, sends one
line of JSON (`model`, `most`, `log`, `environment`) and reads one line each: the child's pid, then
its port once it answers. The end of the stream is the end of the child. Children die with the
nursery, as the nursery does with the emulator. Needs MLflow and Python 3.8 or later.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import socket
import sys
import traceback
from pathlib import Path
from typing import Any, NoReturn

import mlflow
from mlflow.utils import requirements_utils

from local.azure_ml.scoring import server

with contextlib.suppress(ImportError):  # for the children's sake, where it is
    import mlflow.sklearn
    import sklearn.ensemble
    import sklearn.linear_model
    import sklearn.pipeline
    import sklearn.preprocessing  # noqa: F401 - see above

_PR_SET_PDEATHSIG = 1


def main(path: str) -> NoReturn:
    """Serves requests for children until it is killed."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps
    ours = (os.environ["PYTHONPATH"], str(Path.cwd()))  # `-m` adds the latter
    sys.path[:] = [entry for entry in sys.path if entry not in ours]
    # Its first call indexes all installed packages, for 0.2 s; every load_model calls it.
    requirements_utils.warn_dependency_requirement_mismatches([f"mlflow=={mlflow.__version__}"])
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen(128)
    nursery = os.getpid()
    while True:
        caller, _ = listener.accept()
        with caller, caller.makefile("rb") as lines:
            wanted = json.loads(lines.readline())
            if os.fork() == 0:
                listener.close()
                _become(wanted, caller, nursery)


def _become(wanted: dict[str, Any], caller: socket.socket, nursery: int) -> NoReturn:
    code = 1
    try:
        _settle(wanted, nursery)
        caller.sendall(f"{os.getpid()}\n".encode())
        server.serve(
            wanted["model"], wanted["most"], lambda port: caller.sendall(f"{port}\n".encode())
        )
        code = 0
    except BaseException:  # noqa: BLE001 - the child must not return into the nursery's loop
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _settle(wanted: dict[str, Any], nursery: int) -> None:
    """Gives the child its own session, fate, log and environment."""
    os.setsid()
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != nursery:  # it died before the kernel was asked
        os._exit(1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    log = os.open(wanted["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.environ.clear()
    os.environ.update(wanted["environment"])


if __name__ == "__main__":
    main(sys.argv[1])
