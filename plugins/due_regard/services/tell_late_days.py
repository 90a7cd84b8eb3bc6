"""Tell a data owner on which days the landlord was not assessed in time and why, and that the other watch is silent.

The register says what came and what did not; Airflow is only asked, where it answers, whether the landlord's DAG is on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Literal

from due_regard.services.post_mail import post_late_assessment, post_silent_watch

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.alerts import LateDay
    from due_regard.mail.builder import MailContext
    from due_regard.register.task_runs import NewestWork

DagSwitch = Literal["on", "off", "unknown"]
"""Whether Airflow starts a DAG's runs; `unknown`: it has never heard of that DAG."""

FindSwitch = Callable[[str], DagSwitch | None]
"""Gives the switch of the DAG of an id; None where Airflow cannot be asked."""


@dataclass(frozen=True)
class ToldLateness:
    """What was found of a landlord, and how many mails were posted about it.

    Attributes:
        still_late: the newest day that should be assessed by now, where it is not.
        silent: the other watch, where it missed its last look, and when it was last there.
        told: mails posted.
    """

    still_late: date | None
    silent: Mapping[str, datetime]
    told: int


def find_no_switch(dag_id: str) -> DagSwitch | None:
    """Outside Airflow: its database is no business of a watch that must live without it."""
    return None


def tell_late_days(engine: Engine, context: MailContext, *, watch: str, find_switch: FindSwitch) -> ToldLateness:
    """Post one mail about the landlord's late days, and one about the other watch where none says it already.

    Args:
        engine: the landlord's register.
        context: of the landlord's mails.
        watch: the one that asks.
        find_switch: whether Airflow runs a DAG.
    """
    from due_regard.alerts import (
        find_late_days,
        find_silent_watches,
        find_still_late,
        find_work_of_day,
        list_waited_days,
    )
    from due_regard.register import reading
    from due_regard.register.task_runs import read_watches

    landlord, now = context.landlord, context.now
    with reading(engine, landlord.id) as connection:
        days = find_late_days(connection, landlord, context.calendar, now=now)
        work = find_work_of_day(connection, landlord.id, days[-1].day) if days else None
        signs = read_watches(connection, landlord.id)
        is_waited_for = bool(list_waited_days(connection, landlord, [context.today]))
    others = {name: seen for name, seen in signs.items() if name != watch}
    silent = find_silent_watches(others, now=now)
    told = 0
    if days:
        why = _describe_cause(context, days, work, find_switch, silent)
        told += post_late_assessment(engine, context, days, why=why)
    # On a day that is late its own mail says so; a silence is told once, whenever it is seen.
    if is_waited_for and context.today not in [late.day for late in days]:
        for name, seen in silent.items():
            told += post_silent_watch(engine, context, name, seen, text=_describe_silence(context, name, seen))
    return ToldLateness(find_still_late(days, landlord, context.calendar, now=now), silent, told)


def _describe_cause(
    context: MailContext,
    days: Sequence[LateDay],
    work: NewestWork | None,
    find_switch: FindSwitch,
    silent: Mapping[str, datetime],
) -> str:
    """What is known of the newest of the days, in sentences of one paragraph each."""
    dag = f"{context.landlord.id}.daily"
    switch, wording = find_switch(dag), context.wording
    if switch == "off":
        said = wording.data_owner.why_switched_off.format(dag=dag)
    elif switch == "unknown":
        said = wording.data_owner.why_unknown_dag.format(dag=dag)
    elif days[-1].assessed_at is not None:
        said = wording.data_owner.why_over
    else:
        said = _describe_work(context, work)
    return "\n\n".join([said, *(_describe_silence(context, name, seen) for name, seen in silent.items())])


def _describe_work(context: MailContext, work: NewestWork | None) -> str:
    from due_regard.mail.wording import format_moment
    from due_regard.register.task_runs import FAILED, RUNNING

    wording = context.wording
    if work is None:
        return wording.data_owner.why_not_begun
    sentence = {RUNNING: wording.data_owner.why_running, FAILED: wording.data_owner.why_failed}.get(
        work.outcome, wording.data_owner.why_ended
    )
    return sentence.format(task=work.verb, at=format_moment(work.started_at))


def _describe_silence(context: MailContext, watch: str, seen: datetime) -> str:
    from due_regard.alerts.silent_watches import AIRFLOW
    from due_regard.mail.wording import format_moment

    wording = context.wording
    sentence = wording.data_owner.silent_airflow if watch == AIRFLOW else wording.data_owner.silent_outside
    return sentence.format(at=format_moment(seen))
