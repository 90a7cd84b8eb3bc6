"""Which cells of a record hold a word that is not known: a column of every record table, shown by its views.

The records and their hashes stay as they are: a record without such a cell says nothing new.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import choose_view_options
from due_regard.register.migrations.versions.r0004_access import OF_CUSTOMERS, REPORTED, VISIBLE
from due_regard.register.schema.column_types import Ref

revision = "0007_unknown_cells"
down_revision = "0006_runs"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column to the tables and views of records."""
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for entity, line in REPORTED.items():
        key = "customer_ref" if entity == "customers" else line.split()[0]
        op.add_column(entity, sa.Column("unknown_cells", Ref))
        # PostgreSQL keeps a view's grants when it is replaced; SQLite has no grants and cannot replace.
        make = "CREATE OR REPLACE VIEW" if is_postgresql else "CREATE VIEW"
        if not is_postgresql:
            op.execute(f"DROP VIEW current_{entity}")
            op.execute(f"DROP VIEW report_{entity}")
        op.execute(
            f"{make} current_{entity} {choose_view_options(op)} AS SELECT * FROM {entity} AS latest "  # noqa: S608
            f"WHERE NOT EXISTS (SELECT 1 FROM {entity} AS later WHERE later.landlord = latest.landlord "
            f"AND later.{key} = latest.{key} AND later.version = latest.version + 1)"
        )
        _report(make, entity, line, key, is_postgresql=is_postgresql)


def _report(make: str, entity: str, line: str, key: str, *, is_postgresql: bool) -> None:
    """As revision 0004 made it, with the column at its end: PostgreSQL adds columns to a view nowhere else."""
    names = [f"(r.{w[1:]} IS NOT NULL) AS has_{w[1:]}" if w[0] == "?" else f"r.{w}" for w in line.split()]
    join = ""
    if entity in OF_CUSTOMERS:
        names.insert(0, "n.customer_no")
        join = "JOIN customer_numbers AS n ON n.landlord = r.landlord AND n.customer_ref = r.customer_ref"
    options, visible = ("WITH (security_barrier = true)", VISIBLE) if is_postgresql else ("", "true")
    op.execute(
        f"{make} report_{entity} {options} AS SELECT r.landlord, {', '.join(names)}, r.unknown_cells "  # noqa: S608
        f"FROM {entity} AS r {join} WHERE {visible} AND NOT EXISTS (SELECT 1 FROM {entity} AS later "
        f"WHERE later.landlord = r.landlord AND later.{key} = r.{key} AND later.version = r.version + 1)"
    )
