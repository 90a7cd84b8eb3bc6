"""Calendar entries of coming review dates (RFC 5545): one UID a finding, updated when the date moves, then cancelled.

Which dates are sent is compose's; what was sent before is in the register, so a UID's sequence only grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from icalendar import Calendar, Event


@dataclass(frozen=True)
class CalendarEntry:
    """One date in a recipient's calendar; `sequence` grows with each change."""

    finding_id: int
    register_ref: str
    label: str
    due_on: date
    sequence: int
    is_cancelled: bool


@dataclass(frozen=True)
class CalendarFile:
    """An attachment; its method says to a calendar whether to enter or to take out."""

    filename: str
    method: str
    data: bytes
    is_cancelled: bool


def build_calendars(
    entries: Sequence[CalendarEntry], *, landlord: str, organizer: str, domain: str, now: datetime
) -> list[CalendarFile]:
    """At most two files: dates to enter or move (PUBLISH), dates to take out (CANCEL)."""
    context = (landlord, organizer, domain, now)
    kept = [entry for entry in entries if not entry.is_cancelled]
    gone = [entry for entry in entries if entry.is_cancelled]
    found = []
    if kept:
        found.append(CalendarFile("review-dates.ics", "PUBLISH", _build_calendar(kept, "PUBLISH", *context), False))
    if gone:
        found.append(CalendarFile("cancelled-dates.ics", "CANCEL", _build_calendar(gone, "CANCEL", *context), True))
    return found


def make_entry_uid(entry: CalendarEntry, landlord: str, domain: str) -> str:
    """The same finding has the same UID for ever."""
    return f"{entry.register_ref}.{landlord}@{domain}"


def _build_calendar(
    entries: Sequence[CalendarEntry], method: str, landlord: str, organizer: str, domain: str, now: datetime
) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Due Regard//alerts//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        event = _build_event(entry, landlord, domain, now)
        event.add("organizer", f"mailto:{organizer}")
        calendar.add_component(event)
    return bytes(calendar.to_ical())


def _build_event(entry: CalendarEntry, landlord: str, domain: str, now: datetime) -> Event:
    event = Event()
    event.add("uid", make_entry_uid(entry, landlord, domain))
    event.add("dtstamp", now)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.due_on)
    event.add("dtend", entry.due_on + timedelta(days=1))
    event.add("summary", f"Due: {entry.label} ({entry.register_ref})")
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    return event
