"""Commands on one finding: what is known of it, and a person's decisions."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.assessment_commands import parse_day
from due_regard.commands.listing_commands import describe_lateness
from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.show_finding import show_finding

_UNDONE = {"silenced": "its silence is over", "reported_done": "it no longer counts as reported done"}


def add_commands(commands: Commands) -> None:
    """Adds finding."""
    decisions = add_command_group(commands, "finding", "one finding, and a person's decisions on it, audited")
    _add_finding_command(decisions, "show", run_show, "what is wrong, why, where it came from, who was told, its life")
    parser = _add_decision(decisions, "silence", run_silence, "mail nothing more of it until a date")
    parser.add_argument("--until", required=True, metavar="YYYY-MM-DD", help="the last silent day")
    _add_decision(decisions, "resolve", run_resolve, "say that it is done and awaits the next export")
    _add_decision(decisions, "undo", run_undo, "take back the last decision that holds")


def _add_finding_command(commands: Commands, name: str, run: Any, about: str) -> ArgumentParser:
    parser = add_command(commands, name, run, about)
    parser.add_argument("ref", metavar="REF", help="register reference, e.g. F-000123")
    add_landlord_option(parser, "whose finding it is")
    return parser


def _add_decision(commands: Commands, name: str, run: Any, about: str) -> ArgumentParser:
    parser = _add_finding_command(commands, name, run, about)
    parser.add_argument("--by", required=True, help="your post; recorded in the audit")
    parser.add_argument("--why", required=True, help="the reason; recorded in the audit")
    return parser


def run_show(args: Namespace, settings: Settings) -> CommandResult:
    """`finding show REF [--landlord L]`."""
    found = show_finding(settings, args.ref, now=datetime.now(UTC), landlord=args.landlord)
    return CommandResult(found, tuple(_describe_finding(found)))


def run_silence(args: Namespace, settings: Settings) -> CommandResult:
    """`finding silence REF --by POST --why … --until D [--landlord L]`."""
    from due_regard import register

    until = parse_day(args.until)
    with open_landlord_register(settings, args.landlord) as engine:
        register.silence_finding(engine, args.ref, until=until, **_list_words(args))
    return CommandResult(
        {"ref": args.ref, "silenced_until": until.isoformat()}, (f"{args.ref} is silent until {until}",)
    )


def run_resolve(args: Namespace, settings: Settings) -> CommandResult:
    """`finding resolve REF --by POST --why … [--landlord L]`."""
    from due_regard import register

    with open_landlord_register(settings, args.landlord) as engine:
        register.resolve_finding(engine, args.ref, **_list_words(args))
    line = f"{args.ref} is taken as done; it closes when an export confirms it"
    return CommandResult({"ref": args.ref, "status": "awaiting"}, (line,))


def run_undo(args: Namespace, settings: Settings) -> CommandResult:
    """`finding undo REF --by POST --why … [--landlord L]`."""
    from due_regard import register

    with open_landlord_register(settings, args.landlord) as engine:
        undone = register.undo_decision(engine, args.ref, **_list_words(args))
    return CommandResult({"ref": args.ref, "undone": undone}, (f"{args.ref}: {_UNDONE[undone]}",))


def _list_words(args: Namespace) -> dict[str, Any]:
    """What every decision says."""
    return {"actor": args.by, "why": args.why, "now": datetime.now(UTC), "landlord": args.landlord}


def _describe_finding(found: dict[str, Any]) -> list[str]:
    title = found["label"] or found["rule"]
    return [
        f"{found['register_ref']}  {found['landlord']}  {found['rule']}: {title}",
        _describe_status(found),
        f"Clause {found['clause']}, policy of {found['policy_version']}"
        + (f': "{found["promise"]}"' if found["promise"] else ""),
        *([f"Our reading: {found['reading']}"] if found["reading"] else []),
        *([f"Remedy: {found['remedy']}"] if found["remedy"] else []),
        f"Subject: {found['subject_type']} {found['subject_ref']}, {_describe_origin(found['origin'])}",
        f"Owner: {found['owner']['post']} ({found['owner']['why']})",
        *_describe_route(found),
        *_describe_told(found["told"]),
        "Its life:",
        *(_describe_event(event) for event in found["life"]),
        *(["How it was assessed:", *found["explanation"]] if found["explanation"] else []),
    ]


def _describe_status(found: dict[str, Any]) -> str:
    parts = [found["status"], _format_word(found["state"])]
    if found["due_on"]:
        parts.append(f"due {found['due_on']}")
    if found["days_overdue"]:
        parts.append(describe_lateness(found))
    return f"Status: {', '.join(parts)}, as at {found['last_as_at']}; severity: {found['severity']}"


def _format_word(word: str) -> str:
    return word.replace("_", " ")


def _format_instant(instant: str) -> str:
    return f"{datetime.fromisoformat(instant).astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _describe_origin(origin: dict[str, Any] | None) -> str:
    if origin is None:
        return "which no delivered record is about"
    missing = "; the newest snapshot no longer has it" if origin["is_missing"] else ""
    return (
        f"row {origin['row_number']} of {origin['file']} in batch {origin['batch_id']}"
        f" (version {origin['version']}, known from {_format_instant(origin['known_from'])}){missing}"
    )


def _describe_route(found: dict[str, Any]) -> list[str]:
    steps = [
        f"  {step['post']}, stage {_format_word(step['stage'])} ({step['why']})" for step in found["would_be_told"]
    ]
    if found["held_back"]:
        held = "Held back today" if steps else "Nobody would be told today"
        steps_title = "Who would be told otherwise:"
        return [f"{held}: {found['held_back']}.", *([steps_title, *steps] if steps else [])]
    return ["Who would be told today:", *steps]


def _describe_told(told: list[dict[str, Any]]) -> list[str]:
    lines = [
        f"  {each['on']}, stage {_format_word(each['stage'])}: {each['why']} ({_describe_mail(each)})" for each in told
    ]
    return ["Told so far:", *lines] if lines else ["Nobody was told of it yet."]


def _describe_event(event: dict[str, Any]) -> str:
    said = f", by {event['actor']}: {event['why']}" if event["actor"] else ""
    until = f" until {event['until']}" if event["until"] else ""
    when = event["as_at"] or _format_instant(event["at"])
    return f"  {when} {_format_word(event['event'])} ({_format_word(event['state'])}){until}{said}"


def _describe_mail(told: dict[str, Any]) -> str:
    """What became of a mail; one of a trial told nobody."""
    trial = "" if told["mode"] == "live" else f", {told['mode']}: a trial, nobody was told"
    return f"mail {told['status']}{trial}"
