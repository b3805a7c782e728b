"""`make up`: the local cloud in the foreground, until Ctrl-C, its state kept for the next run.

LONGSHORE_PORT (7071) is the API's port; the emulator and Azurite take the four after it. Some settings
of the app (`SETTABLE`) may be set beside it. Exit code
0 after Ctrl-C or SIGTERM, 1 if a part fails, 2 if it cannot start here.
"""

import argparse
import contextlib
import fcntl
import os
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from local import azurite, interrupts
from local.azurite import InstallError
from local.cloud import LocalCloud, Options
from shared.settings import SettingsError

DEFAULT_PORT = 7071
FOLDER = Path(__file__).parents[1] / ".local"
PARTS = ("the API", "Azure ML emulator", "blobs", "queues", "tables")
"""What listens on LONGSHORE_PORT and on the ports after it, in order."""

SETTABLE = (
    *("ALLOW_RESET", "REQUIRE_EVALUATION", "UPLOAD_LIMIT", "DIRECT_UPLOAD_LIMIT"),
    *("UPLOAD_LINK_SECONDS", "SOURCE_CONTAINERS", "SOURCE_BUCKETS", "ALLOWED_HOSTS"),
    *("MLFLOW_TRACKING_URI", "ARTIFACT_STORE", "S3_BUCKET", "S3_ENDPOINT_URL", "S3_REGION"),
    *("INSTANCE_PRICES", "RECONCILE_DAYS", "RECONCILE_PAID_GRACE_SECONDS"),
    *("SIGHTING_GAP_SECONDS", "RECONCILE_REPAIRS"),
)
"""Settings of the app that are taken from the environment; the others are the local cloud's own."""

CREDENTIALS = ("AWS_", "MLFLOW_TRACKING_")
"""How the variables begin by which boto3 and MLflow find what sources want; they are secret, and passed on as they are."""


class CannotStart(Exception):
    """Something of this machine's is in the way; the message says what, and what to do."""


def main() -> int:
    """Runs the local cloud; returns the exit code."""
    interrupts.interrupt_on_signals()
    parser = argparse.ArgumentParser(prog="python -m local.up", description=__doc__)
    parser.add_argument("--folder", type=Path, default=FOLDER, help="of state and logs")
    folder: Path = parser.parse_args().folder.resolve()
    try:
        first = _read_port(os.environ)
        with _only_one(folder / "state" / "lock"):
            _require_free(first)
            return _run(folder, first)
    except (CannotStart, SettingsError) as problem:
        print(f"make up: {problem}", file=sys.stderr)
        return 2
    except (RuntimeError, TimeoutError, InstallError) as failure:
        print(f"make up: {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped; the state is kept for the next `make up`", flush=True)
        return 0


def _run(folder: Path, first: int) -> int:
    print("Longshore's local cloud is starting", flush=True)
    options = Options(
        folder=folder,
        port=first,
        azure_ml_port=first + 1,
        storage_ports=dict(zip(azurite.SERVICES, range(first + 2, first + 5), strict=True)),
        settings=read_settings(os.environ),
        say=_say,
    )
    with LocalCloud(options) as cloud:
        print(
            f"  API      {cloud.base_url}/docs   the user is ?user_id=..., else local, an operator"
        )
        print(f"  Azure ML {cloud.azure_ml_url}   an emulator: docs/emulator.md")
        print(f"  storage  ports {first + 2} (blobs), {first + 3} (queues), {first + 4} (tables)")
        print(f"           {cloud.connection_string}")
        print(f"  state    {cloud.state}, logs in {cloud.logs}; Ctrl-C stops it")
        print(f"ready: {cloud.base_url}", flush=True)
        ended = cloud.wait()
    print(f"make up: {ended}; its log is in {cloud.logs}", file=sys.stderr)
    return 1


def _read_port(env: Mapping[str, str]) -> int:
    text = env.get("LONGSHORE_PORT") or str(DEFAULT_PORT)
    most = 65535 - len(PARTS) + 1
    if not text.isdecimal() or not 1 <= int(text) <= most:
        raise CannotStart(f"LONGSHORE_PORT must be a port from 1 to {most}, and is {text!r}")
    return int(text)


def read_settings(env: Mapping[str, str]) -> dict[str, str]:
    """What the environment sets of the app, and its credentials of sources, so that all of it can be tried here."""
    return {
        name: value
        for name, value in env.items()
        if value and (name in SETTABLE or name.startswith(CREDENTIALS))
    }


@contextlib.contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Holds the state's lock. Raises CannotStart where another run has it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            held.seek(0)
            raise CannotStart(
                f"another `make up` of this folder runs (process {held.read().strip()}); stop it first"
            ) from error
        held.truncate(0)
        held.write(str(os.getpid()))
        held.flush()
        yield


def _require_free(first: int) -> None:
    """Raises CannotStart naming every port that something else listens on."""
    taken = [
        f"{first + each} ({part})" for each, part in enumerate(PARTS) if _is_taken(first + each)
    ]
    if taken:
        raise CannotStart(
            f"port {' and '.join(taken)} cannot be used: something listens there already. "
            f"Stop it, or choose five free ports in a row: LONGSHORE_PORT=8071 make up"
        )


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return True
    return False


def _say(line: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
