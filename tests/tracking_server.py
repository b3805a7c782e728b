"""A real tracking server of MLflow as a process of its own, and how runs and versions come to be on it."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from local import processes


@contextmanager
def running(folder: Path, port: int) -> Iterator[str]:
    """Runs, and serves its own artifacts, until the `with` block ends; gives its address."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1"]
    command += ["--port", str(port), "--workers", "1", "--serve-artifacts"]
    command += ["--backend-store-uri", str(folder / "records")]
    command += ["--artifacts-destination", str(folder / "artifacts")]
    env = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(folder)}
    process = processes.start(command, env=env, log=folder / "mlflow.log", cwd=folder)
    url = f"http://127.0.0.1:{port}"
    try:
        processes.wait_until(lambda: _answers(url), seconds=120, what="the tracking server")
        yield url
    finally:
        processes.stop(process, seconds=10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.HTTPError:
        return False


def ask(url: str, method: str, path: str, **body: object) -> dict[str, dict[str, object]]:
    answer = httpx.request(method, f"{url}/api/2.0/mlflow/{path}", json=body)
    answer.raise_for_status()
    told: dict[str, dict[str, object]] = answer.json()
    return told


def begin_run(url: str, files: dict[str, bytes]) -> tuple[str, str]:
    """A run with these artifacts: its id, and where they are."""
    made = ask(url, "POST", "runs/create", experiment_id="0", start_time=1)
    info = made["run"]["info"]
    assert isinstance(info, dict)
    _put(url, info["artifact_uri"], files)
    return str(info["run_id"]), str(info["artifact_uri"])


def _put(url: str, root: str, files: dict[str, bytes]) -> None:
    place = root.removeprefix("mlflow-artifacts:").strip("/")
    for path, data in files.items():
        answer = httpx.put(f"{url}/api/2.0/mlflow-artifacts/artifacts/{place}/{path}", content=data)
        answer.raise_for_status()


def register(url: str, name: str, source: str) -> str:
    """The number of a new version, whose files lie there."""
    ask(url, "POST", "registered-models/create", name=name)
    made = ask(url, "POST", "model-versions/create", name=name, source=source)
    return str(made["model_version"]["version"])
