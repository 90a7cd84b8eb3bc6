"""Commands that tell people: alerts, pack, demo."""

from __future__ import annotations

import sys
from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path

from due_regard import pipeline
from due_regard.commands import Commands, Result, add, group
from due_regard.commands.judging import as_day, as_instant
from due_regard.settings import Settings
from due_regard.terms import register_of, terms


def register_commands(commands: Commands) -> None:
    """Adds alerts, pack and demo."""
    alerts = group(commands, "alerts", "mails to those who must act")
    parser = add(alerts, "run", run_alerts, "compose what is new or has moved up, then send it")
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--landlord", action="append", help="may be given more than once; default all")
    parser.add_argument(
        "--dry-run", type=Path, metavar="DIR", help="write .eml files here; nothing is recorded or sent"
    )
    parser = add(alerts, "explain", explain_alert, "why a message was sent")
    parser.add_argument("message_id", metavar="MESSAGE_ID")
    parser = add(commands, "pack", pack, "the committee or senior-management packs of one calendar quarter")
    parser.add_argument("--landlord", required=True)
    parser.add_argument("--quarter", required=True, metavar="YYYY-Qn")
    parser.add_argument("--pack", metavar="NAME", help="one pack; default every one that the landlord's settings name")
    parser.add_argument("--edition", choices=("confidential", "publishable"), default="confidential")
    parser.add_argument("--known-at", metavar="INSTANT", help="as the register knew it then; default: as known now")
    parser.add_argument("--out", type=Path, metavar="DIR", required=True)
    parser.add_argument("--issue", action="store_true", help="also mail it to its clerk, once, and record it as issued")
    parser = add(commands, "demo", demo, "the whole flow on the sample drops, in a real Airflow")
    parser.add_argument("--out", type=Path, metavar="DIR", default=Path("var/demo"))
    parser.add_argument("--stay-up", action="store_true", help="leave Airflow running and print its address")
    parser.add_argument("--stop", action="store_true", help="stop an Airflow that --stay-up left running")


def run_alerts(args: Namespace, settings: Settings) -> Result:
    """`alerts run --as-at D [--dry-run DIR]`."""
    ticket = pipeline.alerts(
        settings,
        as_at=as_day(args.as_at),
        now=datetime.now(UTC),
        landlords=args.landlord,
        dry_run=args.dry_run,
        clock=lambda: datetime.now(UTC),
    )
    line = ", ".join(f"{name} {ticket[name]}" for name in ("composed", "sent", "refused", "waiting"))
    return Result(ticket, (f"mails as at {args.as_at}: {line}",))


def explain_alert(args: Namespace, settings: Settings) -> Result:
    """`alerts explain MESSAGE_ID`."""
    from due_regard import alerts

    with register_of(settings) as engine:
        landlord = alerts.message_landlord(engine, args.message_id)
        text = alerts.explain(engine, args.message_id, terms(settings, landlord).history)
    return Result({"message_id": args.message_id, "explanation": text}, tuple(text.splitlines()))


def pack(args: Namespace, settings: Settings) -> Result:
    """`pack --landlord L --quarter 2026-Q2 [--pack NAME] [--edition …] --out DIR`."""
    ticket = pipeline.build_packs(
        settings,
        args.landlord,
        quarter=args.quarter,
        pack=args.pack,
        edition=args.edition,
        out=args.out,
        now=datetime.now(UTC),
        known_at=as_instant(args.known_at) if args.known_at else None,
        issue=args.issue,
    )
    lines = [f"{built['name']}: {args.out / name}" for built in ticket["packs"] for name in built["files"]]
    return Result(ticket, tuple(lines) or (f"{args.landlord} has no pack switched on",))


def demo(args: Namespace, settings: Settings) -> Result:
    """`demo [--out DIR] [--stay-up] [--stop]`."""
    from due_regard.demo import run_demo, stop_demo

    def say(line: str) -> None:
        # Standard output belongs to the ticket under --json; a person reads standard error there.
        print(line, file=sys.stderr if args.json else sys.stdout, flush=True)

    if args.stop:
        return Result({"stopped": stop_demo(args.out, say=say)})
    ticket = run_demo(args.out, include=settings.include_dir, stay_up=args.stay_up, say=say)
    return Result(ticket, (), 0 if ticket["ok"] else 5)
