"""Artifacts over HTTP on Azurite: what is downloaded is what was sent, by the app and by its links."""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

import httpx
import pytest

from local.azurite import Azurite
from shared.adapters import storage_account
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.s3_blobs import S3Blobs
from shared.adapters.s3_client import S3Account
from shared.adapters.system import SystemRandom
from shared.ports import Blobs
from tests.api.serving import Server
from tests.s3_server import Server as S3Server

LONG = bytes(range(256)) * 24_000  # 6 MB: more than one chunk of the store
LIMIT = {"upload_limit": 10_000_000}


@pytest.fixture(params=["azurite"])
def artifacts(request: pytest.FixtureRequest) -> Blobs:
    name = "artifacts-" + SystemRandom().nonce()[:8]
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3")
        return S3Blobs(S3Account("eu-central-1", server.url), name)
    azurite: Azurite = request.getfixturevalue("azurite")
    return AzureBlobs(storage_account.from_connection_string(azurite.connection_string), name)


@pytest.fixture
def server(artifacts: Blobs) -> Iterator[Server]:
    with asyncio.Runner() as runner:
        served = Server(runner)
        served.settings = served.settings.model_copy(update=LIMIT)
        served.use(replace(served.ports, artifacts=artifacts))
        yield served


def send(server: Server, content: bytes = LONG) -> str:
    shown = server.send_file("dataset", content).raise_for_status().json()
    return str(shown["content"])


def test_the_whole_and_every_range_are_what_was_sent(server: Server) -> None:
    path = send(server)

    assert server.get(path).content == LONG
    for asked, part in [
        ("bytes=4194300-4194310", LONG[4194300:4194311]),
        ("bytes=-7", LONG[-7:]),
        ("bytes=6143999-", LONG[6143999:]),
    ]:
        answer = server.get(path, headers={"range": asked})
        assert (answer.status_code, answer.content) == (206, part)


def test_a_large_file_is_read_by_its_link_whole_and_in_ranges(server: Server) -> None:
    path = send(server)
    server.settings = server.settings.model_copy(update={"upload_limit": 1024})

    where = server.get(path).headers["location"]

    assert httpx.get(where).content == LONG
    part = httpx.get(where, headers={"range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, LONG[10:20])
    block = {"x-ms-blob-type": "BlockBlob"}
    assert httpx.put(where, content=b"other", headers=block).status_code == 403
    assert httpx.get(where.replace("/content/", "/artifacts/")).status_code in (403, 404)


def test_a_deleted_artifact_leaves_its_bytes_to_who_shares_them(server: Server) -> None:
    first, second = send(server), send(server)

    server.delete(first.removesuffix("/content")).raise_for_status()

    assert server.get(first).status_code == 404
    assert server.get(second).content == LONG
    described = [each.key for each in server.ports.artifacts.list("artifacts/")]
    assert len(described) == 1


def cleared(server: Server) -> tuple[int, int]:
    """How many artifacts and files a reset removes."""
    told = server.post("/artifacts/reset").raise_for_status().json()
    return told["artifacts"], told["files"]


@pytest.mark.parametrize("artifacts", ["azurite", "s3"], indirect=True)
def test_a_reset_clears_all_and_begins_anew_with_containers_that_come_by_themselves(
    server: Server,
) -> None:
    update = {"operators": ("local",), "allow_reset": True}
    server.settings = server.settings.model_copy(update=update)
    assert cleared(server) == (0, 0)
    gone = [send(server), send(server, b"other"), send(server)]

    assert cleared(server) == (3, 5)

    assert [each.key for each in server.ports.artifacts.list("")] == []
    assert [server.get(path).status_code for path in gone] == [404] * 3
    assert server.get("/artifacts/dataset").json()["artifacts"] == []
    assert server.get(send(server)).content == LONG
