"""What Alembic runs to migrate: on the connection that `upgrade_register` hands over, in one transaction.

There is no offline mode and no downgrade: a register goes back by restoring a backup, never by dropping what it knows.
"""

from __future__ import annotations

from alembic import context

from due_regard.register.schema.revisions import build_metadata

connection = context.config.attributes["connection"]
as_batch = connection.dialect.name == "sqlite"
context.configure(connection=connection, target_metadata=build_metadata(), render_as_batch=as_batch)
context.run_migrations()
