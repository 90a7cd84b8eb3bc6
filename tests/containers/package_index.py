"""A package index of one's own: https by a CA that nobody knows, behind a password."""

from __future__ import annotations

import base64
import html
import re
import secrets
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass(frozen=True)
class PackageIndex:
    """Where it answers, and what its certificate is signed by."""

    url: str
    ca: Path
    password: str


@contextmanager
def serve_packages(wheels: Path, address: str, folder: Path) -> Iterator[PackageIndex]:
    """Serve a folder of wheels at `address`, to whoever knows the password."""
    password = secrets.token_hex(16)
    files = {file.name: file for file in wheels.iterdir()}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = [part for part in self.path.split("/") if part]
            given = self.headers.get("Authorization", "")
            if given != "Basic " + base64.b64encode(f"builder:{password}".encode()).decode():
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="packages"')
                self.end_headers()
            elif len(asked) == 2 and asked[0] == "simple":
                links = [html.escape(name) for name in files if _name_package(name) == asked[1]]
                self._answer("".join(f'<a href="/files/{name}">{name}</a>\n' for name in links).encode(), "text/html")
            elif len(asked) == 2 and asked[0] == "files" and asked[1] in files:
                self._answer(files[asked[1]].read_bytes(), "application/octet-stream")
            else:
                self.send_error(404)

        def _answer(self, content: bytes, kind: str) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: object) -> None:
            """A test prints nothing of a build's requests."""

    server = ThreadingHTTPServer((address, 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca = _write_certificates(folder, address)
    context.load_cert_chain(folder / "server.pem")
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield PackageIndex(f"https://builder:{password}@{address}:{server.server_port}/simple", ca, password)
    finally:
        server.shutdown()
        server.server_close()


def _name_package(file: str) -> str:
    return re.sub(r"[-_.]+", "-", file.split("-")[0]).lower()


def _write_certificates(folder: Path, address: str) -> Path:
    """A CA of its own, and what it signs for `address`."""
    authority, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Landlord's firewall")])
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, address)])
    root = _begin_certificate(issuer, issuer, authority).add_extension(x509.BasicConstraints(True, 0), critical=True)
    leaf = _begin_certificate(subject, issuer, key).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
    )
    ca, pair = folder / "ca.pem", folder / "server.pem"
    ca.write_bytes(root.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pair.write_bytes(private + leaf.sign(authority, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return ca


def _begin_certificate(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509
        .CertificateBuilder(subject_name=subject, issuer_name=issuer, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(days=2))
    )
