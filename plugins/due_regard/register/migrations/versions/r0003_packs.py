"""Packs: every pack built and what went into it, and the day it was issued."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0003_packs"
down_revision = "0001_register"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the two tables of packs."""
    op.create_table(
        "packs",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("pack", Ref, nullable=False),
        sa.Column("quarter", Ref, nullable=False),
        sa.Column("edition", Ref, nullable=False),
        sa.Column("known_at", Instant(), nullable=True),
        sa.Column("built_at", Instant(), nullable=False),
        sa.Column("sha256", Ref, nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("ingredients", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_packs"),
    )
    op.create_index("ix_packs_landlord_pack_quarter", "packs", ["landlord", "pack", "quarter"])
    _issues()
    protect_tables(op, "packs", "pack_issues")


def _issues() -> None:
    op.create_table(
        "pack_issues",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("pack_id", RowId, nullable=False),
        sa.Column("pack", Ref, nullable=False),
        sa.Column("quarter", Ref, nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("how", Ref, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pack_issues"),
        sa.ForeignKeyConstraint(["pack_id"], ["packs.id"], name="fk_pack_issues_pack_id"),
    )
    op.create_index("ix_pack_issues_landlord_pack_quarter", "pack_issues", ["landlord", "pack", "quarter"])
    op.create_index("ix_pack_issues_pack_id", "pack_issues", ["pack_id"])
