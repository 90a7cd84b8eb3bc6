"""Coming reviews and deadlines: one month as a page, and the coming year as an iCalendar file to download.

Dates of open findings and of duties that are still pending, as at the last judged day; who may not hear of a
restricted duty does not see its date, nor is it counted.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_URL, uuid5

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.policy import PolicyHistory
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.read_case import Judging, find_judging
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset

if TYPE_CHECKING:
    from icalendar import Event

_YEARS = range(1990, 2100)
MOST_EVENTS = 1000
"""More is no calendar: the nearest are taken, and the file says how many there are."""


def show_month(
    settings: Settings, landlord: str, *, month: str | None, page: int, now: datetime, sees_restricted: bool
) -> Result:
    """The dates of one month (`2026-07`; None: that of the last judged day), the earliest first.

    Returns:
        landlord, landlord_name, as_at, month, first_day, previous, following (months; None beyond the calendar), total,
        page, pages, days: on, dates (label, clause, rule, subject_type, subject_ref, owner_role, state, register_ref of
        an open finding).

    Raises:
        SettingsError: there is no such month.
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading
    from due_regard.register.findings.coming_duties import count_dates_between, list_dates_between

    asked = None if month is None else parse_month(month)
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        first = asked or (judging.as_at or find_london_day(now)).replace(day=1)
        last = _find_next_month(first) - timedelta(days=1)
        bounds: dict[str, Any] = {"first": first, "last": last, "hidden": judging.hidden}
        shown = describe_page(count_dates_between(connection, landlord, **bounds), page)
        rows = list_dates_between(connection, landlord, **bounds, limit=PAGE_ROWS, offset=find_offset(page))
    dates = _describe_dates(settings, judging, rows)
    days = [{"on": on, "dates": list(each)} for on, each in groupby(dates, lambda one: one["due_on"])]
    around = {"previous": first - timedelta(days=1), "following": _find_next_month(first)}
    return (
        judging.describe()
        | {"month": f"{first:%Y-%m}", "first_day": first.isoformat()}
        | {name: f"{day:%Y-%m}" if day.year in _YEARS else None for name, day in around.items()}
        | shown
        | {"days": days}
    )


def parse_month(text: str) -> date:
    """The first day of a month written `2026-07`.

    Raises:
        SettingsError: it is written otherwise, or no calendar goes so far.
    """
    found = re.fullmatch(r"(\d{4})-(\d{2})", text, re.ASCII)
    if found is None or int(found[1]) not in _YEARS or not 1 <= int(found[2]) <= 12:
        raise SettingsError(f"a month is written like 2026-07, from {_YEARS[0]} to {_YEARS[-1]}")
    return date(int(found[1]), int(found[2]), 1)


def _find_next_month(first: date) -> date:
    return (first + timedelta(days=31)).replace(day=1)


def _describe_dates(settings: Settings, judging: Judging, rows: Sequence[Result]) -> list[Result]:
    """The dates as a page shows them, with the duty's label; the duty to report is the landlord's own."""
    from due_regard.packs import add_report_duty

    history = add_report_duty(judging.context.history, judging.context.landlord, reports=settings.reports_dir)
    return [_describe_date(row, history) for row in rows]


def _describe_date(row: Result, history: PolicyHistory) -> Result:
    duty = find_assessed_duty(history, row["rule"], row["policy_version"])
    said = {name: make_json_value(value) for name, value in row.items() if name != "policy_version"}
    labels = (row["rule"], row["rule"]) if duty is None else (duty.label, duty.mail_label)
    return said | dict(zip(("label", "mail_label"), labels, strict=True))


def build_calendar(settings: Settings, landlord: str, *, now: datetime, sees_restricted: bool) -> bytes:
    """The dates of the year from the last judged day as one iCalendar file (METHOD PUBLISH).

    An entry says the duty's neutral label and the reference, no more: calendars are looked at over shoulders. Where
    there are more than `MOST_EVENTS` dates, its description says so.
    """
    from icalendar import Calendar

    from due_regard.mail.wording import load_mail_wording
    from due_regard.register import reading
    from due_regard.register.findings.coming_duties import count_dates_between, list_dates_between

    rows: list[Result] = []
    total = 0
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        if judging.as_at is not None:
            bounds: dict[str, Any] = {"first": judging.as_at, "last": judging.as_at + timedelta(days=366)}
            bounds["hidden"] = judging.hidden
            total = count_dates_between(connection, landlord, **bounds)
            rows = list_dates_between(connection, landlord, **bounds, limit=MOST_EVENTS)
    words = load_mail_wording(settings.reports_dir / "mail").calendar_entry
    calendar = Calendar()
    for name, value in (("prodid", "-//Due Regard//calendar//EN"), ("version", "2.0"), ("calscale", "GREGORIAN")):
        calendar.add(name, value)
    calendar.add("method", "PUBLISH")
    calendar.add("x-wr-calname", f"Due Regard: {judging.context.landlord.name}")
    if total > len(rows):
        calendar.add("x-wr-caldesc", f"The nearest {len(rows):,} of {total:,} dates of the coming year.")
    for one in _describe_dates(settings, judging, rows):
        summary = words.format(label=one["mail_label"], ref=one["register_ref"] or one["subject_ref"])
        calendar.add_component(_build_event(landlord, one, summary, now))
    return bytes(calendar.to_ical())


def _build_event(landlord: str, one: Result, summary: str, now: datetime) -> Event:
    from icalendar import Event

    key = json.dumps([landlord, one["rule"], one["subject_type"], one["subject_ref"], one["occurrence"]])
    day, event = date.fromisoformat(one["due_on"]), Event()
    # The same before and after the duty becomes a finding: a calendar then moves the entry and adds none.
    event.add("uid", f"{uuid5(NAMESPACE_URL, key)}@due-regard")
    event.add("dtstamp", now)
    event.add("dtstart", day)
    event.add("dtend", day + timedelta(days=1))
    event.add("summary", summary)
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event
