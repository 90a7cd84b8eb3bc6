"""Reading one case out of a million records: indexes on what records link to, and the dates that are coming.

A register of an earlier revision has no coming dates until its next run.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Ref

revision = "0018_cases"
down_revision = "0008_published"
branch_labels = None
depends_on = None

LINKS = {
    "incidents": "customer_ref",
    "warnings": "customer_ref",
    "restrictions": "customer_ref",
    "reviews": "restriction_ref",
    "appeals": "restriction_ref",
    "markers": "customer_ref",
    "access_requests": "customer_ref",
}


def upgrade() -> None:
    """Add the indexes, and the table that each run that moves findings writes anew."""
    for entity, link in LINKS.items():
        op.create_index(f"ix_{entity}_{link}_landlord", entity, [link, "landlord"])
    op.create_index("ix_findings_subject_ref_landlord", "findings", ["subject_ref", "landlord"])
    op.create_table(
        "coming_duties",
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "rule", "subject_type", "subject_ref")),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("clause", Ref, nullable=False),
        sa.Column("owner_role", Ref, nullable=False),
        sa.Column("policy_version", Ref),
        sa.PrimaryKeyConstraint(
            "landlord", "rule", "subject_type", "subject_ref", "occurrence", name="pk_coming_duties"
        ),
    )
    op.create_index("ix_coming_duties_landlord_due_on", "coming_duties", ["landlord", "due_on"])
    op.create_index("ix_coming_duties_subject_ref_landlord", "coming_duties", ["subject_ref", "landlord"])
    protect_tables(op, "coming_duties")
