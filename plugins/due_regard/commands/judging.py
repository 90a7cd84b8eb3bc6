"""Commands that judge: assess, findings, finding."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard import pipeline, questions
from due_regard.commands import Commands, Result, add, group
from due_regard.contract import ASSESSMENT_COLUMNS
from due_regard.errors import SettingsError
from due_regard.quarters import LONDON
from due_regard.settings import Settings
from due_regard.terms import register_of


def register_commands(commands: Commands) -> None:
    """Adds assess, findings and finding."""
    parser = add(commands, "assess", assess, "assessments of the register, or of a drop alone")
    parser.add_argument("--landlord", required=True)
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--drop", type=Path, help="judge this drop alone; the register is not touched")
    parser.add_argument("--source", default="canonical", help="source mapping of --drop")
    parser.add_argument("--known-at", metavar="INSTANT", help="as the register knew it then (ISO 8601)")
    parser.add_argument("--explain", nargs=2, metavar=("RULE", "SUBJECT"), help="say how one assessment came about")
    parser.add_argument("--out", type=Path, metavar="FILE.csv")
    parser = add(commands, "findings", findings, "open findings, oldest first")
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD")
    parser.add_argument("--landlord")
    decisions = group(commands, "finding", "a person's decisions on a finding, audited")
    for name, run, about in (
        ("silence", silence, "mail nothing more of it until a date"),
        ("resolve", resolve, "say that it is done and awaits the next export"),
    ):
        parser = add(decisions, name, run, about)
        parser.add_argument("ref", metavar="REF", help="register reference, e.g. F-000123")
        parser.add_argument("--by", required=True, help="your post; recorded in the audit")
        parser.add_argument("--why", required=True)
        if name == "silence":
            parser.add_argument("--until", required=True, metavar="YYYY-MM-DD")


def as_day(text: str) -> date:
    """The date that an option gives.

    Raises:
        SettingsError: it is not YYYY-MM-DD.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError("a date is written YYYY-MM-DD") from None


def as_instant(text: str) -> datetime:
    """The instant that an option gives; without a zone it is London's.

    Raises:
        SettingsError: it is not ISO 8601.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError("an instant is written YYYY-MM-DDTHH:MM:SS, with a zone or in London's time") from None
    return (found if found.tzinfo else found.replace(tzinfo=LONDON)).astimezone(UTC)


def assess(args: Namespace, settings: Settings) -> Result:
    """`assess --landlord L --as-at D [--drop DROP --source S] [--known-at T] [--explain RULE SUBJECT] --out FILE`."""
    as_at = as_day(args.as_at)
    known_at = as_instant(args.known_at) if args.known_at else None
    if args.explain:
        return _explained(args, settings, as_at, known_at)
    ticket: dict[str, Any] = {"landlord": args.landlord, "as_at": as_at.isoformat()}
    drop = None
    if args.drop is None and known_at is None:
        ticket, found = pipeline.judged(settings, args.landlord, as_at=as_at, now=datetime.now(UTC))
    else:
        found, drop = questions.assessments(
            settings, args.landlord, as_at=as_at, known_at=known_at, drop=args.drop, source=args.source
        )
    refused = [] if drop is None else [f"{file.file}: refused ({file.code}): {file.message}" for file in drop.refused]
    rejected = [] if drop is None else [row.message for file in drop.files for row in file.rejections]
    ticket |= {"states": found["state"].value_counts().sort_index().to_dict(), "assessments": len(found)}
    ticket |= {"rejected": len(rejected), "refused": len(refused)}
    if args.out:
        write_assessments(found, args.out)
    counts = ", ".join(f"{state} {n}" for state, n in ticket["states"].items())
    lines = [*refused, *rejected, f"{args.landlord} as at {as_at}: {len(found)} assessments: {counts or 'none'}"]
    return Result(ticket, tuple(lines), 4 if refused else 3 if rejected else 0)


def _explained(args: Namespace, settings: Settings, as_at: date, known_at: datetime | None) -> Result:
    rule, subject = args.explain
    lines = questions.explain(
        settings, args.landlord, rule, subject, as_at=as_at, known_at=known_at, drop=args.drop, source=args.source
    )
    return Result({"rule": rule, "explanation": lines}, tuple(lines))


def write_assessments(found: pd.DataFrame, out: Path) -> None:
    """Writes assessments as the contract's CSV: its columns, ISO dates, blank cells empty."""
    out.parent.mkdir(parents=True, exist_ok=True)
    found[list(ASSESSMENT_COLUMNS)].to_csv(out, index=False, date_format="%Y-%m-%d", lineterminator="\n")


def findings(args: Namespace, settings: Settings) -> Result:
    """`findings --as-at D [--landlord L]`."""
    found = questions.findings(settings, as_at=as_day(args.as_at), landlord=args.landlord)
    columns = ["register_ref", "landlord", "rule", "state", "due_on", "days_overdue", "severity", "clause"]
    rows = [
        {name: (value.date().isoformat() if isinstance(value, pd.Timestamp) else value) for name, value in row.items()}
        for row in found[columns].astype({"due_on": object}).where(found[columns].notna(), None).to_dict("records")
    ]
    lines = [
        f"{row['register_ref']}  {row['landlord']}  {row['rule']}  {row['state']}"
        + (f"  due {row['due_on']}" if row["due_on"] else "")
        + (f"  {row['days_overdue']} days late" if row["days_overdue"] else "")
        + f"  ({row['severity']}, clause {row['clause']})"
        for row in rows
    ]
    return Result({"findings": rows}, (*lines, f"{len(rows)} open findings"))


def silence(args: Namespace, settings: Settings) -> Result:
    """`finding silence REF --by POST --why … --until D`."""
    from due_regard import register

    until = as_day(args.until)
    with register_of(settings) as engine:
        register.silence(engine, args.ref, actor=args.by, why=args.why, until=until, now=datetime.now(UTC))
    return Result({"ref": args.ref, "silenced_until": until.isoformat()}, (f"{args.ref} is silent until {until}",))


def resolve(args: Namespace, settings: Settings) -> Result:
    """`finding resolve REF --by POST --why …`."""
    from due_regard import register

    with register_of(settings) as engine:
        register.resolve(engine, args.ref, actor=args.by, why=args.why, now=datetime.now(UTC))
    line = f"{args.ref} is taken as done; it closes when an export confirms it"
    return Result({"ref": args.ref, "status": "awaiting"}, (line,))
