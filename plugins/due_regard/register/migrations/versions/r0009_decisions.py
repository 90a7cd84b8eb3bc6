"""Findings handed over and disputed, who decided what about whom, and who looked at which record of a named person.

What stands in a register keeps its meaning: no finding was handed over or disputed before.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0009_decisions"
down_revision = "0008_published"
branch_labels = None
depends_on = None

VIEW_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER record_views_no_update BEFORE UPDATE ON record_views "
        "BEGIN SELECT RAISE(ABORT, 'record_views is append-only'); END",
        "CREATE TRIGGER record_views_no_delete BEFORE DELETE ON record_views "
        "BEGIN SELECT RAISE(ABORT, 'record_views is append-only'); END",
        # REPLACE deletes without asking the trigger above.
        "CREATE TRIGGER record_views_no_replace BEFORE INSERT ON record_views "
        "WHEN EXISTS (SELECT 1 FROM record_views WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'record_views is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION record_views_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'record_views is append-only'; END $$",
        "CREATE TRIGGER record_views_no_change BEFORE UPDATE OR DELETE ON record_views "
        "FOR EACH ROW EXECUTE FUNCTION record_views_is_append_only()",
        "CREATE TRIGGER record_views_no_truncate BEFORE TRUNCATE ON record_views "
        "FOR EACH STATEMENT EXECUTE FUNCTION record_views_is_append_only()",
    ),
}


def upgrade() -> None:
    """Add the columns of findings and their events, and the table of views."""
    op.add_column("findings", sa.Column("handed_to", Ref))
    op.add_column("findings", sa.Column("handed_at", Instant()))
    op.add_column("findings", sa.Column("disputed_at", Instant()))
    op.add_column("finding_events", sa.Column("to_ref", Ref))
    op.add_column("finding_events", sa.Column("undoes_id", RowId))
    op.create_table(
        "record_views",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", Ref, nullable=False),
        sa.Column("used_right", Ref, nullable=False),
        sa.Column("kind", Ref, nullable=False),
        sa.Column("ref", Ref, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_views"),
    )
    op.create_index("ix_record_views_landlord_at", "record_views", ["landlord", "at"])
    op.create_index("ix_record_views_landlord_ref", "record_views", ["landlord", "ref"])
    for statement in VIEW_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    protect_tables(op, "record_views")
