"""Tell data owners what did not run: work that failed or was killed, and days on which nobody was assessed in time.

Nothing here waits to be called back by a task that ended badly: a killed one calls nobody. Whatever runs next asks the
register. What is told, is told once; what could not be handed over stays in the outbox.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import LONDON, find_london_day
from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.post_mail import (
    make_mail_context,
    post_late_assessment,
    post_overdue_run,
    post_register_faults,
    send_landlord_mail,
)
from due_regard.services.post_waiting_packs import post_waiting_packs
from due_regard.services.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.mail.builder import MailContext
    from due_regard.register.task_runs import OverdueRun

ASSESSED_BY = time(7, 30)
"""London time by which each landlord is assessed on each of its working days, or its data owner hears."""

_DAYS_BACK = 5
"""How many working days before today are asked about: an installation may have been off for some."""

_log = logging.getLogger(__name__)


def report_overdue_runs(settings: Settings, names: Sequence[str], *, now: datetime) -> Result:
    """Mail the data owners of those of `names` whose runs failed or never ended; `names` share one register.

    Returns:
        told (mails posted), untold (landlord -> why its data owner could not be told).
    """

    def report_runs(engine: Engine, context: MailContext, overdue: Sequence[OverdueRun]) -> int:
        if told := _post_overdue_runs(engine, context, overdue):
            send_landlord_mail(engine, settings, context.landlord.id, now=now)
        return told

    return _ask_register(settings, names, report_runs, now=now, only_overdue=True)


def watch_landlords(settings: Settings, *, now: datetime) -> Result:
    """Tell each data owner what did not run or was not assessed in time, and hand over each landlord's waiting mail.

    The days whose views of named records are over are sealed first, whatever becomes of the mail. Packs that people
    approved meanwhile go on their way, too.

    Returns:
        told (mails posted), untold (landlord -> why its data owner could not be told).
    """

    def watch_landlord(engine: Engine, context: MailContext, overdue: Sequence[OverdueRun]) -> int:
        seal_views(engine, context.landlord.id, now=now)
        told = _post_overdue_runs(engine, context, overdue)
        if days := find_late_days(engine, context.landlord.id, context.calendar, now=now):
            told += post_late_assessment(engine, context, days, by=f"{ASSESSED_BY:%H:%M}")
        try:
            post_waiting_packs(engine, settings, context)
        finally:
            send_landlord_mail(engine, settings, context.landlord.id, now=now)
        return told

    from due_regard.register import seal_views

    told = 0
    untold: dict[str, str] = {}
    for names in settings.registers(list_landlords_to_run(settings)).values():
        try:
            result = _ask_register(settings, names, watch_landlord, now=now)
        except RegisterError as reason:
            untold |= dict.fromkeys(names, str(reason))
        else:
            told, untold = told + result["told"], untold | result["untold"]
    return {"told": told, "untold": untold}


def report_register_faults(
    settings: Settings, names: Sequence[str], faults: Mapping[str, Mapping[str, int]], *, now: datetime
) -> Result:
    """Mail the data owners of those of `names` of whom something in their register does not hold; once a day.

    `faults` says of whom how much in which table does not hold; what is of no landlord (`-`) concerns each of `names`.

    Returns:
        told (mails posted), untold (landlord -> why its data owner could not be told).
    """
    told = 0
    untold: dict[str, str] = {}
    for name in names:
        if not (tables := {**faults.get("-", {}), **faults.get(name, {})}):
            continue
        try:
            with open_landlord_register(settings, name) as engine:
                told += post_register_faults(engine, _load_mail_context(settings, name, now), tables)
                send_landlord_mail(engine, settings, name, now=now)
        except DueRegardError as reason:
            _log.warning("%s: its data owner could not be told: %s", name, reason)
            untold[name] = str(reason)
    return {"told": told, "untold": untold}


def _ask_register(
    settings: Settings,
    names: Sequence[str],
    ask: Callable[[Engine, MailContext, Sequence[OverdueRun]], int],
    *,
    now: datetime,
    only_overdue: bool = False,
) -> Result:
    """What `ask` told of each landlord of one register; one whose settings are wrong stops no other."""
    from due_regard.register.task_runs import list_overdue_runs

    told = 0
    untold: dict[str, str] = {}
    with open_landlord_register(settings, names[0], upgrade=True) as engine:
        every = list_overdue_runs(engine, now=now)
        for name in names:
            overdue = [run for run in every if run.key.landlord == name]
            if only_overdue and not overdue:
                continue
            try:
                told += ask(engine, _load_mail_context(settings, name, now), overdue)
            except DueRegardError as reason:
                _log.warning("%s: its data owner could not be told: %s", name, reason)
                untold[name] = str(reason)
    return {"told": told, "untold": untold}


def _load_mail_context(settings: Settings, name: str, now: datetime) -> MailContext:
    """What a mail to the data owner needs: no policy, which may be what failed."""
    landlord = load_landlord(settings.landlords_dir, name)
    calendar = load_calendar(landlord.division, landlord.closure_days, folder=settings.calendars_dir)
    return make_mail_context(settings, landlord, calendar, now=now)


def _post_overdue_runs(engine: Engine, context: MailContext, overdue: Sequence[OverdueRun]) -> int:
    return sum([post_overdue_run(engine, context, run) for run in overdue])


def find_late_days(engine: Engine, landlord: str, calendar: WorkingCalendar, *, now: datetime) -> list[date]:
    """Today, if its time is over, and the working days before it on which the landlord was not assessed in time.

    Days up to the one on which work was first done for the landlord are not asked about: it was not yet run here.
    """
    from due_regard.register.task_runs import find_first_sign, read_assessed_days

    if (first := find_first_sign(engine, landlord)) is None:
        return []
    today = find_london_day(now)
    days = [*(calendar.shift(today, -back) for back in range(_DAYS_BACK, 0, -1)), today]
    asked = [day for day in days if calendar.is_working(day) and day > find_london_day(first)]
    assessed = read_assessed_days(engine, landlord, since=days[0])
    return [day for day in asked if find_deadline(day) <= min(now, assessed.get(day, now))]


def find_deadline(day: date) -> datetime:
    """The instant by which a landlord is assessed on `day`."""
    return datetime.combine(day, ASSESSED_BY, LONDON)
