"""Withdrawals of vanished records: a table of acts, and the views of records without what is withdrawn.

No record of an earlier revision is withdrawn.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import choose_view_options, protect_tables
from due_regard.register.migrations.versions.r0004_access import OF_CUSTOMERS, REPORTED, VISIBLE
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0014_withdrawals"
down_revision = "0013_used_texts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table, and let the views leave out what is withdrawn."""
    op.create_table(
        "withdrawals",
        sa.Column("id", RowId, nullable=False),
        *(sa.Column(name, Ref, nullable=False) for name in ("landlord", "entity", "ref", "event")),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("actor", Ref),
        sa.Column("why", sa.Text()),
        sa.Column("nonce", Ref),
        *(sa.Column(name, RowId) for name in ("ends_id", "with_id", "batch_file_id")),
        sa.PrimaryKeyConstraint("id", name="pk_withdrawals"),
    )
    op.create_index("ix_withdrawals_landlord_entity_ref", "withdrawals", ["landlord", "entity", "ref"])
    op.create_index("ix_withdrawals_ends_id", "withdrawals", ["ends_id"])
    protect_tables(op, "withdrawals")
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for entity, line in REPORTED.items():
        key = "customer_ref" if entity == "customers" else line.split()[0]
        # PostgreSQL keeps a view's grants when it is replaced; SQLite has no grants and cannot replace.
        make = "CREATE OR REPLACE VIEW" if is_postgresql else "CREATE VIEW"
        if not is_postgresql:
            op.execute(f"DROP VIEW current_{entity}")
            op.execute(f"DROP VIEW report_{entity}")
        op.execute(
            f"{make} current_{entity} {choose_view_options(op)} AS SELECT * FROM {entity} AS latest "  # noqa: S608
            f"WHERE {_stands('latest', entity, key)}"
        )
        _report(make, entity, line, key, is_postgresql=is_postgresql)


def _stands(row: str, entity: str, key: str) -> str:
    """Condition: it is the newest version, and the record is not withdrawn."""
    return (
        f"NOT EXISTS (SELECT 1 FROM {entity} AS later WHERE later.landlord = {row}.landlord "  # noqa: S608
        f"AND later.{key} = {row}.{key} AND later.version = {row}.version + 1) "
        f"AND NOT EXISTS (SELECT 1 FROM withdrawals AS act WHERE act.landlord = {row}.landlord "
        f"AND act.entity = '{entity}' AND act.ref = {row}.{key} AND act.event = 'withdrawn' "
        "AND NOT EXISTS (SELECT 1 FROM withdrawals AS ended WHERE ended.ends_id = act.id))"
    )


def _report(make: str, entity: str, line: str, key: str, *, is_postgresql: bool) -> None:
    """As revision 0007 made it, without what is withdrawn."""
    names = [f"(r.{w[1:]} IS NOT NULL) AS has_{w[1:]}" if w[0] == "?" else f"r.{w}" for w in line.split()]
    join = ""
    if entity in OF_CUSTOMERS:
        names.insert(0, "n.customer_no")
        join = "JOIN customer_numbers AS n ON n.landlord = r.landlord AND n.customer_ref = r.customer_ref"
    options, visible = ("WITH (security_barrier = true)", VISIBLE) if is_postgresql else ("", "true")
    op.execute(
        f"{make} report_{entity} {options} AS SELECT r.landlord, {', '.join(names)}, r.unknown_cells "  # noqa: S608
        f"FROM {entity} AS r {join} WHERE {visible} AND {_stands('r', entity, key)}"
    )
