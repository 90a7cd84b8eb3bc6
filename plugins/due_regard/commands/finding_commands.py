"""Commands on one finding: what is known of it, and a person's decisions."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any

from due_regard.commands import CommandResult, Commands, add_command, add_command_group, add_landlord_option
from due_regard.commands.assessment_commands import parse_day
from due_regard.commands.given_now import add_now_option, read_now, read_writing_now
from due_regard.commands.listing_commands import describe_lateness, format_count
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.show_finding import show_finding

_UNDONE = {
    "silenced": "its silence is over",
    "reported_done": "it no longer counts as reported done",
    "handed_over": "whoever had it before has it again",
    "disputed": "its dispute is over",
}
_DECIDED = {
    "resolve": "{ref} is taken as done; it closes when an export confirms it",
    "silence": "{ref} is silent until {silenced_until}",
    "hand-over": "{ref} is handed over; its new owner is told with the next alerts",
    "dispute": "{ref} is disputed: it stays open and moves up as before; governance is told with the next alerts",
    "comment": "{ref}: the comment is kept with it; nothing else has changed",
    "undo": "{ref}: {undone}",
}


def add_commands(commands: Commands) -> None:
    """Adds finding."""
    decisions = add_command_group(commands, "finding", "one finding, and a person's decisions on it, audited")
    _add_finding_command(decisions, "show", run_show, "what is wrong, why, where it came from, who was told, its life")
    parser = _add_decision(decisions, "silence", "mail nothing more of it until a date")
    parser.add_argument("--until", required=True, metavar="YYYY-MM-DD", help="the last silent day")
    _add_decision(decisions, "resolve", "say that it is done and awaits the next export")
    parser = _add_decision(decisions, "hand-over", "make another member of staff its owner, who is told of it")
    parser.add_argument(
        "--to", required=True, metavar="STAFF_REF", help="the new owner, as the staff export names them"
    )
    _add_decision(decisions, "dispute", "say that it is wrong: it stays open, and governance is told")
    _add_decision(decisions, "comment", "keep words with it that change nothing")
    _add_decision(decisions, "undo", "take back the last decision that holds, whoever made it")


def _add_finding_command(commands: Commands, name: str, run: Any, about: str) -> ArgumentParser:
    parser = add_command(commands, name, run, about)
    parser.add_argument("ref", metavar="REF", help="register reference, e.g. F-000123")
    add_landlord_option(parser, "whose finding it is")
    add_now_option(parser)
    return parser


def _add_decision(commands: Commands, name: str, about: str) -> ArgumentParser:
    parser = _add_finding_command(commands, name, run_decision, about)
    parser.set_defaults(verb=name, until=None, to=None)
    parser.add_argument("--by", required=True, help="your post; recorded with the finding as cli:POST")
    parser.add_argument("--why", required=True, help="the reason; recorded with the finding")
    seen = (
        "the newest event you saw (`finding show --json`: newest_event): if something happened since, nothing is done"
    )
    parser.add_argument("--seen", metavar="EVENT", help=seen)
    return parser


def run_show(args: Namespace, settings: Settings) -> CommandResult:
    """`finding show REF [--landlord L]`."""
    found = show_finding(settings, args.ref, now=read_now(args), landlord=args.landlord)
    return CommandResult(found, tuple(_describe_finding(found)))


def run_decision(args: Namespace, settings: Settings) -> CommandResult:
    """`finding VERB REF --by POST --why … [--until D] [--to STAFF_REF] [--seen EVENT] [--landlord L]`.

    The command line knows no sign-in: whoever may run it has the register itself, so it may govern and sees all.
    """
    from due_regard.register.findings.actors import make_typed_actor

    until = None if args.until is None else parse_day(args.until)
    decision = Decision(make_typed_actor(args.by), args.why, until, args.to, _parse_event(args.seen))
    result = decide_on_finding(
        settings,
        args.ref,
        args.verb,
        decision,
        now=read_writing_now(args, settings),
        landlord=args.landlord,
        sees_restricted=True,
        may_govern=True,
    )
    said = result | ({"undone": _UNDONE[result["undone"]]} if args.verb == "undo" else {})
    return CommandResult(result, (_DECIDED[args.verb].format(**said),))


def _parse_event(text: str | None) -> int | None:
    """The number of an event.

    Raises:
        SettingsError: it is none.
    """
    if text is not None and not (text.isascii() and text.isdigit()):
        raise SettingsError("--seen takes the number of an event, as `finding show --json` gives it (newest_event)")
    return None if text is None else int(text)


def _describe_finding(found: dict[str, Any]) -> list[str]:
    title = found["label"] or found["rule"]
    return [
        f"{found['register_ref']}  {found['landlord']}  {found['rule']}: {title}",
        _describe_status(found),
        *_describe_withdrawal(found["withdrawal"]),
        f"Clause {found['clause']}, policy of {found['policy_version']}"
        + (f': "{found["promise"]}"' if found["promise"] else ""),
        *([f"Our reading: {found['reading']}"] if found["reading"] else []),
        *([f"Remedy: {found['remedy']}"] if found["remedy"] else []),
        f"Subject: {found['subject_type']} {found['subject_ref']}, {_describe_origin(found['origin'])}",
        *_describe_references(found),
        f"Owner: {found['owner']['post']} ({found['owner']['why']})",
        *_describe_route(found),
        *_describe_told(found["told"]),
        *_describe_decisions(found["decisions"]),
        "Its life:",
        *(_describe_event(event) for event in found["life"]),
        *(["How it was assessed:", *found["explanation"]] if found["explanation"] else []),
        *_describe_working_days(found["working_days"]),
    ]


def _describe_working_days(count: dict[str, Any] | None) -> list[str]:
    """Each weekday from the start to the due date: which count, and which are holidays, by name."""
    if count is None:
        return []
    days = [f"  {each['on']}  {each['holiday'] or 'working day ' + str(each['number'])}" for each in count["days"]]
    many = format_count(count["working_days"], "working day")
    return [f"{many} from {count['start']}, {count['start_on']}:", *days]


def _describe_status(found: dict[str, Any]) -> str:
    if found["resolved_state"] == "withdrawn":
        return f"Status: withdrawn on {found['resolved_on']}: the record it is about was entered by mistake"
    parts = [found["status"], _format_word(found["state"])]
    if found["due_on"]:
        parts.append(f"due {found['due_on']}")
    if found["days_overdue"]:
        parts.append(describe_lateness(found))
    return f"Status: {', '.join(parts)}, as at {found['last_as_at']}; severity: {found['severity']}"


def _describe_withdrawal(act: dict[str, Any] | None) -> list[str]:
    """Who said that the record was entered by mistake."""
    from due_regard.register.findings.actors import format_actor

    if act is None:
        return []
    who, why = format_actor(act["actor"]), " ".join(act["why"].split())
    return [f"The record it is about was withdrawn at {_format_instant(act['at'])} by {who}: {why}"]


def _describe_references(found: dict[str, Any]) -> list[str]:
    """The other references of its case."""
    others = [f"{_format_word(each['of'])} {each['ref']}" for each in found["references"][1:]]
    return [f"Its case: {', '.join(others)}"] if others else []


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


def _describe_decisions(decisions: list[dict[str, Any]]) -> list[str]:
    lines = [f"  {_format_word(one['event'])}{_describe_words(one)}" for one in decisions]
    return ["Decisions that hold:", *lines] if lines else []


def _describe_event(event: dict[str, Any]) -> str:
    when = event["as_at"] or _format_instant(event["at"])
    return f"  {when} {_format_word(event['event'])} ({_format_word(event['state'])}){_describe_words(event)}"


def _describe_words(event: dict[str, Any]) -> str:
    """What a person said with a decision, in one line."""
    from due_regard.register.findings.actors import format_actor

    until = f" until {event['until']}" if event["until"] else ""
    to = f" to {event['to_ref']}" if event["to_ref"] else ""
    said = f", by {format_actor(event['actor'])}: {' '.join(event['why'].split())}" if event["actor"] else ""
    return f"{until}{to}{said}"


def _describe_mail(told: dict[str, Any]) -> str:
    """What became of a mail; one of a trial told nobody."""
    trial = "" if told["mode"] == "live" else f", {told['mode']}: a trial, nobody was told"
    return f"mail {told['status']}{trial}"
