"""Task runs: a row for each piece of work, so that one whose process was killed can be seen and told."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref

revision = "0006_runs"
down_revision = "0005_told"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the table of task runs."""
    op.create_table(
        "runs",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("dag_id", Ref, nullable=False),
        sa.Column("verb", Ref, nullable=False),
        sa.Column("run_id", Ref, nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("must_end_by", Instant(), nullable=False),
        sa.Column("ended_at", Instant()),
        sa.Column("outcome", Ref, nullable=False),
        sa.PrimaryKeyConstraint("landlord", "dag_id", "verb", "run_id", name="pk_runs"),
    )
    op.create_index("ix_runs_outcome_must_end_by", "runs", ["outcome", "must_end_by"])
    protect_tables(op, "runs")
