"""The steps of a landlord's day and its packs, as the product's own DAG files do them; or nothing at all.

Add nothing here that `dags/daily.py` and `dags/committee_packs.py` do not do: the shapes must differ in shape alone.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

from airflow import sdk
from airflow.sdk.exceptions import AirflowSkipException

from due_regard.services import orchestration

CLOCK = partial(datetime.now, UTC)
IS_EMPTY = bool(os.environ.get("SHAPES_EMPTY"))
RETRY = sdk.ExceptionRetryPolicy(rules=[sdk.RetryRule(list(orchestration.PERMANENT), sdk.RetryAction.FAIL)])
DAY_STEPS = ("fetch", "load", "assess", "send")
MORNING = sdk.CronTriggerTimetable("0 6 * * 1-5", **orchestration.LONDON_CLOCK)
PACK_MORNING = sdk.CronTriggerTimetable("0 8 1-10 1,4,7,10 *", **orchestration.LONDON_CLOCK)
PARAMS: dict[str, Any] = {
    "as_at": sdk.Param(**orchestration.AS_AT),
    "mail": sdk.Param(**orchestration.MAIL),
    "issue": sdk.Param(**orchestration.ISSUE),
    "only": sdk.Param(None, type=["null", "string"], description="The one landlord that is meant"),
}


def do_step(step: str, landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    """One step of one landlord."""
    return {"landlord": landlord} if IS_EMPTY else _STEPS[step](landlord, context)


def _fetch(landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    from due_regard.services.drop_tasks import run_fetch

    return run_fetch(landlord, context, sdk.Connection.get, CLOCK, AirflowSkipException)


def _load(landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    from due_regard.services.drop_tasks import run_load

    return run_load(landlord, context, sdk.Connection.get, CLOCK, AirflowSkipException)


def _assess(landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    from due_regard.services.assess_landlord import assess_landlord

    as_at = orchestration.find_as_at(context)
    with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK) as settings:
        return assess_landlord(settings, landlord, as_at=as_at, now=CLOCK())


def _send(landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    from due_regard.services.run_alerts import run_alerts

    as_at, now = orchestration.find_as_at(context), CLOCK()
    if not orchestration.choose_to_mail(context, now=now):
        raise AirflowSkipException(f"{landlord}: nobody is mailed for {as_at}")
    with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK):
        settings = orchestration.load_settings_with_connection(sdk.Connection.get)
        return run_alerts(settings, as_at=as_at, now=now, landlords=[landlord], clock=CLOCK, upgrade=True)


def _build(landlord: str, context: Mapping[str, Any]) -> dict[str, Any]:
    from due_regard.services.build_packs import build_due_packs

    if (quarter := orchestration.find_quarter(context)) is None:
        raise AirflowSkipException("nothing to do: no quarter ended on this run's date or in the days before")
    issue, now = orchestration.choose_to_issue(context, quarter, now=CLOCK()), CLOCK()
    with orchestration.record_task(landlord, context, sdk.Connection.get, CLOCK):
        settings = orchestration.load_settings_with_connection(sdk.Connection.get)
        return build_due_packs(settings, landlord, quarter=quarter, now=now, known_at=None, issue=issue)


_STEPS = {"fetch": _fetch, "load": _load, "assess": _assess, "send": _send, "build": _build}
