"""Work out what is to be done and by whom: with each run that moves findings, in its transaction."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from due_regard.config.settings import Settings
from due_regard.policy import LandlordContext

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from due_regard.records.canonical import Records


def prepare_work_record(
    settings: Settings, context: LandlordContext, records: Records, as_at: date
) -> Callable[[Connection, int], None]:
    """What writes the landlord's work down once a run as at that day has moved its findings.

    `records` are those that the run rests on. The sentences of mails are read now: a mistake in them stops nothing half
    way.
    """
    from due_regard.alerts.alert_context import AlertContext
    from due_regard.alerts.backlog import find_backlog
    from due_regard.alerts.cases import FINDING_COLUMNS, make_findings
    from due_regard.alerts.recipients import RecipientDirectory
    from due_regard.alerts.record_cells import RecordCells
    from due_regard.alerts.told_before import NOTHING_SENT
    from due_regard.alerts.work_plan import plan_work
    from due_regard.mail.wording import load_mail_wording
    from due_regard.packs import add_report_duty
    from due_regard.register import read_open_findings_on
    from due_regard.register.findings.work_items import replace_work

    landlord, wording = context.landlord, load_mail_wording(settings.reports_dir / "mail")
    history = add_report_duty(context.history, landlord, reports=settings.reports_dir)
    alerts = AlertContext(landlord, history, context.calendar, wording, NOTHING_SENT, as_at)

    def record_work(connection: Connection, run_id: int) -> None:
        found = read_open_findings_on(connection, landlord.id, as_at=as_at, columns=FINDING_COLUMNS)
        findings = make_findings(found)
        backlog = find_backlog(connection, findings, alerts, records)
        directory = RecipientDirectory(RecordCells(records), landlord.alerts, wording)
        plan = plan_work(findings, found["state"].to_list(), directory, backlog, alerts)
        replace_work(connection, landlord.id, run_id, plan.items, plan.problems)

    return record_work
