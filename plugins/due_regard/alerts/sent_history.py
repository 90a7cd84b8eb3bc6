"""What the register keeps of earlier alerts: read before a day's alerts are composed, written with each mail.

Only what the present mode of mailing remembers is read, and of that only what was accepted or is still on its way
(mail/mail_memory): what reached nobody was told to nobody.

All SQL of alerts on `alert_told`, `alert_notices` and `alert_days` is here, and what writes `alert_dates`, which
sent_entries.py reads; outbox.py holds mails, lost_mails.py finds those that will not leave any more.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, insert, select, update

from due_regard.alerts.alert_content import AlertDraft
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.lost_mails import list_lost_mails
from due_regard.alerts.sent_entries import read_sent_entries
from due_regard.alerts.told_before import (
    NOTHING_SENT,
    STAGE_OF_WORD,
    AcceptedTelling,
    SentHistory,
)
from due_regard.mail.mail_memory import (
    ACCEPTED,
    is_counted,
    is_mail_of,
    is_of_mode,
    read_unreachable_addresses,
)
from due_regard.mail.mail_mode import MailMode
from due_regard.register.schema.alert_tables import AlertDate, AlertDay, AlertMessage, AlertNotice, AlertTold


def read_sent_history(conn: Connection, landlord: str, mode: MailMode, *, as_at: date, now: datetime) -> SentHistory:
    """Everything `mode` remembers for `landlord`, without mails that never left and whose place today's take."""
    lost = list_lost_mails(conn, landlord, as_at, now)
    never_left = [message_id for message_id, may_have_left in lost.items() if not may_have_left]
    counted = and_(is_of_mode(mode), is_counted(), AlertMessage.message_id.not_in(lost))
    told = _read_tellings(conn, _select_told(landlord).where(counted))
    issues = select(AlertNotice.key, AlertNotice.recipient).join(AlertMessage, is_mail_of(AlertNotice))
    issues = issues.where(AlertNotice.landlord == landlord, counted)
    mailed = select(AlertMessage.recipient).where(
        AlertMessage.landlord == landlord,
        is_of_mode(mode),
        AlertMessage.mail_on == as_at,
        AlertMessage.kind == "digest",
        AlertMessage.status != "superseded",
    )
    day = and_(AlertDay.landlord == landlord, AlertDay.mode == mode.word)
    return SentHistory(
        stages=told.stages,
        calendar_entries=read_sent_entries(conn, landlord, mode, counted, never_left, as_at),
        issue_keys=frozenset((key, recipient) for key, recipient in conn.execute(issues)),
        mailed_today=frozenset(conn.scalars(mailed)),
        refused=read_unreachable_addresses(conn, landlord, mode, now=now),
        last_as_at=conn.scalar(select(AlertDay.last_as_at).where(day)),
        accepted=told.accepted,
        last_owners=told.last_owners,
        without_dates=read_unreachable_addresses(conn, landlord, mode, now=now, kind="calendar"),
    )


def read_sent_history_of(
    conn: Connection, landlord: str, mode: MailMode, findings: Collection[int], *, as_at: date, now: datetime
) -> SentHistory:
    """What `mode` remembers of these findings, and which addresses are refused; nothing of days, dates and issues."""
    counted = and_(
        is_of_mode(mode), is_counted(), AlertMessage.message_id.not_in(list_lost_mails(conn, landlord, as_at, now))
    )
    told = _read_tellings(conn, _select_told(landlord).where(counted, AlertTold.finding_id.in_(findings)))
    return replace(told, refused=read_unreachable_addresses(conn, landlord, mode, now=now))


def _read_tellings(conn: Connection, rows: Select[*tuple[Any, ...]]) -> SentHistory:
    """What `rows` of `alert_told` say, and nothing else of the history."""
    stages: dict[tuple[int, str, str], set[str]] = {}
    accepted: dict[tuple[int, str], list[AcceptedTelling]] = {}
    last_owners: dict[tuple[int, str], str] = {}
    for row in conn.execute(rows).mappings():
        finding = (row["finding_id"], row["occasion"])
        stages.setdefault((*finding, row["recipient"]), set()).add(row["stage"])
        if row["step"] == EscalationStage.AHEAD.word:
            last_owners[finding] = row["recipient"]
        if row["status"] in ACCEPTED and row["stage"] in STAGE_OF_WORD:
            step = STAGE_OF_WORD.get(row["step"] or "")
            accepted.setdefault(finding, []).append(
                AcceptedTelling(STAGE_OF_WORD[row["stage"]], step, row["accepted_on"])
            )
    frozen = {key: frozenset(words) for key, words in stages.items()}
    return replace(NOTHING_SENT, stages=frozen, accepted=accepted, last_owners=last_owners)


def record_composed_day(conn: Connection, landlord: str, mode: MailMode, *, as_at: date, now: datetime) -> None:
    """Note that `as_at` was composed in `mode`."""
    values = {"last_as_at": as_at, "last_run_at": now}
    mine = and_(AlertDay.landlord == landlord, AlertDay.mode == mode.word)
    known = conn.execute(update(AlertDay).where(mine).values(**values))
    if not known.rowcount:
        conn.execute(insert(AlertDay).values(landlord=landlord, mode=mode.word, **values))


def record_sent_notices(conn: Connection, landlord: str, draft: AlertDraft, message_id: str) -> None:
    """Write what the mail of `draft` says, beside its outbox row."""
    as_at = draft.content.mail_on
    own = {"landlord": landlord, "recipient": draft.content.recipient, "message_id": message_id}
    rows = [
        {"finding_id": n.finding_id, "occasion": n.occasion, "stage": n.stage, "step": n.step, "why": n.why}
        | {"as_at": as_at}
        | own
        for n in draft.sent_notices
    ]
    dates = [
        {"finding_id": e.finding_id, "sequence": e.sequence, "due_on": e.due_on, "is_cancelled": e.is_cancelled} | own
        for e in draft.entries
    ]
    keys = [{"key": key, "as_at": as_at} | own for key in draft.issue_keys]
    for table, values in ((AlertTold, rows), (AlertDate, dates), (AlertNotice, keys)):
        if values:
            conn.execute(insert(table), values)


def _select_told(landlord: str) -> Select[*tuple[Any, ...]]:
    columns = (AlertTold.finding_id, AlertTold.occasion, AlertTold.recipient, AlertTold.stage, AlertTold.step)
    rows = select(*columns, AlertMessage.status, AlertMessage.accepted_on)
    return rows.join(AlertMessage, is_mail_of(AlertTold)).where(AlertTold.landlord == landlord).order_by(AlertTold.id)
