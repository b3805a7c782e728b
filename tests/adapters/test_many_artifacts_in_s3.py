"""Artifacts created at once by several processes, in S3: every conflict is tried again, and none is overwritten."""

import pytest

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from shared.adapters.system import SystemClock, SystemRandom
from shared.ports import Blobs, Tables
from tests.adapters.many_artifacts import create_at_once, ports_of
from tests.adapters.test_many_artifacts import require_itself
from tests.s3_server import Server


def open_s3(where: str) -> tuple[Tables, Blobs]:
    """Azurite's tables by a connection string, S3 by an address and a bucket, with bars between."""
    connection, address, bucket = where.split("|")
    tables = AzureTables(storage_account.from_connection_string(connection))
    return tables, S3Blobs(S3Account("eu-central-1", address), bucket)


@pytest.mark.parametrize(
    ("processes", "each"),
    [
        pytest.param(4, 20, id="80"),
        pytest.param(8, 125, id="1000", marks=pytest.mark.proof),
    ],
)
def test_each_reads_back_as_itself_from_s3_past_its_conflicts(
    azurite: Azurite, s3: Server, processes: int, each: int
) -> None:
    where = f"{azurite.connection_string}|{s3.url}|many-{SystemRandom().nonce()[:8]}"
    conflicts = processes * each // 4
    s3.fail("PUT", "ConditionalRequestConflict", status=409, times=conflicts, every=3)

    made = create_at_once(open_s3, where, processes=processes, each=each)

    assert s3.failures_left() == 0
    assert len({one.id for one in made}) == len(made) == processes * each
    tables, blobs = open_s3(where)
    ports = ports_of(tables, blobs, SystemClock())
    for one in made:
        require_itself(ports, one)
    assert len([each.key for each in blobs.list("artifacts/")]) == len(made)
