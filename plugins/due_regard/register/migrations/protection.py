"""What a revision does to its new tables on PostgreSQL beside creating them: row-level security by landlord.

Call `protect_tables(op, table, ...)` for every new table, and create every new view with
`choose_view_options(op)`; SQLite has neither.
"""

from __future__ import annotations

from typing import Any

_ALLOWED = """
    landlord = ANY (ARRAY(SELECT register_landlords()))
    OR '*' = ANY (ARRAY(SELECT register_landlords()))
"""


def protect_tables(op: Any, *tables: str) -> None:
    """Let a session see and write only rows of landlords it was granted (PostgreSQL; nothing on SQLite)."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for table in tables:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY by_landlord ON {table} USING ({_ALLOWED}) WITH CHECK ({_ALLOWED})")


def choose_view_options(op: Any) -> str:
    """What a view needs after its name so that it shows no more than its reader may see."""
    return "WITH (security_invoker = true)" if op.get_bind().dialect.name == "postgresql" else ""
