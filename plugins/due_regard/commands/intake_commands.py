"""Commands on what landlords deliver: fetch, intake, drop, source."""

from __future__ import annotations

from argparse import ArgumentTypeError, Namespace
from pathlib import Path
from typing import Any

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.assessment_commands import parse_day_or_today
from due_regard.commands.given_now import add_now_option, read_writing_now
from due_regard.config.connections import read_connection
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.services.doubtful_registers import describe_half_drop
from due_regard.services.fetch_drop import fetch_drop
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import list_json_rows
from due_regard.services.show_drops import release_held_drop
from due_regard.services.take_in_delivery import take_in_delivery
from due_regard.services.take_in_drop import take_in_drop

_MOST_DIGITS = 18
"""More than a database counts."""


def add_commands(commands: Commands) -> None:
    """Adds fetch, intake, drop and source."""
    parser = add_command(commands, "fetch", run_fetch, "fetch an export from where it lies into the inbox")
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose export it is")
    add_now_option(parser)
    parser = add_command(commands, "intake", run_intake, "stage, validate and load one drop folder")
    help_text = "folder of the export's files; default: what was fetched and waits, or the landlord's drop folder"
    parser.add_argument("drop", type=Path, nargs="?", metavar="DROP", help=help_text)
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose export it is")
    parser.add_argument("--source", help="source mapping; default: the landlord's own")
    add_now_option(parser)
    drops = add_command_group(commands, "drop", "what came, and what is held for a person")
    parser = add_command(drops, "list", run_drop_list, "what came, when, with which counts")
    add_landlord_option(parser, "only this landlord's; default all")
    parser = add_command(drops, "release", run_drop_release, "let a held drop in")
    parser.add_argument("batch", type=parse_batch_number, metavar="BATCH", help="its number in `drop list`")
    add_landlord_option(parser, "whose drop it is")
    parser.add_argument("--by", required=True, help="your post, e.g. data-owner; recorded in the audit")
    parser.add_argument("--why", required=True, help="the reason; recorded in the audit")
    add_now_option(parser)
    parser = add_command(drops, "missing", run_drop_missing, "records that the newest snapshots no longer have")
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose records")
    sources = add_command_group(commands, "source", "source mappings")
    parser = add_command(sources, "check", run_source_check, "try a source mapping on a drop without loading it")
    parser.add_argument("source", metavar="SOURCE", help="name of a source mapping")
    parser.add_argument("drop", type=Path, metavar="DROP", help="folder of an export's files")
    parser.add_argument("--on", metavar="YYYY-MM-DD", help="day of intake; default today")


def parse_batch_number(text: str) -> int:
    """The number of a batch, as `drop list` prints it."""
    if not text.isdecimal() or len(text) > _MOST_DIGITS:
        raise ArgumentTypeError("a batch is a number, as `drop list` prints it")
    return int(text)


def run_fetch(args: Namespace, settings: Settings) -> CommandResult:
    """`fetch --landlord L`."""
    now = read_writing_now(args, settings)
    result = fetch_drop(settings, args.landlord, find_connection=read_connection, now=now)
    if result["status"] == "not_set":
        raise SettingsError(str(result["why"]))
    lines = [f"{args.landlord}: {result['status']}" + (f": {result['why']}" if result["why"] else "")]
    if result["status"] in {"fetched", "known"}:
        lines.append(f"{result['files']} files, {result['bytes']} bytes, in {result['folder']}")
        lines.append(f"`due-regard intake --landlord {args.landlord}` takes it in, or says what holds it")
    return CommandResult(result, tuple(lines), result["exit_code"])


def run_intake(args: Namespace, settings: Settings) -> CommandResult:
    """`intake [DROP] --landlord L [--source S]`."""
    now = read_writing_now(args, settings)
    if args.drop is None:
        result = take_in_delivery(settings, args.landlord, source=args.source, find_connection=read_connection, now=now)
    else:
        result = take_in_drop(settings, args.landlord, drop=args.drop, source=args.source, now=now)
    lines = [_describe_file(file) for file in result["files"]]
    lines += [
        f"{found['entity']}: {found['cells']} loaded with a word in {found['column']} that is not known"
        for found in result["not_known"]
    ]
    lines.append(f"{args.landlord}: {_describe_status(result)}")
    if result["status"] == "held":
        release = f"`due-regard drop release {result['batch_id']} --landlord {args.landlord} --by POST --why …`"
        lines.append(f"nothing of it was loaded; if it is meant: {release}, then run intake again")
    if result.get("rejections"):
        told = "rejections are" if any(file["rejected"] for file in result["files"]) else "what to look at is"
        lines.append(f"{told} in {result['rejections']}")
    if result.get("quarantine"):
        lines.append(f"refused files are in {result['quarantine']}")
    return CommandResult(result, tuple(lines), result["exit_code"])


def _describe_status(result: dict[str, Any]) -> str:
    if result.get("why"):
        return f"{result['status']}: {result['why']}"
    read, rejected = (sum(file[count] for file in result["files"]) for count in ("read", "rejected"))
    # The register calls a drop unchanged that brought it nothing, be it because every row was rejected.
    return "nothing was loaded" if rejected and rejected == read else str(result["status"])


def _describe_file(file: dict[str, Any]) -> str:
    if file["refused"]:
        return f"{file['file']}: refused ({file['refused']})"
    return (
        f"{file['file']} ({file['entity']}): {file['read']} rows read = {file['loaded']} loaded"
        f" + {file['unchanged']} unchanged + {file['rejected']} rejected"
    )


def run_drop_list(args: Namespace, settings: Settings) -> CommandResult:
    """`drop list [--landlord L]`."""
    from due_regard import register

    with open_landlord_register(settings, args.landlord) as engine:
        rows = list_json_rows(register.list_drops(engine, args.landlord))
        half = [describe_half_drop(engine, name) for name in sorted({row["landlord"] for row in rows})]
    lines = [
        f"batch {row['id']}  {row['landlord']}  {row['received_at']}  {row['status']}: {row['rows_read']} rows read ="
        f" {row['rows_loaded']} loaded + {row['rows_unchanged']} unchanged + {row['rows_rejected']} rejected"
        for row in rows
    ]
    lines += filter(None, half)
    return CommandResult(
        {"drops": rows, "half_drops": list(filter(None, half))},
        tuple(lines) or (f"no drop of {args.landlord or 'any landlord'} has come yet",),
    )


def run_drop_release(args: Namespace, settings: Settings) -> CommandResult:
    """`drop release BATCH --by POST --why … [--landlord L]`."""
    actor = f"cli:{args.by}" if args.by.strip() else ""
    result = release_held_drop(
        settings, args.batch, landlord=args.landlord, actor=actor, why=args.why, now=read_writing_now(args, settings)
    )
    return CommandResult(result, (f"batch {args.batch} is released; run intake again",))


def run_drop_missing(args: Namespace, settings: Settings) -> CommandResult:
    """`drop missing --landlord L`."""
    from due_regard import register

    with open_landlord_register(settings, args.landlord) as engine:
        rows = list_json_rows(register.list_missing_records(engine, args.landlord))
        is_delivered = register.find_newest_file(engine, args.landlord) > 0
    lines = [f"{row['entity']} {row['ref']}: not in the newest file since {row['noticed_at']}" for row in rows]
    if not is_delivered:
        return CommandResult(
            {"missing": []}, (f"nothing of {args.landlord} was ever taken in, so nothing can be missing",)
        )
    return CommandResult(
        {"missing": rows},
        (*lines, f"{len(rows)} records are missing; none was deleted, and `record list` has their findings"),
    )


def run_source_check(args: Namespace, settings: Settings) -> CommandResult:
    """`source check S DROP`."""
    from due_regard.intake.source_check import check_source
    from due_regard.intake.source_mapping import load_source_mapping

    mapping = load_source_mapping(settings.sources_dir, args.source)
    found = check_source(mapping, args.drop, on=parse_day_or_today(args.on))
    return CommandResult(found.as_dict(), tuple(found.describe_lines()), found.exit_code)
