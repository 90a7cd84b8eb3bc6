"""Alerts that will not leave any more: found before a day is composed, and withdrawn so that today's say what holds.

Other mails that reached nobody are lost_notices.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, delete, select, update

from due_regard.mail.mail_memory import is_past_leaving
from due_regard.register import append_audit
from due_regard.register.schema.alert_tables import AlertDate, AlertMessage, AlertNotice, AlertTold
from due_regard.register.sealing.seals import seal_groups


def list_lost_mails(conn: Connection, landlord: str, as_at: date, now: datetime) -> dict[str, bool]:
    """Message-IDs of mails that will not leave any more, in whichever mode, and whether each may have left before."""
    rows = conn.execute(
        select(AlertMessage.message_id, AlertMessage.kind, AlertMessage.mail_on, AlertMessage.send_days,
               AlertMessage.status, AlertMessage.resends, AlertMessage.orphaned, AlertMessage.lease_until)
        .where(
            AlertMessage.landlord == landlord,
            AlertMessage.status.in_(("waiting", "sending"))
            | ((AlertMessage.status == "uncertain") & (AlertMessage.resends == 0)),
        )
    ).mappings()  # fmt: skip
    found = {}
    for row in rows:
        may_have_left = row["status"] != "waiting" or row["resends"] + row["orphaned"] > 0
        # Other mails (a pack, rows to mend) say nothing that today's alerts would say again.
        is_said_again = row["kind"] in {"digest", "restricted", "calendar"}
        is_replaced = is_said_again and row["mail_on"] < as_at and not may_have_left
        is_leased = row["status"] == "sending" and row["lease_until"] > now
        if is_replaced or (is_past_leaving(row["send_days"], now) and not is_leased):
            found[row["message_id"]] = may_have_left
    return found


def supersede_unsent_mails(conn: Connection, landlord: str, *, as_at: date, now: datetime) -> int:
    """Withdraw mails of earlier days that were never handed over, so that today's say what still holds.

    A mail that may have been handed over, and whose days to leave are over, is given up.

    Returns:
        How many were superseded.
    """
    lost = list_lost_mails(conn, landlord, as_at, now)
    superseded = [message_id for message_id, may_have_left in lost.items() if not may_have_left]
    for some in _split_list(superseded):
        for table in (AlertTold, AlertDate, AlertNotice):
            conn.execute(delete(table).where(table.landlord == landlord, table.message_id.in_(some)))
        _update_mails(conn, landlord, some, {"status": "superseded"})
    for some in _split_list([message_id for message_id, may_have_left in lost.items() if may_have_left]):
        values = {"status": "uncertain", "resends": 1, "reason": "the days on which it might leave are over"}
        _update_mails(conn, landlord, some, {**values, "finished_at": now, "lease_until": None})
    if lost:
        told = dict.fromkeys(("alert_told", "alert_dates", "alert_notices"), superseded)
        seals = seal_groups(conn, landlord, {"mail_ends": list(lost), **told})
        subject, details = as_at.isoformat(), {"superseded": len(superseded), "given_up": len(lost) - len(superseded)}
        append_audit(
            conn, landlord=landlord, action="mail_supersede", subject=subject, details=details, at=now, seals=seals
        )
    return len(superseded)


def _split_list(ids: Sequence[str]) -> list[Sequence[str]]:
    return [ids[start : start + 500] for start in range(0, len(ids), 500)]


def _update_mails(conn: Connection, landlord: str, ids: Sequence[str], values: Mapping[str, Any]) -> None:
    mine = and_(AlertMessage.landlord == landlord, AlertMessage.message_id.in_(ids))
    conn.execute(update(AlertMessage).where(mine).values(**values))
