"""Commands that keep the register safe and the installation sound: register, audit, backup, restore, move, doctor."""

from __future__ import annotations

import sys
from argparse import ArgumentTypeError, Namespace
from dataclasses import asdict
from datetime import UTC, datetime
from getpass import getpass
from pathlib import Path
from typing import Any

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.given_now import add_now_option, read_now
from due_regard.commands.proof_lines import describe_proof
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.services.landlord_failures import describe_failures

ROLES = ("auditor", "loader", "pages", "reporter")


def add_commands(commands: Commands) -> None:
    """Adds register, audit, backup, restore, move and doctor."""
    registers = add_command_group(commands, "register", "the register itself")
    parser = add_command(registers, "upgrade", run_register_upgrade, "create the register, or bring it up to date")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's, where each has its own; default all")
    parser = add_command(registers, "login", run_register_login, "make a login of PostgreSQL; its password on stdin")
    parser.add_argument("name", metavar="NAME", help="of the login")
    parser.add_argument("--role", required=True, choices=ROLES, help="what it may do (include/postgresql/roles.sql)")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's data; default all")
    parser = add_command(
        registers, "redate", run_register_redate, "put right what a clock that ran ahead has dated in the future"
    )
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose loads, runs and packs")
    parser.add_argument("--by", required=True, help="your post, e.g. data-owner; kept with the batches")
    parser.add_argument("--why", required=True, help="the reason; kept with the batches")
    add_now_option(parser)
    audits = add_command_group(commands, "audit", "the audit chain")
    parser = add_command(audits, "verify", run_audit_verify, "check every link of the audit chain")
    parser.add_argument(
        "--head", help="a head printed earlier: finds a tail that was removed; default: all that are noted outside"
    )
    parser.add_argument("--deep", action="store_true", help="prove everything the register holds, runs judged again")
    parser.add_argument("--runs", type=parse_run_count, metavar="N", help="with --deep: only the newest N runs again")
    add_landlord_option(parser, "whose register to check, every chain in it")
    parser = add_command(
        audits, "acknowledge", run_audit_acknowledge, "an earlier state of the register was put back on purpose"
    )
    add_landlord_option(parser, "whose register was put back")
    parser = add_command(commands, "backup", run_backup, "copy the register and its audit head into a folder")
    parser.add_argument(
        "folder", type=Path, metavar="DIR", nargs="?",
        help="folder for the backup; default: every register into DUE_REGARD_BACKUP_DIR, as each night",
    )  # fmt: skip
    add_landlord_option(parser, "whose register to copy, all of it")
    parser = add_command(
        commands, "restore", run_restore, "restore a backup into an empty register and verify its chain"
    )
    parser.add_argument("folder", type=Path, metavar="DIR", nargs="?", help="a backup, or a folder: its newest one")
    parser.add_argument(
        "--drill", action="store_true",
        help="restore the newest nightly backup of every register elsewhere, verify it and throw it away",
    )  # fmt: skip
    add_landlord_option(parser, "whose register to restore, all of it")
    parser = add_command(commands, "move", run_move, "take a register from SQLite to an empty PostgreSQL database")
    parser.add_argument("--to", required=True, metavar="URL", help="SQLAlchemy URL of the empty database")
    add_landlord_option(parser, "whose register to move, all of it")
    parser = add_command(commands, "doctor", run_doctor, "check settings, register, calendar, mail and folders")
    parser.add_argument("--freshness", action="store_true", help="fail when intake, assessment or alerts are late")
    add_now_option(parser)


def parse_run_count(text: str) -> int:
    """How many runs, none included.

    Raises:
        ArgumentTypeError: it is no such number.
    """
    if not (text.isascii() and text.isdigit()):
        raise ArgumentTypeError("a number of runs, such as 30")
    return int(text)


def run_register_upgrade(args: Namespace, settings: Settings) -> CommandResult:
    """`register upgrade [--landlord L]`."""
    from due_regard.services.upgrade_registers import upgrade_registers

    result = upgrade_registers(settings, args.landlord, now=datetime.now(UTC))
    lines = [f"{each['place']} is up to date (revision {each['revision']})" for each in result["registers"]]
    return CommandResult(result, (*lines, *describe_failures(result)), result.get("exit_code", 0))


def run_register_redate(args: Namespace, settings: Settings) -> CommandResult:
    """`register redate --landlord L --by POST --why …`."""
    from due_regard.services.redate_landlord import redate_landlord

    actor = f"cli:{args.by}" if args.by.strip() else ""
    result = redate_landlord(settings, args.landlord, actor=actor, why=args.why, now=read_now(args))
    lines = [f"{old} is {new} now" for old, new in result["moved"].items()]
    lines += [
        f"{name} redated: {', '.join(map(str, result[name]))}" for name in ("batches", "runs", "packs") if result[name]
    ]
    if result["packs"]:
        lines.append("the pages of these packs say the old instant; build them again where that matters")
    if result["runs_to_come"]:
        lines.append(f"runs as at a day to come: {', '.join(map(str, result['runs_to_come']))}; assess as at today")
    return CommandResult(result, tuple(lines))


def run_register_login(args: Namespace, settings: Settings) -> CommandResult:
    """`register login NAME --role ROLE [--landlord L] < PASSWORD`."""
    from due_regard.services.create_logins import create_logins

    password = getpass("password: ") if sys.stdin.isatty() else sys.stdin.readline().rstrip("\n")
    result = create_logins(settings, args.name, role=args.role, landlord=args.landlord, password=password)
    lines = tuple(f"{args.name} may log in to {place} ({args.role})" for place in result["registers"])
    return CommandResult(result, lines)


def run_audit_verify(args: Namespace, settings: Settings) -> CommandResult:
    """`audit verify [--deep [--runs N]] [--head H] [--landlord L]`."""
    from due_regard.services.audit_heads import verify_register_audit

    if args.deep:
        return _run_deep_verify(args, settings)
    if args.runs is not None:
        raise SettingsError("--runs says how many runs --deep judges again: say --deep, too")
    result = verify_register_audit(settings, args.landlord, args.head)
    return CommandResult(result, tuple(_describe_chain(args, result)))


def _describe_chain(args: Namespace, result: dict[str, Any]) -> list[str]:
    lines = [f"{result['rows']} rows hold; head {result['head']}"]
    if not result["rows"]:
        lines = ["nothing was ever recorded in this register: there is no row to verify"]
    elif result["noted"]:
        since = f", since the restore of {result['restored_at']}" if result["restored_at"] else ""
        lines.append(f"no --head was given: all {result['noted']} heads noted in {result['noted_in']} are there{since}")
    elif args.head is None:
        lines.append(f"no --head was given and none is noted in {result['noted_in']}: a removed tail would not show")
    return lines


def _run_deep_verify(args: Namespace, settings: Settings) -> CommandResult:
    """`audit verify --deep`: what holds, what does not, and what cannot be proved, with why."""
    from due_regard.services.verify_register import EXIT_WRONG, verify_register

    result = verify_register(settings, args.landlord, head=args.head, runs=args.runs)
    chain = _describe_chain(args, result) if result["head"] else []
    return CommandResult(result, (*chain, *describe_proof(result)), 0 if result["holds"] else EXIT_WRONG)


def run_audit_acknowledge(args: Namespace, settings: Settings) -> CommandResult:
    """`audit acknowledge [--landlord L]`."""
    from due_regard.services.audit_heads import acknowledge_earlier_state

    result = acknowledge_earlier_state(settings, args.landlord, now=datetime.now(UTC))
    return CommandResult(result, (f"recorded: an earlier state was put back on purpose; head {result['head']}",))


def run_backup(args: Namespace, settings: Settings) -> CommandResult:
    """`backup DIR [--landlord L]`, or `backup` as each night."""
    from due_regard.services.keep_backups import back_up_register, back_up_registers

    if args.folder is None:
        result = back_up_registers(settings, now=datetime.now(UTC))
        lines = [
            f"wrote {one['file']}; removed {one['removed']} older; head {one['head']}" for one in result["registers"]
        ]
        return CommandResult(result, (*lines, *describe_failures(result)), result.get("exit_code", 0))
    result = back_up_register(settings, args.landlord, args.folder, now=datetime.now(UTC))
    return CommandResult(result, (f"wrote {result['file']}; head {result['head']}",))


def run_restore(args: Namespace, settings: Settings) -> CommandResult:
    """`restore DIR [--landlord L]`, or `restore --drill`."""
    from due_regard.services.keep_backups import drill_backups, restore_register

    if args.drill and args.folder is None:
        result = drill_backups(settings, now=datetime.now(UTC))
        lines = [f"{one['file']} was restored elsewhere: {one['rows']} audit rows hold" for one in result["registers"]]
        return CommandResult(result, (*lines, *describe_failures(result)), result.get("exit_code", 0))
    if args.drill or args.folder is None:
        raise SettingsError("name a backup or a folder to restore, or --drill alone: it takes the nightly backups")
    result = restore_register(settings, args.landlord, args.folder, now=datetime.now(UTC))
    return CommandResult(result, (f"restored; {result['rows']} audit rows hold; head {result['head']}",))


def run_move(args: Namespace, settings: Settings) -> CommandResult:
    """`move --to URL [--landlord L]`."""
    from due_regard.services.move_register import move_landlord_register

    result = move_landlord_register(settings, args.to, args.landlord, now=datetime.now(UTC))
    lines = (
        f"moved {result['rows']} rows to {result['target']} and read each back; head {result['head']}",
        f"{result['source']} is closed: it may be read, and nothing is written or mailed from it any more",
        "next: set DUE_REGARD_REGISTER_URL, run include/postgresql/roles.sql, `due-regard doctor` (docs/runbook.md)",
    )
    return CommandResult(result, lines)


def run_doctor(args: Namespace, settings: Settings) -> CommandResult:
    """`doctor [--freshness]`."""
    from due_regard.services.check_installation import check_installation

    findings = check_installation(settings, now=read_now(args), freshness=args.freshness)
    marks = ["WARN " if item.is_warning else "ok   " if item.ok else "WRONG" for item in findings]
    lines = tuple(f"{mark} {item.what}: {item.says}" for mark, item in zip(marks, findings, strict=True))
    result = {"checks": [asdict(item) for item in findings]}
    return CommandResult(result, lines, 0 if all(item.ok for item in findings) else 5)
