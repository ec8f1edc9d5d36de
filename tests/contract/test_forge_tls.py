"""The connection to the forge is encrypted, and only to whom the certificate names."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reconciler.adapters.forge import Client, GitHubForge
from reconciler.core.errors import ForgeUnreachable
from tests.contract.forge_world import NAME, TOKEN


class Empty(BaseHTTPRequestHandler):
    """Answers every question with an empty list, and remembers who asked."""

    asked: list[str]

    def do_GET(self) -> None:
        """Answer."""
        self.asked.append(self.headers["Authorization"])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"[]")

    def log_message(self, format: str, *args: object) -> None:
        """Write nothing."""


def certificate(folder: Path, host: str) -> Path:
    """Return a file with a key and a certificate that names a host, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "forge")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path = folder / f"{host}.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture(params=["127.0.0.1", "127.0.0.2"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[str, Path, str]]:
    """Return address and certificate of a forge, and the host that the certificate names."""
    path = certificate(tmp_path, request.param)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    Empty.asked = []
    with HTTPServer(("127.0.0.1", 0), Empty) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *given: None
        serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        serving.start()
        yield f"https://127.0.0.1:{server.server_address[1]}", path, request.param
        server.shutdown()
        serving.join(timeout=30)


def test_a_token_goes_only_to_whom_the_certificate_names(
    served: tuple[str, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A certificate that is unknown, or of another host, ends it before the token is sent."""
    address, path, named = served
    forge = GitHubForge(Client(address, TOKEN, sleep=lambda seconds: None), NAME, pages="")
    with pytest.raises(ForgeUnreachable, match="certificate is not trusted"):
        forge.comments(1)
    assert Empty.asked == []

    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(path))
    if named == "127.0.0.1":
        assert forge.comments(1) == []
        assert Empty.asked == [f"token {TOKEN}"]
    else:
        with pytest.raises(ForgeUnreachable, match="certificate is not trusted"):
            forge.comments(1)
        assert Empty.asked == []
