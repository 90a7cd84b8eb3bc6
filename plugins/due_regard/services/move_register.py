"""Take a register from SQLite to a server's database, and note outside both what was done."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from due_regard.config.settings import Settings
from due_regard.errors import RegisterError
from due_regard.services.audit_heads import compare_noted_heads, note_restored_heads
from due_regard.services.landlord_context import find_head_file, find_register_url, open_landlord_register
from due_regard.services.prove_copy import check_copy
from due_regard.services.result import Result


def move_landlord_register(settings: Settings, target: str, landlord: str | None = None, *, now: datetime) -> Result:
    """Move the register (that of `landlord`, where each has its own) into the empty database at `target`, whole.

    Returns:
        source, target, head, rows.

    Raises:
        RegisterError: it is no register in a file, or was moved before, or the target is not empty.
        AuditError: the audit lacks a head that is noted outside it, or something in the register does not hold.
    """
    from due_regard import register
    from due_regard.register.head_log import name_head_file
    from due_regard.register.moved_place import find_moved_place

    with open_landlord_register(settings, landlord) as engine:
        with register.reading(engine) as connection:
            if place := find_moved_place(connection):
                raise RegisterError(f"this register was moved to {place} before; nothing was changed")
        compare_noted_heads(engine, find_head_file(settings, landlord))
        prove = partial(check_copy, settings)
        report = register.move_register(find_register_url(settings, landlord), target, prove, now=now)
    arrived = register.open_register(target)
    note_restored_heads(arrived, name_head_file(settings.heads, target, settings.machine), now=now)
    arrived.dispose()
    return {"source": report.source, "target": report.target, "head": report.head, "rows": report.rows}
