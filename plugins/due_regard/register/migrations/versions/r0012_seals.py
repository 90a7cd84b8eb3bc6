"""Seals: each record's own digest and its salt, a landlord's seal key, and what findings' events say of the finding.

What stands in a register is bound to the audit after the migrations, by `upgrade_register`; nothing is rewritten here.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Ref, RowId

revision = "0012_seals"
down_revision = "0011_coming_duties"
branch_labels = None
depends_on = None

RECORDS = (
    *("customers", "staff", "incidents", "warnings", "restrictions", "reviews", "appeals", "markers"),
    "access_requests",
)
INDEXES = {
    "disappearances": ("batch_file_id", "returned_file_id"),
    "customer_numbers": ("batch_file_id",),
    "finding_events": ("run_id",),
}


def upgrade() -> None:
    """Add the columns, the table of keys, and the indexes by which a group of rows is read back."""
    for table in RECORDS:
        op.add_column(table, sa.Column("salt", Ref))
        op.add_column(table, sa.Column("leaf", Ref))
    op.add_column("customer_numbers", sa.Column("batch_file_id", RowId))
    op.add_column("finding_events", sa.Column("finding_sha256", Ref))
    op.create_table(
        "seal_keys",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("key", Ref, nullable=False),
        sa.PrimaryKeyConstraint("landlord", name="pk_seal_keys"),
    )
    protect_tables(op, "seal_keys")
    for table, columns in INDEXES.items():
        for column in columns:
            op.create_index(f"ix_{table}_{column}", table, [column])
