"""A silence ends when its finding is resolved: those that outlived it end here, as the fold of the events says."""

from __future__ import annotations

from alembic import op

revision = "0017_silences"
down_revision = "0012_seals"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """End the silence of each finding that was resolved after it was silenced."""
    op.execute(
        "UPDATE findings SET silenced_until = NULL, silenced_at = NULL "
        "WHERE silenced_until IS NOT NULL AND EXISTS (SELECT 1 FROM finding_events "
        "WHERE finding_events.finding_id = findings.id AND finding_events.event = 'resolved' "
        "AND finding_events.at >= findings.silenced_at)"
    )
