"""What a watchdog and `doctor` ask of alerts: did everything run in time, is a landlord's cadence fast enough.

Answers are sentences with a way to mend what they name; an empty list is good news.
"""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Connection, Engine, func, select

from due_regard.alerts.finding_wording import format_count, format_day
from due_regard.alerts.freshness import CADENCE_DAYS, read_freshness
from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.policy import CheckDuty, PolicyHistory
from due_regard.register.engines import reading
from due_regard.register.schema.alert_tables import AlertDay, AlertMessage
from due_regard.register.schema.finding_tables import AssessmentRun


def find_late_runs(engine: Engine, landlord: Landlord, calendar: WorkingCalendar, *, now: datetime) -> list[str]:
    """What of intake, assessment and alerts has not run in time for `landlord`, in sentences.

    Assessment and alerts are due every working day; a run of the last working day is in time until today's is over.
    """
    today = find_london_day(now)
    last_working = calendar.shift(today, -1)
    with reading(engine, landlord.id) as conn:
        drop = read_freshness(conn, landlord, calendar, now=now)
        assessed = conn.scalar(select(func.max(AssessmentRun.recorded_at)).where(AssessmentRun.landlord == landlord.id))
        alerted = conn.scalar(select(AlertDay.last_run_at).where(AlertDay.landlord == landlord.id))
        stuck = _count_stuck_mails(conn, landlord.id, last_working)
    found = [f"{landlord.id}: intake: {drop.trouble}"] if drop.key is not None else []
    if drop.last_on is None and drop.key is None:
        found.append(f"{landlord.id}: intake: no drop has ever been taken in")
    found += _describe_late_run(landlord.id, "assessment", assessed, last_working)
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
            said = (
                format_count(notice.days, "day")
                if notice.days is not None
                else format_count(notice.working_days or 0, "working day")
            )
            found.append(
                f"{landlord.id}: {duty.rule} (clause {duty.clause}) gives {said} of notice, but drops are "
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


def _count_stuck_mails(conn: Connection, landlord: str, before: date) -> list[str]:
    rows = select(func.count()).select_from(AlertMessage).where(AlertMessage.landlord == landlord)
    rows = rows.where(AlertMessage.status.in_(("waiting", "sending")), AlertMessage.mail_on < before)
    n = conn.scalar(rows) or 0
    return (
        [f"{landlord}: {format_count(n, 'mail')} composed before {format_day(before)} could not be handed over"]
        if n
        else []
    )
