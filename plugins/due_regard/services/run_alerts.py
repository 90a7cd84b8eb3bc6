"""Compose and send the mails of a day: what is new, what moved up a stage, what is done.

A landlord not yet assessed on that day is assessed first, and so is one of which a record was withdrawn since.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import MailError, SettingsError
from due_regard.policy import LandlordContext
from due_regard.services.assess_landlord import assess_every_duty, assess_until_settled, is_to_be_assessed
from due_regard.services.landlord_context import list_landlords_to_run, load_landlord_context, open_landlord_register
from due_regard.services.landlord_failures import LandlordFailures
from due_regard.services.post_mail import open_mail_context
from due_regard.services.post_waiting_packs import post_waiting_packs
from due_regard.services.rare_collection import collect_rarely
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.alerts import ComposeReport
    from due_regard.mail.sending import SendReport


@collect_rarely()
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
        MailError: everything was composed, but nothing, or not all, could be handed over; the next run sends it.

    Returns:
        composed, sent, refused, uncertain, shadow, waiting (mails), told (stage -> findings), held_back, skipped
        (landlord -> why nothing was composed), failed (landlord -> why it could not be done; where it fails for all, it
        is raised), warnings (landlords live too long after their go-live).
    """
    from due_regard.mail.login import open_transport
    from due_regard.mail.sending import send_waiting_mails

    if dry_run is None and as_at > find_london_day(now):
        raise SettingsError(f"{as_at} is still to come: alerts are sent as at today or a day before; try a dry run")
    asked = list_landlords_to_run(settings, landlords)
    failures = LandlordFailures()
    reports: list[ComposeReport] = []
    sent: list[SendReport] = []
    warnings: list[str] = []
    for names in settings.registers(failures.list_known(settings, asked)).values():
        with failures.hold_back(*names), open_landlord_register(settings, names[0], upgrade=upgrade) as engine:
            reports += _compose_register_alerts(engine, settings, names, as_at, now, dry_run, failures)
            if dry_run is None:
                report_step("handing mails over")
                transport = open_transport(settings)
                warnings += list_late_go_lives(engine, settings, names, as_at, failures)
                sent.append(send_waiting_mails(engine, transport, now=now, as_at=as_at, landlords=names, clock=clock))
    failures.raise_if_all(asked)
    if troubles := [one.trouble for one in sent if one.trouble]:
        raise MailError("; ".join(dict.fromkeys(troubles)))
    result = summarise_compositions(reports) | failures.summarise()
    for name in ("sent", "refused", "uncertain", "shadow", "waiting"):
        result[name] = sum(getattr(one, name) for one in sent)
    return result | {"warnings": warnings}


def list_late_go_lives(
    engine: Engine, settings: Settings, names: Sequence[str], as_at: date, failures: LandlordFailures
) -> list[str]:
    """A sentence for each landlord whose go-live lies long back and to whom no mail was ever really sent."""
    from due_regard.alerts import find_late_go_live
    from due_regard.config.landlord import load_landlord

    found = []
    for name in names:
        with failures.hold_back(name):
            found += find_late_go_live(engine, load_landlord(settings.landlords_dir, name), as_at)
    return found


def _compose_register_alerts(
    engine: Engine,
    settings: Settings,
    names: Sequence[str],
    as_at: date,
    now: datetime,
    dry_run: Path | None,
    failures: LandlordFailures,
) -> list[ComposeReport]:
    """Alerts of the landlords that one register holds, each assessed on `as_at` first where it was not."""
    reports = []
    for number, name in enumerate(names, 1):
        report_step(f"{name}: judging and composing ({number} of {len(names)})")
        with failures.hold_back(name):
            context = load_landlord_context(settings, name)
            if dry_run is None and is_to_be_assessed(engine, name, as_at):
                assess_until_settled(engine, settings, context, as_at, now)
            reports.append(compose_landlord_alerts(engine, settings, context, as_at, now, dry_run))
            if dry_run is None:
                post_waiting_packs(engine, settings, open_mail_context(settings, context, now=now))
    return reports


def compose_landlord_alerts(
    engine: Engine, settings: Settings, context: LandlordContext, as_at: date, now: datetime, dry_run: Path | None
) -> ComposeReport:
    """One landlord's alerts into the outbox (or, with `dry_run`, into a folder)."""
    from due_regard.alerts import compose_alerts
    from due_regard.packs import add_report_duty

    history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
    mail_context = open_mail_context(settings, context, now=now)
    is_forecast = dry_run is not None and is_to_be_assessed(engine, context.landlord.id, as_at)
    # What comes due by then is judged as the run of that day would, and recorded nowhere.
    foreseen = assess_every_duty(engine, settings, context, as_at).every if is_forecast else None
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
