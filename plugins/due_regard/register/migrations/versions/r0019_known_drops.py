"""Which drop of a landlord is known whole, so that the same again need not be read.

A register of an earlier revision knows none: its next drop is read.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Ref, RowId

revision = "0019_known_drops"
down_revision = "0018_pack_life"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, empty."""
    op.create_table(
        "known_drops",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("batch_id", RowId, nullable=False),
        sa.Column("identity", Ref, nullable=False),
        sa.Column("judged_on", sa.Date(), nullable=False),
        sa.Column("rests_on_day", sa.Boolean(), nullable=False),
        sa.Column("not_known", sa.JSON(), nullable=False),
        sa.Column("handed_back", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", name="pk_known_drops"),
    )
    protect_tables(op, "known_drops")
