"""Tell data owners what did not run: work that failed or was killed, days not assessed in time, a watch that is silent.

Nothing here waits to be called back by a task that ended badly: a killed one calls nobody. Whatever runs next asks the
register. What is told, is told once; what could not be handed over stays in the outbox. Two watches call it, of which
either is enough: Airflow's DAG and `due-regard watch` outside Airflow.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import DueRegardError, RegisterError
from due_regard.services.landlord_context import list_landlords_to_run, open_landlord_register
from due_regard.services.post_mail import (
    make_mail_context,
    post_overdue_run,
    post_register_faults,
    send_landlord_mail,
)
from due_regard.services.post_waiting_packs import post_waiting_packs
from due_regard.services.result import Result
from due_regard.services.tell_late_days import FindSwitch, find_no_switch, tell_late_days

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.mail.builder import MailContext
    from due_regard.register.task_runs import OverdueRun

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


def watch_landlords(
    settings: Settings,
    *,
    now: datetime,
    watch: str = "airflow",
    find_switch: FindSwitch = find_no_switch,
    upgrade: bool = True,
) -> Result:
    """Tell each data owner what did not run or was not assessed in time, and hand over each landlord's waiting mail.

    The days whose views of named records are over are sealed first, whatever becomes of the mail. Packs that people
    approved meanwhile go on their way, too. That it has looked is noted for each landlord, for the other watch to see.

    Args:
        settings: the installation.
        now: the instant.
        watch: which one looks, `airflow` or `outside`.
        find_switch: whether Airflow runs a DAG, where it can be asked.
        upgrade: create or migrate a register where it must be, as a DAG does.

    Returns:
        told (mails posted), untold (landlord -> why its data owner could not be told), late (landlord -> its newest
        day, where that is not assessed yet), silent (the other watch, where it missed its last look -> since when).
    """
    late: dict[str, str] = {}
    silent: dict[str, str] = {}

    def watch_landlord(engine: Engine, context: MailContext, overdue: Sequence[OverdueRun]) -> int:
        name = context.landlord.id
        seal_views(engine, name, now=now)
        told = _post_overdue_runs(engine, context, overdue)
        found = tell_late_days(engine, context, watch=watch, find_switch=find_switch)
        if found.still_late is not None:
            late[name] = found.still_late.isoformat()
        silent.update({which: seen.isoformat() for which, seen in found.silent.items()})
        note_watch(engine, name, watch, now=now)
        try:
            post_waiting_packs(engine, settings, context)
        finally:
            send_landlord_mail(engine, settings, name, now=now)
        return told + found.told

    from due_regard.register import seal_views
    from due_regard.register.task_runs import note_watch

    told = 0
    untold: dict[str, str] = {}
    for names in settings.registers(list_landlords_to_run(settings)).values():
        try:
            result = _ask_register(settings, names, watch_landlord, now=now, upgrade=upgrade)
        except RegisterError as reason:
            untold |= dict.fromkeys(names, str(reason))
        else:
            told, untold = told + result["told"], untold | result["untold"]
    return {"told": told, "untold": untold, "late": late, "silent": silent}


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
    upgrade: bool = True,
) -> Result:
    """What `ask` told of each landlord of one register; one whose settings are wrong stops no other."""
    from due_regard.register.task_runs import list_overdue_runs

    told = 0
    untold: dict[str, str] = {}
    with open_landlord_register(settings, names[0], upgrade=upgrade) as engine:
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
