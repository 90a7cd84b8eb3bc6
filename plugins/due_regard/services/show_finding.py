"""Everything about one finding: what is wrong, where it came from, who must act, who was told, and its whole life.

Like the mails, it names posts, never an address. What a person said with a decision is theirs and is shown. Of the
records it reads those of the finding's case alone.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import UnknownReference
from due_regard.policy import Duty, LandlordContext
from due_regard.services.explain_finding import explain_finding
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.page_context import PageContext, load_page_context
from due_regard.services.page_words import PageWords
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.result import Result, list_json_rows, make_json_value
from due_regard.services.visible_rules import list_visible_rules

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection, Engine

    from due_regard.records.canonical import Records

_STANDING = (
    *("register_ref", "landlord", "rule", "subject_type", "subject_ref", "occurrence", "status", "state", "severity"),
    *("clause", "policy_version", "owner_role", "due_on", "done_on", "days_overdue", "opened_on", "resolved_on"),
    *("resolved_state", "silenced_until", "awaiting_since", "handed_to", "handed_at", "disputed_at", "last_as_at"),
)
_EVENT = ("id", "at", "as_at", "event", "state", "actor", "why", "until", "to_ref", "undoes_id")


def show_finding(
    settings: Settings,
    register_ref: str,
    *,
    now: datetime,
    landlord: str | None = None,
    sees_restricted: bool = True,
    email: str | None = None,
) -> Result:
    """One finding of the register (of `landlord`'s, where each has its own); `email` is the reader's address.

    Returns:
        Where it stands, label, promise, reading, reading_confirmed_by, policy_title, remedy, days_unit; explanation,
        record_says, working_days, late_days and references (explain_finding.py); origin (file, row, batch and version
        of the record it is about), withdrawal (who withdrew that record, when and why; else None), owner and
        would_be_told (post, why), told (stage, on, why, status, mode), life (events, each with `words`), decisions
        (those of people that hold now, the oldest first), newest_event (whoever decides names it, so that nobody
        decides on what they have not seen), own_staff_ref (the reader's in the staff export, where they do not have the
        finding already; else None).

    Raises:
        UnknownReference: there is no such finding, it is another landlord's, or it may not be seen.
    """
    from due_regard import register

    with open_landlord_register(settings, landlord) as engine:
        found = _read_visible_finding(engine, settings, register_ref, landlord, sees_restricted)
        context = load_page_context(settings, found["landlord"])
        known = context.known
        duty = find_assessed_duty(known.history, found["rule"], found["policy_version"])
        with register.reading(engine, found["landlord"]) as connection:
            handed_to = () if found["handed_to"] is None else (found["handed_to"],)
            subject = (found["landlord"], found["subject_type"], found["subject_ref"])
            records = register.read_case_records(connection, *subject, staff=handed_to)
            own = _find_own_reference(connection, found, email)
        result: Result = {name: make_json_value(found[name]) for name in _STANDING} | {"own_staff_ref": own}
        result |= _describe_promise(known, found, duty)
        result |= explain_finding(records, known, found, duty)
        origin = register.find_record_origin(engine, found["landlord"], found["subject_type"], found["subject_ref"])
        result["withdrawal"] = _find_withdrawal(engine, found)
        result["origin"] = origin and {name: make_json_value(value) for name, value in origin.items()}
        result |= _find_people(engine, settings, context, found, records, now)
        result |= _read_life(engine, found["register_ref"], context.words, now)
    result["owner"]["why"] = _describe_why(result)
    return result


def _read_visible_finding(
    engine: Engine, settings: Settings, register_ref: str, landlord: str | None, sees_restricted: bool
) -> dict[str, Any]:
    from due_regard import register

    found = register.read_finding(engine, register_ref, landlord)
    if not sees_restricted:
        history = load_page_context(settings, found["landlord"]).known.history
        if found["rule"] not in (list_visible_rules(history, sees_restricted=False) or ()):
            raise UnknownReference("no finding has that reference")
    return found


def _find_own_reference(connection: Connection, found: dict[str, Any], email: str | None) -> str | None:
    """Who may take the finding over without typing a reference: the one member of staff with the reader's address."""
    from due_regard.register.case_references import find_staff_by_email

    members = find_staff_by_email(connection, [found["landlord"]], email) if email else []
    if len(members) != 1 or members[0].staff_ref == found["handed_to"]:
        return None
    return members[0].staff_ref


def _find_withdrawal(engine: Engine, found: dict[str, Any]) -> Result | None:
    """Who said that the record it is about was entered by mistake: at, actor, why."""
    from due_regard.records.canonical import ENTITY_OF_SUBJECT
    from due_regard.register import reading
    from due_regard.register.vanished_records import find_withdrawal

    entity = ENTITY_OF_SUBJECT.get(found["subject_type"])
    if entity is None:
        return None
    with reading(engine, found["landlord"]) as connection:
        act = find_withdrawal(connection, found["landlord"], entity.name, found["subject_ref"])
    return act and {name: make_json_value(value) for name, value in act.items()}


def _describe_promise(known: LandlordContext, found: dict[str, Any], duty: Duty | None) -> dict[str, Any]:
    """The duty in words, and the policy it stands in."""
    names = ("label", "promise", "reading", "remedy", "days_unit")
    said = {name: getattr(duty, name, None) for name in names}
    said["reading_confirmed_by"] = known.landlord.confirmed_readings.get(found["rule"])
    titles = {policy.effective_from.isoformat(): policy.title for policy in known.history.versions}
    said["policy_title"] = titles.get(str(found["policy_version"])[:10], known.history.versions[-1].title)
    said["is_statutory"] = bool(duty and duty.statutory)
    said["is_restricted"] = bool(duty and duty.restricted_to)
    return said


def _find_people(
    engine: Engine, settings: Settings, context: PageContext, found: dict[str, Any], records: Records, now: datetime
) -> dict[str, Any]:
    """Who owns it, who would be told and who was."""
    from due_regard.alerts.finding_recipients import list_told, read_finding_route
    from due_regard.mail.mail_mode import choose_mail_mode

    mode = choose_mail_mode(settings)
    route = read_finding_route(engine, context.known, context.wording, found, records, mode=mode, now=now)
    told = list_told(engine, found["landlord"], found["id"])
    return {**route, "told": [{name: make_json_value(value) for name, value in each.items()} for each in told]}


def _read_life(engine: Engine, register_ref: str, words: PageWords, now: datetime) -> dict[str, Any]:
    """Its events, the id of the newest, and the decisions that hold."""
    from due_regard import register

    life = register.read_finding_life(engine, register_ref)
    events = list_json_rows(life.reindex(columns=list(_EVENT)))
    return {
        "life": [{**event, "words": words.name_step(event["event"], event["state"])} for event in events],
        "newest_event": max((event["id"] for event in events), default=None),
        "decisions": _list_decisions(life, now),
    }


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
