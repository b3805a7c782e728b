"""The lean session of the storage clients leaves out none of what guards a connection."""

import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from shared.adapters import storage_account
from shared.adapters.azure_tables import AzureTables
from shared.domain.errors import Unavailable


class _Answers(BaseHTTPRequestHandler):
    heard: list[str] = []  # noqa: RUF012 - one server, one list

    def do_GET(self) -> None:
        self.heard.append(self.path)
        self.send_error(500)


@pytest.fixture
def unproven(tmp_path: Path) -> Iterator[str]:
    """The address of a server whose certificate nobody has signed but itself."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate(tmp_path / "both.pem"))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/store"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_storage_that_cannot_prove_its_name_is_told_nothing(
    unproven: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _seconds: None)
    endpoints = "".join(f"{name}Endpoint={unproven};" for name in ("Table", "Queue", "Blob"))
    account = storage_account.from_connection_string(
        f"AccountName=store;AccountKey=c2VjcmV0LWtleQ==;{endpoints}"
    )

    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        AzureTables(account).get("claims", "partition", "key")

    assert _Answers.heard == []


def _certificate(path: Path) -> Path:
    """A self-signed certificate of 127.0.0.1 and its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path
