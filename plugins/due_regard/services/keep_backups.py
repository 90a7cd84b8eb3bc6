"""Backups of registers, by hand and by the clock, the drill that restores the newest, and restoring in earnest."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from due_regard.config.settings import Settings
from due_regard.services.audit_heads import note_restored_heads
from due_regard.services.landlord_context import find_head_file, find_register_url, open_landlord_register
from due_regard.services.result import Result


def back_up_register(settings: Settings, landlord: str | None, folder: Path, *, now: datetime) -> Result:
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
