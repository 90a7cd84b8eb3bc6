"""Everything about one finding: what is wrong, where it came from, who must act, who was told, and its whole life.

Like the mails, it names posts, never an address. What a person said with a decision is theirs and is shown.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import CalendarError, SettingsError
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.result import Result, list_json_rows, make_json_value

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Engine

_STANDING = (
    *("register_ref", "landlord", "rule", "subject_type", "subject_ref", "occurrence", "status", "state", "severity"),
    *("clause", "policy_version", "owner_role", "due_on", "done_on", "days_overdue", "opened_on", "resolved_on"),
    *("resolved_state", "silenced_until", "awaiting_since", "handed_to", "disputed_at", "last_as_at"),
)
_EVENT = ("id", "at", "as_at", "event", "state", "actor", "why", "until", "to_ref")


def show_finding(settings: Settings, register_ref: str, *, now: datetime, landlord: str | None = None) -> Result:
    """One finding of the register (of `landlord`'s, where each has its own).

    Returns:
        Where it stands, label, promise, remedy, days_unit, explanation (lines, where it can be worked out), origin
        (file, row, batch and version of the record it is about), owner and would_be_told (post, why), told (stage, on,
        why, status, mode), life (events), decisions (those of people that hold now, the oldest first), newest_event
        (whoever decides names it, so that nobody decides on what they have not seen).

    Raises:
        RegisterError: there is no such finding, or it is another landlord's.
    """
    from due_regard import register
    from due_regard.alerts.finding_recipients import list_told, read_finding_route
    from due_regard.mail.mail_mode import choose_mail_mode
    from due_regard.mail.wording import load_mail_wording
    from due_regard.packs import add_report_duty

    with open_landlord_register(settings, landlord) as engine:
        found = register.read_finding(engine, register_ref, landlord)
        context = load_landlord_context(settings, found["landlord"])
        history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
        duty = find_assessed_duty(history, found["rule"], found["policy_version"])
        life = register.read_finding_life(engine, register_ref)
        result: Result = {name: make_json_value(found[name]) for name in _STANDING}
        result |= {name: getattr(duty, name, None) for name in ("label", "promise", "reading", "remedy", "days_unit")}
        result["explanation"] = _explain_finding(engine, context, found)
        origin = register.find_record_origin(engine, found["landlord"], found["subject_type"], found["subject_ref"])
        result["origin"] = origin and {name: make_json_value(value) for name, value in origin.items()}
        wording = load_mail_wording(settings.reports_dir / "mail")
        known, mode = replace(context, history=history), choose_mail_mode(settings)
        result |= read_finding_route(engine, known, wording, found, mode=mode, now=now)
        result["told"] = list_told(engine, context.landlord.id, found["id"])
    result["life"] = list_json_rows(life[list(_EVENT)])
    result |= {"newest_event": int(life["id"].max()), "decisions": _list_decisions(life, now)}
    result["owner"]["why"] = _describe_why(result)
    return result


def _list_decisions(life: pd.DataFrame, now: datetime) -> list[dict[str, Any]]:
    """People's decisions that hold now."""
    from due_regard.register.findings.held_decisions import fold_decisions, is_running

    known = life.astype(object).where(life.notna(), None).to_dict("records")
    events = [{str(k): v for k, v in row.items()} | {"until": row["until"] and row["until"].date()} for row in known]
    held = [one for one in fold_decisions(events).values() if is_running(one, find_london_day(now))]
    return [{name: make_json_value(value) for name, value in asdict(one).items()} for one in held]


def _describe_why(found: Result) -> str:
    """Why the owner is whoever it is; of a hand-over who decided it, when and why."""
    from due_regard.register.findings.actors import format_actor

    why: str = found["owner"]["why"]
    handed = next((one for one in found["decisions"] if one["event"] == "handed_over"), None)
    if handed is None:
        return why
    on = find_london_day(datetime.fromisoformat(handed["at"]))
    return f"handed over by {format_actor(handed['actor'])} on {on} because: {handed['why']}; {why}"


def _explain_finding(engine: Engine, context: LandlordContext, found: dict[str, Any]) -> list[str]:
    """How it was assessed the last time; no line where the records no longer tell."""
    from due_regard import register
    from due_regard.assessment.explanation import explain_rule

    records = register.read_records(engine, found["landlord"])
    with suppress(SettingsError, CalendarError):
        return explain_rule(
            records, context.history, context.calendar, found["last_as_at"], found["rule"], found["subject_ref"]
        )
    return []
