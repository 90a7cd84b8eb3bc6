"""Commands on records that no longer come: which they are, that one was entered by mistake, or was not after all."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import datetime
from typing import Any

from due_regard.calendars.quarters import find_london_day
from due_regard.commands import CommandResult, Commands, add_command, add_command_group
from due_regard.commands.given_now import add_now_option, read_writing_now
from due_regard.commands.listing_commands import format_count
from due_regard.config.settings import Settings
from due_regard.services.list_vanished import list_vanished
from due_regard.services.withdraw_record import decide_on_record


def add_commands(commands: Commands) -> None:
    """Adds record."""
    records = add_command_group(commands, "record", "records that no longer come with the export")
    parser = add_command(records, "list", run_list, "vanished records that wait for a person, with their open findings")
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose records")
    parser.add_argument("--withdrawn", action="store_true", help="those that were withdrawn instead: by whom, and why")
    parser = _add_decision(records, "withdraw", "say that a vanished record was entered by mistake; it is kept")
    parser.add_argument("--with-linked", action="store_true", help="vanished records that hang on it go with it")
    parser = _add_decision(records, "undo", "take a withdrawal back: the record stands again")
    parser.add_argument("--with-linked", action="store_true", help="those withdrawn with it stand again too")


def _add_decision(commands: Commands, name: str, about: str) -> ArgumentParser:
    parser = add_command(commands, name, run_decision, about)
    parser.add_argument("entity", metavar="ENTITY", help="what it is, as `record list` says: restrictions, reviews, …")
    parser.add_argument("ref", metavar="REF", help="its reference, as the export has it")
    parser.add_argument("--landlord", required=True, metavar="ID", help="whose record it is")
    parser.add_argument("--by", required=True, help="your post; recorded with it as cli:POST")
    parser.add_argument("--why", required=True, help="the reason; recorded with it")
    parser.set_defaults(verb=name)
    add_now_option(parser)
    return parser


def run_list(args: Namespace, settings: Settings) -> CommandResult:
    """`record list --landlord L [--withdrawn]`."""
    state = "withdrawn" if args.withdrawn else "waiting"
    found = list_vanished(settings, args.landlord, state, page=None, sees_restricted=True)  # type: ignore[arg-type]
    if not found["is_delivered"]:
        return CommandResult(found, (f"nothing of {args.landlord} was ever taken in, so nothing can have vanished",))
    lines = [line for row in found["records"] for line in _describe_record(row)]
    done = "withdrawn" if args.withdrawn else "vanished and waiting for a person; none is withdrawn by itself"
    return CommandResult(found, (*lines, f"{format_count(found['total'], 'record')} {done}"))


def run_decision(args: Namespace, settings: Settings) -> CommandResult:
    """`record withdraw|undo ENTITY REF --landlord L --by POST --why … [--with-linked]`."""
    from due_regard.register.findings.actors import make_typed_actor

    found = decide_on_record(
        settings,
        args.landlord,
        args.entity,
        args.ref,
        args.verb,
        actor=make_typed_actor(args.by),
        why=args.why,
        with_linked=args.with_linked,
        now=read_writing_now(args, settings),
    )
    said = {
        "withdrawn": "is withdrawn; its findings close with the next assessment, and a new export brings it back",
        "standing": "stands again; the next assessment judges it",
    }
    lines = [f"{one['entity']} {one['ref']} {said[found['status']]}" for one in found["records"]]
    return CommandResult(found, tuple(lines))


def _describe_record(row: dict[str, Any]) -> list[str]:
    from due_regard.register.findings.actors import format_actor

    open_ones = format_count(row["open_findings"], "open finding")
    since = find_london_day(datetime.fromisoformat(row.get("noticed_at") or row["at"]))
    title = f"{row['entity']} {row['ref']}: "
    if "actor" in row:
        title += f"withdrawn on {since} by {format_actor(row['actor'])}: {' '.join(row['why'].split())}"
    else:
        title += f"not in the export since {since}, {open_ones}"
    hanging = [
        f"  {one['entity']} {one['ref']} hangs on it and {'vanished too' if one['has_vanished'] else 'still comes'}"
        for one in row["linked"]
    ]
    return [title, *hanging]
