"""Backups of registers, by hand and by the clock, the drill that restores the newest, and restoring in earnest."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath, make_folder
from due_regard.errors import RegisterError, SettingsError
from due_regard.services.audit_heads import note_restored_heads
from due_regard.services.landlord_context import (
    find_head_file,
    find_register_url,
    list_landlords_to_run,
    open_landlord_register,
)
from due_regard.services.landlord_failures import LandlordFailures
from due_regard.services.prove_copy import check_copy
from due_regard.services.record_run import Recorded, record_each
from due_regard.services.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Engine


def back_up_register(settings: Settings, landlord: str | None, folder: StoredPath, *, now: datetime) -> Result:
    """Write a register, all of it, into a new file of `folder`.

    Returns:
        file, head.
    """
    from due_regard.register import write_backup

    file = find_head_file(settings, landlord)
    report = write_backup(find_register_url(settings, landlord), folder, now=now, head_file=file)
    return {"file": str(report.file), "head": report.head}


def restore_register(settings: Settings, landlord: str | None, source: Path, *, now: datetime) -> Result:
    """Restore a backup into the empty register, and note outside it that this was done.

    Returns:
        rows (of the audit), head.
    """
    from due_regard.register import restore_backup

    report = restore_backup(find_register_url(settings, landlord), source, now=now)
    with open_landlord_register(settings, landlord) as engine:
        head = note_restored_heads(engine, find_head_file(settings, landlord), now=now)
    return {"rows": report.rows, "head": head}


def back_up_registers(settings: Settings, *, now: datetime, record: Recorded | None = None) -> Result:
    """Write every register into its folder of the installation's backups, and remove what was kept long enough.

    Returns:
        registers: landlords, file, head, removed (how many); failed (landlord -> why) and exit_code, where one was not.

    Raises:
        SettingsError: no folder for backups is set.
        RegisterError: no register could be backed up.
    """
    from due_regard.register.kept_backups import remove_old_backups

    def back_up(names: list[str]) -> Result:
        folder = find_backup_folder(settings, names[0])
        made = back_up_register(settings, names[0], folder, now=now)
        removed = remove_old_backups(folder, before=now - timedelta(days=settings.backup_keep_days))
        return {"landlords": names, **made, "removed": removed}

    return _do_each_register(settings, back_up, record)


def drill_backups(
    settings: Settings, *, now: datetime, only_due: bool = False, record: Recorded | None = None
) -> Result:
    """Restore the newest backup of each register into a file that is thrown away, and verify it.

    With `only_due`, only where no drill held yet in this month.

    Returns:
        registers: landlords, file (none where no drill was due), rows (of the audit); failed and exit_code, where a
        drill did not hold.

    Raises:
        SettingsError: no folder for backups is set.
        RegisterError: no drill held.
    """

    def drill(names: list[str]) -> Result:
        with open_landlord_register(settings, names[0]) as engine:
            if only_due and not is_drill_due(engine, now):
                return {"landlords": names, "file": None, "rows": 0}
            return {"landlords": names, **_drill_register(settings, engine, names[0], now=now)}

    return _do_each_register(settings, drill, record)


def _do_each_register(settings: Settings, act: Callable[[list[str]], Result], record: Recorded | None) -> Result:
    """One that fails stops no other, and fails the rows of its own landlords alone."""
    if settings.backups is None:
        raise SettingsError("set DUE_REGARD_BACKUP_DIR to a folder for backups, best on another machine")
    done, failures, asked = [], LandlordFailures(), list_landlords_to_run(settings)
    for names in settings.registers(failures.list_known(settings, asked)).values():
        with failures.hold_back(*names), record_each(names, record):
            done.append(act(names))
    failures.raise_if_all(asked)
    return {"registers": done, **failures.summarise()}


def find_backup_folder(settings: Settings, landlord: str | None) -> StoredPath:
    """The register's own folder of the installation's backups: several may share the place.

    Raises:
        SettingsError: no folder for backups is set.
    """
    from due_regard.register.head_log import name_register_place

    if settings.backups is None:
        raise SettingsError("set DUE_REGARD_BACKUP_DIR to a folder for backups, best on another machine")
    return settings.backups / name_register_place(find_register_url(settings, landlord))


def is_drill_due(engine: Engine, now: datetime) -> bool:
    """Whether no drill held yet in the month of `now`."""
    from due_regard.register.kept_backups import find_last_drill

    last = find_last_drill(engine)
    today = find_london_day(now)
    return last is None or find_london_day(last).replace(day=1) < today.replace(day=1)


def _drill_register(settings: Settings, engine: Engine, landlord: str, *, now: datetime) -> Result:
    from due_regard import register
    from due_regard.register.kept_backups import find_newest_backup, record_drill

    file = find_newest_backup(find_backup_folder(settings, landlord))
    with _make_private_folder(settings.var_dir / "drill") as place:
        url = f"sqlite:///{place / 'register.db'}"
        report = register.restore_backup(url, file)
        check_copy(settings, url)
    # What was restored is whole; that it is of this register, the register's own chain says.
    register.verify_audit(engine, report.head or None)
    record_drill(engine, file.name, report, now=now)
    return {"file": file.name, "rows": report.rows}


@contextmanager
def _make_private_folder(above: Path) -> Iterator[Path]:
    """A folder that is gone at the end; one that a killed drill left holds people's data, and goes now."""
    shutil.rmtree(above, ignore_errors=True)
    make_folder(above)
    place = Path(mkdtemp(dir=above)).resolve()
    try:
        yield place
    finally:
        shutil.rmtree(above, ignore_errors=True)


def check_backed_up(result: Result) -> None:
    """Fail the task where one of several registers was not backed up, or its drill did not hold.

    Raises:
        RegisterError: whose, and why.
    """
    if failed := result.get("failed"):
        raise RegisterError("; ".join(f"{landlord}: {why}" for landlord, why in failed.items()))
