"""Where a register in a file was moved to, after which it may only be read. Moving one is moving.py's."""

from __future__ import annotations

from sqlalchemy import Connection, inspect, text

from due_regard.errors import RegisterError

MOVED = "moved"
"""The act that closes a register in a file once all of it is in another database."""

_OWN_CHAIN = "-"
"""As `REGISTER` of engines.py, which asks here before each transaction that writes."""


def find_moved_place(connection: Connection) -> str | None:
    """Where a register in a file was moved to, after which it may only be read; None where it was not."""
    if connection.dialect.name != "sqlite" or not inspect(connection).has_table("audit"):
        return None
    last = text("SELECT action, subject FROM audit WHERE landlord = :register ORDER BY seq DESC LIMIT 1")
    row = connection.execute(last, {"register": _OWN_CHAIN}).first()
    return str(row.subject) if row and row.action == MOVED else None


def refuse_moved(connection: Connection) -> None:
    """Asked inside each transaction that writes: a run that waited during the move must not write behind it.

    Raises:
        RegisterError: it was; says where to.
    """
    if place := find_moved_place(connection):
        raise RegisterError(
            f"this register was moved to {place}: set DUE_REGARD_REGISTER_URL to it; here it may only be read"
        )
