"""An hour of fuzzing in all: no file makes the reader fail but by its own error, or costs it more than it may.

What was found once stays: every file in `kept/` is read again by `make test`.
"""

import hashlib
import io
import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.adapters.model_reader import ProcessModelReader
from shared.domain.inspection import UnreadableCode, UnreadableModel
from tests.fuzzing.targets import TARGETS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = sorted((HERE / "kept").iterdir())
SECONDS = -(
    -3600 // (2 * len(TARGETS))
)  # of each of two processes: an hour together, or a little more
_MEMORY = 1_000  # MiB, of which instrumented Python and the corpus take most
_LONGEST = 90  # seconds of the clock for one file, since a crowded machine stands still for 20; what a file costs is in the tests of bombs

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="session")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with the fuzzer, which only x86-64 has wheels of."""
    folder = tmp_path_factory.mktemp("fuzzer")
    uv = Path(sys.executable).with_name("uv")
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run(
        [uv, "pip", "sync", "--quiet", "--require-hashes", "--python", folder / "bin/python", HERE / "requirements.txt"],
        check=True,
    )  # fmt: skip
    return folder / "bin" / "python"


@pytest.mark.proof
@pytest.mark.parametrize("target", TARGETS)
def test_nothing_but_the_readers_own_error_comes_of_mutated_files(
    target: str, python: Path, tmp_path: Path
) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for seed in TARGETS[target].seeds():
        (corpus / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)
    found = ROOT / "build" / "fuzzing" / target.replace(" ", "-")
    found.mkdir(parents=True, exist_ok=True)
    limits = [f"-rss_limit_mb={_MEMORY}", f"-timeout={_LONGEST}", "-max_len=70000"]
    command = [str(python), str(HERE / "program.py"), target, f"-max_total_time={SECONDS}", *limits]
    runs = [
        subprocess.Popen(
            [*command, f"-artifact_prefix={found}/", f"-seed={seed}", "-reload=1", str(corpus)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""},
        )
        for seed in (1, 2)
    ]
    ends = [(run.communicate(timeout=SECONDS + 120)[1], run.returncode) for run in runs]

    assert [code for _, code in ends] == [0, 0], "\n".join(text[-3_000:] for text, _ in ends)


@pytest.mark.parametrize("name", [path.name for path in KEPT])
def test_a_file_that_once_broke_the_reader_gets_its_answer(name: str) -> None:
    data = (HERE / "kept" / name).read_bytes()
    try:
        ProcessModelReader(memory_bytes=300 * 1024 * 1024).read(io.BytesIO(data), digest="0" * 64)
    except UnreadableModel as error:
        assert error.code is not UnreadableCode.READER_STOPPED, error.reason  # noqa: PT017 - a refusal is an answer
