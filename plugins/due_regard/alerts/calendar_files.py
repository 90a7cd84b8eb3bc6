"""Calendar entries of coming review dates (RFC 5545): one UID a finding, updated when the date moves, then cancelled.

digest.py decides which dates are sent; what was sent before is in the register, so a UID's sequence only grows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from icalendar import Calendar, Event

from due_regard.mail.builder import Attachment, MailContext


@dataclass(frozen=True)
class CalendarEntry:
    """One date in a recipient's calendar; `sequence` grows with each change."""

    finding_id: int
    register_ref: str
    label: str
    due_on: date
    sequence: int
    is_cancelled: bool


def build_calendar_files(entries: Sequence[CalendarEntry], context: MailContext) -> list[Attachment]:
    """At most two files: dates to enter or move (PUBLISH), dates to take out (CANCEL)."""
    kept = [entry for entry in entries if not entry.is_cancelled]
    gone = [entry for entry in entries if entry.is_cancelled]
    files = (("review-dates.ics", "PUBLISH", kept), ("cancelled-dates.ics", "CANCEL", gone))
    return [
        Attachment(
            name, _build_calendar(some, method, context), "text", "calendar", {"method": method, "charset": "utf-8"}
        )
        for name, method, some in files
        if some
    ]


def _build_calendar(entries: Sequence[CalendarEntry], method: str, context: MailContext) -> bytes:
    calendar = Calendar()
    calendar.add("prodid", "-//Due Regard//alerts//EN")
    calendar.add("version", "2.0")
    calendar.add("method", method)
    for entry in entries:
        calendar.add_component(_build_event(entry, context))
    return bytes(calendar.to_ical())


def _build_event(entry: CalendarEntry, context: MailContext) -> Event:
    event = Event()
    # The same finding has the same UID for ever.
    event.add("uid", f"{entry.register_ref}.{context.landlord.id}@{context.domain}")
    event.add("dtstamp", context.now)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.due_on)
    event.add("dtend", entry.due_on + timedelta(days=1))
    event.add("summary", context.wording.calendar_entry.format(label=entry.label, ref=entry.register_ref))
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    event.add("organizer", f"mailto:{context.sender}")
    return event
