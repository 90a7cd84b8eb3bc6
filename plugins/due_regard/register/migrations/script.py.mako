"""${message}.

Revision: ${up_revision}
"""

from __future__ import annotations

from alembic import op
import sqlalchemy as sa

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Add what this revision brings."""
    ${upgrades if upgrades else "pass"}
