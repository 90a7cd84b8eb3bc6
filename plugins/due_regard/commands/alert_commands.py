"""Commands that tell people: alerts, pack."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from pathlib import Path

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.assessment_commands import parse_day, parse_instant
from due_regard.commands.given_now import add_now_option, check_mails_nobody, read_writing_now
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.services.answer_about_mail import explain_mail
from due_regard.services.build_packs import build_packs, record_handover
from due_regard.services.landlord_failures import describe_failures
from due_regard.services.run_alerts import run_alerts


def add_commands(commands: Commands) -> None:
    """Adds alerts and pack."""
    alerts = add_command_group(commands, "alerts", "mails to those who must act")
    parser = add_command(alerts, "run", run_alerts_run, "compose what is new or has moved up, then send it")
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD", help="the day the mails are about")
    parser.add_argument("--landlord", action="append", metavar="ID", help="may be given more than once; default all")
    parser.add_argument(
        "--dry-run", type=Path, metavar="DIR", help="write .eml files here; nothing is recorded or sent"
    )
    add_now_option(parser)
    parser = add_command(alerts, "explain", run_alerts_explain, "why a message was sent")
    parser.add_argument("message_id", metavar="MESSAGE_ID", help="from the mail's last lines")
    add_landlord_option(parser, "whose mail it is")
    parser = add_command(commands, "pack", run_pack, "the committee or senior-management packs of one calendar quarter")
    _add_pack_options(parser, is_built=True)
    parser.add_argument("--known-at", metavar="INSTANT", help="as the register knew it then; default: as known now")
    parser.add_argument("--out", type=Path, metavar="DIR", help="folder for the files")
    parser.add_argument("--issue", action="store_true", help="also mail it to its clerk, once")
    verbs = parser.add_subparsers(metavar="VERB", help="without one, the packs are built:")
    parser = add_command(verbs, "issue", run_pack_issue, "a person handed a pack to its audience: it is issued today")
    _add_pack_options(parser, is_built=False)
    parser.add_argument("--by", required=True, help="your post; kept with the pack")
    parser.add_argument("--why", required=True, help="how it was handed over, and why so; kept with the pack")


def _add_pack_options(parser: ArgumentParser, *, is_built: bool) -> None:
    """Which pack. What building needs is asked for by `run_pack`: argparse would ask it of the verbs, too."""
    every = "one pack; default every one that the landlord's settings name" if is_built else "which pack"
    parser.add_argument("--landlord", required=not is_built, metavar="ID", help="whose packs")
    quarter = "a calendar quarter; Q2 is April to June"
    parser.add_argument("--quarter", required=not is_built, metavar="YYYY-Qn", help=quarter)
    parser.add_argument("--pack", required=not is_built, metavar="NAME", help=every)
    parser.add_argument(
        "--edition",
        choices=("confidential", "publishable"),
        default="confidential",
        help="publishable hides small counts",
    )
    add_now_option(parser)


def run_alerts_run(args: Namespace, settings: Settings) -> CommandResult:
    """`alerts run --as-at D [--dry-run DIR]`."""
    if args.dry_run is None:
        check_mails_nobody(args, settings)
    now = read_writing_now(args, settings)
    result = run_alerts(
        settings,
        as_at=parse_day(args.as_at),
        now=now,
        landlords=args.landlord,
        dry_run=args.dry_run,
        clock=(lambda: datetime.now(UTC)) if args.now is None else (lambda: now),
    )
    line = ", ".join(f"{name} {result[name]}" for name in ("composed", "sent", "refused", "waiting"))
    skipped = [f"{landlord}: nothing was composed: {why}" for landlord, why in result["skipped"].items()]
    warnings = [f"warning: {words}" for words in result["warnings"]]
    lines = (*skipped, *describe_failures(result), f"mails as at {args.as_at}: {line}", *warnings)
    return CommandResult(result, lines, result.get("exit_code", 0))


def run_alerts_explain(args: Namespace, settings: Settings) -> CommandResult:
    """`alerts explain MESSAGE_ID [--landlord L]`."""
    result = explain_mail(settings, args.message_id, landlord=args.landlord)
    return CommandResult(result, tuple(result["explanation"].splitlines()))


def run_pack(args: Namespace, settings: Settings) -> CommandResult:
    """`pack --landlord L --quarter 2026-Q2 [--pack NAME] [--edition …] --out DIR`."""
    if missing := [f"--{name}" for name in ("landlord", "quarter", "out") if getattr(args, name) is None]:
        raise SettingsError(f"a pack is built with {', '.join(missing)}; see `due-regard pack --help`")
    if args.issue:
        check_mails_nobody(args, settings)
    result = build_packs(
        settings,
        args.landlord,
        quarter=args.quarter,
        pack=args.pack,
        edition=args.edition,
        out=args.out,
        now=read_writing_now(args, settings),
        known_at=parse_instant(args.known_at) if args.known_at else None,
        issue=args.issue,
    )
    lines = [f"{built['name']}: {args.out / name}" for built in result["packs"] for name in built["files"]]
    return CommandResult(result, tuple(lines) or (f"{args.landlord} has no pack switched on",))


def run_pack_issue(args: Namespace, settings: Settings) -> CommandResult:
    """`pack issue --landlord L --quarter 2026-Q2 --pack NAME [--edition …] --by WHO --why …`."""
    result = record_handover(
        settings,
        args.landlord,
        quarter=args.quarter,
        pack=args.pack,
        edition=args.edition,
        by=args.by,
        why=args.why,
        now=read_writing_now(args, settings),
    )
    if result["was_known"]:
        return CommandResult(result, (f"{args.pack} of {args.quarter} was issued before; nothing changed",))
    return CommandResult(result, (f"noted: {args.pack} of {args.quarter} is issued",))
