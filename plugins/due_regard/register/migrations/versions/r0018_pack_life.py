"""What people decide of a pack: commentary, approval, rejection, correction; and which version a build is of.

What stands in a register keeps its meaning: its builds are of version 1, and what was issued counts as issued.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0018_pack_life"
down_revision = "0014_withdrawals"
branch_labels = None
depends_on = None

EVENT_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER pack_events_no_update BEFORE UPDATE ON pack_events "
        "BEGIN SELECT RAISE(ABORT, 'pack_events is append-only'); END",
        "CREATE TRIGGER pack_events_no_delete BEFORE DELETE ON pack_events "
        "BEGIN SELECT RAISE(ABORT, 'pack_events is append-only'); END",
        # REPLACE deletes without asking the trigger above.
        "CREATE TRIGGER pack_events_no_replace BEFORE INSERT ON pack_events "
        "WHEN EXISTS (SELECT 1 FROM pack_events WHERE id = NEW.id) "
        "BEGIN SELECT RAISE(ABORT, 'pack_events is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION pack_events_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'pack_events is append-only'; END $$",
        "CREATE TRIGGER pack_events_no_change BEFORE UPDATE OR DELETE ON pack_events "
        "FOR EACH ROW EXECUTE FUNCTION pack_events_is_append_only()",
        "CREATE TRIGGER pack_events_no_truncate BEFORE TRUNCATE ON pack_events "
        "FOR EACH STATEMENT EXECUTE FUNCTION pack_events_is_append_only()",
    ),
}


def upgrade() -> None:
    """Add the acts, and the version of a build."""
    op.add_column("packs", sa.Column("version", sa.Integer()))
    op.create_table(
        "pack_events",
        sa.Column("id", RowId, nullable=False),
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "pack", "quarter", "edition")),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("pack_id", RowId),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("event", Ref, nullable=False),
        sa.Column("actor", Ref),
        sa.Column("why", sa.Text()),
        sa.Column("section", Ref),
        sa.Column("nonce", Ref),
        sa.PrimaryKeyConstraint("id", name="pk_pack_events"),
        sa.ForeignKeyConstraint(["pack_id"], ["packs.id"], name="fk_pack_events_pack_id"),
    )
    op.create_index("ix_pack_events_landlord_pack_quarter", "pack_events", ["landlord", "pack", "quarter"])
    for statement in EVENT_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    protect_tables(op, "pack_events")
