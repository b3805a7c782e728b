"""What the proof has found is of the files that are kept, and of the environments that are written for them, today."""

from pathlib import Path

from tests.corpus.deployed import describe, load_deployed
from tests.corpus.reading import SERVED


def test_every_file_that_can_be_served_was_deployed_as_it_is_kept_and_pinned_today(
    tmp_path: Path,
) -> None:
    today = {name: describe(name, tmp_path) for name in SERVED}

    assert load_deployed() == today, (
        "make proof deploys them, and writes tests/corpus/deployed.json"
    )
