"""Commands that tell people: alerts, watch."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.assessment_commands import parse_day
from due_regard.commands.given_now import add_now_option, check_mails_nobody, read_writing_now
from due_regard.config.settings import Settings
from due_regard.services.answer_about_mail import explain_mail
from due_regard.services.landlord_failures import describe_failures
from due_regard.services.run_alerts import run_alerts


def add_commands(commands: Commands) -> None:
    """Adds alerts and watch."""
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
    parser = add_command(
        commands, "watch", run_watch, "tell data owners what failed or is late; for a timer outside Airflow"
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


def run_watch(args: Namespace, settings: Settings) -> CommandResult:
    """`watch`: exit code 5 where a landlord is late, nobody could be told, or Airflow's own watch is silent."""
    from due_regard.services.report_failure import watch_landlords

    check_mails_nobody(args, settings)
    result = watch_landlords(settings, now=read_writing_now(args, settings), watch="outside", upgrade=False)
    late = [f"{landlord}: not assessed in time on {day}" for landlord, day in result["late"].items()]
    silent = [f"Airflow's own watch has not looked since {seen}: is Airflow up?" for seen in result["silent"].values()]
    trouble = (*late, *_describe_untold(result["untold"]), *silent)
    told = (f"mails to data owners: {result['told']}",) if result["told"] or not trouble else ()
    return CommandResult(result, (*trouble, *told), 5 if trouble else 0)


def _describe_untold(untold: Mapping[str, str]) -> Iterator[str]:
    """One line a reason: a register that is away keeps all of its landlords from being told."""
    for why in dict.fromkeys(untold.values()):
        names = ", ".join(name for name, reason in untold.items() if reason == why)
        yield f"{names}: could not be looked after, or not be told: {why}"
