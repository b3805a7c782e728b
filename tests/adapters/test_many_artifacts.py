"""Artifacts created at once by several processes: each has an id of its own and reads back as itself."""

import json
from datetime import UTC, datetime

import pytest

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_tables import AzureTables
from shared.adapters.system import SystemClock, SystemRandom
from shared.domain import ids
from shared.domain.catalogue.artifacts import ArtifactKind, name_of
from shared.ports import Blobs, Ports, Tables
from shared.service import listing, owned
from shared.service.catalogue import content
from tests.adapters.many_artifacts import OWNER, Made, create_at_once, ports_of

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


def open_azurite(where: str) -> tuple[Tables, Blobs]:
    """Azurite, by its connection string and a container, with a bar between."""
    connection, _, container = where.partition("|")
    account = storage_account.from_connection_string(connection)
    return AzureTables(account), AzureBlobs(account, container)


def require_itself(ports: Ports, made: Made) -> None:
    """An artifact's row, description and bytes are those of who made it."""
    parts = ids.parse_artifact_id(made.id)
    assert parts is not None
    record = owned.require_artifact(ports, OWNER, ArtifactKind(parts[0]), made.id)
    assert (record.id, name_of(record), record.size) == (made.id, made.name, len(made.content))
    with ports.artifacts.open(content.content_key(record.content_digest)) as file:
        assert file.read() == made.content
    with ports.artifacts.open(content.metadata_key(made.id)) as file:
        described = json.load(file)
    assert (described["id"], described["filename"]) == (made.id, made.name)


@pytest.mark.parametrize(
    ("processes", "each", "frozen"),
    [
        pytest.param(4, 50, NOON, id="200 while all clocks stand still"),
        pytest.param(8, 125, None, id="1000", marks=pytest.mark.proof),
    ],
)
def test_each_has_an_id_of_its_own_and_reads_back_as_itself(
    azurite: Azurite, processes: int, each: int, frozen: datetime | None
) -> None:
    where = f"{azurite.connection_string}|many-{SystemRandom().nonce()[:8]}"

    made = create_at_once(open_azurite, where, processes=processes, each=each, frozen=frozen)

    assert len({each.id for each in made}) == len(made) == processes * each
    tables, blobs = open_azurite(where)
    ports = ports_of(tables, blobs, SystemClock())
    listed = [
        record.id
        for kind in (ArtifactKind.DATASET, ArtifactKind.CODE)
        for record in listing.list_files(tables, OWNER.user_key, kind)
    ]
    listed += [record.id for record in listing.list_models(tables, OWNER.user_key)]
    assert set(listed) >= {each.id for each in made}
    for one in made:
        require_itself(ports, one)
