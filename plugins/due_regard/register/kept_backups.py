"""The backups in a folder, those kept long enough, and which drill last held."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime

from sqlalchemy import Engine, select

from due_regard.config.storage import StoredPath
from due_regard.errors import RegisterError
from due_regard.register.audit import AuditReport, append_audit
from due_regard.register.engines import REGISTER, reading, writing
from due_regard.register.schema.drop_tables import AuditRow

STAMP = "%Y%m%dT%H%M%SZ"
"""How a backup's name says its instant, in UTC."""

_DRILL = "drill"


def list_backups(folder: StoredPath) -> dict[datetime, StoredPath]:
    """Instant -> file of each backup in a folder, the oldest first; none where there is no folder."""
    found = {}
    for file in folder.iterdir() if folder.is_dir() else ():
        with suppress(ValueError):
            found[datetime.strptime(file.name, f"register-{STAMP}.zip").replace(tzinfo=UTC)] = file
    return dict(sorted(found.items()))


def find_newest_backup(folder: StoredPath) -> StoredPath:
    """The newest backup in a folder.

    Raises:
        RegisterError: there is none.
    """
    files = [
        file
        for file in (folder.iterdir() if folder.is_dir() else ())
        if file.name.startswith("register-") and file.suffix == ".zip"
    ]
    if not files:
        raise RegisterError(f"there is no backup (register-….zip) in {folder}")
    return max(files, key=lambda file: file.name)


def remove_old_backups(folder: StoredPath, *, before: datetime) -> int:
    """Remove the backups made before an instant, but never the newest; how many."""
    *older, _ = list_backups(folder).items()
    gone = [file for made_at, file in older if made_at < before]
    for file in gone:
        file.unlink()
    return len(gone)


def record_drill(engine: Engine, name: str, report: AuditReport, *, now: datetime) -> None:
    """Note that the backup called `name` was restored elsewhere, and held."""
    with writing(engine, REGISTER) as connection:
        details = {"head": report.head, "rows": report.rows}
        append_audit(connection, landlord=REGISTER, action=_DRILL, subject=name, details=details, at=now)


def find_last_drill(engine: Engine) -> datetime | None:
    """When a backup of this register was last restored elsewhere and held."""
    own = select(AuditRow.at).where(AuditRow.landlord == REGISTER, AuditRow.action == _DRILL)
    with reading(engine) as connection:
        return connection.scalar(own.order_by(AuditRow.seq.desc()).limit(1))
