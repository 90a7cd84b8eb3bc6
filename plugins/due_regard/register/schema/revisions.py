"""The whole schema: every model imported, and how a register is brought up to it.

Import a new module of models here, so that migrations and the test that compares them see it.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, MetaData, inspect, text

from due_regard.register import schema
from due_regard.register.schema.drop_tables import Base

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0019_known_drops"
"""The newest revision, named here so that opening a register need not walk the migrations; a new one changes it."""

_MIGRATIONS = Path(__file__).parents[1] / "migrations"


def build_metadata() -> MetaData:
    """Metadata of every model: all modules of this package whose name ends in `tables`."""
    for module in pkgutil.iter_modules(schema.__path__):
        if module.name.endswith("tables"):
            importlib.import_module(f"{schema.__name__}.{module.name}")
    return Base.metadata


def make_migration_config(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the register's migrations, on `connection`."""
    # Here, as below: a register that is up to date is opened without Alembic, a tenth of a second for each command.
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def knows_revisions(revisions: list[str]) -> bool:
    """Whether this program has all of these revisions."""
    from alembic.script import ScriptDirectory

    ours = ScriptDirectory.from_config(make_migration_config()).walk_revisions()
    return {revision.revision for revision in ours} >= set(revisions)


def read_revisions(connection: Connection) -> list[str]:
    """Revisions that a database is at; none before its first migration."""
    if not inspect(connection).has_table("alembic_version"):
        return []
    return sorted(connection.scalars(text("SELECT version_num FROM alembic_version")))


def upgrade_schema(connection: Connection, to: str = "heads") -> None:
    """Migrate the register on `connection`, inside its transaction, up to revision `to`."""
    from alembic import command

    command.upgrade(make_migration_config(connection), to)
