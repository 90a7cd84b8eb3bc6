"""What the verbs put into the outbox: alerts composed, rows handed back to the data owner, packs for the clerk.

Rooms that must not know each other (intake, packs, alerts) meet here, so that each mail goes through one outbox with
one promise: at least once, with one Message-ID.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from due_regard.settings import Settings
from due_regard.terms import Terms

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.alerts import ComposeReport
    from due_regard.batch import ValidatedDrop
    from due_regard.packs import PackReport


def compose(
    engine: Engine, settings: Settings, known: Terms, as_at: date, now: datetime, dry_run: Path | None
) -> ComposeReport:
    """One landlord's alerts into the outbox (or, with `dry_run`, into a folder)."""
    from due_regard.alerts import compose_alerts
    from due_regard.packs import with_report_duty

    return compose_alerts(
        engine,
        known.landlord,
        with_report_duty(known.history, known.landlord, reports=settings.reports_dir),
        known.calendar,
        as_at=as_at,
        now=now,
        sender=settings.mail_from,
        templates=settings.reports_dir / "mail",
        dry_run=dry_run,
    )


def compose_ticket(reports: list[ComposeReport]) -> dict[str, Any]:
    """composed, told (stage -> findings), held_back, skipped (landlord -> why) over several landlords."""
    told: Counter[str] = Counter()
    for report in reports:
        told.update(dict(report.told))
    return {
        "composed": sum(report.composed for report in reports),
        "told": dict(sorted(told.items())),
        "held_back": sum(report.held_back for report in reports),
        "skipped": {report.landlord: report.skipped for report in reports if report.skipped},
    }


def joined(tickets: list[dict[str, Any]]) -> dict[str, Any]:
    """The tickets of several registers as one: counts added up, the rest put together."""
    first, *others = tickets
    for ticket in others:
        first = {name: _added(first[name], value) for name, value in ticket.items()}
    return first


def _added(one: Any, other: Any) -> Any:
    if not isinstance(one, dict):
        return one + other
    return {key: one[key] + other[key] if key in one and key in other else {**one, **other}[key] for key in one | other}


def post_handback(
    engine: Engine, settings: Settings, known: Terms, validated: ValidatedDrop, ticket: dict[str, Any], *, now: datetime
) -> None:
    """Tell the data owner what of a drop was not taken; the next `alerts` run hands the mail over."""
    from due_regard.intake import rejection_summary

    batch = ticket["batch_id"]
    where = ticket["rejections"] or ticket["quarantine"]
    lines = [
        *rejection_summary(validated).rstrip().splitlines(),
        "",
        f"The files to mend are in {where}",
        f"`due-regard drop list` shows batch {batch}.",
    ]
    _post(engine, settings, known, "handback", f"{batch}", f"rows to mend in batch {batch}", lines, now)


def post_failure(
    engine: Engine, settings: Settings, known: Terms, *, dag: str, task: str, run_id: str, now: datetime
) -> None:
    """Tell the data owner, and nobody else, that a task failed; once a run and task."""
    lines = [
        f"The task {task} of {dag} failed, after every retry.",
        "",
        f"Run: {run_id}",
        "",
        "Its log in Airflow says why. Mend the cause and clear the task: every task may be run again, and nothing is",
        "loaded, judged or mailed twice. Until then this landlord's figures and mails are those of the last run.",
    ]
    _post(engine, settings, known, "failure", f"{dag} {task} {run_id}", f"{dag} failed", lines, now)


def _post(
    engine: Engine,
    settings: Settings,
    known: Terms,
    kind: str,
    topic: str,
    title: str,
    lines: Sequence[str],
    now: datetime,
) -> None:
    from due_regard.alerts import outbox
    from due_regard.alerts.data_mail import data_mail
    from due_regard.register import writing

    templates = settings.reports_dir / "mail"
    mail = data_mail(
        known.landlord, known.calendar, kind=kind, topic=topic, title=title, lines=lines, sender=settings.mail_from,
        templates=templates, now=now,
    )  # fmt: skip
    with writing(engine, known.landlord.id) as connection:
        if not outbox.is_known(connection, known.landlord.id, mail.message_id):
            outbox.put(connection, known.landlord.id, mail, now=now)


def post_pack(engine: Engine, settings: Settings, known: Terms, report: PackReport, *, now: datetime) -> bool:
    """A quarter's first build of a pack to its clerk, on record as issued in the same transaction.

    Returns:
        False where the quarter's pack was issued before: a later build is the clerk's to ask for.
    """
    from due_regard.alerts import outbox
    from due_regard.packs import is_issued, issue, pack_mail
    from due_regard.register import writing

    mail = pack_mail(
        report, known.landlord, known.calendar, sender=settings.mail_from, reports=settings.reports_dir, now=now
    )
    with writing(engine, known.landlord.id) as connection:
        is_new = not is_issued(connection, known.landlord.id, report.name, report.quarter) and issue(
            connection, known.landlord.id, report.pack_id, how="mail", now=now, on=mail.mail_on
        )
        if is_new:
            outbox.put(connection, known.landlord.id, mail, now=now)
    return is_new


def send(engine: Engine, settings: Settings, landlord: str, *, now: datetime) -> int:
    """Hand over what of the landlord's mail may leave now; how many left."""
    from due_regard.alerts import send_alerts, transport_for

    return send_alerts(engine, transport_for(settings), now=now, landlords=[landlord]).sent
