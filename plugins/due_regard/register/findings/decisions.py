"""What a person decides about a finding: silence it for a while, report it done, or take either back.

None of them closes a finding: only a record does, in the next run. Names and reasons stay in `finding_events`; the
audit holds a keyed hash of them, so that neither can be changed unnoticed.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, update

from due_regard.errors import RegisterError, SettingsError
from due_regard.register.audit import append_audit
from due_regard.register.engines import writing
from due_regard.register.findings.open_findings import read_finding, read_finding_on
from due_regard.register.schema.finding_tables import OPEN, Finding, FindingEvent
from due_regard.register.stored_records import find_newest_load

_AUDITED_AS = {
    "silenced": "silence",
    "unsilenced": "unsilence",
    "reported_done": "resolve",
    "report_withdrawn": "unresolve",
}
"""Event -> the audit's verb."""

_UNDOING = {
    "silenced": ("unsilenced", ("silenced_until", "silenced_at")),
    "reported_done": ("report_withdrawn", ("awaiting_since", "awaiting_file_id")),
}
"""Event of a decision -> the event that takes it back, and the columns that this empties."""


def silence_finding(
    engine: Engine, register_ref: str, *, actor: str, why: str, until: date, now: datetime, landlord: str | None = None
) -> None:
    """Hold mails about an open finding back up to and including `until`; it stays open and listed.

    Args:
        engine: the register.
        register_ref: the finding.
        actor: who decides.
        why: their reason.
        until: the last silent day.
        now: when it is decided.
        landlord: whose finding it must be; any if left out.

    Raises:
        RegisterError: there is no open finding of that reference, or it is another landlord's.
        SettingsError: no name or reason is given, or `until` is over.
    """
    if until < now.date():
        raise SettingsError("a silence needs an end date that is not over yet")
    said, changes = _check_words(actor, why, until), {"silenced_until": until, "silenced_at": now}
    _record_decision(engine, register_ref, "silenced", said, now, landlord, changes)


def resolve_finding(
    engine: Engine, register_ref: str, *, actor: str, why: str, now: datetime, landlord: str | None = None
) -> None:
    """Report an open finding done: it waits for the next drop, which resolves it by a record or takes the report back.

    Raises:
        RegisterError: there is no open finding of that reference, or it is another landlord's.
        SettingsError: no name or reason is given.
    """
    said = _check_words(actor, why)
    _record_decision(engine, register_ref, "reported_done", said, now, landlord, {"awaiting_since": now})


def undo_decision(
    engine: Engine, register_ref: str, *, actor: str, why: str, now: datetime, landlord: str | None = None
) -> str:
    """Take back the last decision that still holds: a silence, or the report that it is done.

    Returns:
        The event that was taken back: silenced or reported_done.

    Raises:
        RegisterError: there is no such finding, or no decision on it holds.
        SettingsError: no name or reason is given.
    """
    found = read_finding(engine, register_ref, landlord)
    held = []
    if found["silenced_until"] is not None and found["silenced_until"] >= now.date():
        held.append((found["silenced_at"], "silenced"))
    if found["awaiting_since"] is not None:
        held.append((found["awaiting_since"], "reported_done"))
    if not held:
        raise RegisterError(f"no person's decision on {found['register_ref']} holds: there is nothing to undo")
    _, event = max(held)
    undoing, changed = _UNDOING[event]
    _record_decision(engine, register_ref, undoing, _check_words(actor, why), now, landlord, dict.fromkeys(changed))
    return event


def _check_words(actor: str, why: str, until: date | None = None) -> dict[str, Any]:
    """What a person says with a decision, as it is kept."""
    if not actor.strip() or not why.strip():
        raise SettingsError("say who decides, and why: both are kept with the finding")
    return {"actor": actor.strip(), "why": why.strip(), "until": until}


def _record_decision(
    engine: Engine,
    register_ref: str,
    event: str,
    said: dict[str, Any],
    now: datetime,
    landlord: str | None,
    changes: dict[str, Any],
) -> None:
    owner = read_finding(engine, register_ref, landlord)["landlord"]
    with writing(engine, owner) as connection:
        found = read_finding_on(connection, register_ref)
        if found["status"] != OPEN:
            raise RegisterError(f"{found['register_ref']} is resolved already; nothing was changed")
        if event == "reported_done":
            changes["awaiting_file_id"] = find_newest_load(connection, owner)[0] or 0
        connection.execute(update(Finding).where(Finding.id == found["id"]).values(**changes))
        _write_decision(connection, found, event, now, said)


def _write_decision(
    connection: Connection, found: dict[str, Any], event: str, now: datetime, said: dict[str, Any]
) -> None:
    nonce = secrets.token_hex(16)
    values = {"landlord": found["landlord"], "finding_id": found["id"], "at": now, "event": event, "nonce": nonce}
    values |= {"state": found["state"], **said}
    event_id = connection.execute(insert(FindingEvent).values(**values).returning(FindingEvent.id)).scalar_one()
    append_audit(
        connection,
        landlord=found["landlord"],
        action=_AUDITED_AS[event],
        subject=found["register_ref"],
        details={"event": event_id, "said_sha256": hash_said_words(nonce, **said)},
        at=now,
    )


def hash_said_words(nonce: str, *, actor: str, why: str, until: date | None) -> str:
    """Hash of what a person said, keyed by the event's nonce: without it nobody can try names against the hash."""
    words = json.dumps([nonce, actor, why, until.isoformat() if until else None])
    return hashlib.sha256(words.encode()).hexdigest()
