"""What people decide of a pack: commentary, approval, rejection, correction; and which version a build is of.

What stands in a register keeps its meaning: its builds are of version 1, and what was issued counts as issued.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0018_pack_life"
down_revision = "0017_guards"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the acts, and the version of a build."""
    op.add_column("packs", sa.Column("version", sa.Integer()))
    op.create_table(
        "pack_events",
        sa.Column("id", RowId, nullable=False),
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "pack", "quarter", "edition")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pack_id", RowId),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event", Ref, nullable=False),
        sa.Column("actor", Ref),
        sa.Column("why", sa.Text()),
        sa.Column("section", Ref),
        sa.Column("nonce", Ref),
        sa.PrimaryKeyConstraint("id", name="pk_pack_events"),
        sa.ForeignKeyConstraint(["pack_id"], ["packs.id"], name="fk_pack_events_pack_id"),
    )
    op.create_index("ix_pack_events_landlord_pack_quarter", "pack_events", ["landlord", "pack", "quarter"])
    protect_tables(op, "pack_events")
