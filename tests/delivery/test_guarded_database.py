"""A line to a database that cannot be guarded as its connection asks: a person must mend it, by what is said."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from due_regard.errors import FetchRefused
from tests.delivery.kinds import QUERIES
from tests.delivery.places import L, connect, make_landlord
from tests.delivery.servers import LOGIN, PASSWORD, accept_lines

CASES = {
    "no file to check it by": (True, {"sslmode": "verify-full", "sslrootcert": "none.pem"}),
    "another host's certificate": (True, {"sslmode": "verify-full", "sslrootcert": "own.pem"}),
    "an unknown certificate": (True, {"sslmode": "verify-ca", "sslrootcert": "other.pem"}),
    "a server that guards nothing": (False, {"sslmode": "require"}),
    "a mode that is none": (False, {"sslmode": "always"}),
}


@pytest.mark.parametrize("case", CASES)
def test_a_line_that_cannot_be_guarded_as_asked_is_refused(case: str, tmp_path: Path) -> None:
    is_guarded, extra = CASES[case]
    write_certificate(tmp_path / "other.pem")
    asked = extra | ({"sslrootcert": str(tmp_path / extra["sslrootcert"])} if "sslrootcert" in extra else {})
    with serve(write_certificate(tmp_path / "own.pem") if is_guarded else None) as port:
        login = connect(
            "postgres", host="127.0.0.1", port=port, login=LOGIN, password=PASSWORD, schema="housing",
            extra_dejson=asked,
        )  # fmt: skip
        landlord = make_landlord(
            tmp_path, {"kind": "sql", "connection": "export", "queries": QUERIES}, {"export": login}
        )
        with pytest.raises(FetchRefused, match=f"{L}, connection export: the line .* guarded.* mend sslmode") as caught:
            landlord.fetch()
    assert PASSWORD not in str(caught.value) and str(tmp_path) not in str(caught.value)


def write_certificate(file: Path) -> Path:
    """A key and a certificate of a host that is none, signed by itself."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "db")])
    made = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    now = datetime.now(UTC)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(text + made.sign(key, SHA256()).public_bytes(Encoding.PEM))
    return file


@contextmanager
def serve(certificate: Path | None) -> Iterator[int]:
    """The port of what answers as PostgreSQL does to who asks for a guarded line; it goes no further."""

    def answer(line: socket.socket) -> None:
        with suppress(OSError), line:
            line.recv(8)
            line.sendall(b"S" if certificate else b"N")
            if certificate:
                guard = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                guard.load_cert_chain(certificate)
                with guard.wrap_socket(line, server_side=True) as guarded:
                    guarded.recv(1)

    with accept_lines(answer) as port:
        yield port
