"""Tables of alerts: who was told of what, the outbox, calendar entries, faults told to the data owner.

What a mail that was never handed over had written is deleted when a later day's mail takes its place; nothing else is.
Each mode (live, folder, shadow, redirect) remembers for itself: what counts as told is in mail/mail_memory.
Bodies hold register references and the duties' neutral labels; the recipient's address is the only personal value.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKeyConstraint, Index, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base


def _message_columns() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(["landlord", "message_id"], ["alert_messages.landlord", "alert_messages.message_id"])


class AlertDay(Base):
    """The last day alerts were composed for in one mode: an earlier day composes nothing."""

    __tablename__ = "alert_days"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    mode: Mapped[str] = mapped_column(primary_key=True)
    last_as_at: Mapped[date]
    last_run_at: Mapped[datetime]


class AlertMessage(Base):
    """One mail to one recipient: the outbox and, once it is gone, the delivery record.

    `status`: waiting, sending (leased), sent, refused, uncertain (handed over, no answer), shadow (would have been
    sent), superseded (a later day's mail took its place), bounced. `send_days` are the days on which it may leave;
    `resends` counts re-sends after no answer, `orphaned` leases whose sender died. `mode` is how it leaves: live,
    folder, shadow (held, as its recipient is not on the allow-list) or redirect; from `accepted_on` it counts as told.
    """

    __tablename__ = "alert_messages"
    __table_args__ = (Index(None, "landlord", "status"), Index(None, "landlord", "recipient", "mail_on"))

    landlord: Mapped[str] = mapped_column(primary_key=True)
    message_id: Mapped[str] = mapped_column(primary_key=True)
    # Earlier revisions had no modes: the migration works out theirs.
    mode: Mapped[str] = mapped_column(server_default="live")
    kind: Mapped[str]
    mail_on: Mapped[date]
    sender: Mapped[str]
    recipient: Mapped[str]
    subject: Mapped[str]
    body: Mapped[str] = mapped_column(Text)
    composed_at: Mapped[datetime]
    send_days: Mapped[list[str]]
    status: Mapped[str]
    attempts: Mapped[int]
    resends: Mapped[int]
    orphaned: Mapped[int]
    next_attempt_at: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    accepted_on: Mapped[date | None]
    code: Mapped[int | None]
    reason: Mapped[str | None] = mapped_column(Text)
    is_address_refused: Mapped[bool]


class AlertTold(Base):
    """One recipient told of one stage of one occasion of a finding, and why it was they.

    `step` is the stage from which this recipient is told: `ahead` for the owner; none in rows of earlier revisions.
    """

    __tablename__ = "alert_told"
    __table_args__ = (
        UniqueConstraint("landlord", "message_id", "finding_id", "occasion", "stage"),
        Index(None, "landlord", "finding_id"),
        _message_columns(),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    finding_id: Mapped[int] = mapped_column(RowId)
    occasion: Mapped[str]
    stage: Mapped[str]
    step: Mapped[str | None]
    recipient: Mapped[str]
    message_id: Mapped[str]
    as_at: Mapped[date]
    why: Mapped[str] = mapped_column(Text)


class AlertDate(Base):
    """A calendar entry as last sent: a moved date raises `sequence`, `is_cancelled` takes it out."""

    __tablename__ = "alert_dates"
    __table_args__ = (UniqueConstraint("landlord", "message_id", "finding_id", "sequence"), _message_columns())

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    finding_id: Mapped[int] = mapped_column(RowId)
    recipient: Mapped[str]
    sequence: Mapped[int]
    due_on: Mapped[date]
    is_cancelled: Mapped[bool]
    message_id: Mapped[str]


class AlertNotice(Base):
    """A fault of data, settings or delivery (`key`) that one recipient was told of in one mail."""

    __tablename__ = "alert_notices"
    __table_args__ = (UniqueConstraint("landlord", "message_id", "key"), _message_columns())

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    key: Mapped[str]
    recipient: Mapped[str]
    as_at: Mapped[date]
    message_id: Mapped[str]
