"""The digest of a group of rows, keyed so that nobody can try a person's reference against what the audit holds."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, insert, select

from due_regard.register.schema.seal_tables import SealKey


class GroupDigest:
    """An HMAC over the rows' own digests, in order of the rows' keys."""

    def __init__(self, key: bytes) -> None:
        """A group without a row yet."""
        self.rows = 0
        self._digest = hmac.new(key, digestmod=sha256)

    def add(self, leaves: Iterable[str]) -> None:
        """Add rows by their digests."""
        for leaf in leaves:
            self.rows += 1
            self._digest.update(leaf.encode())

    def describe(self) -> dict[str, Any]:
        """What the audit keeps of the group."""
        return {"rows": self.rows, "sha256": self._digest.hexdigest()}


def read_seal_keys(connection: Connection) -> dict[str, bytes]:
    """Landlord -> its key, of those of whom anything was ever sealed."""
    rows = connection.execute(select(SealKey.landlord, SealKey.key))
    return {landlord: key.encode() for landlord, key in rows}


def take_seal_key(connection: Connection, landlord: str) -> bytes:
    """The landlord's key, drawn where there is none yet."""
    known = connection.scalar(select(SealKey.key).where(SealKey.landlord == landlord))
    if known is None:
        known = secrets.token_hex(32)
        connection.execute(insert(SealKey).values(landlord=landlord, key=known))
    return known.encode()
