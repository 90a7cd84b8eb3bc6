"""Guards on every table, not on audit and views alone; who may see whom is asked of the register's own list.

The guards themselves are put in place by `upgrade_register`, as the program has them today (register/write_guards.py).
"""

from __future__ import annotations

from alembic import op

revision = "0015_guards"
down_revision = "0016_older_drops"
branch_labels = None
depends_on = None

# A session's own temporary tables come first in every search, unless they are named last: by one called landlord_access
# a login could have seen every landlord.
ACCESS_FUNCTION = """
CREATE OR REPLACE FUNCTION register_landlords() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path = {schema}, pg_temp AS $$
    SELECT CASE WHEN scope = '' THEN granted.landlord ELSE scope END
    FROM landlord_access AS granted
    JOIN pg_roles AS held ON held.rolname = granted.role_name AND pg_has_role(session_user, held.oid, 'MEMBER'),
         (SELECT coalesce(current_setting('due_regard.landlord', true), '') AS scope) AS session
    WHERE scope = '' OR granted.landlord IN ('*', scope)
$$
"""


def upgrade() -> None:
    """Drop the guards of earlier revisions."""
    if op.get_bind().dialect.name == "sqlite":
        for table in ("audit", "record_views"):
            for name in ("no_update", "no_delete", "no_replace"):
                op.execute(f"DROP TRIGGER IF EXISTS {table}_{name}")
        return
    for table in ("audit", "record_views"):
        for name in ("no_change", "no_truncate"):
            op.execute(f"DROP TRIGGER IF EXISTS {table}_{name} ON {table}")
        op.execute(f"DROP FUNCTION IF EXISTS {table}_is_append_only()")
    schema = op.get_bind().exec_driver_sql("SELECT quote_ident(current_schema())").scalar()
    op.execute(ACCESS_FUNCTION.format(schema=schema))
