"""The words a manager reads about one finding: when, why now, who else, how to put it right.

Plain words, whole dates with their weekday, never a duty's name that betrays what happened. Layout is the templates'.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Literal

from due_regard.alerts.cases import Case
from due_regard.alerts.ladder import days_late, days_left, next_stage
from due_regard.alerts.letters import Letter, Line
from due_regard.alerts.recipients import Recipient, post
from due_regard.landlords import Alerts
from due_regard.working_days import WorkingCalendar

BETRAYING = re.compile(
    r"police|violen|threat|assault|harass|discriminat|care inspectorate|support service|named publicly|abus|weapon"
    r"|vulnerab|debrief|criminal|court|hate",
    re.IGNORECASE,
)
"""Words that would tell a reader over a shoulder what happened: a policy's own words are held to them, too."""


def day(on: date) -> str:
    """A date as people say it: Fri 3 July 2026."""
    return f"{on:%a} {on.day} {on:%B %Y}"


def count(n: int, one: str, many: str | None = None) -> str:
    """`1 duty`, `2 duties`."""
    return f"{n} {one if n == 1 else many or one + 's'}"


def label(case: Case) -> str:
    """The duty in neutral words; where a policy's own would betray something, its clause alone."""
    words = case.duty.mail_label
    return f"A duty under clause {case.finding.clause}" if BETRAYING.search(words) else words


def remedy(case: Case) -> str:
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


def timing(case: Case, as_at: date, calendar: WorkingCalendar) -> str:
    """Due date and distance, or of a check when it was first seen; and whether somebody says it is done."""
    pending = "; reported done, awaiting the next export" if case.finding.is_awaiting else ""
    return _distance(case, as_at, calendar) + pending


def _distance(case: Case, as_at: date, calendar: WorkingCalendar) -> str:
    clock = case.clock
    unit = "working day" if clock.in_working_days else "day"
    if clock.is_check:
        return f"First seen on {day(case.finding.opened_on)}"
    if as_at < clock.anchor:
        return f"Due by {day(clock.anchor)}, in {count(days_left(clock, as_at, calendar), unit)}"
    if as_at == clock.anchor:
        return f"Due today, {day(clock.anchor)}"
    late = days_late(clock, as_at, calendar)
    return f"Was due {day(clock.anchor)}" + (f", {count(late, unit)} late" if late else "")


def badge(case: Case, as_at: date) -> tuple[str, Literal["late", "soon", "plain"]]:
    """State in two words, and its colour (never colour alone)."""
    if case.clock.is_check:
        return ("To put right", "late") if case.duty.curable else ("For your information", "plain")
    if as_at < case.clock.anchor:
        return "Due soon", "soon"
    return ("Due today", "soon") if as_at == case.clock.anchor else ("Overdue", "late")


def further(case: Case, told: Sequence[Recipient], as_at: date, calendar: WorkingCalendar, alerts: Alerts) -> str:
    """Who else is told today, and who is told next and when."""
    if case.is_restricted:
        return "Only you and those the policy names are told. It goes no further by mail."
    posts = _joined([recipient.name for recipient in told])
    also = f"Also told: {posts}. " if posts else ""
    coming = next_stage(case.clock, case.stage, as_at, calendar=calendar, alerts=alerts)
    if not case.duty.curable:
        return f"{also}It goes no further by mail."
    if coming is None:
        return f"{also}It has reached the last stage."
    rung, on = coming
    return f"{also}If it is still open on {day(on)}, {post(rung.word)} is told."


def line(
    case: Case,
    recipient: Recipient,
    others: Sequence[Recipient],
    news: str,
    *,
    as_at: date,
    calendar: WorkingCalendar,
    alerts: Alerts,
) -> Line:
    """`case` as told to `recipient`, with the `others` told of it."""
    words, tone = badge(case, as_at)
    return Line(
        ref=case.finding.register_ref,
        label=label(case),
        clause=case.finding.clause,
        badge=words,
        tone=tone,
        timing=timing(case, as_at, calendar),
        remedy=remedy(case),
        capacity=recipient.capacity,
        news=news,
        further=further(case, others, as_at, calendar, alerts),
        stage=case.stage,
        due_on=case.finding.due_on,
    )


def subject(letter: Letter, landlord: str) -> str:
    """The subject line: what is asked first, because a phone shows its beginning; never what about."""
    return f"{_asked(letter)} - {landlord}"


def _asked(letter: Letter) -> str:
    if letter.kind == "restricted":
        return f"{letter.yours[0].ref} needs your attention"
    if letter.drop_notice is not None:
        return "No new export, alerts are held back"
    parts = [words for words in _counts(letter) if words]
    if letter.week is not None:
        troubles = count(letter.week.to_mend, "thing") + " to mend"
        parts.insert(0, "Weekly all-clear" if letter.week.is_clear else f"Weekly report, {troubles}")
    return ", ".join(parts)


def _counts(letter: Letter) -> list[str]:
    new = [*letter.yours, *letter.raised]
    late = sum(item.badge == "Overdue" for item in new)
    today = sum(item.badge == "Due today" for item in new)
    soon = sum(item.badge == "Due soon" for item in new)
    rest = len(new) - late - today - soon
    return [
        f"{late} overdue" if late else "",
        f"{today} due today" if today else "",
        f"{soon} due soon" if soon else "",
        f"{rest} to put right" if rest else "",
        f"{len(letter.still_open)} still open" if letter.still_open else "",
        f"{len(letter.backlog)} from before go-live" if letter.backlog else "",
        f"{letter.backlog_open} from before go-live still open" if letter.backlog_open else "",
        f"{len(letter.faults)} to mend in the data" if letter.faults and letter.week is None else "",
        f"{len(letter.done)} done" if letter.done and not new and not letter.still_open else "",
    ]


def _joined(words: Sequence[str]) -> str:
    unique = list(dict.fromkeys(words))
    return " and ".join([", ".join(unique[:-1]), unique[-1]]) if len(unique) > 1 else "".join(unique)
