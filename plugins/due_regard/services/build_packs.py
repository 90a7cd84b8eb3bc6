"""Build a quarter's packs, hand a pack's first build to its clerk, or note that a person did."""

from __future__ import annotations

from datetime import datetime
from itertools import count
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import Quarter
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.errors import SettingsError
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

    With `issue`, each pack not issued before goes to its clerk through the outbox; it is issued once the mail server
    has accepted it. With `upgrade`, as the DAG runs it, the register is created or migrated where it must be.

    Returns:
        landlord, quarter, folder, packs (name, files, sha256, status, posted: its mail was put into the outbox by this
        call, issued: and was accepted for its clerk), mails (handed over).

    Raises:
        SettingsError: no such quarter or edition, or a definition is wrong.
        PackError: the quarter has not ended, or nothing was taken in.
        MailError: the packs are built and wait in the outbox, but no mail could be handed over.
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
            posted = issue and post_pack(engine, settings, context, report, now=now)
            result: Result = {"name": name, "files": [file.name for file in report.files], "sha256": report.sha256}
            built.append(result | {"status": report.status, "posted": posted})
        mails = send_landlord_mail(engine, settings, landlord, now=now) if issue else 0
        for one in built:
            one["issued"] = one["posted"] and _was_issued(engine, landlord, one["name"], quarter)
    return {"landlord": landlord, "quarter": quarter, "packs": built, "folder": str(folder), "mails": mails}


def _was_issued(engine: Engine, landlord: str, pack: str, quarter: str) -> bool:
    from due_regard.packs import is_issued
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        return is_issued(connection, landlord, pack, quarter)


def post_pack(
    engine: Engine, settings: Settings, context: LandlordContext, report: PackReport, *, now: datetime
) -> bool:
    """A quarter's first build of a pack to its clerk, and once more where that reached nobody.

    Returns:
        False where the quarter's pack was issued or is on its way, as the present mode of mailing remembers it (a later
        build is the clerk's to ask for), or where the clerk's address is refused.
    """
    from due_regard import packs
    from due_regard.mail import outbox
    from due_regard.mail.mail_memory import read_unreachable_addresses
    from due_regard.register import writing
    from due_regard.register.audit import read_audit_head_on

    landlord, mail_context = context.landlord.id, open_mail_context(settings, context, now=now)
    mode = mail_context.mode
    with writing(engine, landlord) as connection:
        if packs.is_mailed(connection, landlord, report.name, report.quarter, mode):
            return False
        head, reports = read_audit_head_on(connection, landlord), settings.reports_dir
        mails = (packs.build_pack_mail(report, mail_context, reports=reports, head=head, attempt=n) for n in count())
        mail = next(mail for mail in mails if not outbox.has_mail(connection, landlord, mail.message_id))
        if mail.recipient.lower() in read_unreachable_addresses(connection, landlord, mode, now=now):
            return False
        packs.record_mailing(connection, landlord, report.pack_id, mail, now=now)
    return True


def record_handover(
    settings: Settings, landlord: str, *, quarter: str, pack: str, edition: str, by: str, why: str, now: datetime
) -> Result:
    """Note that a person handed the newest build of a pack to its audience: it is issued, and its duty met, today.

    Returns:
        landlord, quarter, pack, edition, pack_id, was_known (whether that build was issued before).

    Raises:
        SettingsError: no such quarter, or no name or reason is given.
        PackError: the pack was never built.
    """
    from due_regard import packs
    from due_regard.register import writing

    if not by.strip() or not why.strip():
        raise SettingsError("say who handed the pack over, and why: both are kept")
    period = str(Quarter.parse(quarter))
    load_landlord_context(settings, landlord)
    with open_landlord_register(settings, landlord) as engine, writing(engine, landlord) as connection:
        pack_id = packs.find_built_pack(connection, landlord, pack=pack, quarter=period, edition=edition)
        is_new = packs.record_issue(
            connection, landlord, pack_id, how="by hand", now=now, by=by.strip(), why=why.strip()
        )
    made = {"landlord": landlord, "quarter": period, "pack": pack, "edition": edition, "pack_id": pack_id}
    return made | {"was_known": not is_new}
