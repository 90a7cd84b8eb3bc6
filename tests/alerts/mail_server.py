"""A mail server on loopback that answers as a test says, with a certificate of its own."""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Mailbox:
    """Handler: keeps (recipient, content), or answers a recipient as `at_rcpt` and `at_data` say."""

    kept: list[tuple[str, bytes]] = field(default_factory=list)
    at_rcpt: dict[str, str] = field(default_factory=dict)
    at_data: dict[str, str] = field(default_factory=dict)
    logins: list[tuple[str, bytes]] = field(default_factory=list)

    async def handle_RCPT(self, _s: Any, _se: Session, envelope: Envelope, address: str, _options: Any) -> str:
        answer = self.at_rcpt.get(address)
        if answer is None:
            envelope.rcpt_tos.append(address)
        return answer or "250 OK"

    async def handle_DATA(self, server: Any, _session: Session, envelope: Envelope) -> str:
        (recipient,) = envelope.rcpt_tos
        answer = self.at_data.get(recipient, "250 OK")
        if answer == "hang up":
            self.kept.append((recipient, bytes(envelope.content or b"")))
            server.transport.close()
            return "250 nobody hears this"
        if answer.startswith("250"):
            self.kept.append((recipient, bytes(envelope.content or b"")))
        return answer

    async def auth_XOAUTH2(self, server: Any, args: list[str]) -> AuthResult:
        import base64

        token = base64.b64decode(args[1]) if len(args) > 1 else b""
        self.logins.append(("XOAUTH2", token))
        good = token == b"user=alerts@example.org\x01auth=Bearer GOOD\x01\x01"
        return AuthResult(success=good, handled=False)

    def authenticate(self, _server: Any, _session: Any, _envelope: Any, mechanism: str, data: Any) -> AuthResult:
        self.logins.append((mechanism, getattr(data, "password", b"")))
        return AuthResult(success=getattr(data, "password", b"") == b"right", handled=False)


@contextmanager
def serving(
    mailbox: Mailbox, *, certificate: Path | None = None, auth: bool = False, without: Iterable[str] = ()
) -> Iterator[int]:
    """The port of a running server; with a certificate it requires STARTTLS. It knows no way to log in of `without`."""
    options: dict[str, Any] = {"decode_data": False, "auth_exclude_mechanism": without}
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        options |= {"tls_context": context, "require_starttls": True}
    if auth:
        options |= {"authenticator": mailbox.authenticate, "auth_required": True}
    # The controller connects to its own port to wake up, and cannot do so with port 0.
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(mailbox, hostname="127.0.0.1", port=port, **options)
    controller.start()
    try:
        yield port
    finally:
        controller.stop()


def make_certificate(file: Path) -> Path:
    """A key and a certificate for 127.0.0.1, good for a day."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509
        .CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(pem + certificate.public_bytes(serialization.Encoding.PEM))
    return file
