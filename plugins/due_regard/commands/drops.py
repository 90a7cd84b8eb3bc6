"""Commands on what landlords deliver: intake, drop, source."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from due_regard import pipeline
from due_regard.commands import Commands, Result, add, group
from due_regard.quarters import LONDON
from due_regard.settings import Settings
from due_regard.terms import register_of


def register_commands(commands: Commands) -> None:
    """Adds intake, drop and source."""
    parser = add(commands, "intake", intake, "stage, validate and load one drop folder")
    parser.add_argument("drop", type=Path, metavar="DROP")
    parser.add_argument("--landlord", required=True)
    parser.add_argument("--source", help="source mapping; default: the landlord's own")
    drops = group(commands, "drop", "what came, and what is held for a person")
    parser = add(drops, "list", drop_list, "what came, when, with which counts")
    parser.add_argument("--landlord")
    parser = add(drops, "release", drop_release, "let a held drop in")
    parser.add_argument("batch", type=int, metavar="BATCH")
    parser.add_argument("--by", required=True, help="your post, e.g. data-owner; recorded in the audit")
    parser.add_argument("--why", required=True)
    sources = group(commands, "source", "source mappings")
    parser = add(sources, "check", source_check, "try a source mapping on a drop without loading it")
    parser.add_argument("source", metavar="SOURCE")
    parser.add_argument("drop", type=Path, metavar="DROP")
    parser.add_argument("--on", help="day of intake, YYYY-MM-DD; default today")


def intake(args: Namespace, settings: Settings) -> Result:
    """`intake DROP --landlord L [--source S]`."""
    ticket = pipeline.intake(settings, args.landlord, drop=args.drop, source=args.source, now=datetime.now(UTC))
    lines = [_file_line(file) for file in ticket["files"]]
    lines.append(f"{args.landlord}: {ticket['status']}" + (f": {ticket['why']}" if ticket.get("why") else ""))
    lines += [f"{name} are in {ticket[name]}" for name in ("rejections",) if ticket.get(name)]
    lines += [f"refused files are in {ticket['quarantine']}" for _ in (1,) if ticket.get("quarantine")]
    return Result(ticket, tuple(lines), ticket["exit_code"])


def _file_line(file: dict[str, Any]) -> str:
    if file["refused"]:
        return f"{file['file']}: refused ({file['refused']})"
    return (
        f"{file['file']} ({file['entity']}): {file['read']} rows read = {file['loaded']} loaded"
        f" + {file['unchanged']} unchanged + {file['rejected']} rejected"
    )


def drop_list(args: Namespace, settings: Settings) -> Result:
    """`drop list [--landlord L]`."""
    from due_regard import register

    with register_of(settings) as engine:
        found = register.list_drops(engine, args.landlord)
    rows = [{str(k): _plain(v) for k, v in row.items()} for row in found.to_dict("records")]
    lines = [
        f"batch {row['id']}  {row['landlord']}  {row['received_at']}  {row['status']}: {row['rows_read']} rows read ="
        f" {row['rows_loaded']} loaded + {row['rows_unchanged']} unchanged + {row['rows_rejected']} rejected"
        for row in rows
    ]
    return Result({"drops": rows}, tuple(lines) or ("no drop has come yet",))


def drop_release(args: Namespace, settings: Settings) -> Result:
    """`drop release BATCH --by POST --why …`."""
    from due_regard import register

    with register_of(settings) as engine:
        register.release_drop(engine, args.batch, actor=args.by, why=args.why, now=datetime.now(UTC))
    return Result({"batch": args.batch, "status": "released"}, (f"batch {args.batch} is released; run intake again",))


def source_check(args: Namespace, settings: Settings) -> Result:
    """`source check S DROP`."""
    from due_regard.commands.judging import as_day
    from due_regard.intake import check_source, load_source

    on = as_day(args.on) if args.on else datetime.now(LONDON).date()
    found = check_source(load_source(settings.sources_dir, args.source), args.drop, on=on)
    return Result(found.as_dict(), tuple(found.lines()), found.exit_code)


def _plain(value: Any) -> Any:
    if value is None or value != value:  # NaN and NaT are unlike themselves
        return None
    return value.isoformat() if hasattr(value, "isoformat") else value
