"""From the start of a host's process to its first accepted deployment, and to its first `/health`.

The floor is `bare_app` on the same local host. Both are started in turns; their bytecode is there.
"""

import json
import shutil
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from bench import parts, writes
from bench.report import Figure, at_most, spread
from local import processes

ROUNDS = 9
HEALTH_ROUNDS = 5
_PATH = "/deployments/deploy?user_id=bench"


def measure() -> list[Figure]:
    """The time to the first accepted deployment, against the floor; and to the first /health."""
    with parts.folder() as folder, parts.storage(folder) as azurite:
        template = folder / "template.json"
        template.write_text(writes.record())
        env = parts.settings(azurite, BENCH_TEMPLATE=str(template))
        bare_app = _copy_bare_app(folder)
        with parts.host(parts.ROOT, folder, env, functions="deploy_http") as host:
            body = json.dumps({"model_id": parts.upload(host.url, "bench")}).encode()
            parts.require(parts.call(host.url, "POST", _PATH, body), 202)
        apps = {parts.ROOT: ["--functions", "deploy_http"], bare_app: []}
        taken: dict[Path, list[float]] = {app: [] for app in apps}
        for round_number in range(ROUNDS + 1):
            for app, options in apps.items():
                seconds = _first_answer(app, options, folder, env, body)
                if round_number:  # the first writes bytecode
                    taken[app].append(seconds)
        health = [
            _first_answer(parts.ROOT, apps[parts.ROOT], folder, env) for _ in range(HEALTH_ROUNDS)
        ]
    ours, floor = taken[parts.ROOT], taken[bare_app]
    return [
        at_most(
            "cold start: first accepted",
            median(ours),
            "s",
            floor=median(floor),
            goal=1.3,
            note=f"{spread(ours)}; floor {spread(floor)}; {ROUNDS} each",
        ),
        Figure(
            name="cold start: /health", value=median(health), unit="s", note=f"{spread(health)}"
        ),
    ]


def _first_answer(
    app: Path, options: list[str], folder: Path, env: Mapping[str, str], body: bytes = b""
) -> float:
    """Seconds from the start of a process to its answer: to a deployment, or without one /health."""
    port = processes.free_port()
    command = [sys.executable, "-m", "local.host", "--app", str(app), "--port", str(port), *options]
    begin = time.perf_counter()
    process = processes.start(command, env=env, log=folder / "cold.log", cwd=parts.ROOT)
    try:
        parts.until_listening(port, seconds=60)
        url = f"http://127.0.0.1:{port}"
        if body:
            parts.require(parts.call(url, "POST", _PATH, body), 202)
        else:
            parts.require(parts.call(url, "GET", "/health"), 200)
        return time.perf_counter() - begin
    finally:
        processes.stop(process)


def _copy_bare_app(folder: Path) -> Path:
    app = folder / "bare"
    app.mkdir()
    shutil.copyfile(parts.ROOT / "bench" / "bare_app.py", app / "function_app.py")
    shutil.copyfile(parts.ROOT / "host.json", app / "host.json")
    return app
