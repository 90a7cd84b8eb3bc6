"""Build a quarter's packs, and hand a pack's first build to its clerk."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import Quarter
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context, send_landlord_mail
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.packs import PackReport


def build_packs(
    settings: Settings,
    landlord: str,
    *,
    quarter: str,
    pack: str | None = None,
    edition: str = "confidential",
    out: StoredPath | None = None,
    now: datetime,
    known_at: datetime | None = None,
    issue: bool = False,
    upgrade: bool = False,
) -> Result:
    """Build the packs that the landlord's settings switch on (or the one named), for one calendar quarter.

    With `issue`, each pack not issued before goes to its clerk through the outbox and is on record as issued. With
    `upgrade`, as the DAG runs it, the register is created or migrated where it must be.

    Returns:
        landlord, quarter, folder, packs (name, files, sha256, status, issued), mails (handed over).

    Raises:
        SettingsError: no such quarter or edition, or a definition is wrong.
        PackError: the quarter has not ended, or nothing was taken in.
    """
    from due_regard import packs

    context = load_landlord_context(settings, landlord)
    period = Quarter.parse(quarter)
    names = [pack] if pack else [switch.name for switch in context.landlord.packs]
    folder = out or settings.packs / landlord / quarter
    built: list[Result] = []
    with open_landlord_register(settings, landlord, upgrade=upgrade) as engine:
        for number, name in enumerate(names, 1):
            report_step(f"{landlord}: pack {name} ({number} of {len(names)})")
            report = packs.build_pack(
                engine, context, quarter=period, pack=name, edition=edition, out=folder, now=now, known_at=known_at,
                reports=settings.reports_dir,
            )  # fmt: skip
            issued = issue and post_pack(engine, settings, context, report, now=now)
            result: Result = {"name": name, "files": [file.name for file in report.files], "sha256": report.sha256}
            built.append(result | {"status": report.status, "issued": issued})
        mails = send_landlord_mail(engine, settings, landlord, now=now) if issue else 0
    return {"landlord": landlord, "quarter": quarter, "packs": built, "folder": str(folder), "mails": mails}


def post_pack(
    engine: Engine, settings: Settings, context: LandlordContext, report: PackReport, *, now: datetime
) -> bool:
    """A quarter's first build of a pack to its clerk, on record as issued in the same transaction.

    Returns:
        False where the quarter's pack was issued before: a later build is the clerk's to ask for.
    """
    from due_regard.mail import outbox
    from due_regard.packs import build_pack_mail, is_issued, record_issue
    from due_regard.register import writing

    mail_context = open_mail_context(settings, context, now=now)
    mail = build_pack_mail(report, mail_context, reports=settings.reports_dir)
    with writing(engine, context.landlord.id) as connection:
        is_new = not is_issued(connection, context.landlord.id, report.name, report.quarter) and record_issue(
            connection, context.landlord.id, report.pack_id, how="mail", now=now, on=mail.mail_on
        )
        if is_new:
            outbox.put_mail(connection, context.landlord.id, mail, now=now)
    return is_new
