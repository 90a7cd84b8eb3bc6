"""Checks of what keeps a register safe: its audit heads outside it, its backups, and findings nobody is told of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.services.audit_heads import describe_noted_heads
from due_regard.services.check_result import CheckResult, check_writing

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.register.audit import AuditReport
    from due_regard.register.head_log import NotedHeads


def check_not_moved(engine: Engine, says: str) -> CheckResult:
    """Whether the settings name a register that was moved and is closed; `says` is the answer where it is not."""
    from due_regard.register import reading
    from due_regard.register.engines import find_moved_place

    with reading(engine) as connection:
        place = find_moved_place(connection)
    mend = f"this register was moved to {place}; set DUE_REGARD_REGISTER_URL to it"
    return CheckResult("register", place is None, mend if place else says)


def check_noted_heads(settings: Settings, report: AuditReport, noted: NotedHeads) -> Iterator[CheckResult]:
    """Whether what a register appends to its audit is noted outside it, so that a removed tail would show."""
    from due_regard.register.audit import parse_heads

    yield check_writing("audit heads folder", settings.heads, f"can be written: {settings.heads}")
    ends = parse_heads(report.head) if report.head else {}
    missing = [landlord for landlord, (seq, _) in ends.items() if seq not in noted.heads.get(landlord, {})]
    if noted.unread:
        says = f"{noted.file}: {noted.unread} lines are no heads; ask who edited it, and keep the file"
        yield CheckResult("audit heads", True, says, is_warning=True)
    if missing and not noted.count:
        says = f"none is noted in {noted.file} yet, or it was lost: `due-regard audit verify --head` with a mailed one"
        yield CheckResult("audit heads", True, says, is_warning=True)
    elif missing:
        says = f"the newest acts are not noted in {noted.file}; the next act is, where the file can be written"
        yield CheckResult("audit heads", True, says, is_warning=True)
    else:
        yield CheckResult("audit heads", True, describe_noted_heads(noted))
