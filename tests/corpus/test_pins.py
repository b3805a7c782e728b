"""What is installed from the requirements.txt that is written serves the model as the original did.

The emulator builds each environment with uv, on the Python that the folder asks for; it goes with the emulator. What was
found is kept in deployed.json, from which docs/formats.md has its ticks.
"""

import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from local.azure_ml.environments_built import Wanted
from local.azurite import Azurite
from tests.corpus.deployed import describe, save_deployed
from tests.corpus.deploying import find_wrong
from tests.corpus.packaging import find_environment
from tests.corpus.reading import KEPT, SERVED

MAKERS = sorted({KEPT[name].environment.partition("-")[0] for name in SERVED})
AT_ONCE = 2
LARGE = ("torch==2.13.0",)
"""Where a pin leaves a choice, the build that the corpus is made with: each other one would bring some more gigabytes."""


@pytest.mark.proof
@pytest.mark.parametrize("maker", MAKERS)
def test_the_pins_that_are_written_serve_as_the_original_did(
    maker: str, azurite: Azurite, tmp_path: Path
) -> None:
    together: dict[Wanted, list[str]] = defaultdict(list)
    for name in SERVED:
        if KEPT[name].environment.startswith(f"{maker}-"):
            together[find_environment(name, tmp_path)].append(name)

    def serve(wanted: Wanted) -> dict[str, str]:
        """The files that were served wrongly in this environment, which then goes."""
        state = tmp_path / wanted.digest
        built = ("--environments", "built")
        try:
            return find_wrong(azurite, state, together[wanted], *built, variables=told)
        finally:
            shutil.rmtree(state)

    told = told_to_uv(tmp_path)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        wrong = {name: why for each in pool.map(serve, together) for name, why in each.items()}

    right = [name for names in together.values() for name in names if name not in wrong]
    save_deployed({name: describe(name, tmp_path) for name in right}, wrong)
    assert wrong == {}


def told_to_uv(folder: Path) -> Mapping[str, str]:
    """This machine's own settings of uv, the choice among large builds, and where pip is told that there are more."""
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(LARGE))
    more = os.environ.get("PIP_FIND_LINKS", "").split()
    links = {"UV_FIND_LINKS": ",".join(more)} if more else {}
    return links | os.environ | {"UV_CONSTRAINT": str(constraints)}
