"""Kept files predict as their originals did, once deployed to the emulator on the libraries of this repository.

Light serving loads and scores each in one process: one for each takes five times as long, and is what the end-to-end tests use.
"""

from pathlib import Path

from local.azurite import Azurite
from tests.corpus.deploying import find_wrong
from tests.corpus.reading import inspect
from tests.corpus.served import FORMATS_HERE, served_here


def test_every_file_that_can_be_served_here_is_deployed_and_predicts_as_the_original(
    azurite: Azurite, tmp_path: Path
) -> None:
    names = list(served_here(tmp_path))

    assert find_wrong(azurite, tmp_path / "light", names, "--serving", "light") == {}
    assert {inspect(name).format for name in names} == FORMATS_HERE
