"""A pack on its way: to its clerk where it may be issued, or a question to governance where a person must approve it.

Every mail goes into the outbox beside the record of it, in one transaction; what is mailed is the build that was
approved, from the files kept of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import TYPE_CHECKING, Any, Literal

from due_regard.calendars.reporting_years import parse_period
from due_regard.config.landlord import Landlord
from due_regard.config.settings import Settings
from due_regard.config.storage import StoredPath
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.mail.builder import MailContext
    from due_regard.packs import OwedReport, PackKey, PackLife, PackReport
    from due_regard.packs.life.pack_mail import DraftNotice


def find_quarter_folder(settings: Settings, landlord: str, quarter: str) -> StoredPath:
    """Where the files of a quarter's packs lie."""
    return settings.packs / landlord / quarter


def is_approval_needed(landlord: Landlord, pack: str) -> bool:
    """Whether a person must approve a pack before it reaches anybody: unless the settings say otherwise."""
    switch = landlord.find_switch(pack)
    return switch is None or switch.needs_approval


def check_may_hand_over(settings: Settings, landlord: str, *, quarter: str, pack: str | None, edition: str) -> None:
    """Whether the packs (those switched on, or the one named) may go to their clerks: none waits for approval.

    Raises:
        PackError: one is a draft that a person must approve first.
    """
    from due_regard import packs
    from due_regard.register import reading

    found = load_landlord_context(settings, landlord).landlord
    names = [pack] if pack else [switch.name for switch in found.packs]
    asked = [name for name in names if is_approval_needed(found, name)]
    if not asked:
        return
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        for name in asked:
            key = packs.PackKey(name, quarter, edition)
            packs.check_may_be_issued(packs.read_pack_life(connection, landlord, key), needs_approval=True)


def hand_over_pack(engine: Engine, settings: Settings, context: MailContext, key: PackKey) -> tuple[bool, bool]:
    """Mail a pack to its clerk where it may be issued, else ask governance to approve its draft; each once.

    An approved pack is mailed from the day on which it should leave: until then its approval can be taken back.

    Returns:
        Whether its mail was put into the outbox, and whether its approval was asked for, by this call. Neither where
        either happened before, as the present mode of mailing remembers it, the address is refused, or too little of
        it would be left to publish: then governance is told so.

    Raises:
        PackError: the files of the approved build are gone, or the pack is not switched on.
    """
    from due_regard import packs
    from due_regard.register import writing

    landlord, is_asked = context.landlord, is_approval_needed(context.landlord, key.pack)
    with writing(engine, landlord.id) as connection:
        life = packs.read_pack_life(connection, landlord.id, key)
        if life.explain_withheld(life.version):
            tell_withheld(connection, settings, context, life)
            return False, False
        if is_asked and life.name_state(life.version) in packs.DRAFTS:
            return False, ask_for_approval(connection, settings, context, life)
        build = packs.check_may_be_issued(life, needs_approval=False)
        if is_asked and not is_to_leave(context, key):
            return False, False
        return post_build(connection, settings, context, life, build), False


def is_to_leave(context: MailContext, key: PackKey) -> bool:
    """Whether the mail of a pack may leave today; of one that is not switched on, no day keeps it."""
    from due_regard.packs import find_posting_day

    switch = context.landlord.find_switch(key.pack)
    return switch is None or find_posting_day(switch, parse_period(key.quarter), context) == context.today


def post_build(
    connection: Connection, settings: Settings, context: MailContext, life: PackLife, build: Mapping[str, Any]
) -> bool:
    """Put the mail of one build into the outbox.

    Returns:
        False where the version was mailed, is on its way or was handed over, or where the clerk's address is refused.
    """
    from due_regard import packs
    from due_regard.mail import outbox
    from due_regard.mail.mail_memory import read_unreachable_addresses
    from due_regard.register.audit import read_audit_head_on

    landlord, key, mode = context.landlord.id, life.key, context.mode
    undoing = life.find_undoing(life.version)
    place, since = (landlord, key.pack, key.quarter, mode, key.edition), undoing["at"] if undoing else None
    if packs.is_mailed(connection, *place, version=life.version, since=since):
        return False
    report = read_report(settings, landlord, life, build)
    head, reports = read_audit_head_on(connection, landlord), settings.reports_dir
    mails = (packs.build_pack_mail(report, context, reports=reports, head=head, attempt=n) for n in count())
    mail = next(mail for mail in mails if not outbox.has_mail(connection, landlord, mail.message_id))
    if mail.recipient.lower() in read_unreachable_addresses(connection, landlord, mode, now=context.now):
        return False
    packs.record_mailing(connection, landlord, report.pack_id, mail, now=context.now)
    return True


def ask_for_approval(connection: Connection, settings: Settings, context: MailContext, life: PackLife) -> bool:
    """Ask governance by mail to approve the newest draft: once a version, and again once a rejected one was rebuilt.

    Returns:
        False where they were asked before, took the approval back, or the draft that they rejected is the newest.
    """
    from due_regard.packs.life.pack_mail import DraftNotice

    version = life.version
    builds, rejection = life.list_builds_of(version), life.find_rejection(version)
    if not builds or life.is_undone(version) or (rejection and rejection["pack_id"] == builds[-1]["id"]):
        return False
    rejected = sum(1 for event in life.events if event["version"] == version and event["event"] == "rejected")
    owed = find_owed(settings, context, life.key)
    return post_notice(connection, settings, context, life, DraftNotice(rejected=rejected, owed=owed))


def post_notice(
    connection: Connection, settings: Settings, context: MailContext, life: PackLife, notice: DraftNotice
) -> bool:
    """Put a mail about the newest draft into the outbox, unless there is one of its stage and round."""
    from due_regard import packs
    from due_regard.mail import outbox

    landlord, build = context.landlord.id, life.list_builds_of(life.version)[-1]
    mail = packs.build_approval_mail(make_report(life, build, ()), context, notice, reports=settings.reports_dir)
    if outbox.has_mail(connection, landlord, mail.message_id):
        return False
    event: Literal["asked", "warned"] = "warned" if notice.stage == "owed" else "asked"
    packs.record_question(connection, landlord, life, build["id"], mail, now=context.now, event=event)
    return True


def find_owed(settings: Settings, context: MailContext, key: PackKey) -> OwedReport | None:
    """Until when the report of a pack is owed; None where no clause asks for it by a day."""
    from due_regard.packs import find_owed_report
    from due_regard.packs.content.pack_definition import load_pack_definition

    definition = load_pack_definition(settings.reports_dir, key.pack)
    return find_owed_report(context.landlord, definition, parse_period(key.quarter), key.edition)


def tell_withheld(connection: Connection, settings: Settings, context: MailContext, life: PackLife) -> None:
    """Tell governance by mail that too little would be left to publish: once a version."""
    from due_regard import packs
    from due_regard.mail import outbox

    landlord = context.landlord
    report = make_report(life, life.list_builds_of(life.version)[-1], ())
    annual = packs.find_annual_offer(landlord, life.key.pack, life.key.quarter)
    mail = packs.build_withheld_mail(report, context, reports=settings.reports_dir, annual=annual)
    if not outbox.has_mail(connection, landlord.id, mail.message_id):
        packs.record_withholding(connection, landlord.id, life, report.pack_id, mail, now=context.now)


def read_report(settings: Settings, landlord: str, life: PackLife, build: Mapping[str, Any]) -> PackReport:
    """A build with the files kept of it.

    Raises:
        PackError: one is gone, or was changed.
    """
    from due_regard import packs

    folder = find_quarter_folder(settings, landlord, life.key.quarter)
    return make_report(life, build, packs.find_kept_files(folder, build["sha256"], build["files"]))


def make_report(life: PackLife, build: Mapping[str, Any], files: tuple[StoredPath, ...]) -> PackReport:
    """What was built, of a build on record."""
    from due_regard import packs

    version = int(build["version"])
    return packs.PackReport(
        build["id"], life.key.pack, life.key.quarter, life.key.edition, files, build["sha256"], "unchanged",
        version=version, sums=build["files"], run=build["ingredients"].get("run"),
        correction=life.describe_correction(version), withheld=build["ingredients"].get("withheld", ""),
    )  # fmt: skip
