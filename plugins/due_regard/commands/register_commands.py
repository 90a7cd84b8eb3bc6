"""Commands that keep the register safe and the installation sound: audit, backup, restore, doctor."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from due_regard.commands import CommandResult, Commands, add_command, add_command_group
from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register


def add_commands(commands: Commands) -> None:
    """Adds audit, backup, restore and doctor."""
    audits = add_command_group(commands, "audit", "the audit chain")
    parser = add_command(audits, "verify", run_audit_verify, "check every link of the audit chain")
    parser.add_argument("--head", help="a head printed earlier: finds a tail that was removed")
    parser = add_command(commands, "backup", run_backup, "copy the register and its audit head into a folder")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder for the backup; each gets a file of its own")
    parser = add_command(
        commands, "restore", run_restore, "restore a backup into an empty register and verify its chain"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a backup, or a folder: its newest one")
    parser = add_command(commands, "doctor", run_doctor, "check settings, register, calendar, mail and folders")
    parser.add_argument("--freshness", action="store_true", help="fail when intake, assessment or alerts are late")


def run_audit_verify(args: Namespace, settings: Settings) -> CommandResult:
    """`audit verify [--head H]`."""
    from due_regard import register

    with open_landlord_register(settings) as engine:
        report = register.verify_audit(engine, args.head)
    return CommandResult({"rows": report.rows, "head": report.head}, (f"{report.rows} rows hold; head {report.head}",))


def run_backup(args: Namespace, settings: Settings) -> CommandResult:
    """`backup DIR`."""
    from due_regard import register

    report = register.write_backup(settings.register(), args.folder, now=datetime.now(UTC))
    return CommandResult({"file": str(report.file), "head": report.head}, (f"wrote {report.file}; head {report.head}",))


def run_restore(args: Namespace, settings: Settings) -> CommandResult:
    """`restore DIR`."""
    from due_regard import register

    report = register.restore_backup(settings.register(), args.folder, now=datetime.now(UTC))
    return CommandResult({"rows": report.rows, "head": report.head}, (f"restored; {report.rows} audit rows hold",))


def run_doctor(args: Namespace, settings: Settings) -> CommandResult:
    """`doctor [--freshness]`."""
    from due_regard.services.check_installation import check_installation

    findings = check_installation(settings, now=datetime.now(UTC), freshness=args.freshness)
    lines = tuple(f"{'ok   ' if item.ok else 'WRONG'} {item.what}: {item.says}" for item in findings)
    result = {"checks": [{"what": item.what, "ok": item.ok, "says": item.says} for item in findings]}
    return CommandResult(result, lines, 0 if all(item.ok for item in findings) else 5)
