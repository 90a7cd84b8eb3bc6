"""Commands that keep the register safe and the installation sound: audit, backup, restore, doctor."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from due_regard.commands import Commands, Result, add, group
from due_regard.settings import Settings
from due_regard.terms import register_of


def register_commands(commands: Commands) -> None:
    """Adds audit, backup, restore and doctor."""
    audits = group(commands, "audit", "the audit chain")
    parser = add(audits, "verify", audit_verify, "check every link of the audit chain")
    parser.add_argument("--head", help="a head printed earlier: finds a tail that was removed")
    parser = add(commands, "backup", backup, "copy the register and its audit head into a folder")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser = add(commands, "restore", restore, "restore a backup into an empty register and verify its chain")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser = add(commands, "doctor", doctor, "check settings, register, calendar, mail and folders")
    parser.add_argument("--freshness", action="store_true", help="fail when intake, assessment or alerts are late")


def audit_verify(args: Namespace, settings: Settings) -> Result:
    """`audit verify [--head H]`."""
    from due_regard import register

    with register_of(settings) as engine:
        report = register.audit_verify(engine, args.head)
    return Result({"rows": report.rows, "head": report.head}, (f"{report.rows} rows hold; head {report.head}",))


def backup(args: Namespace, settings: Settings) -> Result:
    """`backup DIR`."""
    from due_regard import register

    report = register.backup(settings.register(), args.folder, now=datetime.now(UTC))
    return Result({"file": str(report.file), "head": report.head}, (f"wrote {report.file}; head {report.head}",))


def restore(args: Namespace, settings: Settings) -> Result:
    """`restore DIR`."""
    from due_regard import register

    report = register.restore(settings.register(), args.folder, now=datetime.now(UTC))
    return Result({"rows": report.rows, "head": report.head}, (f"restored; {report.rows} audit rows hold",))


def doctor(args: Namespace, settings: Settings) -> Result:
    """`doctor [--freshness]`."""
    from due_regard.doctor import examine

    findings = examine(settings, now=datetime.now(UTC), freshness=args.freshness)
    lines = tuple(f"{'ok   ' if item.ok else 'WRONG'} {item.what}: {item.says}" for item in findings)
    ticket = {"checks": [{"what": item.what, "ok": item.ok, "says": item.says} for item in findings]}
    return Result(ticket, lines, 0 if all(item.ok for item in findings) else 5)
