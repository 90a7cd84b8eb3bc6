"""What the register keeps of earlier alerts: read before a day's alerts are composed, written with each mail.

All SQL of alerts on `alert_told`, `alert_dates`, `alert_notices` and `alert_days` is here; outbox.py holds mails.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection, Select, delete, insert, select, update

from due_regard.alerts.alert_content import AlertDraft
from due_regard.alerts.escalation import EscalationStage
from due_regard.register.schema.alert_tables import AlertDate, AlertDay, AlertMessage, AlertNotice, AlertTold

BACKLOG = "backlog"
DONE = "done"
"""Words beside the stages' own that `alert_told.stage` may hold."""

REFUSAL_HOLDS = timedelta(days=30)
"""How long an address the server refused is not tried again; people mend their mailboxes."""

_STAGE = {stage.word: stage for stage in EscalationStage}


@dataclass(frozen=True)
class SentHistory:
    """What one landlord's recipients were mailed.

    Attributes:
        stages: (finding, occasion, recipient) -> words of the stages mailed.
        calendar_entries: (finding, recipient) -> sequence, due date and whether it was cancelled, as last sent.
        issue_keys: (key, recipient) of data issues mailed.
        mailed_today: recipients that have their digest of the day.
        refused: addresses the server refuses.
        last_as_at: last day composed for.
    """

    stages: dict[tuple[int, str, str], frozenset[str]]
    calendar_entries: dict[tuple[int, str], tuple[int, date, bool]]
    issue_keys: frozenset[tuple[str, str]]
    mailed_today: frozenset[str]
    refused: frozenset[str]
    last_as_at: date | None

    def find_highest_stage(self, finding_id: int, occasion: str, recipient: str) -> EscalationStage:
        """The highest stage of this occasion that the recipient was mailed."""
        words = self.stages.get((finding_id, occasion, recipient), frozenset())
        return max((_STAGE[word] for word in words if word in _STAGE), default=EscalationStage.NONE)

    def was_mailed(self, finding_id: int, occasion: str, recipient: str, word: str) -> bool:
        """Whether the recipient was mailed the stage `word` of this occasion."""
        return word in self.stages.get((finding_id, occasion, recipient), frozenset())

    def had_earlier_occasion(self, finding_id: int, occasion: str, recipient: str) -> bool:
        """Whether the recipient was mailed the finding under another due date or opening."""
        return any(key[0] == finding_id and key[1] != occasion and key[2] == recipient for key in self.stages)


def read_sent_history(conn: Connection, landlord: str, *, as_at: date, now: datetime) -> SentHistory:
    """Everything kept for `landlord`, without mails that never left and whose place today's take."""
    stale = _select_stale_mails(landlord, as_at)
    stages: dict[tuple[int, str, str], set[str]] = {}
    rows = select(AlertTold.finding_id, AlertTold.occasion, AlertTold.recipient, AlertTold.stage)
    rows = rows.where(AlertTold.landlord == landlord, AlertTold.message_id.not_in(stale))
    for finding_id, occasion, recipient, stage in conn.execute(rows):
        stages.setdefault((finding_id, occasion, recipient), set()).add(stage)
    issues = select(AlertNotice.key, AlertNotice.recipient)
    issues = issues.where(AlertNotice.landlord == landlord, AlertNotice.message_id.not_in(stale))
    mailed = select(AlertMessage.recipient).where(
        AlertMessage.landlord == landlord,
        AlertMessage.mail_on == as_at,
        AlertMessage.kind == "digest",
        AlertMessage.status != "superseded",
    )
    return SentHistory(
        stages={key: frozenset(words) for key, words in stages.items()},
        calendar_entries=_read_calendar_entries(conn, landlord, stale),
        issue_keys=frozenset((key, recipient) for key, recipient in conn.execute(issues)),
        mailed_today=frozenset(conn.scalars(mailed)),
        refused=_read_refused_addresses(conn, landlord, now),
        last_as_at=conn.scalar(select(AlertDay.last_as_at).where(AlertDay.landlord == landlord)),
    )


def record_composed_day(conn: Connection, landlord: str, *, as_at: date, now: datetime) -> None:
    """Note that `as_at` was composed."""
    values = {"last_as_at": as_at, "last_run_at": now}
    known = conn.execute(update(AlertDay).where(AlertDay.landlord == landlord).values(**values))
    if not known.rowcount:
        conn.execute(insert(AlertDay).values(landlord=landlord, **values))


def record_sent_notices(conn: Connection, landlord: str, draft: AlertDraft, message_id: str) -> None:
    """Write what the mail of `draft` says, beside its outbox row."""
    as_at = draft.content.mail_on
    own = {"landlord": landlord, "recipient": draft.content.recipient, "message_id": message_id}
    rows = [
        {"finding_id": n.finding_id, "occasion": n.occasion, "stage": n.stage, "as_at": as_at, "why": n.why} | own
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


def supersede_unsent_mails(conn: Connection, landlord: str, *, as_at: date) -> int:
    """Withdraw mails of earlier days that were never handed over, so that today's say what still holds.

    Returns:
        How many were superseded.
    """
    ids = list(conn.scalars(_select_stale_mails(landlord, as_at)))
    for start in range(0, len(ids), 500):
        some = ids[start : start + 500]
        for table in (AlertTold, AlertDate, AlertNotice):
            conn.execute(delete(table).where(table.landlord == landlord, table.message_id.in_(some)))
        conn.execute(
            update(AlertMessage)
            .where(AlertMessage.landlord == landlord, AlertMessage.message_id.in_(some))
            .values(status="superseded")
        )
    return len(ids)


def _select_stale_mails(landlord: str, as_at: date) -> Select[str]:
    """Mails of earlier days that surely never reached anybody."""
    return select(AlertMessage.message_id).where(
        AlertMessage.landlord == landlord,
        AlertMessage.status == "waiting",
        # Other mails (a pack, rows to mend) say nothing that today's alerts would say again.
        AlertMessage.kind.in_(("digest", "restricted", "calendar")),
        AlertMessage.mail_on < as_at,
        AlertMessage.resends + AlertMessage.orphaned == 0,
    )


def _read_calendar_entries(
    conn: Connection, landlord: str, stale: Select[str]
) -> dict[tuple[int, str], tuple[int, date, bool]]:
    columns = (AlertDate.finding_id, AlertDate.recipient, AlertDate.sequence, AlertDate.due_on, AlertDate.is_cancelled)
    rows = select(*columns).where(AlertDate.landlord == landlord, AlertDate.message_id.not_in(stale))
    found = conn.execute(rows.order_by(AlertDate.sequence))
    return {(row[0], row[1]): (row[2], row[3], row[4]) for row in found}


def _read_refused_addresses(conn: Connection, landlord: str, now: datetime) -> frozenset[str]:
    rows = conn.execute(
        select(AlertMessage.recipient, AlertMessage.is_address_refused)
        .where(
            AlertMessage.landlord == landlord,
            AlertMessage.status.in_(("refused", "bounced", "sent")),
            AlertMessage.finished_at > now - REFUSAL_HOLDS,
        )
        .order_by(AlertMessage.finished_at)
    )
    last: dict[str, bool] = {row[0]: row[1] for row in rows}
    return frozenset(recipient for recipient, refused in last.items() if refused)
