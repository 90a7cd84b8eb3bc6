"""Whether everything ran in time, and whether a landlord's exports come often enough; `doctor` and a watchdog ask.

An answer is a list of sentences, each with what to do; an empty list means that nothing is wrong.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, Engine, func, select

from due_regard.alerts.freshness import CADENCE_DAYS, read_freshness
from due_regard.alerts.late_days import find_late_days, find_still_late
from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.mail.wording import MailWording, format_count, format_day
from due_regard.policy import CheckDuty, PolicyHistory
from due_regard.register.engines import reading
from due_regard.register.schema.alert_tables import AlertDay, AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun


def find_late_runs(
    engine: Engine, landlord: Landlord, calendar: WorkingCalendar, wording: MailWording, *, now: datetime
) -> list[str]:
    """What of intake, assessment and alerts has not run in time for `landlord`, in sentences.

    Assessment and alerts are due every working day; that of the last working day is in time until today's hour.
    """
    today = find_london_day(now)
    last_working = calendar.shift(today, -1)
    with reading(engine, landlord.id) as conn:
        freshness = read_freshness(conn, landlord, calendar, wording, now=now)
        assessed = conn.scalar(select(func.max(AssessmentRun.recorded_at)).where(AssessmentRun.landlord == landlord.id))
        alerted = conn.scalar(select(func.max(AlertDay.last_run_at)).where(AlertDay.landlord == landlord.id))
        stuck = _count_stuck_mails(conn, landlord.id, last_working)
        days = find_late_days(conn, landlord, calendar, now=now)
    found = [f"{landlord.id}: intake: {freshness.trouble}"] if freshness.key is not None else []
    if freshness.last_on is None and freshness.key is None:
        found.append(f"{landlord.id}: intake: no drop has ever been taken in")
    found += _describe_late_run(landlord.id, "assessment", assessed, last_working) or _describe_late_day(
        landlord, find_still_late(days, landlord, calendar, now=now)
    )
    found += _describe_late_run(landlord.id, "alerts", alerted, last_working)
    return found + stuck


def find_slow_cadences(landlord: Landlord, history: PolicyHistory, *, on: date) -> list[str]:
    """Duties whose notice is shorter than the time between two drops: they may be overdue before anybody is told."""
    days = CADENCE_DAYS[landlord.cadence]
    found = []
    for duty in history.find_version(on).duties:
        if isinstance(duty, CheckDuty):
            continue
        notice = duty.notice
        # Five working days are a week of the calendar.
        length = notice.days if notice.days is not None else (notice.working_days or 0) * 7 // 5
        if length < days:
            unit = "day" if notice.days is not None else "working day"
            distance = format_count(notice.days if notice.days is not None else notice.working_days or 0, unit)
            found.append(
                f"{landlord.id}: {duty.rule} (clause {duty.clause}) gives {distance} of notice, but drops are "
                f"{landlord.cadence}: have them delivered daily, or expect alerts after the date"
            )
    return found


def _describe_late_run(landlord: str, what: str, ran_at: datetime | None, last_working: date) -> list[str]:
    if ran_at is None:
        return [f"{landlord}: {what} has never run"]
    ran_on = find_london_day(ran_at)
    if ran_on >= last_working:
        return []
    return [f"{landlord}: {what} last ran on {format_day(ran_on)}; look at the scheduler and at failed runs"]


def _describe_late_day(landlord: Landlord, day: date | None) -> list[str]:
    if day is None:
        return []
    by = f"{landlord.alerts.assessed_by:%H:%M}"
    return [f"{landlord.id}: not assessed by {by} on {format_day(day)}; look at the scheduler and at failed runs"]


def _count_stuck_mails(conn: Connection, landlord: str, before: date) -> list[str]:
    rows = select(func.count()).select_from(AlertMessage).where(AlertMessage.landlord == landlord)
    rows = rows.where(AlertMessage.status.in_(("waiting", "sending")), AlertMessage.mail_on < before)
    n = conn.scalar(rows) or 0
    stuck = f"{landlord}: {format_count(n, 'mail')} composed before {format_day(before)} could not be handed over"
    return [stuck] if n else []
