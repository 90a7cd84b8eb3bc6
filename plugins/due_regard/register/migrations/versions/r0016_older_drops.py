"""Of an older drop that is held, the newer one that it would undo; and who put a batch's instants right, and why."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0016_older_drops"
down_revision = "0014_withdrawals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, blank in batches of before: those that were held shrank."""
    op.add_column("batches", sa.Column("newer_batch_id", RowId))
    op.add_column("batches", sa.Column("redated_at", Instant))
    op.add_column("batches", sa.Column("redated_by", Ref))
    op.add_column("batches", sa.Column("redated_why", sa.Text()))
