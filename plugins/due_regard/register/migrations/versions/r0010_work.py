"""What is to be done as tables of their own, and the indexes by which one case is found among all.

What was open before is to be done at once; who must act and how far it has moved up is worked out by the next run.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Ref, RowId

revision = "0010_work"
down_revision = "0009_decisions"
branch_labels = None
depends_on = None

INDEXES = {
    "findings": ("subject_ref landlord",),
    "alert_told": ("landlord finding_id",),
    "incidents": ("customer_ref landlord",),
    "warnings": ("customer_ref landlord", "incident_ref landlord"),
    "restrictions": ("customer_ref landlord", "incident_ref landlord"),
    "reviews": ("restriction_ref landlord",),
    "appeals": ("restriction_ref landlord",),
    "markers": ("customer_ref landlord", "restriction_ref landlord", "incident_ref landlord"),
    "access_requests": ("customer_ref landlord",),
}


IN_ORDER = "landlord urgency since_on finding_id rule"
COUNTED = (
    "landlord owner_role staff_ref team handed_to handed_team has_problem rule urgency stage state is_backlog since_on "
    "finding_id"
)


def upgrade() -> None:
    """Create the tables, list what is open, and add the indexes."""
    op.create_table(
        "work_items",
        sa.Column("finding_id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("run_id", RowId, nullable=False),
        sa.Column("rule", Ref, nullable=False),
        sa.Column("state", Ref, nullable=False),
        sa.Column("urgency", sa.Integer(), nullable=False),
        sa.Column("since_on", sa.Date(), nullable=False),
        sa.Column("owner_role", Ref, nullable=False),
        sa.Column("staff_ref", Ref),
        sa.Column("team", Ref),
        sa.Column("handed_to", Ref),
        sa.Column("handed_team", Ref),
        sa.Column("is_deputy", sa.Boolean(), nullable=False),
        sa.Column("has_problem", sa.Boolean(), nullable=False),
        sa.Column("stage", Ref),
        sa.Column("is_backlog", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("finding_id", name="pk_work_items"),
    )
    op.create_table(
        "owner_problems",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("key", Ref, nullable=False),
        sa.Column("words", Ref, nullable=False),
        sa.Column("remedy", Ref, nullable=False),
        sa.Column("staff_ref", Ref),
        sa.Column("cells", sa.JSON(), nullable=False),
        sa.Column("more_cells", sa.Integer(), nullable=False),
        sa.Column("findings", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", "key", name="pk_owner_problems"),
    )
    protect_tables(op, "work_items", "owner_problems")
    # A dated finding is past its date, due on the day it was judged, or due later; any other is to be put right.
    op.execute(
        "INSERT INTO work_items (finding_id, landlord, run_id, rule, state, urgency, since_on, owner_role, handed_to, "
        "is_deputy, has_problem, is_backlog) SELECT id, landlord, last_run_id, rule, state, "
        "CASE WHEN state = 'overdue' THEN 1 WHEN state = 'due_soon' AND due_on > last_as_at THEN 3 ELSE 2 END, "
        "COALESCE(due_on, opened_on), owner_role, handed_to, false, false, false FROM findings WHERE status = 'open'"
    )
    op.create_index("ix_work_items_in_order", "work_items", IN_ORDER.split())
    op.create_index("ix_work_items_counted", "work_items", COUNTED.split())
    for column in ("silenced_until", "awaiting_since", "disputed_at", "handed_to"):
        _add_index_of_few(column)
    for table, indexes in INDEXES.items():
        for columns in indexes:
            _add_index(table, columns)


def _add_index_of_few(column: str) -> None:
    filled = sa.text(f"{column} IS NOT NULL")
    name = f"ix_findings_landlord_{column}"
    op.create_index(name, "findings", ["landlord", column], sqlite_where=filled, postgresql_where=filled)


def _add_index(table: str, columns: str) -> None:
    name = f"ix_{table}_{columns.replace(' ', '_')}"
    op.create_index(name, table, columns.split(), if_not_exists=True)
