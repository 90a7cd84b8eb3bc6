"""Compose and send the mails of a day: what is new, what moved up a stage, what is done.

A landlord not yet assessed on that day is assessed first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import SettingsError
from due_regard.policy import LandlordContext
from due_regard.services.assess_landlord import assess_every_duty, assess_until_settled, find_last_assessed_day
from due_regard.services.landlord_context import list_landlords_to_run, load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context
from due_regard.services.result import Result

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.alerts import ComposeReport
    from due_regard.mail.sending import SendReport


def run_alerts(
    settings: Settings,
    *,
    as_at: date,
    now: datetime,
    landlords: Sequence[str] | None = None,
    dry_run: Path | None = None,
    clock: Callable[[], datetime] | None = None,
    upgrade: bool = False,
) -> Result:
    """Compose what is new or has moved up a stage, then send it (or, with `dry_run`, write what would be sent).

    A landlord not yet assessed on `as_at` is assessed first, so that a missing export cannot silence a duty that has
    come due since. `clock` times the leases of a long call; `now` throughout by default. With `upgrade`, as the DAG
    runs it, the register is created or migrated where it must be.

    Raises:
        SettingsError: `as_at` is still to come, and this is no dry run: the days before it would count as told.

    Returns:
        composed, sent, refused, uncertain, shadow, waiting (mails), told (stage -> findings), held_back, skipped
        (landlord -> why nothing was composed).
    """
    from due_regard.mail.login import open_transport
    from due_regard.mail.sending import send_waiting_mails

    if dry_run is None and as_at > find_london_day(now):
        raise SettingsError(f"{as_at} is still to come: alerts are sent as at today or a day before; try a dry run")
    asked = list_landlords_to_run(settings, landlords)
    reports: list[ComposeReport] = []
    sent: list[SendReport] = []
    for names in settings.registers(asked).values():
        with open_landlord_register(settings, names[0], upgrade=upgrade) as engine:
            reports += _compose_register_alerts(engine, settings, names, as_at, now, dry_run)
            if dry_run is None:
                transport = open_transport(settings)
                sent.append(send_waiting_mails(engine, transport, now=now, landlords=names, clock=clock))
    result = summarise_compositions(reports)
    for name in ("sent", "refused", "uncertain", "shadow", "waiting"):
        result[name] = sum(getattr(one, name) for one in sent)
    return result if dry_run else result | {"stopped": "".join(one.stopped for one in sent)}


def _compose_register_alerts(
    engine: Engine, settings: Settings, names: Sequence[str], as_at: date, now: datetime, dry_run: Path | None
) -> list[ComposeReport]:
    """Alerts of the landlords that one register holds, each assessed on `as_at` first where it was not."""
    every = [load_landlord_context(settings, name) for name in names]
    for context in every if dry_run is None else ():
        if find_last_assessed_day(engine, context.landlord.id) < as_at:
            assess_until_settled(engine, settings, context, as_at, now)
    return [compose_landlord_alerts(engine, settings, context, as_at, now, dry_run) for context in every]


def compose_landlord_alerts(
    engine: Engine, settings: Settings, context: LandlordContext, as_at: date, now: datetime, dry_run: Path | None
) -> ComposeReport:
    """One landlord's alerts into the outbox (or, with `dry_run`, into a folder)."""
    from due_regard.alerts import compose_alerts
    from due_regard.packs import add_report_duty

    history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
    mail_context = open_mail_context(settings, context, now=now)
    is_forecast = dry_run is not None and find_last_assessed_day(engine, context.landlord.id) < as_at
    # What comes due by then is judged as the run of that day would, and recorded nowhere.
    foreseen = assess_every_duty(engine, settings, context, as_at)[1] if is_forecast else None
    return compose_alerts(engine, mail_context, history, as_at=as_at, dry_run=dry_run, foreseen=foreseen)


def summarise_compositions(reports: list[ComposeReport]) -> dict[str, Any]:
    """composed, told (stage -> findings), held_back, skipped (landlord -> why) over several landlords."""
    stages: Counter[str] = Counter()
    for report in reports:
        stages.update(dict(report.stage_counts))
    return {
        "composed": sum(report.composed for report in reports),
        "told": dict(sorted(stages.items())),
        "held_back": sum(report.held_back for report in reports),
        "skipped": {report.landlord: report.skipped for report in reports if report.skipped},
    }
