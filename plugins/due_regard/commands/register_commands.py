"""Commands that keep the register safe and the installation sound: register, audit, backup, restore, doctor."""

from __future__ import annotations

import sys
from argparse import Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.proof_lines import describe_proof
from due_regard.config.settings import Settings
from due_regard.services.landlord_context import find_register_url, open_landlord_register
from due_regard.services.landlord_failures import describe_failures

ROLES = ("auditor", "loader", "pages", "reporter")


def add_commands(commands: Commands) -> None:
    """Adds register, audit, backup, restore and doctor."""
    registers = add_command_group(commands, "register", "the register itself")
    parser = add_command(registers, "upgrade", run_register_upgrade, "create the register, or bring it up to date")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's, where each has its own; default all")
    parser = add_command(registers, "login", run_register_login, "make a login of PostgreSQL; its password on stdin")
    parser.add_argument("name", metavar="NAME", help="of the login")
    parser.add_argument("--role", required=True, choices=ROLES, help="what it may do (include/postgresql/roles.sql)")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's data; default all")
    audits = add_command_group(commands, "audit", "the audit chain")
    parser = add_command(audits, "verify", run_audit_verify, "check every link of the audit chain")
    parser.add_argument("--head", help="a head printed earlier: finds a tail that was removed")
    parser.add_argument("--deep", action="store_true", help="prove every row of the register against the chain, too")
    add_landlord_option(parser, "whose register to check, every chain in it")
    parser = add_command(commands, "backup", run_backup, "copy the register and its audit head into a folder")
    parser.add_argument("folder", type=Path, metavar="DIR", help="folder for the backup; each gets a file of its own")
    add_landlord_option(parser, "whose register to copy, all of it")
    parser = add_command(
        commands, "restore", run_restore, "restore a backup into an empty register and verify its chain"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", help="a backup, or a folder: its newest one")
    add_landlord_option(parser, "whose register to restore, all of it")
    parser = add_command(commands, "doctor", run_doctor, "check settings, register, calendar, mail and folders")
    parser.add_argument("--freshness", action="store_true", help="fail when intake, assessment or alerts are late")


def run_register_upgrade(args: Namespace, settings: Settings) -> CommandResult:
    """`register upgrade [--landlord L]`."""
    from due_regard.services.upgrade_registers import upgrade_registers

    result = upgrade_registers(settings, args.landlord)
    lines = [f"{each['place']} is up to date (revision {each['revision']})" for each in result["registers"]]
    return CommandResult(result, (*lines, *describe_failures(result)), result.get("exit_code", 0))


def run_register_login(args: Namespace, settings: Settings) -> CommandResult:
    """`register login NAME --role ROLE [--landlord L] < PASSWORD`."""
    from due_regard.services.create_logins import create_logins

    password = getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    result = create_logins(settings, args.name, role=args.role, landlord=args.landlord, password=password)
    lines = tuple(f"{args.name} may log in to {place} ({args.role})" for place in result["registers"])
    return CommandResult(result, lines)


def run_audit_verify(args: Namespace, settings: Settings) -> CommandResult:
    """`audit verify [--deep] [--head H] [--landlord L]`."""
    from due_regard import register

    with open_landlord_register(settings, args.landlord) as engine:
        if args.deep:
            return describe_proof(register.verify_rows(engine, args.head))
        report = register.verify_audit(engine, args.head)
    line = f"{report.rows} rows hold; head {report.head}"
    if not report.rows:
        line = "nothing was ever recorded in this register: there is no row to verify"
    return CommandResult({"rows": report.rows, "head": report.head}, (line,))


def run_backup(args: Namespace, settings: Settings) -> CommandResult:
    """`backup DIR [--landlord L]`."""
    from due_regard import register

    report = register.write_backup(find_register_url(settings, args.landlord), args.folder, now=datetime.now(UTC))
    return CommandResult({"file": str(report.file), "head": report.head}, (f"wrote {report.file}; head {report.head}",))


def run_restore(args: Namespace, settings: Settings) -> CommandResult:
    """`restore DIR [--landlord L]`."""
    from due_regard import register

    report = register.restore_backup(find_register_url(settings, args.landlord), args.folder, now=datetime.now(UTC))
    return CommandResult({"rows": report.rows, "head": report.head}, (f"restored; {report.rows} audit rows hold",))


def run_doctor(args: Namespace, settings: Settings) -> CommandResult:
    """`doctor [--freshness]`."""
    from due_regard.services.check_installation import check_installation

    findings = check_installation(settings, now=datetime.now(UTC), freshness=args.freshness)
    marks = ["WARN " if item.is_warning else "ok   " if item.ok else "WRONG" for item in findings]
    lines = tuple(f"{mark} {item.what}: {item.says}" for mark, item in zip(marks, findings, strict=True))
    result = {"checks": [asdict(item) for item in findings]}
    return CommandResult(result, lines, 0 if all(item.ok for item in findings) else 5)
