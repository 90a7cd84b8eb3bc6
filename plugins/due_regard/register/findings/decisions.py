"""What a person decides about a finding: silence it for a while, take that back, or report it done.

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
from due_regard.register.engines import reading, writing
from due_regard.register.findings.open_findings import read_finding_on
from due_regard.register.schema.finding_tables import Finding, FindingEvent
from due_regard.register.stored_records import find_newest_load


def silence_finding(engine: Engine, register_ref: str, *, actor: str, why: str, until: date, now: datetime) -> None:
    """Keep mails about an open finding back up to and with `until`; it stays open and listed.

    Raises:
        RegisterError: there is no open finding of that reference.
        SettingsError: no name or reason is given, or `until` is over.
    """
    if until < now.date():
        raise SettingsError("a silence needs an end date that is not over yet")
    _record_decision(engine, register_ref, "silenced", actor, why, now, until, silenced_until=until, silenced_at=now)


def end_silence(engine: Engine, register_ref: str, *, actor: str, why: str, now: datetime) -> None:
    """End a silence before its time.

    Raises:
        RegisterError: there is no open finding of that reference.
        SettingsError: no name or reason is given.
    """
    _record_decision(engine, register_ref, "unsilenced", actor, why, now, None, silenced_until=None, silenced_at=None)


def resolve_finding(engine: Engine, register_ref: str, *, actor: str, why: str, now: datetime) -> None:
    """Report an open finding done: it waits for the next drop, which resolves it by a record or takes the report back.

    Raises:
        RegisterError: there is no open finding of that reference.
        SettingsError: no name or reason is given.
    """
    _record_decision(engine, register_ref, "reported_done", actor, why, now, None, awaiting_since=now)


def _record_decision(
    engine: Engine,
    register_ref: str,
    event: str,
    actor: str,
    why: str,
    now: datetime,
    until: date | None,
    **changes: Any,
) -> None:
    if not actor.strip() or not why.strip():
        raise SettingsError("say who decides, and why: both are kept with the finding")
    with reading(engine) as connection:
        landlord = read_finding_on(connection, register_ref)["landlord"]
    with writing(engine, landlord) as connection:
        found = read_finding_on(connection, register_ref)
        if found["status"] != "open":
            raise RegisterError(f"{found['register_ref']} is resolved already; nothing was changed")
        if event == "reported_done":
            changes["awaiting_file_id"] = find_newest_load(connection, landlord)[0] or 0
        connection.execute(update(Finding).where(Finding.id == found["id"]).values(**changes))
        said = {"actor": actor.strip(), "why": why.strip(), "until": until}
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
        action={"silenced": "silence", "unsilenced": "unsilence", "reported_done": "resolve"}[event],
        subject=found["register_ref"],
        details={"event": event_id, "said_sha256": hash_said_words(nonce, **said)},
        at=now,
    )


def hash_said_words(nonce: str, *, actor: str, why: str, until: date | None) -> str:
    """Hash of what a person said, keyed by the event's nonce: without it nobody can try names against the hash."""
    words = json.dumps([nonce, actor, why, until.isoformat() if until else None])
    return hashlib.sha256(words.encode()).hexdigest()
