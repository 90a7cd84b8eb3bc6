"""The dates that are coming, as a table of their own.

A register of an earlier revision has no coming dates until its next run.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Ref

revision = "0011_coming_duties"
down_revision = "0010_work"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table that each run that moves findings writes anew."""
    op.create_table(
        "coming_duties",
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "rule", "subject_type", "subject_ref")),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("clause", Ref, nullable=False),
        sa.Column("owner_role", Ref, nullable=False),
        sa.Column("policy_version", Ref),
        sa.PrimaryKeyConstraint(
            "landlord", "rule", "subject_type", "subject_ref", "occurrence", name="pk_coming_duties"
        ),
    )
    op.create_index("ix_coming_duties_landlord_due_on", "coming_duties", ["landlord", "due_on"])
    op.create_index("ix_coming_duties_subject_ref_landlord", "coming_duties", ["subject_ref", "landlord"])
    protect_tables(op, "coming_duties")
