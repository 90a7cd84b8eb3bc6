"""The command assess, and how the date and the instant of an option are read."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from due_regard.calendars.quarters import LONDON
from due_regard.commands import CommandResult, Commands, add_command
from due_regard.commands.given_now import add_now_option, read_writing_now
from due_regard.commands.output_files import check_output_file, write_output_file
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.records.canonical import ASSESSMENT_COLUMNS
from due_regard.records.validated_drop import NOT_KNOWN, ValidatedDrop
from due_regard.services.assess_landlord import assess_with_rows
from due_regard.services.read_assessments import RecordChoice, explain_assessment, read_assessments

_YEARS = range(1990, 2101)
"""Earlier dates are refused in exports, too; later ones no calendar knows."""


def add_commands(commands: Commands) -> None:
    """Adds assess."""
    parser = add_command(commands, "assess", run_assess, "assessments of the register, or of a drop alone")
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose records, by whose policy")
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD", help="the day to assess at")
    parser.add_argument("--drop", type=Path, help="assess this drop alone; the register is not touched")
    parser.add_argument("--source", help="source mapping of --drop; default: the landlord's own")
    parser.add_argument("--known-at", metavar="INSTANT", help="as the register knew it then (ISO 8601)")
    parser.add_argument("--explain", nargs=2, metavar=("RULE", "SUBJECT"), help="say how one assessment came about")
    parser.add_argument("--out", type=Path, metavar="FILE.csv", help="write the assessments there")
    add_now_option(parser)


def parse_day(text: str) -> date:
    """The date that an option gives.

    Raises:
        SettingsError: it is not YYYY-MM-DD, or of a year that nobody means.
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        raise SettingsError("a date is written YYYY-MM-DD") from None
    if found.year not in _YEARS:
        raise SettingsError(f"a date lies in the years {_YEARS[0]} to {_YEARS[-1]}")
    return found


def parse_day_or_today(text: str | None) -> date:
    """The date that an option gives, today (in London) where it is left out.

    Raises:
        SettingsError: it is not YYYY-MM-DD.
    """
    return parse_day(text) if text else datetime.now(LONDON).date()


def parse_instant(text: str) -> datetime:
    """The instant that an option gives; without a zone it is London's.

    Raises:
        SettingsError: it is not ISO 8601.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise SettingsError("an instant is written YYYY-MM-DDTHH:MM:SS, with a zone or in London's time") from None
    return (found if found.tzinfo else found.replace(tzinfo=LONDON)).astimezone(UTC)


def run_assess(args: Namespace, settings: Settings) -> CommandResult:
    """`assess --landlord L --as-at D [--drop DROP --source S] [--known-at T] [--explain RULE SUBJECT] --out FILE`."""
    as_at = parse_day(args.as_at)
    known_at = parse_instant(args.known_at) if args.known_at else None
    check_output_file(args.out)
    choice = RecordChoice(known_at, args.drop, args.source)
    if args.explain:
        return _run_explain(args, settings, choice, as_at)
    result: dict[str, Any] = {"landlord": args.landlord, "as_at": as_at.isoformat()}
    drop = None
    if args.drop is None and known_at is None:
        now = read_writing_now(args, settings)
        result, found = assess_with_rows(settings, args.landlord, as_at=as_at, now=now)
    else:
        found, drop = read_assessments(settings, args.landlord, choice, as_at=as_at)
    untaken, code = ([], 0) if drop is None else list_untaken(drop)
    not_known = [] if drop is None else list_not_known_cells(drop)
    refused = 0 if drop is None else len(drop.refused)
    result |= {"states": found["state"].value_counts().sort_index().to_dict(), "assessments": len(found)}
    result |= {"rejected": len(untaken) - refused, "refused": refused, "not_known": len(not_known)}
    if args.out:
        write_assessments(found, args.out)
    counts = ", ".join(f"{state} {n}" for state, n in result["states"].items())
    lines = [*untaken, *not_known, f"{args.landlord} as at {as_at}: {len(found)} assessments: {counts or 'none'}"]
    lines += [result["half_drop"]] if result.get("half_drop") else []
    return CommandResult(result, tuple(lines), code)


def list_not_known_cells(drop: ValidatedDrop) -> list[str]:
    """Cells of a drop that hold a word nobody knows, a line each; their rows count all the same."""
    return [note.message for file in drop.files for note in file.notes if note.reason in NOT_KNOWN]


def list_untaken(drop: ValidatedDrop) -> tuple[list[str], int]:
    """What of a drop was not taken, a line each, refused files first; and the exit code that says so."""
    refused = [f"{file.file}: refused ({file.code}): {file.message}" for file in drop.refused]
    rejected = [row.message for file in drop.files for row in file.rejections]
    return [*refused, *rejected], 4 if refused else 3 if rejected else 0


def _run_explain(args: Namespace, settings: Settings, choice: RecordChoice, as_at: date) -> CommandResult:
    rule, subject = args.explain
    lines = explain_assessment(settings, args.landlord, rule, subject, choice, as_at=as_at)
    return CommandResult({"rule": rule, "explanation": lines}, tuple(lines))


def write_assessments(found: pd.DataFrame, out: Path) -> None:
    """Writes assessments as the contract's CSV: its columns, ISO dates, blank cells empty."""
    table = found[list(ASSESSMENT_COLUMNS)]
    write_output_file(out, table.to_csv(index=False, date_format="%Y-%m-%d", lineterminator="\n"))
