"""The words a manager reads about one finding: when, why now, who else, how to put it right.

Plain words, whole dates with their weekday, never a duty's name that betrays what happened. Layout is the templates'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import count_days_late, count_days_left, find_next_stage
from due_regard.alerts.mail_content import FindingLine, MailContent
from due_regard.alerts.recipients import Recipient, name_post
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import AlertSettings

BETRAYING = re.compile(
    r"police|violen|threat|assault|harass|discriminat|care inspectorate|support service|named publicly|abus|weapon"
    r"|vulnerab|debrief|criminal|court|hate",
    re.IGNORECASE,
)
"""Words that would tell a reader over a shoulder what happened: a policy's own words are held to them, too."""


def format_day(on: date) -> str:
    """A date as people say it: Fri 3 July 2026."""
    return f"{on:%a} {on.day} {on:%B %Y}"


def format_count(n: int, one: str, many: str | None = None) -> str:
    """`1 duty`, `2 duties`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def find_label(case: Case) -> str:
    """The duty in neutral words; where a policy's own would betray something, its clause alone."""
    words = case.duty.mail_label
    return f"A duty under clause {case.finding.clause}" if BETRAYING.search(words) else words


def find_remedy(case: Case) -> str:
    """How to put it right, in words that betray nothing."""
    if not case.duty.curable:
        return (
            "Nothing done now can put this right, so you will not be reminded. It is counted in the committee's paper; "
            "note in the register why it happened."
        )
    words = case.duty.remedy
    if BETRAYING.search(words):
        return f"Open {case.finding.register_ref} in the register and complete what clause {case.finding.clause} asks."
    return words


def describe_timing(case: Case, as_at: date, calendar: WorkingCalendar) -> str:
    """Due date and distance, or of a check when it was first seen; and whether somebody says it is done."""
    pending = "; reported done, awaiting the next export" if case.finding.is_awaiting else ""
    return _describe_distance(case, as_at, calendar) + pending


def _describe_distance(case: Case, as_at: date, calendar: WorkingCalendar) -> str:
    clock = case.clock
    unit = "working day" if clock.in_working_days else "day"
    if clock.is_check:
        return f"First seen on {format_day(case.finding.opened_on)}"
    if as_at < clock.anchor:
        return f"Due by {format_day(clock.anchor)}, in {format_count(count_days_left(clock, as_at, calendar), unit)}"
    if as_at == clock.anchor:
        return f"Due today, {format_day(clock.anchor)}"
    late = count_days_late(clock, as_at, calendar)
    return f"Was due {format_day(clock.anchor)}" + (f", {format_count(late, unit)} late" if late else "")


def choose_badge(case: Case, as_at: date) -> tuple[str, Literal["late", "soon", "plain"]]:
    """State in two words, and its colour (never colour alone)."""
    if case.clock.is_check:
        return ("To put right", "late") if case.duty.curable else ("For your information", "plain")
    if as_at < case.clock.anchor:
        return "Due soon", "soon"
    return ("Due today", "soon") if as_at == case.clock.anchor else ("Overdue", "late")


def describe_escalation(
    case: Case, told: Sequence[Recipient], as_at: date, calendar: WorkingCalendar, alerts: AlertSettings
) -> str:
    """Who else is told today, and who is told next and when."""
    if case.is_restricted:
        return "Only you and those the policy names are told. It goes no further by mail."
    posts = _join_words([recipient.name for recipient in told])
    also = f"Also told: {posts}. " if posts else ""
    coming = find_next_stage(case.clock, case.stage, as_at, calendar=calendar, alerts=alerts)
    if not case.duty.curable:
        return f"{also}It goes no further by mail."
    if coming is None:
        return f"{also}It has reached the last stage."
    step, on = coming
    return f"{also}If it is still open on {format_day(on)}, {name_post(step.word)} is told."


def build_finding_line(
    case: Case,
    recipient: Recipient,
    others: Sequence[Recipient],
    news: str,
    *,
    as_at: date,
    calendar: WorkingCalendar,
    alerts: AlertSettings,
) -> FindingLine:
    """`case` as told to `recipient`, with the `others` told of it."""
    words, tone = choose_badge(case, as_at)
    return FindingLine(
        ref=case.finding.register_ref,
        label=find_label(case),
        clause=case.finding.clause,
        badge=words,
        tone=tone,
        timing=describe_timing(case, as_at, calendar),
        remedy=find_remedy(case),
        capacity=recipient.capacity,
        news=news,
        further=describe_escalation(case, others, as_at, calendar, alerts),
        stage=case.stage,
        due_on=case.finding.due_on,
    )


def build_subject(content: MailContent, landlord: str) -> str:
    """The subject line: what is asked first, because a phone shows its beginning; never what about."""
    return f"{_describe_request(content)} - {landlord}"


def _describe_request(content: MailContent) -> str:
    if content.kind == "restricted":
        return f"{content.yours[0].ref} needs your attention"
    if content.drop_notice is not None:
        return "No new export, alerts are held back"
    parts = [words for words in _describe_counts(content) if words]
    if content.week is not None:
        troubles = format_count(content.week.to_mend, "thing") + " to mend"
        parts.insert(0, "Weekly all-clear" if content.week.is_clear else f"Weekly report, {troubles}")
    return ", ".join(parts)


def _describe_counts(content: MailContent) -> list[str]:
    new = [*content.yours, *content.raised]
    late = sum(item.badge == "Overdue" for item in new)
    today = sum(item.badge == "Due today" for item in new)
    soon = sum(item.badge == "Due soon" for item in new)
    rest = len(new) - late - today - soon
    return [
        f"{late} overdue" if late else "",
        f"{today} due today" if today else "",
        f"{soon} due soon" if soon else "",
        f"{rest} to put right" if rest else "",
        f"{len(content.still_open)} still open" if content.still_open else "",
        f"{len(content.backlog)} from before go-live" if content.backlog else "",
        f"{content.backlog_open} from before go-live still open" if content.backlog_open else "",
        f"{len(content.issues)} to mend in the data" if content.issues and content.week is None else "",
        f"{len(content.done)} done" if content.done and not new and not content.still_open else "",
    ]


def _join_words(words: Sequence[str]) -> str:
    unique = list(dict.fromkeys(words))
    return " and ".join([", ".join(unique[:-1]), unique[-1]]) if len(unique) > 1 else "".join(unique)
