"""The whole local cloud: Azurite, the Azure ML emulator, and instances of the function host.

Used by `local.up`, `local.demo`, the benches and the end-to-end tests. As in Azure, the HTTP
function and the queue and timer functions run in instances of their own.
"""

import functools
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from azure.core.exceptions import ResourceExistsError
from azure.storage.queue import QueueClient

from local import app_settings, azurite, processes
from local.host import process
from local.kept_host import KeptHost
from local.parts import Part
from shared.domain.policy import DEPLOY_JOBS, DEPLOY_REQUESTS, INTAKE_JOBS, RECONCILE_JOBS
from shared.settings import Settings

HTTP_FUNCTION = "deploy_http"
START_SECONDS = 60

_ROOT = Path(__file__).parents[1]
_LOOK_SECONDS = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What may differ between two local clouds.

    `folder` holds `state/` and `logs/`. A port of 0, and a storage service without one, gets a free
    port. `settings` go to the app and win over its local ones (`local.app_settings`);
    `message_lease` is how long, in seconds, a queue message stays invisible to others.
    `worker_niceness`, up to 19: how far workers leave the processor to the rest. In Azure they run
    on machines of their own.
    """

    folder: Path
    app: Path = _ROOT
    port: int = 0
    azure_ml_port: int = 0
    storage_ports: Mapping[str, int] = field(default_factory=dict)
    in_memory: bool = False
    web_hosts: int = 1
    workers: int = 1
    worker_niceness: int = 0
    operation_seconds: float = 2.0
    serving: Literal["process", "light"] = "process"
    azure_ml_options: Sequence[str] = ()
    message_lease: int = 600
    settings: Mapping[str, str] = field(default_factory=dict)
    say: Callable[[str], None] = print


class LocalCloud:
    """`with LocalCloud(Options(folder=...)) as cloud:` runs it; leaving the block stops it.

    Its processes end with the thread that entered the block, however that ends.
    """

    def __init__(self, options: Options) -> None:
        self.state = options.folder / "state"
        self.logs = options.folder / "logs"
        self.connection_string = ""
        """Of the storage account."""
        self.azure_ml_url = f"http://127.0.0.1:{options.azure_ml_port or processes.free_port()}"
        self.storage = Part("Azurite", self._start_storage, self._create_queues)
        self.azure_ml = Part("the Azure ML emulator", self._start_azure_ml, self._wait_for_azure_ml)
        self._options = options
        self._ports = options.storage_ports
        self._stack = ExitStack()
        self._webs: list[KeptHost] = []
        self._workers: list[KeptHost] = []
        self._stopped = threading.Event()

    def __enter__(self) -> "LocalCloud":
        """Returns once every part answers. Raises RuntimeError naming the part that does not, and SettingsError."""
        Settings.from_env(self._app_env(azurite.connection_string(azurite.DEFAULT_PORTS), {}))
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def base_url(self) -> str:
        """The API."""
        return self.base_urls[0]

    @property
    def base_urls(self) -> list[str]:
        """The API, at each of its hosts."""
        if not self._webs:
            raise RuntimeError("the local cloud has not been started")
        return [web.url for web in self._webs]

    @property
    def worker_pids(self) -> list[int | None]:
        """The process of each worker; None while it is being started again."""
        return [worker.pid for worker in self._workers]

    def worker_log(self, number: int = 0) -> Path:
        """What a worker and those in its place before have logged."""
        return self._workers[number].log

    def kill_worker(self, number: int = 0) -> None:
        """Kills a worker as a crash would. It is started again at once, on the same port."""
        self._workers[number].kill()

    def kill_web(self) -> None:
        """Kills the first host of the API as a crash would; see `kill_worker`."""
        self._webs[0].kill()

    def resources(self) -> dict[str, Any]:
        """What the emulated workspace holds: `models`, `endpoints`, `deployments`, `empty`."""
        found: dict[str, Any] = json.loads(_get(f"{self.azure_ml_url}/_control/resources"))
        return found

    def wait(self) -> str:
        """Waits until a part ends that cannot be started again, and says which; "" after `stop`."""
        ended = ""
        while not ended and not self._stopped.wait(_LOOK_SECONDS):
            ended = self._find_ended()
        return ended

    def stop(self) -> None:
        """Ends all parts, those first that need the others. A second call does nothing."""
        self._stopped.set()
        self._stack.close()

    def _start(self) -> None:
        for part in (self.storage, self.azure_ml):
            part.start()
            self._stack.callback(part.stop)
        self._create_queues()
        self._start_hosts()
        self._wait_for_azure_ml()
        for name, url in self._health_urls().items():
            self._wait_for_answer(name, url)

    def _start_storage(self) -> subprocess.Popen[bytes]:
        """Azurite, which answers already; at its second start on the ports of the first."""
        running = azurite.start(
            folder=None if self._options.in_memory else self.state / "azurite",
            log=self.logs / "azurite.log",
            ports=self._ports,
        )
        self._ports = running.ports
        self.connection_string = running.connection_string
        return running.process

    def _create_queues(self) -> None:
        """The queues the app takes from, which in Azure are provisioned; those there are stay as they are."""
        for name in (DEPLOY_JOBS, DEPLOY_REQUESTS, INTAKE_JOBS, RECONCILE_JOBS):
            queue = QueueClient.from_connection_string(self.connection_string, name)
            with queue, suppress(ResourceExistsError):
                queue.create_queue()

    def _start_azure_ml(self) -> subprocess.Popen[bytes]:
        options = self._options
        command = [sys.executable, "-m", "local.azure_ml"]
        command += ["--port", self.azure_ml_url.rpartition(":")[2]]
        command += ["--state", str(self.state / "azure-ml")]
        command += ["--storage", self.connection_string, "--container", app_settings.CONTAINER]
        command += ["--operation-seconds", str(options.operation_seconds)]
        command += ["--serving", options.serving, *options.azure_ml_options]
        return processes.start(
            command, env=app_settings.process_env(), log=self.logs / "azure-ml.log", cwd=_ROOT
        )

    def _start_hosts(self) -> None:
        for number in range(self._options.web_hosts):
            port = 0 if number else self._options.port
            served = ["--functions", HTTP_FUNCTION]
            self._webs.append(self._host(_numbered("web", number), served, {}, port=port))
        disabled = {f"AzureWebJobs.{HTTP_FUNCTION}.Disabled": "1"}
        lease = ["--lease", str(self._options.message_lease)]
        niceness = self._options.worker_niceness
        for number in range(self._options.workers):
            name = _numbered("worker", number)
            self._workers.append(self._host(name, lease, disabled, niceness=niceness))
        hosts = [*self._webs, *self._workers]
        for host in hosts:
            self._stack.callback(host.stop)
        for host in hosts:  # all at once, before any is waited for
            self._stack.callback(host.begin_stop)
        for host in hosts:
            host.start()

    def _host(
        self,
        name: str,
        options: Sequence[str],
        settings: Mapping[str, str],
        *,
        port: int = 0,
        niceness: int = 0,
    ) -> KeptHost:
        env = self._app_env(self.connection_string, settings)
        log = self.logs / f"{name}.log"
        start = functools.partial(
            process.start,
            self._options.app,
            env=env,
            log=log,
            options=["--port", str(port or processes.free_port()), *options],
            niceness=niceness,
        )
        return KeptHost(name, start, log=log, say=self._options.say)

    def _app_env(self, storage: str, settings: Mapping[str, str]) -> dict[str, str]:
        return app_settings.app_env(
            storage=storage,
            azure_ml=self.azure_ml_url,
            settings={**self._options.settings, **settings},
        )

    def _wait_for_azure_ml(self) -> None:
        self._wait_for_answer(self.azure_ml.name, f"{self.azure_ml_url}/_control/resources")

    def _wait_for_answer(self, name: str, url: str) -> None:
        def answers() -> bool:
            if ended := self._find_ended():
                raise RuntimeError(f"{ended}; its log is in {self.logs}")
            return _answers(url)

        processes.wait_until(answers, seconds=START_SECONDS, what=name)

    def _find_ended(self) -> str:
        """Which part has ended that cannot be started again; "" where none has."""
        return self.storage.ended() or self.azure_ml.ended()

    def _health_urls(self) -> dict[str, str]:
        """An address of each host that answers once it serves; waits for their first start."""
        return {
            **{f"the API ({each.name})": f"{each.url}/health" for each in self._webs},
            **{each.name: f"{each.url}/admin/host/status" for each in self._workers},
        }


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number + 1}" if number else name


def _answers(url: str) -> bool:
    """Whether it serves. Raises RuntimeError with its reason where it answers that it has failed."""
    try:
        _get(url)
    except urllib.error.HTTPError as error:
        if error.code == HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RuntimeError(f"{url} answers {error.code}: {error.read().decode()}") from error
        return False
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False
    return True


def _get(url: str) -> bytes:
    """Never through a proxy: everything asked for here is on this machine."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=START_SECONDS) as answer:
        body: bytes = answer.read()
    return body
