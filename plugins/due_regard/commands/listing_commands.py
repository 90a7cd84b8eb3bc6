"""Commands that list what the register holds of findings: findings, silences.

A list says of which day and which knowledge it is, and what could not be measured: "0 open findings" is no all-clear
by itself. One finding and a person's decisions on it are finding_commands.py's.
"""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, date
from typing import TYPE_CHECKING, Any, get_args

from due_regard.calendars.quarters import find_london_day
from due_regard.commands import CommandResult, Commands, add_command
from due_regard.commands.assessment_commands import parse_day
from due_regard.commands.given_now import add_now_option, read_now
from due_regard.config.settings import Settings
from due_regard.errors import RegisterError, SettingsError
from due_regard.policy.duties import OwnerRole
from due_regard.services.list_findings import LandlordAnswer, OpenFindings, list_findings, list_silences
from due_regard.services.result import list_json_rows

if TYPE_CHECKING:
    from due_regard.register import DutyCounts

MOST_SHOWN = 200
"""Findings listed where not all are asked for: more is no list to read."""

_MOST_DAYS = 8
_SHOWN = (
    *("register_ref", "landlord", "rule", "state", "due_on", "days_overdue", "days_unit", "severity", "clause"),
    *("owner_role", "handed_to"),
)


def add_commands(commands: Commands) -> None:
    """Adds findings and silences."""
    parser = add_command(commands, "findings", run_findings, "findings open at the end of a judged day, oldest first")
    parser.add_argument("--as-at", required=True, metavar="YYYY-MM-DD", help="a day on which the landlord was judged")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's; default all")
    parser.add_argument("--owner", choices=get_args(OwnerRole), metavar="ROLE", help="only those this role must act on")
    parser.add_argument("--rule", metavar="RULE", help="only those of one duty")
    parser.add_argument("--all", action="store_true", help=f"list every one; default the first {MOST_SHOWN}")
    parser = add_command(commands, "silences", run_silences, "who silenced which finding, until when and why")
    parser.add_argument("--landlord", metavar="ID", help="only this landlord's; default all")
    add_now_option(parser)


def run_findings(args: Namespace, settings: Settings) -> CommandResult:
    """`findings --as-at D [--landlord L] [--owner ROLE] [--rule RULE] [--all]`."""
    as_at = parse_day(args.as_at)
    found = list_findings(settings, as_at=as_at, landlord=args.landlord)
    says = [describe_answer(answer) for answer in found.answers]
    if not any(answer.judged for answer in found.answers):
        raise RegisterError("; ".join(says) or "there is no landlord to ask about; `due-regard landlord new` makes one")
    chosen = _choose_rows(found, args)
    rows = list_json_rows((chosen if args.all else chosen.head(MOST_SHOWN))[[*_SHOWN]])
    cut = []
    if len(rows) < len(chosen):
        cut = [f"the first {len(rows)} of {len(chosen)} are listed; --all lists every one, --rule and --owner choose"]
    result = {"as_at": as_at.isoformat(), "findings": rows, "shown": len(rows), "total": len(chosen)}
    result["landlords"] = [
        _summarise_answer(answer) | {"says": line} for answer, line in zip(found.answers, says, strict=True)
    ]
    lines = (*map(_describe_row, rows), *cut, *says, format_count(len(chosen), "open finding"))
    return CommandResult(result, lines, 5 if _lacks_answer(found) else 0)


def _choose_rows(found: OpenFindings, args: Namespace) -> Any:
    """The rows that the options choose.

    Raises:
        SettingsError: nobody was judged by that rule: a slip would find nothing.
    """
    rows = found.rows
    if args.owner:
        rows = rows[rows["owner_role"] == args.owner]
    if args.rule:
        known = sorted({rule for answer in found.answers if answer.judged for rule in answer.judged.duties.rules})
        if args.rule not in known:
            raise SettingsError(f"no duty {args.rule!r} was judged on that day; judged: {', '.join(known) or 'none'}")
        rows = rows[rows["rule"] == args.rule]
    return rows


def _lacks_answer(found: OpenFindings) -> bool:
    """Whether a landlord that delivered, or was judged before, was not judged on the day."""
    return any(not answer.judged and (answer.is_delivered or answer.judged_days) for answer in found.answers)


def _describe_row(row: dict[str, Any]) -> str:
    return (
        f"{row['register_ref']}  {row['landlord']}  {row['rule']}  {row['state']}"
        + (f"  due {row['due_on']}" if row["due_on"] else "")
        + (f"  {describe_lateness(row)}" if row["days_overdue"] else "")
        + (f"  ({row['severity']}, clause {row['clause']})" if row["severity"] else "")
        + (f"  handed to {row['handed_to']}" if row["handed_to"] else "")
    )


def describe_lateness(row: dict[str, Any]) -> str:
    """`1 working day late`, `3 calendar days late`."""
    unit = (row["days_unit"] or "days").removesuffix("s")
    return f"{format_count(row['days_overdue'], unit)} late"


def format_count(count: int, unit: str) -> str:
    """`1 silence`, `0 silences`."""
    return f"{count} {unit}{'' if count == 1 else 's'}"


def describe_answer(answer: LandlordAnswer) -> str:
    """What can be said of one landlord: when it was judged and what could not be told, or that it was not."""
    if (judged := answer.judged) is None:
        return _describe_unjudged(answer)
    known = f"{judged.known_at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    changed = (
        "" if answer.is_whole else "; it cannot be judged again by what was kept, so dates of that day are not known"
    )
    return (
        f"{answer.landlord}, judged as at {answer.as_at} on what was known at {known}:"
        f" {format_count(judged.open_findings, 'open finding')}; {_describe_measured(answer, judged.duties)}{changed}"
    )


def _describe_measured(answer: LandlordAnswer, duties: DutyCounts) -> str:
    if not answer.is_delivered:
        return "nothing of it was ever taken in, so this is no all-clear"
    if not duties.rules:
        return "no duty had anything to judge"
    if duties.is_blind:
        return f"none of {len(duties.rules)} duties could be measured, so this is no all-clear"
    if duties.unmeasured:
        return (
            f"{len(duties.unmeasured)} of {len(duties.rules)} duties could not be measured, wholly or in part:"
            f" {', '.join(sorted(duties.unmeasured))}"
        )
    return "every duty could be measured"


def _describe_unjudged(answer: LandlordAnswer) -> str:
    days, landlord = answer.judged_days, answer.landlord
    if not days:
        first = "" if answer.is_delivered else "nothing of it was ever taken in; run intake, then "
        return f"{landlord} was never judged: {first}`due-regard assess --landlord {landlord} --as-at DAY`"
    if len(days) <= _MOST_DAYS:
        return f"{landlord} was not judged as at {answer.as_at}; judged days: {', '.join(map(str, days))}"
    near = [*[day for day in days if day < answer.as_at][-1:], *[day for day in days if day > answer.as_at][:1]]
    return (
        f"{landlord} was not judged as at {answer.as_at}; it was on {len(days)} days from {days[0]} to {days[-1]},"
        f" nearest: {_list_days(near)}"
    )


def _list_days(days: list[date]) -> str:
    return " and ".join(map(str, days))


def _summarise_answer(answer: LandlordAnswer) -> dict[str, Any]:
    summary = {
        "landlord": answer.landlord,
        "is_judged": answer.judged is not None,
        "judged_days": len(answer.judged_days),
    }
    if (judged := answer.judged) is None:
        return summary
    return summary | {
        "known_at": judged.known_at.astimezone(UTC).isoformat(),
        "open": judged.open_findings,
        "duties": len(judged.duties.rules),
        "duties_not_measured": len(judged.duties.unmeasured),
        "not_measured": dict(sorted(judged.duties.unmeasured.items())),
        "is_whole": answer.is_whole,
    }


def run_silences(args: Namespace, settings: Settings) -> CommandResult:
    """`silences [--landlord L]`."""
    from due_regard.register.findings.actors import format_actor

    found, unjudged = list_silences(settings, on=find_london_day(read_now(args)), landlord=args.landlord)
    rows = list_json_rows(found)
    lines = [
        f"{row['register_ref']}  {row['landlord']}  {row['rule']}  silent until {row['silenced_until']}"
        f"  by {format_actor(row['actor'])}: {' '.join(row['why'].split())}"
        for row in rows
    ]
    never = [f"never judged: {', '.join(unjudged)}"] if unjudged else []
    result = {"silences": rows, "never_judged": list(unjudged)}
    return CommandResult(result, (*lines, *never, format_count(len(rows), "silence")))
