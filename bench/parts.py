"""The parts a measurement runs on: Azurite, the emulator, function hosts; and the calls to them.

Everything here is the real thing of `local/`, started as child processes that end with their block.
"""

import contextlib
import functools
import http.client
import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.storage.blob import ContainerClient

from local import azurite, processes
from local.azurite import Azurite
from local.host import process as hosting
from local.host.process import RunningHost

ROOT = Path(__file__).parents[1]
CONTAINER = "longshore"
_SUBSCRIPTION = "00000000-0000-0000-0000-000000000001"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer of HTTP."""

    status: int
    body: Any


@contextlib.contextmanager
def folder() -> Iterator[Path]:
    """A folder for logs and state that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="longshore-bench-") as name:
        yield Path(name)


@contextlib.contextmanager
def storage(logs: Path) -> Iterator[Azurite]:
    """A fresh Azurite in memory."""
    with azurite.start(log=logs / "azurite.log") as running:
        yield running


@contextlib.contextmanager
def emulator(running: Azurite, logs: Path, *, operation_seconds: float) -> Iterator[str]:
    """The Azure ML emulator; its address."""
    with ContainerClient.from_connection_string(running.connection_string, CONTAINER) as container:
        container.create_container()
    port = processes.free_port()
    command = [sys.executable, "-m", "local.azure_ml", "--port", str(port)]
    command += ["--state", str(logs / "emulator"), "--storage", running.connection_string]
    command += ["--container", CONTAINER, "--operation-seconds", str(operation_seconds)]
    log = logs / "emulator.log"
    process = processes.start(command, env=_environment(), log=log, cwd=ROOT)
    try:
        processes.wait_until(
            lambda: process.poll() is not None or b"azure ml ready" in log.read_bytes(),
            seconds=30,
            what="the emulator",
        )
        if process.poll() is not None:
            raise RuntimeError(f"the emulator ended: {log.read_text()}")
        yield f"http://127.0.0.1:{port}"
    finally:
        processes.stop(process)


def settings(running: Azurite, cloud: str = "http://127.0.0.1:9", **more: str) -> dict[str, str]:
    """What a host needs in its environment; `cloud` is the emulator, where one is wanted."""
    return {
        **_environment(),
        "AUTH_MODE": "local",
        "AzureWebJobsStorage": running.connection_string,
        "AZURE_SUBSCRIPTION_ID": _SUBSCRIPTION,
        "AZURE_RESOURCE_GROUP": "bench",
        "AZURE_ML_WORKSPACE": "bench",
        "AZURE_ML_URL": cloud,
        "CONTENT_CONTAINER": CONTAINER,
        "SWEEP_SCHEDULE": "*/30 * * * * *",
        "ARTIFACTS_SCHEDULE": "0 0 3 * * *",
        "RECONCILE_SCHEDULE": "0 0 4 * * *",
        "USAGE_SCHEDULE": "0 0 2 * * *",
        "IDENTITY_ENDPOINT": f"{cloud}/msi/token",
        "IDENTITY_HEADER": "bench",
        **more,
    }


def host(
    app: Path, logs: Path, env: Mapping[str, str], *, functions: str, port: int = 0
) -> RunningHost:
    """`python -m local.host` of `app` with these functions alone."""
    options = ["--port", str(port), "--functions", functions]
    return hosting.start(app, env=env, log=logs / f"host-{app.name}.log", options=options)


def call(
    url: str, method: str, path: str, body: bytes = b"", content_type: str = "application/json"
) -> Reply:
    """One request on a connection of its own."""
    address = url.removeprefix("http://")
    with contextlib.closing(http.client.HTTPConnection(address, timeout=60)) as connection:
        connection.request(method, path, body, {"Content-Type": content_type})
        answer = connection.getresponse()
        text = answer.read()
    return Reply(status=answer.status, body=json.loads(text) if text else None)


def require(reply: Reply, status: int) -> Any:
    """The body of an answer that has to have this status. Raises RuntimeError."""
    if reply.status != status:
        raise RuntimeError(f"answered {reply.status} where {status} was due: {reply.body}")
    return reply.body


def upload(url: str, user: str) -> str:
    """Uploads a small scikit-learn model over HTTP; its id."""
    parts = [
        b'Content-Disposition: form-data; name="model_name"\r\n\r\niris',
        b'Content-Disposition: form-data; name="file"; filename="iris.joblib"\r\n\r\n'
        + model_file(),
    ]
    edge = b"longshore-bench-edge"
    body = b"".join(b"--" + edge + b"\r\n" + part + b"\r\n" for part in parts)
    kind = f"multipart/form-data; boundary={edge.decode()}"
    reply = call(url, "POST", f"/models?user_id={user}", body + b"--" + edge + b"--\r\n", kind)
    return str(require(reply, 201)["id"])


def until_listening(port: int, *, seconds: float) -> None:
    """Returns as soon as something accepts connections on a port. Raises TimeoutError."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with contextlib.suppress(ConnectionRefusedError):
            http.client.HTTPConnection("127.0.0.1", port, timeout=1).connect()
            return
        time.sleep(0.002)  # noqa: TID251 - finer than `wait_until`, whose 20 ms would be measured
    raise TimeoutError(f"nothing listens on port {port} after {seconds:g} s")


def cpu_seconds(pids: Sequence[int]) -> float:
    """Processor seconds, user and system, that these processes have used."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


@functools.cache
def model_file() -> bytes:
    """A logistic regression on four features, saved by joblib: about a kilobyte."""
    import joblib  # noqa: PLC0415 - scikit-learn takes a second to import, and few need it
    from sklearn.datasets import load_iris  # noqa: PLC0415 - see above
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - see above

    rows, kinds = load_iris(return_X_y=True)
    file = io.BytesIO()
    joblib.dump(LogisticRegression(max_iter=500).fit(rows, kinds), file)
    return file.getvalue()


def _environment() -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    return {**kept, "PYTHONPATH": str(ROOT)}
