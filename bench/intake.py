"""Taking in a model of 1 GiB that was uploaded straight to storage, against the storage SDK's own best upload of it.

Ours is one turn of the worker in a process of its own: streamed once under its version, hashed, read by the reading
process, copied under its digest, made seen. The floor is the faster of the SDK's uploads, one block at a time and four. In turns.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from azure.storage.blob import BlobClient, ContainerClient

from bench import parts
from bench.report import Figure, at_least, spread
from local.azurite import Azurite
from shared.domain.catalogue.intake_requests import ConfirmRequest, UploadRequest
from shared.domain.principal import Principal

GIBIBYTE = 1024**3
SIZE = int(os.environ.get("LONGSHORE_BENCH_INTAKE_BYTES", GIBIBYTE))
ROUNDS = 3
MOST_MEMORY = 200.0  # MB above idle
_USER = Principal(user_id="bench", issuer="local")
_BLOCK = 8 * 1024 * 1024

_TRAIN = """
import sys, joblib, numpy
from sklearn.linear_model import LinearRegression
model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
model.kept = numpy.zeros(int(sys.argv[2]) // 8)
joblib.dump(model, sys.argv[1])
"""
_TAKE_IN = """
import json, sys, time
from pathlib import Path
from shared import wiring
from shared.service.intake import hints as intake_hints, rows as intake_rows, take_in
def peak():
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) * 1024
intake = wiring.intake()
hint = intake_hints.IntakeHint(user_key=sys.argv[1], upload_id=sys.argv[2])
assert intake_rows.load_unfinished(intake.ports.tables, hint.user_key, hint.upload_id)
intake.ports.blobs.find("nothing")
Path("/proc/self/clear_refs").write_text("5")
idle, begin = peak(), time.perf_counter()
take_in.take_in(intake.ports, intake.mint, intake.settings.policy, hint)
taken = time.perf_counter() - begin
ended = intake_rows.load_finished(intake.ports.tables, hint.user_key, hint.upload_id)
print(json.dumps([taken, (peak() - idle) / 1e6, ended.record.state, ended.record.problem]))
"""


def measure() -> list[Figure]:
    """Rate and memory of the intake."""
    with parts.folder() as folder, parts.storage(folder) as running:
        file = folder / "model.joblib"
        _run(_TRAIN, {}, str(file), str(SIZE))
        ours: list[float] = []
        memory: list[float] = []
        floor: list[float] = []
        for number in range(ROUNDS):
            _vary(file, number)
            floor.append(min(_upload(running, file, at_once) for at_once in (1, 4)))
            taken, grown = _take_in(running, file)
            ours.append(taken)
            memory.append(grown)
    size, rate = SIZE / 1e6, SIZE / 1e6 / median(ours)
    note = f"{size:.0f} MB; {spread(ours)} s; the SDK's upload {spread(floor)} s"
    return [
        at_least("intake", rate, "MB/s", floor=size / median(floor), goal=0.7, note=note),
        Figure(
            name="intake: memory above idle",
            value=max(memory),
            unit="MB",
            goal=f"< {MOST_MEMORY:g}",
            ok=max(memory) < MOST_MEMORY,
            note="the worker's greatest, of all rounds",
        ),
    ]


def _vary(file: Path, number: int) -> None:
    """Another content of the same size: what is stored already would not be copied again."""
    with file.open("r+b") as opened:
        opened.seek(SIZE // 2)
        opened.write(number.to_bytes(8, "little"))


def _upload(running: Azurite, file: Path, at_once: int) -> float:
    """Seconds that the SDK takes to upload a file, so many blocks at a time."""
    with ContainerClient.from_connection_string(
        running.connection_string, "floor", max_block_size=_BLOCK, max_single_put_size=_BLOCK
    ) as container:
        if not container.exists():
            container.create_container()
        begin = time.perf_counter()
        with file.open("rb") as opened:
            container.upload_blob("file", opened, overwrite=True, max_concurrency=at_once)
        taken = time.perf_counter() - begin
        container.delete_blob("file")
    return taken


def _take_in(running: Azurite, file: Path) -> tuple[float, float]:
    """Seconds of the turn that takes in a file, and MB that its process grows by."""
    env = parts.settings(running)
    upload_id = _begin(env, file)
    taken, grown, state, problem = json.loads(_run(_TAKE_IN, env, _USER.user_key, upload_id))
    if state != "stored":
        raise RuntimeError(f"the model was not stored: {problem}")
    return float(taken), float(grown)


def _begin(env: Mapping[str, str], file: Path) -> str:
    """Uploads a file straight to storage and confirms it; the upload's id."""
    from shared import wiring  # noqa: PLC0415 - its settings come with the first measurement
    from shared.service.intake import begin  # noqa: PLC0415 - see above

    os.environ.update(env)
    wiring.read_settings.cache_clear()
    wiring.front.cache_clear()
    front = wiring.front()
    policy = front.settings.policy
    begun = begin.begin_upload(
        front.ports,
        front.mint,
        policy,
        _USER,
        UploadRequest.model_validate({"model_name": "big", "size": file.stat().st_size}),
        key="",
    )
    if begun.link is None:
        raise RuntimeError("an upload was begun without a link")
    with file.open("rb") as opened, BlobClient.from_blob_url(begun.link.url) as blob:
        blob.upload_blob(opened, overwrite=True, max_concurrency=4)
    begin.confirm_upload(front.ports, policy, _USER, begun.intake.id, ConfirmRequest())
    return begun.intake.id


def _run(program: str, env: Mapping[str, str], *arguments: str) -> Any:
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(
        command,
        capture_output=True,
        text=True,
        check=False,
        cwd=parts.ROOT,
        env={**os.environ, **env},
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-2000:])
    return done.stdout
