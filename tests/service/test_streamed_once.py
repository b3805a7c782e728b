"""The bytes of a file on its way in leave its source once: hashed, read, judged and stored on the way."""

from dataclasses import replace

import pytest

from shared.adapters.memory_blobs import MemoryBlobs
from shared.adapters.model_reader import ProcessModelReader
from shared.domain.catalogue.intakes import Intake, IntakeState
from shared.service.intake import rows as intake_rows
from tests.service.arriving import FOUND, Arrivals
from tests.service.metered import Meter, MeteredBlobs
from tests.service.sample import CONTENT
from tests.service.test_referenced import register

LONG = bytes(range(256)) * 41_000  # 10.5 MB: more than two chunks
MLMODEL = b"""flavors:
  python_function: {loader_module: mlflow.sklearn}
  sklearn: {pickled_model: model.pkl}
"""


def metered(world: Arrivals) -> Meter:
    """The meter of the stores that a world's files are taken in with."""
    meter = Meter()
    blobs = MeteredBlobs(world.intake_ports.blobs, meter)
    world.intake_ports = replace(world.intake_ports, blobs=blobs, artifacts=blobs)
    return meter


def require_once(meter: Meter, **expected: int) -> None:
    """Nothing was opened but what is expected, once, and no byte of it was read again."""
    assert meter.opened == dict.fromkeys(expected, 1)
    assert meter.read == expected


def store(world: Arrivals, intake: Intake) -> None:
    world.rest()
    seen = world.see(intake)
    assert seen.state is IntakeState.STORED, seen.problem


@pytest.mark.parametrize("in_one_store", [True, False])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        pytest.param(CONTENT, {}, id="model"),
        pytest.param(LONG, {"type": "dataset", "model_name": None, "name": "rows"}, id="dataset"),
    ],
)
def test_an_uploaded_file_is_read_once_out_of_quarantine(
    content: bytes, told: dict[str, object], in_one_store: bool
) -> None:
    world = Arrivals()
    meter = metered(world)
    if not in_one_store:
        elsewhere = MeteredBlobs(MemoryBlobs(), meter)
        world.intake_ports = replace(world.intake_ports, artifacts=elsewhere)
    intake = world.uploaded(content, **told)

    store(world, intake)

    require_once(meter, **{intake_rows.quarantine_key(intake.id): len(content)})


def test_a_file_is_read_once_at_its_source() -> None:
    world = Arrivals()
    stores = metered(world)

    store(world, world.take_from())

    require_once(world.sources.meter, **{FOUND: len(CONTENT)})
    require_once(stores)


def test_each_file_of_a_folder_is_read_once_at_its_source() -> None:
    world = Arrivals()
    stores = metered(world)
    world.intake_ports = replace(world.intake_ports, reader=ProcessModelReader())
    files = {"MLmodel": MLMODEL, "model.pkl": CONTENT, "notes/long.txt": LONG}
    world.sources.contents["s3://models/folder/"] = dict(files)

    store(world, world.take_from("s3://models/folder/"))

    expected = {f"s3://models/folder/{path}": len(data) for path, data in files.items()}
    require_once(world.sources.meter, **expected)
    require_once(stores)


def test_a_registered_model_is_read_once_where_it_stays() -> None:
    world = Arrivals()
    stores = metered(world)

    store(world, world.take_from(register(world)))

    require_once(world.sources.meter, **{"the datastore's by-hand/theirs": len(CONTENT)})
    require_once(stores)
