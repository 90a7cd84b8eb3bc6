"""Build a quarter's packs; with `issue`, hand each over: to its clerk, or to a person who must approve it first.

What people do with a pack that was built is act_on_pack.py's; which mail leaves, post_packs.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import Period, ReportingYear, parse_period
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.errors import SettingsError
from due_regard.policy import LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context, send_landlord_mail
from due_regard.services.post_packs import find_quarter_folder, hand_over_pack, is_approval_needed
from due_regard.services.rare_collection import collect_rarely
from due_regard.services.result import Result
from due_regard.services.steps import report_step

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from due_regard.packs import KnownState, PackKey, PackReport


@collect_rarely()
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
    """Build the packs that the landlord's settings switch on (or the one named), for one calendar quarter or one year.

    With `issue`, a pack that a person must approve is asked for by mail; any other goes to its clerk through the
    outbox, and is issued once the mail server has accepted it. With `upgrade`, as the DAG runs it, the register is
    created or migrated where it must be.

    Returns:
        landlord, quarter, folder, packs (name, quarter, edition, files, sha256, status, version, needs_approval: by a
        person, before it is mailed, posted: its mail was put into the outbox by this call, asked: so was a mail that
        asks for its approval, state, issued: it was mailed by this call and accepted for its clerk), mails (handed
        over). A pack whose status is not_published has why, and annual: the year's edition that is offered in its place
        (year, label, from_on, command, is_switched_on; or None).

    Raises:
        SettingsError: no such quarter, year or edition, or a definition is wrong.
        PackError: the quarter or year has not ended, or nothing was taken in.
        MailError: the packs are built and wait in the outbox, but no mail could be handed over.
    """
    from due_regard import packs

    context = load_landlord_context(settings, landlord)
    period = str(_choose_period(context, quarter))
    names = [pack] if pack else [switch.name for switch in context.landlord.packs]
    built: list[Result] = []
    mail_context = open_mail_context(settings, context, now=now) if issue else None
    with open_landlord_register(settings, landlord, upgrade=upgrade) as engine:
        read_known = _share_known_state(engine, context, parse_period(period), known_at)
        for number, name in enumerate(names, 1):
            report_step(f"{landlord}: pack {name} ({number} of {len(names)})")
            key = packs.make_pack_key(name, period, edition)
            report = build_one_pack(
                engine, settings, context, key, out=out, now=now, known_at=known_at, read_known=read_known
            )
            posted, asked = hand_over_pack(engine, settings, mail_context, key) if mail_context else (False, False)
            built.append(_describe_build(context, key, report) | {"posted": posted, "asked": asked})
        mails = send_landlord_mail(engine, settings, landlord, now=now) if issue else 0
        for one in built:
            one["state"] = _find_state(engine, landlord, packs.make_pack_key(one["name"], period, edition))
            one["issued"] = one["posted"] and one["state"] == "issued"
    folder = out or find_quarter_folder(settings, landlord, period)
    return {"landlord": landlord, "quarter": period, "packs": built, "folder": str(folder), "mails": mails}


def _choose_period(context: LandlordContext, text: str) -> Period:
    """The quarter or the year of a name; years are the landlord's own, so that no two of them overlap.

    Raises:
        SettingsError: it names neither, or a year that is not one of the landlord's.
    """
    period, found = parse_period(text), context.landlord
    if isinstance(period, ReportingYear):
        own = ReportingYear.of(period.first, found.reporting_year_starts)
        if own != period:
            raise SettingsError(
                f"{period} is no reporting year of {found.id}, whose years begin with month "
                f"{found.reporting_year_starts}: the one that holds its first day is {own}"
            )
    return period


def _describe_build(context: LandlordContext, key: PackKey, report: PackReport) -> Result:
    from due_regard import packs

    said: Result = {"name": key.pack, "quarter": key.quarter, "edition": key.edition}
    said |= {"files": [file.name for file in report.files], "sha256": report.sha256}
    said |= {"status": report.status, "version": report.version}
    said |= {"needs_approval": is_approval_needed(context.landlord, key.pack)}
    if not report.withheld:
        return said
    offer = packs.find_annual_offer(context.landlord, key.pack, key.quarter)
    return said | {"status": "not_published", "why": report.withheld, "annual": offer and offer.describe()}


def build_due_packs(
    settings: Settings,
    landlord: str,
    *,
    quarter: Quarter,
    now: datetime,
    known_at: datetime | None = None,
    issue: bool = False,
) -> Result:
    """Build all that a landlord's settings ask for once a quarter has ended.

    That is each pack's confidential edition, the editions for publication of the quarter, and where a reporting year
    ended with the quarter, those of the year.

    Returns:
        As `build_packs`, with the packs of all editions, and the sum of the mails.

    Raises: as `build_packs`.
    """
    found = load_landlord_context(settings, landlord).landlord
    asked: list[Result] = [{"quarter": str(quarter), "edition": "confidential"}]
    for switch in found.packs:
        periods: list[Period] = [quarter] if "quarter" in switch.publishes else []
        if "year" in switch.publishes:
            year = ReportingYear.of(quarter, found.reporting_year_starts)
            periods += [year] if year.last == quarter else []
        asked += [{"quarter": str(period), "edition": "publishable", "pack": switch.name} for period in periods]
    done = [
        build_packs(settings, landlord, now=now, known_at=known_at, issue=issue, upgrade=True, **one) for one in asked
    ]
    packs = [pack for result in done for pack in result["packs"]]
    return done[0] | {"packs": packs, "mails": sum(result["mails"] for result in done)}


def _share_known_state(
    engine: Engine, context: LandlordContext, quarter: Period, known_at: datetime | None
) -> Callable[[], KnownState]:
    """What packs of one quarter rest on: read and judged once, and again where a drop or a withdrawal came between."""
    from due_regard import packs, register

    @lru_cache(maxsize=1)
    def read_state(_mark: object) -> KnownState:
        return packs.read_known_state(engine, context, quarter, known_at)

    return lambda: read_state(register.find_knowledge_mark(engine, context.landlord.id))


def build_one_pack(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    key: PackKey,
    *,
    out: StoredPath | None = None,
    now: datetime,
    known_at: datetime | None = None,
    read_known: Callable[[], KnownState] | None = None,
) -> PackReport:
    """Build one pack, and keep its files apart, so that no later build takes the place of what is approved.

    Raises: as `build_packs`, but for mails.
    """
    from due_regard import packs
    from due_regard.packs.build import build_pack

    folder = find_quarter_folder(settings, context.landlord.id, key.quarter)
    report = build_pack(
        engine, context, quarter=parse_period(key.quarter), pack=key.pack, edition=key.edition, out=out or folder,
        now=now, known_at=known_at, reports=settings.reports_dir, read_known=read_known,
    )  # fmt: skip
    packs.keep_files(folder, report.sha256, report.files)
    return report


def _find_state(engine: Engine, landlord: str, key: PackKey) -> str:
    from due_regard import packs
    from due_regard.register import reading

    with reading(engine, landlord) as connection:
        life = packs.read_pack_life(connection, landlord, key)
    return life.name_state(life.version)
