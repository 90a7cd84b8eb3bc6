"""A mail that came back: found by its Message-ID, noted, and its address then treated as refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, select, update

from due_regard.errors import RegisterError
from due_regard.register import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.sealing.seals import seal_groups

HANDED_OVER = ("sent", "uncertain")
"""A mail that the server took, or may have taken, can come back."""


def find_mail(conn: Connection, message_id: str, landlord: str | None = None) -> Mapping[str, Any]:
    """The row of the mail with this Message-ID (with or without angle brackets), among those of `landlord` if named.

    Raises:
        RegisterError: no such mail.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    rows = select(AlertMessage.__table__).where(AlertMessage.message_id == wanted)
    rows = rows if landlord is None else rows.where(AlertMessage.landlord == landlord)
    found = conn.execute(rows).mappings().first()
    if found is None:
        raise RegisterError(
            "no mail has that Message-ID; copy it from the mail's header or its last lines. Where each landlord has a "
            "register of its own, name the landlord's with --landlord or --register"
        )
    return dict(found)


def record_bounce(engine: Engine, message_id: str, *, landlord: str | None = None, now: datetime) -> bool:
    """Note that a mail came back; its address is then treated as refused.

    Returns:
        False where it was noted before.

    Raises:
        RegisterError: no such mail (of `landlord`, if named), or it was never handed over.
    """
    with reading(engine, landlord) as conn:
        owner = str(find_mail(conn, message_id, landlord)["landlord"])
    with writing(engine, owner) as conn:
        mail = find_mail(conn, message_id, owner)
        if mail["status"] == "bounced":
            return False
        if mail["status"] not in HANDED_OVER or mail["mode"] == "folder":
            raise RegisterError(
                f"that mail was not handed over ({_name_status(mail)}), so it cannot have come back; "
                "`due-regard alerts explain` says what became of it"
            )
        values: dict[str, Any] = {"status": "bounced", "is_address_refused": True, "finished_at": now}
        # The server's code said that it took the mail.
        values |= {"code": None, "reason": "the mail came back"}
        mine = (AlertMessage.landlord == owner) & (AlertMessage.message_id == mail["message_id"])
        conn.execute(update(AlertMessage).where(mine).values(**values))
        subject, seals = mail["message_id"], seal_groups(conn, owner, {"mail_ends": mail["message_id"]})
        append_audit(conn, landlord=owner, action="mail_bounce", subject=subject, details={}, at=now, seals=seals)
    return True


def _name_status(mail: Mapping[str, Any]) -> str:
    return "written to the mail folder" if (mail["mode"], mail["status"]) == ("folder", "sent") else mail["status"]
