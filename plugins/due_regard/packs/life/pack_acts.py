"""What people do with a pack: comment on it, approve or reject its draft, take that back, correct what was issued.

Each act is a row of `pack_events` with who, when and why, and a keyed hash of these in the audit, as a decision on a
finding has. Where a pack then stands is pack_lives.py's; what is mailed, pack_mail.py's.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert

from due_regard.errors import DecisionOvertaken, NotAllowed, PackError
from due_regard.mail.builder import ComposedMail
from due_regard.mail.outbox import put_mail
from due_regard.packs.life.pack_lives import DRAFTS, PackLife
from due_regard.packs.life.provenance import digest_commentary
from due_regard.register import append_audit
from due_regard.register.findings.said_words import SaidWords, hash_said_words
from due_regard.register.schema.pack_tables import PackEvent
from due_regard.register.sealing.seals import seal_groups

_AUDITED_AS = {
    "commented": "pack_comment",
    "comment_removed": "pack_uncomment",
    "asked": "pack_ask",
    "withheld": "pack_withhold",
    "approved": "pack_approve",
    "rejected": "pack_reject",
    "undone": "pack_undo",
    "warned": "pack_warn",
    "corrected": "pack_correct",
}
"""Event -> the audit's verb."""


def record_comment(conn: Connection, landlord: str, life: PackLife, section: str, words: SaidWords) -> None:
    """Keep an officer's words on a section, in the place of what stood there.

    Raises:
        PackError: the version is approved or issued: its words are fixed.
    """
    _check_draft(life, "nothing more is written into it")
    _record_act(conn, landlord, life, "commented", words=words, section=section)


def record_comment_removal(conn: Connection, landlord: str, life: PackLife, section: str, words: SaidWords) -> None:
    """Take the commentary out of a section.

    Raises:
        PackError: the version is approved or issued, or the section has no commentary.
    """
    _check_draft(life, "nothing is taken out of it")
    if section not in life.commentary:
        raise PackError(f"{life.key} has no commentary on {section}; nothing was changed")
    _record_act(conn, landlord, life, "comment_removed", words=words, section=section)


def record_approval(
    conn: Connection, landlord: str, life: PackLife, words: SaidWords, seen: str | None = None
) -> Mapping[str, Any]:
    """Approve the newest draft; returns its build.

    Args:
        conn: a writing transaction.
        landlord: whose pack.
        life: read in the same transaction.
        words: who approves, and why.
        seen: checksum of the draft that they looked at: where another one was built since, nothing is approved.

    Raises:
        PackError: it is no draft, was not built, or lacks the newest commentary.
        DecisionOvertaken: another draft was built since they looked.
        NotAllowed: they alone wrote the commentary.
    """
    _check_draft(life, "only a draft is approved")
    build = _find_draft(life)
    if seen and build["sha256"] != seen:
        raise DecisionOvertaken(f"another draft of {life.key} was built since: look at it, and approve that one")
    if build["ingredients"].get("commentary") != digest_commentary(_list_words(life)):
        raise PackError(f"the newest draft of {life.key} lacks the newest commentary: build it again, and approve that")
    if life.has_sole_author(words.actor):
        raise NotAllowed(f"you alone wrote the commentary in {life.key}: somebody else must approve it")
    _record_act(conn, landlord, life, "approved", words=words, pack_id=build["id"])
    return build


def record_rejection(conn: Connection, landlord: str, life: PackLife, words: SaidWords) -> None:
    """Reject the newest draft; it stays, with the reason.

    Raises:
        PackError: it is no draft, or was not built.
    """
    _check_draft(life, "only a draft is rejected; what was issued is corrected")
    _record_act(conn, landlord, life, "rejected", words=words, pack_id=_find_draft(life)["id"])


def record_undoing(conn: Connection, landlord: str, life: PackLife, words: SaidWords) -> None:
    """Take an approval back before the mail leaves: the version is a draft again.

    Raises:
        PackError: it is not approved, or it was issued, or its mail is on its way.
    """
    remedy = "`due-regard pack correct` begins its next version"
    if life.find_issue(life.version) is not None:
        raise PackError(f"{life.key} is issued already: its approval stays; {remedy}")
    approval = life.find_approval(life.version)
    if approval is None:
        raise PackError(f"{life.key} is not approved: there is no approval to take back")
    if life.has_mail_on_its_way(life.version):
        raise PackError(f"the mail of {life.key} is on its way: its approval stays; once it is issued, {remedy}")
    _record_act(conn, landlord, life, "undone", words=words, pack_id=approval["pack_id"])


def record_correction(conn: Connection, landlord: str, life: PackLife, words: SaidWords) -> int:
    """Begin a correction of what was issued; returns its version. Its draft is still to be built.

    Raises:
        PackError: the newest version was never issued.
    """
    version = life.version
    issue = life.find_issue(version)
    if issue is None:
        state = life.name_state(version) if life.builds else "not built"
        raise PackError(
            f"{life.key} was never issued (version {version} is {state}): there is nothing to correct; where a person "
            "handed it over, `due-regard pack issue` says so"
        )
    act = {"words": words, "pack_id": issue["pack_id"], "version": version + 1}
    _record_act(conn, landlord, life, "corrected", **act)
    return version + 1


def record_question(
    conn: Connection,
    landlord: str,
    life: PackLife,
    pack_id: int,
    mail: ComposedMail,
    *,
    now: datetime,
    event: Literal["asked", "warned"] = "asked",
) -> None:
    """Put the mail that asks somebody to approve a draft, or warns of it, into the outbox, and keep that it did."""
    put_mail(conn, landlord, mail, now=now)
    _record_act(conn, landlord, life, event, pack_id=pack_id, now=now, sealed={"alert_messages": mail.message_id})


def record_withholding(
    conn: Connection, landlord: str, life: PackLife, pack_id: int, mail: ComposedMail, *, now: datetime
) -> None:
    """Put the mail that tells somebody that nothing is published into the outbox, and keep that they were told."""
    put_mail(conn, landlord, mail, now=now)
    _record_act(conn, landlord, life, "withheld", pack_id=pack_id, now=now, sealed={"alert_messages": mail.message_id})


def check_may_be_issued(life: PackLife, *, needs_approval: bool) -> Mapping[str, Any]:
    """The build that may go to its audience now.

    Raises:
        PackError: there is none, or it waits for approval.
    """
    build = life.find_own_build(life.version)
    if build is None:
        raise PackError(f"there is no {life.key}; build it first with `due-regard pack`")
    _check_published(life)
    if needs_approval and life.name_state(life.version) in DRAFTS:
        raise PackError(
            f"{life.key} is a draft: nothing was mailed. A person approves it first, on its page or with "
            "`due-regard pack approve`"
        )
    return build


def _check_draft(life: PackLife, rule: str) -> None:
    if not life.builds:
        raise PackError(f"there is no {life.key}; build it first with `due-regard pack`")
    _check_published(life)
    state = life.name_state(life.version)
    if state not in DRAFTS:
        is_approved = state == "approved"
        remedy = (
            "undo` takes the approval back until its mail leaves" if is_approved else "correct` begins its next version"
        )
        more = f"; `due-regard pack {remedy}"
        raise PackError(f"{life.key} is {state} already: {rule}{more}")


def _check_published(life: PackLife) -> None:
    if life.name_state(life.version) == "not published":
        why = life.explain_withheld(life.version)
        raise PackError(f"{life.key} is not published: {why} Publish an annual edition instead (`pack --year`)")


def _find_draft(life: PackLife) -> Mapping[str, Any]:
    builds = life.list_builds_of(life.version)
    if not builds:
        raise PackError(f"version {life.version} of {life.key} is not built yet; build it first with `due-regard pack`")
    return builds[-1]


def _list_words(life: PackLife) -> dict[str, str]:
    return {section: one.words for section, one in life.commentary.items()}


def _record_act(
    conn: Connection,
    landlord: str,
    life: PackLife,
    event: str,
    *,
    words: SaidWords | None = None,
    section: str | None = None,
    pack_id: int | None = None,
    version: int | None = None,
    now: datetime | None = None,
    sealed: Mapping[str, Any] | None = None,
) -> None:
    """One row, and its entry in the audit, which holds a keyed hash of what was said."""
    key, at = life.key, words.now if words else now
    values: dict[str, Any] = {"pack": key.pack, "quarter": key.quarter, "edition": key.edition}
    values |= {"version": version or life.version, "pack_id": pack_id, "section": section}
    details: dict[str, Any] = {name: value for name, value in values.items() if value is not None}
    if words is not None:
        said = {"actor": words.actor.strip(), "why": words.why.strip()}
        values |= said | {"nonce": secrets.token_hex(16)}
        details["said_sha256"] = hash_said_words(values["nonce"], **said, until=None)
    row = insert(PackEvent).values(landlord=landlord, at=at, event=event, **values).returning(PackEvent.id)
    details["pack_event"] = int(conn.execute(row).scalar_one())
    subject = f"pack {pack_id}" if pack_id else f"{key.pack} {key.quarter}"
    assert at is not None  # noqa: S101 - whoever acts says when
    seals = seal_groups(conn, landlord, {"pack_events": details["pack_event"], **(sealed or {})})
    action = _AUDITED_AS[event]
    append_audit(conn, landlord=landlord, action=action, subject=subject, details=details, at=at, seals=seals)
