"""Why one finding was judged as it was, from the records of its case: facts, days counted by date, references."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Any

from due_regard.calendars.holiday_names import name_holiday
from due_regard.errors import CalendarError, PolicyError, SettingsError
from due_regard.policy import Duty, LandlordContext
from due_regard.records.canonical import ENTITY_OF_SUBJECT

if TYPE_CHECKING:
    from due_regard.records.canonical import Records

_REFERENCES = ("customer_ref", "restriction_ref", "incident_ref")


def explain_finding(
    records: Records, known: LandlordContext, found: dict[str, Any], duty: Duty | None
) -> dict[str, Any]:
    """How a finding was assessed the last time; empty where the records no longer tell.

    Returns:
        explanation (lines), record_says (field, value), working_days (start, start_on, working_days, days: on, number,
        name of what is skipped; due_on), late_days (the weekdays skipped in counting how late it is), references.
    """
    from due_regard.assessment.explanation import explain_rule

    lines: list[str] = []
    with suppress(SettingsError, CalendarError):
        lines = explain_rule(
            records, known.history, known.calendar, found["last_as_at"], found["rule"], found["subject_ref"]
        )
    return {
        "explanation": lines,
        "record_says": _list_facts(records, known, found, duty),
        "working_days": _describe_count(records, known, found, duty),
        "late_days": _list_late_holidays(known, found, duty),
        "references": find_references(records, found["subject_type"], found["subject_ref"]),
    }


def _list_facts(
    records: Records, known: LandlordContext, found: dict[str, Any], duty: Duty | None
) -> list[dict[str, str]]:
    from due_regard.assessment.explanation import find_recorded_facts

    if duty is None or ENTITY_OF_SUBJECT.get(found["subject_type"]) is None:
        return []
    with suppress(SettingsError, PolicyError):
        facts = find_recorded_facts(records, known.history, found["last_as_at"], duty, found["subject_ref"])
        return [{"field": field, "value": value} for field, value in facts.items()]
    return []


def _describe_count(
    records: Records, known: LandlordContext, found: dict[str, Any], duty: Duty | None
) -> dict[str, Any] | None:
    from due_regard.assessment.counted_days import find_day_count

    if duty is None or found["due_on"] is None:
        return None
    count = None
    with suppress(CalendarError):
        count = find_day_count(
            records,
            known.history,
            duty,
            known.calendar,
            subject=found["subject_ref"],
            due_on=found["due_on"],
            as_at=found["last_as_at"],
        )
    if count is None:
        return None
    days = [
        {
            "on": day.on.isoformat(),
            "number": day.number,
            "holiday": _name_day(known, day.on) if day.number is None else None,
        }
        for day in count.days
    ]
    return {
        "start": count.start,
        "start_on": count.start_on.isoformat(),
        "working_days": count.working_days,
        "days": days,
        "due_on": count.due_on.isoformat(),
    }


def _list_late_holidays(known: LandlordContext, found: dict[str, Any], duty: Duty | None) -> list[dict[str, str]]:
    is_counted = duty is not None and duty.days_unit == "working days" and found["days_overdue"]
    if not is_counted or found["due_on"] is None:
        return []
    end = found["done_on"] or found["last_as_at"]
    with suppress(CalendarError):
        skipped = known.calendar.skipped(found["due_on"], end)
        return [{"on": day.isoformat(), "holiday": _name_day(known, day)} for day in skipped]
    return []


def _name_day(known: LandlordContext, day: date) -> str:
    return name_holiday(known.landlord.division, day, known.landlord.closure_days)


def find_references(records: Records, subject_type: str, ref: str) -> list[dict[str, str]]:
    """The landlord's own references of a case: the subject's, and those it links to, also through its restriction."""
    found = {subject_type: ref}
    for of in (subject_type, "restriction"):
        for name in _REFERENCES:
            linked = _read_cell(records, of, found.get(of), name)
            if linked is not None:
                found.setdefault(name.removesuffix("_ref"), linked)
    return [{"of": of, "ref": linked} for of, linked in found.items()]


def _read_cell(records: Records, subject_type: str, ref: str | None, name: str) -> str | None:
    entity = ENTITY_OF_SUBJECT.get(subject_type)
    if entity is None or ref is None or name not in records.get(entity.name, ()):
        return None
    frame = records[entity.name]
    cells = frame.loc[frame[entity.key] == ref, name].dropna()
    return None if cells.empty else str(cells.iloc[0])
