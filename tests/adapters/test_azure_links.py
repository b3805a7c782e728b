"""Links signed by an identity instead of the account's key, as in Azure, on an Azurite that takes tokens."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import jwt
import pytest
from annotated_types import Le
from azure.core.credentials import AccessToken
from azure.core.pipeline.transport import RequestsTransport
from azure.storage.blob import BlobClient

from local import azurite, processes
from shared.adapters.azure_blobs import AzureBlobs
from shared.adapters.azure_links import BlobLinks
from shared.adapters.memory_clock import VirtualClock
from shared.adapters.storage_account import StorageAccount
from shared.adapters.storage_session import new_transport
from shared.adapters.system import SystemClock
from shared.settings import Settings
from tests.adapters.certificates import write_certificate
from tests.signed_links import ends_at, query

HOUR = timedelta(hours=1)
LONGEST = next(
    int(str(each.le))
    for each in Settings.model_fields["upload_link_seconds"].metadata
    if isinstance(each, Le)
)


class Identity:
    """Somebody that Azurite knows: it looks at what a token says, not at who signed it."""

    def get_token(self, *_scopes: str, **_options: Any) -> AccessToken:
        now = datetime.now(UTC)
        said = {
            "aud": "https://storage.azure.com",
            "iss": "https://sts.windows.net/tests/",
            "oid": "app",
            "tid": "tests",
            "iat": now,
            "nbf": now - HOUR,
            "exp": now + HOUR,
        }
        token = jwt.encode(said, "", algorithm="none")
        return AccessToken(token, int((now + HOUR).timestamp()))


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_certificate(tmp_path_factory.mktemp("tls"), "localhost")


@pytest.fixture(scope="module")
def url(certificate: Path) -> Iterator[str]:
    """The address of blobs that are opened by tokens, and therefore only over TLS."""
    azurite.install()
    script = azurite.INSTALLED / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    port = processes.free_port()
    command = [str(azurite._node_folder() / "bin" / "node"), str(script), "--silent"]
    command += ["--disableTelemetry", "--inMemoryPersistence", "--skipApiVersionCheck"]
    command += ["--blobHost", "127.0.0.1", "--blobPort", str(port)]
    command += ["--oauth", "basic", "--cert", str(certificate), "--key", str(certificate)]
    log = certificate.with_suffix(".log")
    process = processes.start(command, env={}, log=log, cwd=certificate.parent)
    try:
        processes.wait_until(
            lambda: log.exists() and b"successfully listens" in log.read_bytes(),
            seconds=20,
            what="Azurite",
        )
        yield f"https://localhost:{port}/{azurite.ACCOUNT}"
    finally:
        processes.stop(process)


@pytest.fixture
def account(url: str, certificate: Path) -> StorageAccount:
    transport = new_transport()
    assert isinstance(transport, RequestsTransport)
    transport.connection_config.verify = str(certificate)
    return StorageAccount(url, url, url, Identity(), transport)


@pytest.fixture
def blob(account: StorageAccount) -> BlobClient:
    """Made by its address: to one of a container on this machine the SDK gives another account's name."""
    return BlobClient(account.blob_url, "links", "key")


def test_a_link_of_an_identity_opens_one_blob_for_its_time(
    account: StorageAccount, blob: BlobClient, certificate: Path
) -> None:
    blobs, links = AzureBlobs(account, "links"), BlobLinks(account, SystemClock())
    blobs.put("other", b"of somebody else")
    writing, reading = links.write(blob, 2), links.read(blob, 2)
    trusting = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(verify=trusting) as holder:
        holder.put(writing.url, headers=writing.headers, content=b"x").raise_for_status()
        assert holder.get(reading.url).content == b"x"
        assert holder.get(reading.url.replace("/key?", "/other?")).status_code == 403
        assert holder.put(reading.url, headers=writing.headers, content=b"y").status_code == 403
        processes.wait_until(
            lambda: holder.get(reading.url).status_code == 403, seconds=10, what="its end"
        )
        assert holder.put(writing.url, headers=writing.headers, content=b"y").status_code == 403
    assert blobs.open("key").read() == b"x"


def test_a_link_never_outlives_the_key_that_signs_it(
    account: StorageAccount, blob: BlobClient
) -> None:
    clock = VirtualClock(datetime.now(UTC))
    links = BlobLinks(account, clock)
    keys = []
    for _ in range(20):  # hours
        link = links.write(blob, LONGEST)
        keys.append(datetime.fromisoformat(query(link.url)["ske"]))
        assert clock.now() < ends_at(link.url) <= clock.now() + timedelta(seconds=LONGEST)
        assert ends_at(link.url) <= keys[-1]
        clock.advance(HOUR.total_seconds())

    assert keys == sorted(keys)
    assert 1 < len(set(keys)) < 5  # one for each half of a key's time
