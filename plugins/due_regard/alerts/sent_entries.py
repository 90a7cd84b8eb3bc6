"""The calendar entries of earlier mails, as one mode of mailing remembers them.

review_dates.py plans the next ones by them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import ColumnElement, Connection, select

from due_regard.mail.mail_memory import ACCEPTED, is_mail_of, is_of_mode
from due_regard.mail.mail_mode import MailMode
from due_regard.register.schema.alert_tables import AlertDate, AlertMessage


@dataclass(frozen=True)
class SentEntry:
    """A calendar entry of a finding as one recipient was sent it.

    Attributes:
        sequence: the highest yet, also of a mail that failed: its recipient may have it all the same.
        due_on, is_cancelled: as last sent.
        is_in_calendar: whether it was accepted as entered, and not as taken out since.
        was_mailed_today: whether a mail about it was composed today; whatever became of it, the next waits a day.
    """

    sequence: int
    due_on: date
    is_cancelled: bool = True
    is_in_calendar: bool = False
    was_mailed_today: bool = False


def read_sent_entries(
    conn: Connection,
    landlord: str,
    mode: MailMode,
    counted: ColumnElement[bool],
    never_left: Sequence[str],
    as_at: date,
) -> dict[tuple[int, str], SentEntry]:
    """(Finding, recipient) -> the entry as `mode` remembers it.

    Args:
        conn: the register.
        landlord: whose entries.
        mode: how mails leave now.
        counted: which mails count as told.
        never_left: Message-IDs whose place today's mails take.
        as_at: the day composed for.
    """
    columns = (AlertDate.finding_id, AlertDate.recipient, AlertDate.sequence, AlertDate.due_on, AlertDate.is_cancelled)
    rows = select(*columns, AlertMessage.mail_on, AlertMessage.status, counted.label("is_counted"))
    rows = rows.join(AlertMessage, is_mail_of(AlertDate)).where(AlertDate.landlord == landlord, is_of_mode(mode))
    rows = rows.where(AlertDate.message_id.not_in(never_left)).order_by(AlertDate.sequence, AlertDate.id)
    found: dict[tuple[int, str], SentEntry] = {}
    for row in conn.execute(rows).mappings():
        key = (row["finding_id"], row["recipient"])
        one = replace(found.get(key, SentEntry(0, row["due_on"])), sequence=row["sequence"])
        if row["is_counted"]:
            one = replace(one, due_on=row["due_on"], is_cancelled=row["is_cancelled"])
        if row["status"] in ACCEPTED:
            one = replace(one, is_in_calendar=not row["is_cancelled"])
        found[key] = replace(one, was_mailed_today=one.was_mailed_today or row["mail_on"] == as_at)
    return found
