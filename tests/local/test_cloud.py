"""The local cloud as the tests and benches use it: it keeps its hosts alive, and says why it cannot."""

import functools
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from local import azurite, processes
from local.app_settings import app_env, process_env
from local.cloud import LocalCloud, Options
from local.host import process
from local.kept_host import KeptHost
from local.up import DEFAULT_PORT
from tests.local.running_command import require_gone

APP = """
import azure.functions as func
from pathlib import Path

if Path("broken").exists():
    raise RuntimeError("this app is broken")
app = func.FunctionApp()

@app.route(route="health")
def health(req: func.HttpRequest) -> str:
    return "well"
"""


@dataclass
class Kept:
    """A host of a small app, and what was said about it."""

    folder: Path
    host: KeptHost
    lines: list[str] = field(default_factory=list)

    def wait_for_line(self, text: str) -> None:
        processes.wait_until(
            lambda: any(text in line for line in self.lines), seconds=60, what=text
        )

    def wait_for_another(self, pid: int | None) -> None:
        processes.wait_until(
            lambda: self.host.pid not in {None, pid}, seconds=60, what="another process"
        )

    def health(self) -> str:
        return httpx.get(f"{self.host.url}/health", timeout=20, trust_env=False).text


def keep(folder: Path) -> Kept:
    shutil.copyfile(Path(__file__).parents[2] / "host.json", folder / "host.json")
    (folder / "function_app.py").write_text(APP)
    lines: list[str] = []
    log = folder / "web.log"
    start = functools.partial(
        process.start,
        folder,
        env={"PATH": os.environ["PATH"]},
        log=log,
        options=["--port", str(processes.free_port())],
    )
    return Kept(folder, KeptHost("web", start, log=log, say=lines.append), lines)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    made = keep(tmp_path)
    try:
        yield made
    finally:
        made.host.stop()


def test_a_killed_host_serves_again_on_the_same_port(kept: Kept) -> None:
    kept.host.start()
    url, pid = kept.host.url, kept.host.pid
    assert kept.health() == "well"

    kept.host.kill()
    kept.wait_for_another(pid)

    assert kept.host.url == url
    assert kept.health() == "well"
    assert len(kept.lines) == 1
    assert kept.lines[0].startswith("web ended with exit code -9; it starts again in 0.2 s")


def test_a_host_that_cannot_start_again_is_tried_until_it_can(kept: Kept) -> None:
    kept.host.start()
    pid = kept.host.pid if kept.host.url else None
    (kept.folder / "broken").touch()
    kept.host.kill()
    kept.wait_for_line("this app is broken")

    (kept.folder / "broken").unlink()
    kept.wait_for_another(pid)

    assert kept.health() == "well"


def test_a_host_that_never_started_says_why(kept: Kept) -> None:
    (kept.folder / "broken").touch()
    kept.host.start()

    with pytest.raises(RuntimeError, match="this app is broken"):
        _ = kept.host.url


def test_a_stopped_host_stays_stopped(kept: Kept) -> None:
    kept.host.start()
    assert kept.health() == "well"
    pid = kept.host.pid
    assert pid is not None

    kept.host.stop()

    require_gone([pid])
    assert kept.host.pid is None
    assert kept.lines == []


def test_a_cloud_whose_app_cannot_be_loaded_says_so_and_stops_what_it_had_started(
    tmp_path: Path,
) -> None:
    (tmp_path / "app").mkdir()
    cloud = LocalCloud(Options(folder=tmp_path, app=tmp_path / "app", in_memory=True))

    with pytest.raises(RuntimeError, match=r"web: (.|\n)*host\.json is missing"), cloud:
        pass

    assert cloud.wait() == ""
    with pytest.raises(httpx.ConnectError):
        httpx.get(cloud.azure_ml_url, trust_env=False)


def test_a_part_that_answers_that_it_failed_is_told_with_its_words(tmp_path: Path) -> None:
    class Failing(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(500, "it is not set up")

    with ThreadingHTTPServer(("127.0.0.1", 0), Failing) as server, ThreadPoolExecutor() as pool:
        pool.submit(server.serve_forever)
        cloud = LocalCloud(Options(folder=tmp_path))
        try:
            with pytest.raises(RuntimeError, match=r"500: (.|\n)*it is not set up"):
                cloud._wait_for_answer("the API", f"http://127.0.0.1:{server.server_port}/health")
        finally:
            server.shutdown()


def test_the_sample_settings_are_those_of_make_up() -> None:
    sample = json.loads((Path(__file__).parents[2] / "local.settings.sample.json").read_text())
    first = DEFAULT_PORT
    storage = azurite.connection_string({"blob": first + 2, "queue": first + 3, "table": first + 4})

    env = app_env(storage=storage, azure_ml=f"http://127.0.0.1:{first + 1}", settings={})

    told = {name: value for name, value in env.items() if name not in process_env()}
    assert sample["Values"] == {"FUNCTIONS_WORKER_RUNTIME": "python", **told}


def test_a_child_leaves_the_processor_to_others_as_far_as_it_is_told(tmp_path: Path) -> None:
    log = tmp_path / "child.log"
    child = processes.start(["sleep", "60"], env=process_env(), log=log, niceness=7)
    try:
        assert os.getpriority(os.PRIO_PROCESS, child.pid) == 7
        weighed = Path(f"/proc/{child.pid}/autogroup")
        assert not weighed.exists() or weighed.read_text().endswith("nice 7\n")
    finally:
        processes.stop(child)
