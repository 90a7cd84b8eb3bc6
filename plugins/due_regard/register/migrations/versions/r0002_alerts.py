"""Alerts: the day last composed, the outbox, who was told of what, calendar entries, notices."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0002_alerts"
down_revision = "0001_register"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the five tables of alerts."""
    op.create_table(
        "alert_days",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("last_as_at", sa.Date(), nullable=False),
        sa.Column("last_run_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", name="pk_alert_days"),
    )
    _messages()
    _told()
    _dates()
    _notices()
    for table in ("alert_days", "alert_messages", "alert_told", "alert_dates", "alert_notices"):
        protect_tables(op, table)


def _messages() -> None:
    op.create_table(
        "alert_messages",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("message_id", Ref, nullable=False),
        sa.Column("kind", Ref, nullable=False),
        sa.Column("mail_on", sa.Date(), nullable=False),
        sa.Column("sender", Ref, nullable=False),
        sa.Column("recipient", Ref, nullable=False),
        sa.Column("subject", Ref, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("composed_at", Instant(), nullable=False),
        sa.Column("send_days", sa.JSON(), nullable=False),
        sa.Column("status", Ref, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("resends", sa.Integer(), nullable=False),
        sa.Column("orphaned", sa.Integer(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("lease_until", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("is_address_refused", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", "message_id", name="pk_alert_messages"),
    )
    op.create_index("ix_alert_messages_landlord_status", "alert_messages", ["landlord", "status"])
    op.create_index(
        "ix_alert_messages_landlord_recipient_mail_on", "alert_messages", ["landlord", "recipient", "mail_on"]
    )


def _told() -> None:
    op.create_table(
        "alert_told",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("finding_id", RowId, nullable=False),
        sa.Column("occasion", Ref, nullable=False),
        sa.Column("stage", Ref, nullable=False),
        sa.Column("recipient", Ref, nullable=False),
        sa.Column("message_id", Ref, nullable=False),
        sa.Column("as_at", sa.Date(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        *_keys("alert_told", ["landlord", "finding_id", "occasion", "stage", "recipient"]),
    )


def _dates() -> None:
    op.create_table(
        "alert_dates",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("finding_id", RowId, nullable=False),
        sa.Column("recipient", Ref, nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("is_cancelled", sa.Boolean(), nullable=False),
        sa.Column("message_id", Ref, nullable=False),
        *_keys("alert_dates", ["landlord", "finding_id", "recipient", "sequence"]),
    )


def _notices() -> None:
    op.create_table(
        "alert_notices",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("key", Ref, nullable=False),
        sa.Column("recipient", Ref, nullable=False),
        sa.Column("as_at", sa.Date(), nullable=False),
        sa.Column("message_id", Ref, nullable=False),
        *_keys("alert_notices", ["landlord", "key", "recipient"]),
    )


def _keys(table: str, unique: list[str]) -> tuple[sa.Constraint, ...]:
    return (
        sa.PrimaryKeyConstraint("id", name=f"pk_{table}"),
        sa.UniqueConstraint(*unique, name=f"uq_{table}_{'_'.join(unique)}"),
        sa.ForeignKeyConstraint(
            ["landlord", "message_id"],
            ["alert_messages.landlord", "alert_messages.message_id"],
            name=f"fk_{table}_landlord_message_id",
        ),
    )
