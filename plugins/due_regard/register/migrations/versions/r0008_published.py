"""What a publishable pack showed and hid, so that no later one gives it away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008_published"
down_revision = "0007_unknown_cells"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column, blank in packs built before."""
    op.add_column("packs", sa.Column("published", sa.JSON()))
