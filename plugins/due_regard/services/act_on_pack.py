"""A person's act on a pack: comment, approve, reject, undo, correct; the same for the command line and the pages.

The pages only record an act: their login writes no mail, and the next run of `alerts` or `watch` posts what is due
(post_waiting_packs.py). With `send`, as the command line has it, it is posted and handed over at once. A comment and a
correction build the draft anew, so that what is looked at is what would be mailed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from due_regard.calendars.reporting_years import parse_period
from due_regard.config.settings import Settings
from due_regard.errors import DecisionError
from due_regard.policy import LandlordContext
from due_regard.services.build_packs import build_one_pack
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.post_mail import open_mail_context, send_landlord_mail
from due_regard.services.post_packs import hand_over_pack, is_approval_needed, post_build, read_report
from due_regard.services.result import Result
from due_regard.services.show_pack_life import describe_pack_state

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from due_regard.packs import PackKey, PackLife
    from due_regard.register.findings.said_words import SaidWords


@dataclass(frozen=True)
class PackAct:
    """Who does something with which pack, and why.

    Attributes:
        landlord, quarter, pack, edition: which pack; the quarter as 2026-Q2, the year as 2025-26.
        actor: the id that the sign-in gives, or `make_typed_actor`'s.
        why: their reason; of a comment, its words.
        seen: checksum of the draft they looked at; where another was built since, it is not approved.
    """

    landlord: str
    quarter: str
    pack: str
    edition: str
    actor: str
    why: str
    seen: str | None = None

    def find_key(self) -> PackKey:
        """Which pack.

        Raises:
            SettingsError: no such quarter or edition.
        """
        from due_regard.packs import make_pack_key

        return make_pack_key(self.pack, str(parse_period(self.quarter)), self.edition)

    def make_words(self, now: datetime) -> SaidWords:
        """Who and why, checked.

        Raises:
            DecisionError: one is blank, too long, or no text.
        """
        from due_regard.register.findings.said_words import SaidWords

        return SaidWords(self.actor, self.why, now)


def approve_pack(settings: Settings, act: PackAct, *, now: datetime, send: bool = False) -> Result:
    """Approve the newest draft; with `send`, mail it now where it may leave today.

    Returns:
        As `describe_pack_state`, and leaves_on (the day on which its mail may leave; None: it has no clerk), posted
        (whether its mail was put into the outbox), mails (handed over).

    Raises:
        PackError: it is no draft, was never built, lacks the newest commentary, or its files are gone.
        DecisionOvertaken: another draft was built since they looked.
        NotAllowed: they alone wrote the commentary.
        DecisionError: no name or reason is given.
        MailError: it is approved and waits in the outbox, but no mail could be handed over.
    """
    from due_regard import packs
    from due_regard.register import writing

    context, key, words = load_landlord_context(settings, act.landlord), act.find_key(), act.make_words(now)
    mail_context, switch = open_mail_context(settings, context, now=now), context.landlord.find_switch(act.pack)
    leaves_on = packs.find_posting_day(switch, parse_period(act.quarter), mail_context) if switch else None
    with open_landlord_register(settings, act.landlord) as engine:
        with writing(engine, act.landlord) as connection:
            life = packs.read_pack_life(connection, act.landlord, key)
            build = packs.record_approval(connection, act.landlord, life, words, act.seen)
            read_report(settings, act.landlord, life, build)
            is_due = send and leaves_on == mail_context.today
            posted = is_due and post_build(connection, settings, mail_context, life, build)
        mails = send_landlord_mail(engine, settings, act.landlord, now=now) if posted else 0
        state = describe_pack_state(engine, act.landlord, key)
    return state | {"leaves_on": leaves_on.isoformat() if leaves_on else None, "posted": posted, "mails": mails}


def reject_pack(settings: Settings, act: PackAct, *, now: datetime) -> Result:
    """Reject the newest draft; it stays a draft, with the reason.

    Returns:
        As `describe_pack_state`.

    Raises:
        PackError: it is no draft, or was never built.
        DecisionError: no name or reason is given.
    """
    from due_regard.packs import record_rejection

    return _record_verdict(settings, act, record_rejection, now=now)


def undo_approval(settings: Settings, act: PackAct, *, now: datetime) -> Result:
    """Take an approval back before the mail leaves: the version is a draft again.

    Returns:
        As `describe_pack_state`.

    Raises:
        PackError: it is not approved, or its mail left: a correction is the way then.
        DecisionError: no name or reason is given.
    """
    from due_regard.packs import record_undoing

    return _record_verdict(settings, act, record_undoing, now=now)


def _record_verdict(
    settings: Settings, act: PackAct, record: Callable[[Connection, str, PackLife, SaidWords], None], *, now: datetime
) -> Result:
    """Keep a person's word on the newest version by `record`, which refuses where it may not be said."""
    from due_regard.packs import read_pack_life
    from due_regard.register import writing

    load_landlord_context(settings, act.landlord)
    key, words = act.find_key(), act.make_words(now)
    with open_landlord_register(settings, act.landlord) as engine:
        with writing(engine, act.landlord) as connection:
            record(connection, act.landlord, read_pack_life(connection, act.landlord, key), words)
        return describe_pack_state(engine, act.landlord, key)


def comment_on_pack(
    settings: Settings, act: PackAct, *, section: str, now: datetime, is_removal: bool = False
) -> Result:
    """Keep commentary on a section (or take it out), and build the draft anew with it.

    `section` is a table of the pack's definition, or `decision`: what the audience is asked to decide.

    Returns:
        As `describe_pack_state`, and section.

    Raises:
        PackError: the pack was never built, or is approved or issued; or there is no commentary to take out.
        DecisionError: there is no such section, or no name or words are given.
    """
    from due_regard import packs
    from due_regard.packs.content.pack_definition import load_pack_definition
    from due_regard.register import writing

    context, key, words = load_landlord_context(settings, act.landlord), act.find_key(), act.make_words(now)
    definition = load_pack_definition(settings.reports_dir, act.pack)
    sections = [packs.DECISION, *(one.table for one in definition.sections)]
    if section not in sections and not is_removal:
        raise DecisionError("section", f"the pack has no such section; it has {', '.join(sections)}")
    record = packs.record_comment_removal if is_removal else packs.record_comment
    with open_landlord_register(settings, act.landlord) as engine:
        with writing(engine, act.landlord) as connection:
            record(connection, act.landlord, packs.read_pack_life(connection, act.landlord, key), section, words)
        _build_draft_anew(engine, settings, context, key, now)
        return describe_pack_state(engine, act.landlord, key) | {"section": section}


def correct_pack(settings: Settings, act: PackAct, *, now: datetime, send: bool = False) -> Result:
    """Begin a correction of what was issued: its draft is built; with `send`, mailed, or asked for, at once.

    Returns:
        As `describe_pack_state`, and posted, asked (by mail for its approval), mails.

    Raises:
        PackError: it was never issued.
        DecisionError: no name or reason is given.
        MailError: the correction waits in the outbox, but no mail could be handed over.
    """
    from due_regard import packs
    from due_regard.register import writing

    context, key, words = load_landlord_context(settings, act.landlord), act.find_key(), act.make_words(now)
    with open_landlord_register(settings, act.landlord) as engine:
        with writing(engine, act.landlord) as connection:
            packs.record_correction(
                connection, act.landlord, packs.read_pack_life(connection, act.landlord, key), words
            )
        _build_draft_anew(engine, settings, context, key, now)
        is_posted = send and context.landlord.find_switch(act.pack) is not None
        mail_context = open_mail_context(settings, context, now=now)
        sent = hand_over_pack(engine, settings, mail_context, key) if is_posted else (False, False)
        mails = send_landlord_mail(engine, settings, act.landlord, now=now) if any(sent) else 0
        state = describe_pack_state(engine, act.landlord, key)
    return state | {"posted": sent[0], "asked": sent[1], "mails": mails}


def _build_draft_anew(
    engine: Engine, settings: Settings, context: LandlordContext, key: PackKey, now: datetime
) -> None:
    """Build from what the last build of the pack rested on: all that is known, or known at the same instant."""
    from due_regard import packs
    from due_regard.register import reading

    with reading(engine, context.landlord.id) as connection:
        builds = packs.read_pack_life(connection, context.landlord.id, key).builds
    build_one_pack(engine, settings, context, key, now=now, known_at=builds[-1]["known_at"] if builds else None)


def record_handover(settings: Settings, act: PackAct, *, now: datetime) -> Result:
    """Note that a person handed a pack to its audience: it is issued, and its duty met, today.

    Returns:
        landlord, quarter, pack, edition, version, state, pack_id, was_known (whether that build was issued before).

    Raises:
        PackError: the pack was never built, or is a draft that a person must approve first.
        DecisionError: no name or reason is given.
    """
    from due_regard import packs
    from due_regard.register import writing

    found, key, words = load_landlord_context(settings, act.landlord).landlord, act.find_key(), act.make_words(now)
    with open_landlord_register(settings, act.landlord) as engine:
        with writing(engine, act.landlord) as connection:
            life = packs.read_pack_life(connection, act.landlord, key)
            build = packs.check_may_be_issued(life, needs_approval=is_approval_needed(found, act.pack))
            said = {"by": act.actor.removeprefix("cli:"), "why": words.why.strip()}
            is_new = packs.record_issue(connection, act.landlord, build["id"], how="by hand", now=now, **said)
        return describe_pack_state(engine, act.landlord, key) | {"pack_id": build["id"], "was_known": not is_new}
