"""Which mails of the outbox count as told, as SQL: only the present mode's, and only what reached, or may yet reach.

A refused, bounced or superseded mail, and one handed over twice without an answer, was told to nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from due_regard.calendars.quarters import find_london_day
from due_regard.mail.mail_mode import SHADOW, MailMode
from due_regard.register.schema.alert_tables import AlertDate, AlertMessage, AlertNotice, AlertTold
from due_regard.register.schema.pack_tables import PackIssue

ACCEPTED = ("sent", "shadow")
"""What a mode takes for accepted: by the server, written to the folder, or held in shadow."""

REFUSAL_HOLDS = timedelta(days=30)
"""How long an address the server refused is not tried again; people mend their mailboxes."""

FAILURE_HOLDS = timedelta(days=7)
"""How long an address rests at which two mails in a row were refused as mails or never answered for."""


def is_of_mode(mode: MailMode) -> ColumnElement[bool]:
    """Mails that leave, or left, as they would now."""
    if not mode.allowed:
        return AlertMessage.mode == mode.way
    may_leave = func.lower(AlertMessage.recipient).in_(sorted(mode.allowed))
    return or_(
        and_(may_leave, AlertMessage.mode == mode.way),
        and_(~may_leave, AlertMessage.mode == SHADOW),
    )


def is_given_up() -> ColumnElement[bool]:
    """Mails that were handed over again after no answer, and not answered for either."""
    return and_(AlertMessage.status == "uncertain", AlertMessage.resends > 0)


def is_counted() -> ColumnElement[bool]:
    """Mails that were accepted, or are still on their way."""
    return and_(AlertMessage.status.not_in(("refused", "bounced", "superseded")), ~is_given_up())


def read_unreachable_addresses(
    conn: Connection, landlord: str, mode: MailMode, *, now: datetime, kind: str | None = None
) -> frozenset[str]:
    """Addresses (lower case) that are not mailed now: refused or bounced lately, or two mails in a row failed there.

    With `kind`, by mails of that kind alone. Else calendar entries that failed do not count: a mail server may refuse
    invitations and take every other mail.
    """
    is_telling = or_(AlertMessage.kind != "calendar", AlertMessage.is_address_refused)
    rows = conn.execute(
        select(
            AlertMessage.recipient, AlertMessage.status, AlertMessage.is_address_refused, AlertMessage.finished_at
        ).where(
            AlertMessage.landlord == landlord,
            is_of_mode(mode),
            is_telling if kind is None else AlertMessage.kind == kind,
            or_(AlertMessage.status.in_(("refused", "bounced", "sent")), is_given_up()),
            AlertMessage.finished_at > now - REFUSAL_HOLDS,
        ).order_by(AlertMessage.finished_at)
    ).mappings()  # fmt: skip
    ends: dict[str, list[Mapping[Any, Any]]] = defaultdict(list)
    for row in rows:
        ends[row["recipient"].lower()].append(dict(row))
    return frozenset(recipient for recipient, found in ends.items() if _is_unreachable(found, now))


def _is_unreachable(ends: list[Mapping[Any, Any]], now: datetime) -> bool:
    """Whether the mails to one address, oldest first, say that it is not to be tried now."""
    last = ends[-1]
    if last["is_address_refused"]:
        return True
    failed = [end["status"] != "sent" for end in ends[-2:]]
    return failed == [True, True] and last["finished_at"] > now - FAILURE_HOLDS


def is_mail_of(table: type[AlertTold | AlertDate | AlertNotice | PackIssue]) -> ColumnElement[bool]:
    """The mail of a row that is kept beside it: what to join the outbox on."""
    return and_(AlertMessage.landlord == table.landlord, AlertMessage.message_id == table.message_id)


def is_past_leaving(send_days: Iterable[str], now: datetime) -> bool:
    """Whether the last day a mail may leave on is over."""
    return max(send_days, default="") < find_london_day(now).isoformat()
