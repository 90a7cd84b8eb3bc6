"""A calendar entry of a coming review date (RFC 5545, 5546): one UID a finding, moved with the date, then cancelled.

Outlook takes an entry from a mail only where it is the mail's one REQUEST or CANCEL, beside its text: of several events
it reads the first, and PUBLISH or an attachment alone it does not offer. review_dates.py decides which dates are sent.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from icalendar import Alarm, Calendar, Event, vCalAddress

from due_regard.mail.builder import Attachment, MailContext
from due_regard.mail.wording import MailWording

DAY_BEFORE = timedelta(hours=-15)
WEEK_BEFORE = timedelta(days=-7) + timedelta(hours=9)
"""When the alarm rings, from midnight of the date: at nine on the day before, or where there is time, a week before."""


@dataclass(frozen=True)
class CalendarEntry:
    """One date in a recipient's calendar; `sequence` grows with each change."""

    finding_id: int
    register_ref: str
    label: str
    due_on: date
    sequence: int
    is_cancelled: bool


def build_calendar_file(entry: CalendarEntry, recipient: str, context: MailContext) -> Attachment:
    """The entry as a REQUEST (to enter or move the date) or a CANCEL (to take it out) to one recipient."""
    method = "CANCEL" if entry.is_cancelled else "REQUEST"
    calendar = Calendar()
    calendar.add("prodid", "-//Due Regard//alerts//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    calendar.add_component(_build_event(entry, recipient, context))
    data = bytes(calendar.to_ical())
    return Attachment("review-date.ics", data, "text", "calendar", {"charset": "utf-8", "method": method})


def _build_event(entry: CalendarEntry, recipient: str, context: MailContext) -> Event:
    event, wording = Event(), context.wording
    # The same finding has the same UID for ever.
    event.add("uid", f"{entry.register_ref}.{context.landlord.id}@{context.domain}")
    event.add("dtstamp", context.now)
    event.add("sequence", entry.sequence)
    event.add("dtstart", entry.due_on)
    event.add("dtend", entry.due_on + timedelta(days=1))
    event.add("summary", wording.calendar_entry.format(label=entry.label, ref=entry.register_ref))
    link = context.pages.link_finding(entry.register_ref)
    event.add("description", _describe_entry(entry, link, wording))
    if link:
        event.add("url", link)
    event.add("status", "CANCELLED" if entry.is_cancelled else "CONFIRMED")
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT")
    organizer, attendee = vCalAddress(f"mailto:{context.sender}"), vCalAddress(f"mailto:{recipient}")
    organizer.params["CN"] = "Due Regard"
    # Nobody reads answers: none is asked for.
    attendee.params.update({"ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "FALSE"})
    event.add("organizer", organizer)
    event.add("attendee", attendee)
    if not entry.is_cancelled:
        event.add_component(_build_alarm(entry, context))
    return event


def _describe_entry(entry: CalendarEntry, link: str, wording: MailWording) -> str:
    """What stands below the title; the link too, for few calendars show the one that an entry carries."""
    said = wording.calendar_date.cancelled if entry.is_cancelled else wording.calendar_date.entered
    return f"{said}\n{wording.page.open_finding.format(ref=entry.register_ref)}: {link}" if link else said


def _build_alarm(entry: CalendarEntry, context: MailContext) -> Alarm:
    has_week = context.today < entry.due_on - timedelta(days=7)
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", context.wording.calendar_entry.format(label=entry.label, ref=entry.register_ref))
    alarm.add("trigger", WEEK_BEFORE if has_week else DAY_BEFORE)
    return alarm
