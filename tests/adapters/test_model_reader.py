"""The reading process: quick, without rights, and never more than one refused file."""

import hashlib
import io
import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO, cast

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from shared.adapters import model_reader, reading_sandbox
from shared.adapters.model_reader import ProcessModelReader
from shared.domain.inspection import (
    Inspection,
    ModelFormat,
    UnreadableCode,
    UnreadableModel,
    Verdict,
)
from tests.adapters import bombs, reading_costs
from tests.adapters.reading_costs import Scales

MODEL = LogisticRegression(max_iter=500).fit(*load_iris(return_X_y=True))
MIB = 1024 * 1024


def read(data: bytes, **limits: Any) -> Inspection:
    return ProcessModelReader(**limits).read(
        io.BytesIO(data), digest=hashlib.sha256(data).hexdigest()
    )


def refusal(data: bytes, **limits: Any) -> UnreadableModel:
    with pytest.raises(UnreadableModel) as caught:
        read(data, **limits)
    return caught.value


def least_cpu_seconds(work: Callable[[], object], *, enough: float) -> float:
    """What the child processes of some work cost: the least of five times, since a crowded processor takes longer."""
    least = float("inf")
    for _ in range(5):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        work()
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        took = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        least = min(least, took)
        if least < enough:
            break
    return least


def test_a_model_is_read_from_memory_and_from_a_file(tmp_path: Path) -> None:
    data = pickle.dumps(MODEL)
    path = tmp_path / "model"
    path.write_bytes(data)
    with path.open("rb") as file, tempfile.SpooledTemporaryFile() as upload:
        file.seek(5)
        upload.write(data)
        contents = [cast("BinaryIO", content) for content in (io.BytesIO(data), file, upload)]
        found = [ProcessModelReader().read(content, digest="d") for content in contents]
        assert file.tell() == 5
    assert found[0] == found[1] == found[2]
    assert (found[0].verdict, found[0].size, found[0].digest) == (Verdict.CLEAN, len(data), "d")


def test_a_zipped_mlflow_folder_is_read(tmp_path: Path) -> None:
    assert read(bombs.folder(model=MODEL)).format is ModelFormat.MLFLOW
    assert not list(tmp_path.iterdir())


def test_a_small_model_is_read_in_a_moment() -> None:
    data = pickle.dumps(MODEL)
    read(data)

    assert least_cpu_seconds(lambda: read(data), enough=0.12) < 0.12


def test_a_large_joblib_file_costs_neither_time_nor_memory(tmp_path: Path) -> None:
    path = tmp_path / "large"
    model = RandomForestClassifier(2).fit(*load_iris(return_X_y=True))
    model.extra_ = np.zeros(200 * MIB // 8)
    joblib.dump(model, path)
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    with path.open("rb") as file:
        found = ProcessModelReader(memory_bytes=100 * MIB).read(file, digest="d")
    assert found.verdict is Verdict.CLEAN
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 1


def test_importing_the_reader_loads_no_heavy_library() -> None:
    code = "import sys, shared.adapters.model_reader; print([name for name in sys.argv[1:] if name in sys.modules])"
    heavy = ["numpy", "pandas", "mlflow", "sklearn", "azure", "yaml", "joblib"]
    run = subprocess.run(
        [sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"


def test_a_dangerous_file_is_answered_and_not_run(tmp_path: Path) -> None:
    marker = tmp_path / "made"
    found = read(f"cposix\nmkdir\n(V{marker}\ntR.".encode())
    assert (found.verdict, found.refused) == (Verdict.DANGEROUS, ("posix.mkdir",))
    assert not marker.exists()


@pytest.fixture(scope="module")
def scales() -> Iterator[Scales]:
    with reading_costs.running() as started:
        yield started


@pytest.mark.parametrize("name", bombs.BOMBS)
def test_a_bomb_costs_little_time_and_memory_and_is_not_clean(
    name: str, scales: Scales, tmp_path: Path
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(bombs.BOMBS[name]())

    cost = scales.weigh(path, enough=1)

    assert cost.cpu_seconds < 1
    assert cost.peak_bytes < 300_000_000
    assert cost.verdict != Verdict.CLEAN
    assert cost.code != UnreadableCode.READER_STOPPED, cost.reason
    assert "needs more memory" not in cost.reason


_ENDLESS = """
import sys
sys.path.insert(0, {folder!r})
import model_reading_process as program
def read(*_):
    while True:
        pass
program._read = read
program.main()
"""


def test_a_reader_that_computes_too_long_is_ended_however_much_time_is_left(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "endless.py"
    program.write_text(_ENDLESS.format(folder=str(Path(model_reader.__file__).parent)))
    monkeypatch.setattr(model_reader, "_PROGRAM", program)

    found = refusal(b"x", cpu_seconds=1, wall_seconds=30)

    assert found.code is UnreadableCode.READER_STOPPED
    assert "used more time or memory" in found.reason


def test_a_reader_that_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program = tmp_path / "endless.py"
    program.write_text(
        "import os, sys\nopen(sys.argv[0] + '.pid', 'w').write(str(os.getpid()))\nwhile True: pass\n"
    )
    monkeypatch.setattr(model_reader, "_PROGRAM", program)
    assert "longer than 1 seconds" in refusal(b"x", wall_seconds=1).reason
    pid = int(Path(f"{program}.pid").read_text())
    assert not Path(f"/proc/{pid}").exists()


@pytest.mark.parametrize(
    "program",
    ["raise SystemExit(3)", "import os; os.abort()", "print('no json')", "print('{}')", "print('[1]')",
     "print('{\"inspection\": {\"schema_version\": 1}}')", "print('x' * 20_000_000)",
     "print('{\"unreadable\": [\"nonsense\", \"\", \"\"]}')"],
)  # fmt: skip
def test_whatever_the_process_does_the_caller_gets_one_typed_answer(
    program: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "program.py"
    path.write_text(program)
    monkeypatch.setattr(model_reader, "_PROGRAM", path)
    assert refusal(b"x").code is UnreadableCode.READER_STOPPED


_PROBE = """
import json, os, resource, signal, socket, sys
sys.path.insert(0, {folder!r})
import model_reading_process as program
descriptors, session = len(os.listdir("/proc/self/fd")), os.getsid(0) == os.getpid()
program._give_up_rights(json.loads(sys.argv[1]))
sys.path.remove({folder!r})
def refused(ask):
    try:
        ask()
    except OSError:
        return True
    return False
found = dict(environment=dict(os.environ), descriptors=descriptors, session=session)
asked = dict(
    environ=lambda: open("/proc/%d/environ" % {parent}),
    passwd=lambda: open("/etc/passwd"),
    secrets=lambda: open({beside!r}),
    link=lambda: os.symlink("/etc/passwd", {path!r}),
    unlink=lambda: os.unlink({beside!r}),
    execute=lambda: os.execv("/bin/true", ["true"]),
    fork=os.fork,
    kill=lambda: os.kill({parent}, signal.SIGCONT),
    inet=socket.socket,
    inet6=lambda: socket.socket(socket.AF_INET6),
    unix=lambda: socket.socket(socket.AF_UNIX),
    netlink=lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW),
)
found["granted"] = sorted(name for name, ask in asked.items() if not refused(ask))
try:
    os.write(0, b"x"); found["wrote"] = True
except OSError:
    found["wrote"] = False
try:
    open({path!r}, "w").write("x" * 10); found["file"] = os.path.getsize({path!r})
except OSError:
    found["file"] = 0
try:
    bytearray(2_000_000_000); found["memory"] = True
except MemoryError:
    found["memory"] = False
found["core"] = resource.getrlimit(resource.RLIMIT_CORE)[0]
found["processes"] = resource.getrlimit(resource.RLIMIT_NPROC)[0]
found["path"] = [part for part in sys.path if "site-packages" in part]
print(json.dumps(dict(unreadable=["model_corrupt", json.dumps(found), ""])))
"""


def test_the_process_has_no_rights_to_speak_of(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("A_SECRET", "canary")
    program = tmp_path / "probe.py"
    folder = str(Path(model_reader.__file__).parent)
    beside = tmp_path / "beside"
    beside.write_text("a secret")
    asked = {"folder": folder, "parent": os.getpid(), "beside": str(beside)}
    program.write_text(_PROBE.format(**asked, path=str(tmp_path / "written")))
    monkeypatch.setattr(model_reader, "_PROGRAM", program)
    content = tmp_path / "content"
    content.write_bytes(b"kept")
    with content.open("r+b") as file, pytest.raises(UnreadableModel) as caught:
        ProcessModelReader().read(file, digest="d")
    found = json.loads(caught.value.reason)
    assert set(found.pop("environment")) <= {"LC_CTYPE"}
    assert found.pop("descriptors") <= 4
    assert found == {
        "granted": [], "session": True, "wrote": False, "file": 0, "memory": False, "core": 0, "processes": 0, "path": [],
    }  # fmt: skip
    assert content.read_bytes() == b"kept"


def test_the_kernels_walls_stand_on_this_machine() -> None:
    assert ProcessModelReader().layers() == reading_sandbox.LAYERS


def test_no_more_than_the_allowed_number_is_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ProcessModelReader(at_once=2)
    running, most = [0], [0]
    lock = threading.Lock()
    run = reader._run

    def counting(descriptor: int, order: str) -> bytes:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        try:
            return run(descriptor, order)
        finally:
            with lock:
                running[0] -= 1

    monkeypatch.setattr(reader, "_run", counting)
    data = pickle.dumps(MODEL)
    threads = [
        threading.Thread(target=lambda: reader.read(io.BytesIO(data), digest="d")) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == [2]
