"""The outbox: rows of `alert_messages` from waiting to sent, each step one short transaction.

A row is leased before it is handed over. A sender that dies leaves a lease that runs out: the row is then uncertain
and is handed over again with the Message-ID it had (at least once, by choice). transport.py hands over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import ColumnElement, Connection, Engine, func, insert, or_, select, update

from due_regard.calendars.quarters import find_london_day
from due_regard.mail.builder import ComposedMail
from due_regard.mail.mail_memory import ACCEPTED, is_of_mode
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.register import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.alert_tables import AlertMessage
from due_regard.register.sealing.seals import seal_groups

FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(hours=4)


@dataclass(frozen=True)
class OutboxMail:
    """What is handed to a transport: one mail to one recipient."""

    landlord: str
    message_id: str
    sender: str
    recipient: str
    body: bytes
    attempts: int
    resends: int


@dataclass(frozen=True)
class Delivery:
    """What became of a mail.

    Attributes:
        code: the server's.
        reason: in our words, never in the server's, which echo addresses.
        is_address_refused: the server refused this recipient for good.
    """

    outcome: Literal["sent", "later", "refused", "uncertain", "shadow"]
    code: int | None = None
    reason: str = ""
    is_address_refused: bool = False


def put_mail(conn: Connection, landlord: str, mail: ComposedMail, *, now: datetime) -> None:
    """Add `mail`, ready to leave at once."""
    conn.execute(
        insert(AlertMessage).values(
            landlord=landlord,
            message_id=mail.message_id,
            mode=mail.mode,
            kind=mail.kind,
            mail_on=mail.mail_on,
            sender=mail.sender,
            recipient=mail.recipient,
            subject=mail.subject,
            body=mail.body.decode("ascii"),
            composed_at=now,
            send_days=[day.isoformat() for day in mail.send_days],
            status="waiting",
            attempts=0,
            resends=0,
            orphaned=0,
            next_attempt_at=now,
            is_address_refused=False,
        )
    )


def audit_new_mail(conn: Connection, landlord: str, mail: ComposedMail, *, now: datetime) -> None:
    """Audit a mail that belongs to no greater act, whose own entry would seal it."""
    seals, details = seal_groups(conn, landlord, {"alert_messages": mail.message_id}), {"kind": mail.kind}
    subject = mail.message_id
    append_audit(conn, landlord=landlord, action="mail_put", subject=subject, details=details, at=now, seals=seals)


def has_mail(conn: Connection, landlord: str, message_id: str) -> bool:
    """Whether a mail with this Message-ID was ever put in, sent or not."""
    return conn.execute(select(AlertMessage.message_id).where(_is_mail(landlord, message_id))).first() is not None


def list_due_mails(
    engine: Engine, *, now: datetime, mode: MailMode = LIVE_MODE, landlords: Sequence[str] | None = None
) -> list[tuple[str, str]]:
    """(landlord, Message-ID) of every row of `mode` that may leave at `now`, in the order they were written."""
    columns = (AlertMessage.landlord, AlertMessage.message_id, AlertMessage.send_days)
    rows = select(*columns).where(_is_ready(now), is_of_mode(mode))
    if landlords is not None:
        rows = rows.where(AlertMessage.landlord.in_(landlords))
    rows = rows.order_by(AlertMessage.landlord, AlertMessage.composed_at, AlertMessage.message_id)
    with reading(engine) as conn:
        today = find_london_day(now).isoformat()
        return [(landlord, message_id) for landlord, message_id, days in conn.execute(rows) if today in days]


def lease_mail(engine: Engine, landlord: str, message_id: str, *, now: datetime, until: datetime) -> OutboxMail | None:
    """Take one row for this sender; None if another took it meanwhile.

    A row found under a lease that ran out is an orphan: its sender died before, during or after handing it over.
    """
    with writing(engine, landlord) as conn:
        mine = _is_mail(landlord, message_id)
        row = conn.execute(select(AlertMessage.__table__).where(mine, _is_ready(now))).mappings().first()
        if row is None:
            return None
        attempts, resends = row["attempts"] + 1, row["resends"] + (row["status"] == "uncertain")
        orphaned = row["orphaned"] + (row["status"] == "sending")
        values = {"status": "sending", "lease_until": until, "attempts": attempts}
        values |= {"resends": resends, "orphaned": orphaned}
        conn.execute(update(AlertMessage).where(mine).values(**values))
    body = row["body"].encode("ascii")
    return OutboxMail(landlord, message_id, row["sender"], row["recipient"], body, attempts, resends)


def settle_mail(
    engine: Engine, outgoing: OutboxMail, delivery: Delivery, *, now: datetime, as_at: date | None = None
) -> None:
    """Write what became of a mail, and audit it; `as_at` is the day of the run that handed it over, else `now`'s."""
    status = "waiting" if delivery.outcome == "later" else delivery.outcome
    values: dict[str, Any] = {
        "status": status,
        "lease_until": None,
        "code": delivery.code,
        "reason": delivery.reason or None,
        "is_address_refused": delivery.is_address_refused,
        "finished_at": None if status == "waiting" else now,
    }
    if status == "waiting":
        values["next_attempt_at"] = now + find_retry_pause(outgoing.attempts)
    landlord, message_id = outgoing.landlord, outgoing.message_id
    details = {"status": status, "code": delivery.code, "attempts": outgoing.attempts, "resends": outgoing.resends}
    mine = _is_mail(landlord, message_id)
    with writing(engine, landlord) as conn:
        if status in ACCEPTED:
            # Never before the day the mail is about: an earlier day's run may hand it over.
            mail_on = conn.execute(select(AlertMessage.mail_on).where(mine)).scalar_one()
            values["accepted_on"] = max(as_at or find_london_day(now), mail_on)
        conn.execute(update(AlertMessage).where(mine).values(**values))
        seals = seal_groups(conn, landlord, {"mail_ends": message_id})
        append_audit(
            conn, landlord=landlord, action="mail_send", subject=message_id, details=details, at=now, seals=seals
        )


def release_lease(engine: Engine, outgoing: OutboxMail) -> None:
    """Put a leased row back as it was: nothing could be handed over, through no fault of the row."""
    mine = _is_mail(outgoing.landlord, outgoing.message_id)
    values = {"status": "waiting", "lease_until": None, "attempts": outgoing.attempts - 1}
    with writing(engine, outgoing.landlord) as conn:
        conn.execute(update(AlertMessage).where(mine).values(**values))


@dataclass(frozen=True)
class OutboxCount:
    """What of one mode is still to leave.

    Attributes:
        waiting: mails that have still to leave. due: those of them that might leave today.
        last_accepted_at: when a mail was last accepted.
    """

    waiting: int
    due: int
    last_accepted_at: datetime | None


def count_outbox(
    engine: Engine, *, now: datetime, mode: MailMode = LIVE_MODE, landlords: Sequence[str] | None = None
) -> OutboxCount:
    """What of `mode` is still to leave, and when it last took a mail."""
    mine = [is_of_mode(mode)] + ([] if landlords is None else [AlertMessage.landlord.in_(landlords)])
    rows = select(AlertMessage.status, AlertMessage.send_days).where(
        or_(
            AlertMessage.status.in_(("waiting", "sending")),
            (AlertMessage.status == "uncertain") & (AlertMessage.resends == 0),
        ),
        *mine,
    )
    last = select(func.max(AlertMessage.finished_at)).where(AlertMessage.status.in_(ACCEPTED), *mine)
    today = find_london_day(now).isoformat()
    with reading(engine) as conn:
        found = [(status, today in days) for status, days in conn.execute(rows)]
        waiting = sum(status != "uncertain" for status, _ in found)
        due = sum(status != "sending" and is_due for status, is_due in found)
        return OutboxCount(waiting, due, conn.scalar(last))


def find_retry_pause(attempts: int) -> timedelta:
    """How long a row rests after its nth attempt was put off: 5 minutes, doubled each time, at most 4 hours."""
    doubled: int = 1 << min(max(attempts - 1, 0), 10)
    return min(FIRST_PAUSE * doubled, LONGEST_PAUSE)


def _is_mail(landlord: str, message_id: str) -> ColumnElement[bool]:
    return (AlertMessage.landlord == landlord) & (AlertMessage.message_id == message_id)


def _is_ready(now: datetime) -> ColumnElement[bool]:
    return or_(
        (AlertMessage.status == "waiting") & (AlertMessage.next_attempt_at <= now),
        (AlertMessage.status == "uncertain") & (AlertMessage.resends == 0),
        (AlertMessage.status == "sending") & (AlertMessage.lease_until < now),
    )
