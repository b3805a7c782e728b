"""Imports go down only, and what makes a decision unrepeatable stays outside."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINT = Path(sys.executable).with_name("lint-imports")


def lint(config: Path) -> subprocess.CompletedProcess[str]:
    command = [str(LINT), "--no-cache", "--config", str(config)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_every_contract_of_the_floors_is_kept() -> None:
    done = lint(ROOT / "pyproject.toml")

    assert done.returncode == 0, done.stdout


def test_an_import_that_goes_up_would_be_seen(tmp_path: Path) -> None:
    """The same floors, upside down: what is fine now has to be a break then."""
    config = tmp_path / "pyproject.toml"
    config.write_text("""
[tool.importlinter]
root_packages = ["functions", "shared"]
[[tool.importlinter.contracts]]
name = "upside down"
type = "layers"
layers = ["shared.domain", "shared.ports", "shared.service | shared.adapters", "shared.wiring"]
""")

    done = lint(config)

    assert done.returncode == 1
    assert "shared.ports is not allowed to import shared.domain" in done.stdout


BANNED = {
    "datetime.now": "from datetime import UTC, datetime\n\nAT = datetime.now(UTC)\n",
    "uuid.uuid4": "import uuid\n\nNAME = uuid.uuid4()\n",
    "os.environ": 'import os\n\nHOME = os.environ["HOME"]\n',
    "os.getenv": 'import os\n\nHOME = os.getenv("HOME")\n',
    "random": "import random\n\nNUMBER = random.random()\n",
    "secrets": "import secrets\n\nTOKEN = secrets.token_hex()\n",
    "time.time": "import time\n\nNOW = time.time()\n",
    "time.sleep": "import time\n\ntime.sleep(1)\n",
}


@pytest.mark.parametrize("banned", BANNED)
@pytest.mark.parametrize("place", ["shared/service/x.py", "shared/domain/x.py", "functions/x.py"])
def test_clock_chance_and_environment_are_refused_where_decisions_are_made(
    banned: str, place: str
) -> None:
    command = [sys.executable, "-m", "ruff", "check", "--select", "TID251", "--no-cache"]
    command += ["--stdin-filename", place, "-"]

    done = subprocess.run(
        command, cwd=ROOT, input=BANNED[banned], capture_output=True, text=True, check=False
    )

    assert done.returncode == 1, done.stdout + done.stderr
    assert "TID251" in done.stdout


def test_every_rule_that_is_switched_off_says_why() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    ruff = tomllib.loads(text)["tool"]["ruff"]["lint"]
    rules = {
        *ruff["ignore"],
        *(rule for each in ruff["per-file-ignores"].values() for rule in each),
    }
    reasoned = [line for line in text.splitlines() if "#" in line]

    assert not [rule for rule in rules if not any(f'"{rule}"' in line for line in reasoned)]
