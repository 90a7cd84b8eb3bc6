"""Build a quarter's packs; with `issue`, hand each over: to its clerk, or to a person who must approve it first.

What people do with a pack that was built is act_on_pack.py's; which mail leaves, post_packs.py's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import Quarter
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context, send_landlord_mail
from due_regard.services.post_packs import find_quarter_folder, hand_over_pack
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.packs import PackKey, PackReport


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

    With `issue`, a pack that a person must approve is asked for by mail; any other goes to its clerk through the
    outbox, and is issued once the mail server has accepted it. With `upgrade`, as the DAG runs it, the register is
    created or migrated where it must be.

    Returns:
        landlord, quarter, folder, packs (name, files, sha256, status, version, posted: its mail was put into the outbox
        by this call, asked: so was a mail that asks for its approval, state, issued: it was mailed by this call and
        accepted for its clerk), mails (handed over).

    Raises:
        SettingsError: no such quarter or edition, or a definition is wrong.
        PackError: the quarter has not ended, or nothing was taken in.
        MailError: the packs are built and wait in the outbox, but no mail could be handed over.
    """
    from due_regard import packs

    context = load_landlord_context(settings, landlord)
    period = str(Quarter.parse(quarter))
    names = [pack] if pack else [switch.name for switch in context.landlord.packs]
    built: list[Result] = []
    mail_context = open_mail_context(settings, context, now=now) if issue else None
    with open_landlord_register(settings, landlord, upgrade=upgrade) as engine:
        for number, name in enumerate(names, 1):
            report_step(f"{landlord}: pack {name} ({number} of {len(names)})")
            key = packs.make_pack_key(name, period, edition)
            report = build_one_pack(engine, settings, context, key, out=out, now=now, known_at=known_at)
            posted, asked = hand_over_pack(engine, settings, mail_context, key) if mail_context else (False, False)
            result: Result = {"name": name, "files": [file.name for file in report.files], "sha256": report.sha256}
            result |= {"status": report.status, "version": report.version}
            built.append(result | {"posted": posted, "asked": asked})
        mails = send_landlord_mail(engine, settings, landlord, now=now) if issue else 0
        for one in built:
            one["state"] = _find_state(engine, landlord, packs.make_pack_key(one["name"], period, edition))
            one["issued"] = one["posted"] and one["state"] == "issued"
    folder = out or find_quarter_folder(settings, landlord, period)
    return {"landlord": landlord, "quarter": quarter, "packs": built, "folder": str(folder), "mails": mails}


def build_one_pack(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    key: PackKey,
    *,
    out: StoredPath | None = None,
    now: datetime,
    known_at: datetime | None = None,
) -> PackReport:
    """Build one pack, and keep its files apart, so that no later build takes the place of what is approved.

    Raises: as `build_packs`, but for mails.
    """
    from due_regard import packs

    folder = find_quarter_folder(settings, context.landlord.id, key.quarter)
    report = packs.build_pack(
        engine, context, quarter=Quarter.parse(key.quarter), pack=key.pack, edition=key.edition, out=out or folder,
        now=now, known_at=known_at, reports=settings.reports_dir,
    )  # fmt: skip
    packs.keep_files(folder, report.sha256, report.files)
    return report


def _find_state(engine: Engine, landlord: str, key: PackKey) -> str:
    from due_regard import packs
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        life = packs.read_pack_life(connection, landlord, key)
    return life.name_state(life.version)
