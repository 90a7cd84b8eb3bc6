"""Notices to the data owner that reached nobody, handed over anew: rows to mend, and failed tasks.

They are never composed again, so the same mail goes back into the outbox, in the mode of now and under its Message-ID.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, select, update

from due_regard.calendars.quarters import find_london_day
from due_regard.mail.builder import KINDS, MailContext, list_send_days
from due_regard.mail.mail_memory import is_counted, is_of_mode, read_unreachable_addresses
from due_regard.mail.mail_mode import LIVE
from due_regard.register import append_audit
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.sealing.seals import seal_groups

LOOK_BACK = timedelta(days=7)
"""For how long a notice is handed over anew; the newest one of rows to mend holds until they are."""

_COLUMNS = ("message_id", "kind", "recipient", "body", "mode", "status", "mail_on", "finished_at")


def hand_over_notices_again(conn: Connection, context: MailContext) -> int:
    """Put the notices that reached nobody back into the outbox; how many.

    Those that failed in this mode, once a day, and of each kind the newest of another mode: the older ones of a trial
    would be a flood, and the newest says what there is to mend. What was really sent stays as it was sent.
    """
    landlord = context.landlord.id
    refused = read_unreachable_addresses(conn, landlord, context.mode, now=context.now)
    found = [row for row in _list_lost_notices(conn, context) if row["recipient"].lower() not in refused]
    for row in found:
        mine = and_(AlertMessage.landlord == landlord, AlertMessage.message_id == row["message_id"])
        conn.execute(update(AlertMessage).where(mine).values(**_make_waiting(row, context)))
    if found:
        again = [row["message_id"] for row in found]
        seals = seal_groups(conn, landlord, {"alert_messages": again, "mail_ends": again})
        subject, at = context.today.isoformat(), context.now
        details = {"mails": len(again)}
        append_audit(conn, landlord=landlord, action="mail_again", subject=subject, details=details, at=at, seals=seals)
    return len(found)


def _list_lost_notices(conn: Connection, context: MailContext) -> Iterator[Mapping[str, Any]]:
    since = context.today - LOOK_BACK
    for kind in (name for name, one in KINDS.items() if one.is_notice):
        mine = and_(AlertMessage.landlord == context.landlord.id, AlertMessage.kind == kind)
        failed = and_(mine, is_of_mode(context.mode), ~is_counted(), AlertMessage.mail_on >= since)
        for row in _read_mails(conn, failed):
            if row["finished_at"] is None or find_london_day(row["finished_at"]) < context.today:
                yield row
        for row in _read_mails(conn, mine, limit=1):
            is_of_now = row["mode"] == context.mode.find_word(row["recipient"])
            was_told = (row["mode"], row["status"]) == (LIVE, "sent")
            if not is_of_now and not was_told and (kind == "handback" or row["mail_on"] >= since):
                yield row


def _read_mails(conn: Connection, condition: ColumnElement[bool], limit: int | None = None) -> list[dict[str, Any]]:
    columns = [getattr(AlertMessage, name) for name in _COLUMNS]
    rows = select(*columns).where(condition).order_by(AlertMessage.composed_at.desc(), AlertMessage.message_id)
    return [dict(row) for row in conn.execute(rows.limit(limit)).mappings()]


def _make_waiting(row: Mapping[str, Any], context: MailContext) -> dict[str, Any]:
    """The values of a mail that has still to leave, dated now."""
    days = list_send_days(row["kind"], context.calendar, context.calendar.next_working(context.today))
    dated = f"Date: {format_datetime(context.now)}"
    return {
        "status": "waiting",
        "mode": context.mode.find_word(row["recipient"]),
        "body": re.sub(r"^Date: [^\r\n]*", dated, row["body"], count=1, flags=re.MULTILINE),
        "send_days": [day.isoformat() for day in days],
        "next_attempt_at": context.now,
        **dict.fromkeys(("attempts", "resends", "orphaned"), 0),
        **dict.fromkeys(("lease_until", "finished_at", "accepted_on", "code", "reason")),
        "is_address_refused": False,
    }
