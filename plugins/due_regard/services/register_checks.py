"""Checks of what keeps a register safe: its audit heads outside it, its backups, and findings nobody is told of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from due_regard.config.landlord import list_landlord_ids
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError
from due_regard.services.audit_heads import describe_noted_heads
from due_regard.services.check_result import CheckResult, check_writing
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register

OLDEST_BACKUP, OLDEST_DRILL = timedelta(hours=36), timedelta(days=40)
"""How old the newest backup and the last drill may be: a night, or a month, may be missed by some hours or days."""

OLDEST_PROOF = timedelta(days=3)
"""How old the last nightly proof may be: a machine may be away for a weekend."""

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.register.audit import AuditReport
    from due_regard.register.head_log import NotedHeads


def check_guards(engine: Engine) -> CheckResult:
    """Whether the triggers are there by which what was written stays."""
    from due_regard.register import reading
    from due_regard.register.write_guards import list_missing_guards

    with reading(engine) as connection:
        missing = list_missing_guards(connection)
    gone = f"gone from {', '.join(missing)}: ask who has the database's own rights; `due-regard register upgrade`"
    return CheckResult("register guards", not missing, gone if missing else "every table has its own")


def check_not_moved(engine: Engine, says: str) -> CheckResult:
    """Whether the settings name a register that was moved and is closed; `says` is the answer where it is not."""
    from due_regard.register import reading
    from due_regard.register.moved_place import find_moved_place

    with reading(engine) as connection:
        place = find_moved_place(connection)
    mend = f"this register was moved to {place}; set DUE_REGARD_REGISTER_URL to it"
    return CheckResult("register", place is None, mend if place else says)


def check_findings_without_settings(settings: Settings) -> Iterator[CheckResult]:
    """Open findings of landlords whose settings file is gone: nobody judges them, and nobody is told of them."""
    from due_regard.register.findings.open_findings import count_open_findings

    known, left = list_landlord_ids(settings.landlords_dir), dict[str, int]()
    asked = [None] if "{landlord}" not in (settings.register_url or "") else list(list_landlords_to_run(settings))
    for name in asked:
        with suppress(DueRegardError), open_landlord_register(settings, name) as engine:  # named by another check
            left |= {one: n for one, n in count_open_findings(engine).items() if one not in known}
    for name, number in sorted(left.items()):
        says = (
            f"{number} open findings of {name}, which has no settings file: they are neither judged nor mailed; put "
            f"landlords/{name}.yaml back, or, if the landlord has left, keep them as they are"
        )
        yield CheckResult("findings without settings", True, says, is_warning=True)
    if not left:
        yield CheckResult("findings without settings", True, "none")


def check_backups(settings: Settings, engine: Engine, landlord: str, now: datetime) -> Iterator[CheckResult]:
    """How old the newest backup is, and when one was last restored as a drill."""
    from due_regard.register.kept_backups import find_last_drill, list_backups
    from due_regard.services.keep_backups import find_backup_folder

    if settings.backups is None:
        says = "DUE_REGARD_BACKUP_DIR is not set: no backup is made by itself, and none is tried"
        yield CheckResult("backups", True, says, is_warning=True)
        return
    folder = find_backup_folder(settings, landlord)
    yield check_writing("backups folder", folder, f"can be written: {folder}")
    newest, last = max(list_backups(folder), default=None), find_last_drill(engine)
    yield _check_age("backups", newest, now, OLDEST_BACKUP, "`due-regard backup`, or see the DAG `backup`")
    yield _check_age("backup drill", last, now, OLDEST_DRILL, "`due-regard restore --drill`, or see the DAG `backup`")


def check_nightly_proof(engine: Engine, now: datetime) -> CheckResult:
    """When the register was last proved by the clock, and whether it held then."""
    from due_regard.register.findings.proved_runs import find_last_proof

    last = find_last_proof(engine)
    if last is not None and last.faults:
        says = (
            f"{last.faults} did not hold on {last.at:%Y-%m-%d %H:%M} UTC: `due-regard audit verify --deep` names each"
        )
        return CheckResult("nightly proof", False, says)
    mend = "see the DAG `verify`; `due-regard audit verify --deep` proves the register now"
    return _check_age("nightly proof", last.at if last else None, now, OLDEST_PROOF, mend)


def check_watches(engine: Engine, names: Sequence[str], now: datetime) -> Iterator[CheckResult]:
    """When each watch last looked after one of `names`, and whether it missed its last look."""
    from due_regard.alerts import WATCHES, find_silent_watches
    from due_regard.alerts.silent_watches import AIRFLOW, OUTSIDE
    from due_regard.register import reading
    from due_regard.register.task_runs import read_watches

    seen: dict[str, datetime] = {}
    with reading(engine) as connection:
        for name in names:
            for watch, at in read_watches(connection, name).items():
                seen[watch] = max(at, seen.get(watch, at))
    silent = find_silent_watches(seen, now=now)
    mend = {AIRFLOW: "switch the DAG `watch` on", OUTSIDE: "let a timer call `due-regard watch` (docs/runbook.md)"}
    for watch in WATCHES:
        what = f"watch from {watch}" if watch == AIRFLOW else f"watch from {watch} Airflow"
        if watch not in seen:
            yield CheckResult(what, True, f"never looked for late runs: {mend[watch]}", is_warning=True)
        else:
            says = f"last looked for late runs on {seen[watch]:%Y-%m-%d %H:%M} UTC"
            is_there = watch not in silent
            yield CheckResult(what, is_there, says if is_there else f"{says}: is it there? {mend[watch]}")


def _check_age(what: str, newest: datetime | None, now: datetime, oldest: timedelta, mend: str) -> CheckResult:
    if newest is None:
        return CheckResult(what, True, f"none yet: {mend}", is_warning=True)
    says = f"the newest is of {newest:%Y-%m-%d %H:%M} UTC, {(now - newest) // timedelta(hours=1)} hours ago"
    is_fresh = now - newest <= oldest
    return CheckResult(what, is_fresh, says if is_fresh else f"{says}: {mend}")


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
