"""The texts that a run rests on, kept by their digest.

Runs of earlier revisions have none: they can be judged again only as long as their files are what they were.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref

revision = "0013_used_texts"
down_revision = "0017_silences"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of texts, and to each run which of them it rests on."""
    op.create_table(
        "used_texts",
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "sha256", "kind", "name")),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("first_used_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", "sha256", name="pk_used_texts"),
    )
    op.add_column("assessment_runs", sa.Column("used_texts", sa.JSON()))
    protect_tables(op, "used_texts")
