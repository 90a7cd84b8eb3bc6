"""The audit compared with the heads noted outside the register, and an earlier state that was put back on purpose."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, RegisterError
from due_regard.services.landlord_context import find_head_file, open_landlord_register
from due_regard.services.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.register.audit import AuditReport
    from due_regard.register.head_log import NotedHeads

ACKNOWLEDGE = "`due-regard audit acknowledge`"


def verify_register_audit(settings: Settings, landlord: str | None = None, head: str | None = None) -> Result:
    """Verify every chain of a register: against `head`, else against all heads noted outside it.

    Returns:
        rows, head, noted (how many heads outside the register were compared), noted_in, restored_at.

    Raises:
        AuditError: the chain does not hold, or does not contain a head that was printed or noted.
    """
    from due_regard import register

    with open_landlord_register(settings, landlord) as engine:
        if head is not None:
            report = register.verify_audit(engine, head)
            return {"rows": report.rows, "head": report.head, "noted": 0, "noted_in": None, "restored_at": ""}
        report, noted = compare_noted_heads(engine, find_head_file(settings, landlord))
    result = {"rows": report.rows, "head": report.head, "noted": noted.count}
    return result | {"noted_in": str(noted.file), "restored_at": noted.restored_at}


def compare_noted_heads(engine: Engine, file: Path) -> tuple[AuditReport, NotedHeads]:
    """The verified audit, and the heads in `file`, all of which it contains.

    Raises:
        AuditError: the chain does not hold, or does not contain a noted head.
    """
    from due_regard import register
    from due_regard.register.head_log import read_noted_heads

    noted = read_noted_heads(file)
    try:
        return register.verify_audit(engine, noted=noted), noted
    except AuditError as reason:
        register.verify_audit(engine)  # a chain that does not hold by itself says so
        raise AuditError(
            f"{reason}. The head is noted in {file}. Ask who has the database's own rights; if an earlier state was "
            f"put back on purpose, {ACKNOWLEDGE} says so"
        ) from None


def acknowledge_earlier_state(settings: Settings, landlord: str | None = None, *, now: datetime) -> Result:
    """Record that an earlier state of the register was put back on purpose: what was noted before counts no more.

    `restore` does so by itself; this is for a register that was put back by other means (a copied file, pg_restore).

    Returns:
        head: the audit's, with the act.

    Raises:
        RegisterError: every noted head is there, so that there is nothing to acknowledge.
        AuditError: the chain does not hold by itself.
    """
    from due_regard import register
    from due_regard.register.engines import REGISTER

    file = find_head_file(settings, landlord)
    with open_landlord_register(settings, landlord) as engine:
        report = register.verify_audit(engine)
        try:
            _, noted = compare_noted_heads(engine, file)
        except AuditError:
            details = {"head": report.head}
            with register.writing(engine, REGISTER) as connection:
                register.append_audit(
                    connection,
                    landlord=REGISTER,
                    action="acknowledge",
                    subject="earlier state",
                    details=details,
                    at=now,
                )
            return {"head": note_restored_heads(engine, file, now=now)}
    raise RegisterError(f"all {noted.count} heads noted in {file} are in the register: there is nothing to acknowledge")


def note_restored_heads(engine: Engine, file: Path, *, now: datetime) -> str:
    """Note that an earlier state was put back, and its heads; returns the head."""
    from due_regard import register
    from due_regard.register.audit import read_chain_ends
    from due_regard.register.head_log import note_heads

    with register.reading(engine) as connection:
        ends = read_chain_ends(connection)
    note_heads(file, ends, now, is_restored=True)
    return register.read_audit_head(engine)


def describe_noted_heads(noted: NotedHeads) -> str:
    """How many heads outside the register were found in it, and since when they count."""
    since = f", since the restore of {noted.restored_at}" if noted.restored_at else ""
    return f"{noted.count} heads noted in {noted.file} are in it{since}"
