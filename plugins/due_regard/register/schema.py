"""The whole schema: every model imported, and how a register is brought up to it.

Import a new module of models here, so that migrations and the test that compares them see it.
"""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData

import due_regard.register as package
from due_regard.register.tables import Base

_MIGRATIONS = Path(__file__).parent / "migrations"


def metadata() -> MetaData:
    """Metadata of every model: all modules of this package whose name ends in `tables`."""
    for module in pkgutil.iter_modules(package.__path__):
        if module.name.endswith("tables"):
            importlib.import_module(f"{package.__name__}.{module.name}")
    return Base.metadata


def migrations(connection: Connection | None = None) -> Config:
    """Alembic's configuration for the register's migrations, on `connection`."""
    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    config.attributes["connection"] = connection
    return config


def is_current(connection: Connection) -> bool:
    """Whether the register is at the newest revision of this program."""
    heads = set(ScriptDirectory.from_config(migrations()).get_heads())
    return set(revisions_of(connection)) == heads


def knows(revisions: list[str]) -> bool:
    """Whether this program has all of these revisions."""
    ours = ScriptDirectory.from_config(migrations()).walk_revisions()
    return {revision.revision for revision in ours} >= set(revisions)


def revisions_of(connection: Connection) -> list[str]:
    """Revisions that a database is at; none before its first migration."""
    return sorted(MigrationContext.configure(connection).get_current_heads())


def upgrade(connection: Connection, to: str = "heads") -> None:
    """Migrate the register on `connection`, inside its transaction, up to revision `to`."""
    command.upgrade(migrations(connection), to)
