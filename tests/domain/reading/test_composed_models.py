"""Models of allowed parts alone are not clean where the parts together do more than compute."""

import io
import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared.domain.inspection import Verdict
from shared.domain.reading.reader import read_model
from tests.domain.reading import composed

_ROOT = Path(__file__).parents[3]


def verdict(data: bytes) -> Verdict:
    return read_model(io.BytesIO(data), len(data), "0" * 64, yaml.safe_load).verdict


@pytest.mark.parametrize("case", composed.live("/x"))
def test_parts_that_write_a_file_together_are_not_clean(case: str) -> None:
    assert verdict(composed.live("/x")[case]) is Verdict.UNKNOWN


@pytest.mark.parametrize("case", composed.latent())
def test_parts_that_no_model_holds_are_not_clean(case: str) -> None:
    assert verdict(composed.latent()[case]) in (Verdict.UNKNOWN, Verdict.DANGEROUS)


def test_the_samples_bite_when_python_itself_loads_them(tmp_path: Path) -> None:
    markers = {case: tmp_path / str(at) for at, case in enumerate(composed.live("/x"))}
    subprocess.run(
        [sys.executable, "-m", "tests.domain.reading.composed"],
        input=json.dumps(
            [composed.live(str(marker))[case].hex() for case, marker in markers.items()]
        ),
        cwd=_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert [case for case, marker in markers.items() if not marker.exists()] == []
