"""Tables of assessment runs and of findings with their life.

A finding is never deleted: it opens, is seen again, escalates, may be silenced or reported done, is resolved by a
record, and may reopen. `finding_events` is that life; `findings` is where it stands. What mails or packs add about a
finding belongs in their own tables.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base

OPEN = "open"
"""`findings.status` of an open finding; the other one is `RESOLVED`."""

RESOLVED = "resolved"


def _make_index_of_few(column: str) -> Index:
    """An index of the few findings of a landlord in which a column that a person's decision fills is filled."""
    filled = text(f"{column} IS NOT NULL")
    return Index(None, "landlord", column, sqlite_where=filled, postgresql_where=filled)


class AssessmentRun(Base):
    """One recorded assessment. `moved` is false for a date before the last moving one: kept, but it moves no finding.

    `known_at` is the instant whose knowledge it rests on; `sha256` identifies the assessments themselves. `used_texts`
    says of each text it rests on which it was (name -> `used_texts.sha256`); blank in runs of earlier revisions.
    """

    __tablename__ = "assessment_runs"
    __table_args__ = (Index(None, "landlord", "as_at"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    as_at: Mapped[date]
    recorded_at: Mapped[datetime]
    known_at: Mapped[datetime]
    policy_version: Mapped[str]
    rows: Mapped[int]
    sha256: Mapped[str]
    moved: Mapped[bool]
    last_batch_file_id: Mapped[int | None] = mapped_column(RowId)
    used_texts: Mapped[dict[str, Any] | None]
    opened: Mapped[int]
    seen: Mapped[int]
    escalated: Mapped[int]
    resolved: Mapped[int]
    reopened: Mapped[int]
    open_after: Mapped[int]


class AssessmentCount(Base):
    """How many assessments of a run have one rule, state and severity."""

    __tablename__ = "assessment_counts"

    run_id: Mapped[int] = mapped_column(RowId, ForeignKey("assessment_runs.id"), primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[str] = mapped_column(primary_key=True)
    severity: Mapped[str] = mapped_column(primary_key=True)
    landlord: Mapped[str]
    n: Mapped[int]


class Finding(Base):
    """Where one finding stands. `register_ref` is public and says nothing about the customer.

    `status` open equals the last moving run's rows in an open state whose severity is not info. While
    `awaiting_since` is set, a person has reported it done and the next export is to confirm it. `handed_to` is the
    staff reference of whom a person handed it to, `handed_at` when its owner last changed so; `disputed_at` is set
    while a person's objection waits for governance.
    """

    __tablename__ = "findings"
    __table_args__ = (
        UniqueConstraint("landlord", "rule", "subject_type", "subject_ref", "occurrence"),
        UniqueConstraint("register_ref"),
        Index(None, "landlord", "status"),
        Index(None, "subject_ref", "landlord"),
        *(_make_index_of_few(name) for name in ("silenced_until", "awaiting_since", "disputed_at", "handed_to")),
    )

    id: Mapped[int] = mapped_column(RowId, primary_key=True, autoincrement=False)
    register_ref: Mapped[str]
    landlord: Mapped[str]
    rule: Mapped[str]
    subject_type: Mapped[str]
    subject_ref: Mapped[str]
    occurrence: Mapped[int]
    status: Mapped[str]
    state: Mapped[str]
    due_on: Mapped[date | None]
    done_on: Mapped[date | None]
    days_overdue: Mapped[int]
    severity: Mapped[str]
    clause: Mapped[str]
    owner_role: Mapped[str]
    policy_version: Mapped[str | None]
    opened_on: Mapped[date]
    opened_at: Mapped[datetime]
    first_seen_as_at: Mapped[date]
    last_as_at: Mapped[date]
    last_run_id: Mapped[int] = mapped_column(RowId)
    times_seen: Mapped[int]
    times_opened: Mapped[int]
    resolved_on: Mapped[date | None]
    resolved_at: Mapped[datetime | None]
    resolved_state: Mapped[str | None]
    resolved_file_id: Mapped[int | None] = mapped_column(RowId)
    silenced_until: Mapped[date | None]
    silenced_at: Mapped[datetime | None]
    awaiting_since: Mapped[datetime | None]
    awaiting_file_id: Mapped[int | None] = mapped_column(RowId)
    handed_to: Mapped[str | None]
    handed_at: Mapped[datetime | None]
    disputed_at: Mapped[datetime | None]


class ComingDuty(Base):
    """A dated duty that the last moving run found pending: what will be due, and is no finding yet.

    Worked out anew by every moving run, which replaces what the one before had said; nothing else rests on it.
    """

    __tablename__ = "coming_duties"
    __table_args__ = (Index(None, "landlord", "due_on"), Index(None, "subject_ref", "landlord"))

    landlord: Mapped[str] = mapped_column(primary_key=True)
    rule: Mapped[str] = mapped_column(primary_key=True)
    subject_type: Mapped[str] = mapped_column(primary_key=True)
    subject_ref: Mapped[str] = mapped_column(primary_key=True)
    occurrence: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    due_on: Mapped[date]
    clause: Mapped[str]
    owner_role: Mapped[str]
    policy_version: Mapped[str | None]


class FindingEvent(Base):
    """One step in a finding's life. `actor`, `why` and `to_ref` are what a person said: the only personal fields here.

    `to_ref` is whom the finding is handed to (blank in an event that gives it back to whom the record names);
    `undoes_id` is the event that this one takes back. `nonce` keys the hash of a person's words that the audit holds,
    so that the audit betrays none. `finding_sha256` is a digest of the finding: of what makes it this finding in the
    event that opened it, of all that runs say of it in one that resolved it.
    """

    __tablename__ = "finding_events"
    __table_args__ = (Index(None, "finding_id"), Index(None, "landlord", "as_at"), Index(None, "run_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    finding_id: Mapped[int] = mapped_column(RowId, ForeignKey("findings.id"))
    run_id: Mapped[int | None] = mapped_column(RowId)
    at: Mapped[datetime]
    as_at: Mapped[date | None]
    event: Mapped[str]
    state: Mapped[str]
    actor: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(Text)
    until: Mapped[date | None]
    file_id: Mapped[int | None] = mapped_column(RowId)
    nonce: Mapped[str | None]
    to_ref: Mapped[str | None]
    undoes_id: Mapped[int | None] = mapped_column(RowId)
    finding_sha256: Mapped[str | None]
