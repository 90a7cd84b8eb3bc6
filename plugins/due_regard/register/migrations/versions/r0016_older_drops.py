"""Of a drop that is held because it is an older one: the newer drop that it would undo."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.schema.column_types import RowId

revision = "0016_older_drops"
down_revision = "0014_withdrawals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, blank in drops held before: those shrank."""
    op.add_column("batches", sa.Column("newer_batch_id", RowId))
