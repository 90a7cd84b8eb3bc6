"""How one assessment came about: what is recorded, the conditions, the days counted, the clause, the outcome.

Reads the same records as the engine and assesses nothing itself. What is recorded of the subject is
recorded_facts.py's; references are shown as recorded or blank, never spelt out.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import pandas as pd

from due_regard.assessment.assessment_rows import AssessmentClock
from due_regard.assessment.derived_roles import add_derived_roles
from due_regard.assessment.engine import assess_records, find_entity_name
from due_regard.assessment.recorded_facts import LaterFacts, find_facts, format_weekday, list_facts
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.errors import SettingsError
from due_regard.policy import DeadlineDuty, DocumentDuty, Duty, PolicyHistory
from due_regard.policy.duty_wording import describe_code, describe_duty, describe_failure, format_many
from due_regard.records.canonical import Records

_MOST_DAYS = 30


def explain_rule(
    records: Records, history: PolicyHistory, calendar: WorkingCalendar, as_at: date, rule: str, subject: str
) -> list[str]:
    """Lines that explain every occurrence of `rule` for `subject` on `as_at`, version by version of the policy.

    Raises:
        PolicyError: the policy has no such rule.
        SettingsError: no such subject exists on that date.
    """
    history.find_duty(rule)
    found = assess_records(records, history.keep_rules({rule}), calendar, as_at)
    mine = found[(found["rule"] == rule) & (found["subject_ref"] == subject)]
    derived = add_derived_roles(records)
    known = RecordsAsAt(derived, as_at, history.role_levels)
    row = _find_row(known, history, rule, subject)
    later = None if row is None else _find_later_facts(derived, find_entity_name(rule), subject)
    lines = [f"{rule} of one {describe_code(rule.split('.')[0])} at {history.landlord}, as at {format_weekday(as_at)}"]
    versions = sorted({day.date() for day in mine["policy_version"]}) or [history.find_version(as_at).effective_from]
    for version in versions:
        duty = _find_duty_version(history, rule, version)
        lines += ["", *_describe_basis(duty, version)]
        lines += [] if row is None or isinstance(duty, DocumentDuty) else list_facts(known, duty, row, later)
        for each in mine[mine["policy_version"] == pd.Timestamp(version)].itertuples(index=False):
            lines += _describe_outcome(duty, each, AssessmentClock(as_at, calendar), history)
    if mine.empty:
        lines.append("Outcome: the duty does not apply, so there is no row.")
    elif row is None and not isinstance(duty, DocumentDuty):
        lines.append(f"No file of {find_entity_name(rule)} was ever delivered.")
    return lines


def find_recorded_facts(
    records: Records, history: PolicyHistory, as_at: date, duty: Duty, subject: str
) -> dict[str, str]:
    """What a duty asks for of a subject -> what is recorded of it on `as_at`; references are never spelt out.

    Raises:
        SettingsError: no such subject exists on that date.
    """
    derived = add_derived_roles(records)
    known = RecordsAsAt(derived, as_at, history.role_levels)
    row = _find_row(known, history, duty.rule, subject)
    if row is None or isinstance(duty, DocumentDuty):
        return {}
    return find_facts(known, duty, row, _find_later_facts(derived, find_entity_name(duty.rule), subject))


def _find_duty_version(history: PolicyHistory, rule: str, version: date) -> Duty:
    """What that version says of the rule; the latest that has it, where that one has not."""
    there = any(policy.effective_from == version and rule in policy.rules for policy in history.versions)
    return history.find_duty(rule, version if there else None)


def _find_row(records: RecordsAsAt, history: PolicyHistory, rule: str, subject: str) -> int | None:
    """Row of the subject in its entity; None where the subject is the landlord itself."""
    entity = find_entity_name(rule)
    if not records.is_delivered(entity):
        if subject != history.landlord:
            lacking = f"no file of {entity} was ever delivered; " if entity else ""
            raise SettingsError(f"{lacking}the subject of {rule} is the landlord: {history.landlord}")
        return None
    place = int(records.list_keys(entity).index(subject).as_py())
    if place < 0:
        raise SettingsError(f"no such record in {entity} on that date; it may be later, rejected or misspelt")
    return place


def _find_later_facts(records: Records, entity: str, subject: str) -> LaterFacts:
    """The subject in the same records without a date that hides anything."""
    every = RecordsAsAt(records, date.max)
    return LaterFacts(every, int(every.list_keys(entity).index(subject).as_py()))


def _describe_basis(duty: Duty, version: date) -> Iterator[str]:
    yield f"Clause {duty.clause}, in force from {format_weekday(version)}: {duty.label}"
    if duty.promise:
        yield f'The policy says: "{duty.promise}"'
    yield describe_duty(duty)
    if duty.reading:
        yield f"Our reading: {duty.reading}"


def _describe_outcome(duty: Duty, row: Any, clock: AssessmentClock, history: PolicyHistory) -> Iterator[str]:
    dates = [
        f", {word} {format_weekday(day)}"
        for word, day in (("due", row.due_on), ("done", row.done_on))
        if not pd.isna(day)
    ]
    late = f", {format_many(row.days_overdue, _name_unit(duty))} late" if row.state in {"late", "overdue"} else ""
    number = f" {row.occurrence}" if duty.kind == "review" else ""
    yield f"Outcome{number}: {describe_code(row.state)}{''.join(dates)}{late}"
    if row.state == "not_measured":
        undated = "the policy file does not say when the document was approved (approved_on)"
        unsaid = "the source lacks what it asks for, or holds a word for it that is not known"
        why = undated if isinstance(duty, DocumentDuty) else unsaid
        yield f"  It cannot be told: {why}."
    elif row.state not in {"met", "pending"}:
        here = f" Here: {describe_code(row.severity)}." if duty.severity_where else ""
        yield f"  {describe_failure(duty)}{here}"
    if isinstance(duty, DeadlineDuty) and not pd.isna(row.due_on):
        counting = history.find_version(row.policy_version.date()).counting
        yield from (f"  {line}" for line in _describe_count(duty, row.due_on.date(), clock, counting))
    if row.days_overdue and _name_unit(duty) == "working day":
        end = clock.day if pd.isna(row.done_on) else row.done_on.date()
        yield f"  {_describe_skipped_days(clock.calendar, row.due_on.date(), end, 'counting the days late')}"


def _describe_count(duty: DeadlineDuty, due: date, clock: AssessmentClock, counting: Any) -> Iterator[str]:
    count = duty.within.working_days if duty.within is not None else None
    if count is None:
        if duty.roll:
            yield f"A due date that is no working day is moved to the next one; {format_weekday(due)} is one."
        return
    shown = min(count, _MOST_DAYS)
    days = [clock.calendar.shift(due, -back) for back in range(shown - 1, 0, -1)] + [due]
    listed = ", ".join(f"{number} {format_weekday(day)}" for number, day in enumerate(days, count - shown + 1))
    yield f"Working days counted ({counting}): {listed}"
    yield _describe_skipped_days(clock.calendar, clock.calendar.shift(days[0], -1), due, "counting to the due date")


def _describe_skipped_days(calendar: WorkingCalendar, after: date, to: date, what: str) -> str:
    days = ", ".join(format_weekday(day) for day in calendar.skipped(after, to))
    return f"Holidays and closure days skipped {what}: {days or 'none'}"


def _name_unit(duty: Duty) -> str:
    return "day" if duty.notice.working_days is None else "working day"  # type: ignore[union-attr]
