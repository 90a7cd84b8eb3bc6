"""Checks of an installation whose tasks run on several machines with disks of their own: what they must share.

Add a check when something is kept on a disk that another machine's task needs. One machine cannot see the others'
disks: where a folder is shared by mounting, what the others left in it is the only proof.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from due_regard.config.settings import Settings
from due_regard.errors import PackError, RegisterError
from due_regard.services.check_result import CheckResult
from due_regard.services.landlord_context import (
    find_head_file,
    is_drops_folder_read,
    list_landlords_to_run,
    open_landlord_register,
)
from due_regard.services.post_packs import find_quarter_folder

_SPREADING = ("Celery", "Kubernetes", "Ecs", "Batch", "Lambda", "Edge")
"""What the names of Airflow's executors that start tasks on other machines hold."""

_SHARED = {
    "files_url": "fetched exports, packs, rejected rows, quarantine and mails in folder mode",
    "drops_dir": "drops",
    "heads_dir": "noted audit heads",
}
"""Setting -> what lies on each machine's own disk without it."""


def check_machines(settings: Settings) -> Iterator[CheckResult]:
    """Whether machines that share the work share what it rests on; nothing where one machine does all of it."""
    executor = os.environ.get("AIRFLOW__CORE__EXECUTOR", "")
    if settings.machine is None:
        if any(name in executor for name in _SPREADING):
            says = f"{executor} runs tasks on several machines: give each its own DUE_REGARD_MACHINE (docs/runbook.md)"
            yield CheckResult("machines", False, says)
        return
    faults = [*_list_unshared(settings), *_list_missing_packs(settings)]
    yield CheckResult("machines", not faults, "; ".join(faults) or _describe_machines(settings))


def _list_unshared(settings: Settings) -> Iterator[str]:
    for name, what in _SHARED.items():
        place = getattr(settings, name)
        if name == "drops_dir" and not is_drops_folder_read(settings):
            continue
        if place is None or _is_own_disk(settings, place):
            yield f"{what} lie on this machine's own disk: set DUE_REGARD_{name.upper()} to what all machines share"
    if settings.backup_dir is not None and _is_own_disk(settings, settings.backup_dir):
        yield "backups lie on this machine's own disk: set DUE_REGARD_BACKUP_DIR to what all machines share"
    if (settings.register_url or "sqlite").startswith("sqlite"):
        yield "the register is a file of this machine: take it to PostgreSQL (`due-regard move`)"


def _list_missing_packs(settings: Settings) -> Iterator[str]:
    """Of each register the newest pack, where its files are not found here: another machine built it elsewhere."""
    from sqlalchemy import select

    from due_regard import packs, register
    from due_regard.register.schema.pack_tables import PackRow

    for names in settings.registers(list_landlords_to_run(settings)).values():
        with suppress(RegisterError), open_landlord_register(settings, names[0]) as engine:  # named by another check
            with register.reading(engine) as connection:
                pack = connection.execute(select(PackRow.__table__).order_by(PackRow.id.desc()).limit(1)).one_or_none()
            if pack is None:
                continue
            folder = find_quarter_folder(settings, pack.landlord, pack.quarter)
            try:
                packs.find_kept_files(folder, pack.sha256, pack.files)
            except PackError:
                yield f"the newest pack ({pack.landlord}, {pack.quarter}) is not in {folder}: not all machines share it"


def _is_own_disk(settings: Settings, place: Path | str) -> bool:
    """Whether a place lies below the folder that is this machine's own."""
    return "://" not in str(place) and Path(place).resolve().is_relative_to(settings.var_dir.resolve())


def _describe_machines(settings: Settings) -> str:
    """This machine, and which were seen to note audit heads in the folder that they share."""
    from due_regard.register.head_log import list_head_files

    files = {
        file for name in list_landlords_to_run(settings) for file in list_head_files(find_head_file(settings, name))
    }
    seen = sorted({file.suffixes[0][1:] for file in files if len(file.suffixes) > 1})
    return f"this is {settings.machine}; audit heads were noted here by {', '.join(seen) or 'none yet'}"
