"""What a person decides about a finding: silence, done, handed over, disputed, a comment, or any of them taken back.

None of them closes a finding: only a record does, in the next run. Names and reasons stay in `finding_events`; the
audit holds a keyed hash of them, so that neither can be changed unnoticed. Which decisions hold is held_decisions.py's.
"""

from __future__ import annotations

import secrets
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Engine, insert, select, update

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import DecisionError, DecisionNotYours, RegisterError
from due_regard.register.audit import append_audit
from due_regard.register.engines import writing
from due_regard.register.findings.actors import format_actor
from due_regard.register.findings.held_decisions import TAKEN_BACK_BY, HeldDecision, fold_decisions, is_running
from due_regard.register.findings.open_findings import read_finding, read_finding_on
from due_regard.register.findings.said_words import SaidWords, hash_said_words
from due_regard.register.findings.seen_events import check_nothing_happened
from due_regard.register.findings.work_items import hand_work_over
from due_regard.register.schema.finding_tables import OPEN, Finding, FindingEvent
from due_regard.register.sealing.seals import seal_groups
from due_regard.register.stored_records import find_newest_load

_AUDITED_AS = {
    "silenced": "silence",
    "unsilenced": "unsilence",
    "reported_done": "resolve",
    "report_withdrawn": "unresolve",
    "handed_over": "hand_over",
    "handed_back": "hand_back",
    "disputed": "dispute",
    "dispute_ended": "end_dispute",
    "commented": "comment",
}
"""Event -> the audit's verb."""


def silence_finding(engine: Engine, register_ref: str, *, until: date, **said: Any) -> int:
    """Hold mails about an open finding back up to and including `until`; it stays open and listed.

    Args:
        engine: the register.
        register_ref: the finding.
        until: the last silent day.
        said: as `SaidWords`; so of every decision here.

    Returns:
        The decision's event.

    Raises:
        RegisterError: there is no open finding of that reference, it is another landlord's, or something happened to it
            since the person looked.
        DecisionError: no name or reason is given, or `until` is over.
    """
    words = SaidWords(**said)
    if until < find_london_day(words.now):
        raise DecisionError("until", "a silence needs an end date that is not over yet")
    changes = {"silenced_until": until, "silenced_at": words.now}
    return _record_decision(engine, register_ref, "silenced", words, changes, until=until)


def resolve_finding(engine: Engine, register_ref: str, **said: Any) -> int:
    """Report an open finding done: it waits for the next drop, which resolves it by a record or takes the report back.

    Raises: as `silence_finding`.
    """
    words = SaidWords(**said)
    return _record_decision(engine, register_ref, "reported_done", words, {"awaiting_since": words.now})


def hand_over_finding(engine: Engine, register_ref: str, *, to_ref: str, **said: Any) -> int:
    """Make a member of staff the owner of an open finding. Whether they can be told is for the caller to ask.

    Raises: as `silence_finding`; a DecisionError also where it is theirs already.
    """
    words = SaidWords(**said)
    changes = {"handed_to": to_ref, "handed_at": words.now}
    return _record_decision(engine, register_ref, "handed_over", words, changes, to_ref=to_ref)


def dispute_finding(engine: Engine, register_ref: str, **said: Any) -> int:
    """Say that an open finding is wrong: it stays open and moves up as before, and governance is told.

    Raises: as `silence_finding`; a DecisionError also where it is disputed already.
    """
    words = SaidWords(**said)
    return _record_decision(engine, register_ref, "disputed", words, {"disputed_at": words.now})


def comment_on_finding(engine: Engine, register_ref: str, **said: Any) -> int:
    """Keep a person's words with the life of a finding, open or not; they change nothing.

    Raises: as `silence_finding`, but for its being open.
    """
    return _record_decision(engine, register_ref, "commented", SaidWords(**said), {})


def undo_decision(engine: Engine, register_ref: str, *, may_govern: bool = True, **said: Any) -> str:
    """Take back the last decision that still holds; what was decided before it holds again.

    Args:
        engine: the register.
        register_ref: the finding.
        may_govern: whether it may be anybody's; else only one's own.
        said: as `SaidWords`.

    Returns:
        The event that was taken back: silenced, reported_done, handed_over or disputed.

    Raises:
        RegisterError: there is no such open finding, no decision on it holds, or something happened to it since.
        DecisionNotYours: those that hold are other people's.
        DecisionError: no name or reason is given.
    """
    words = SaidWords(**said)
    owner = read_finding(engine, register_ref, words.landlord)["landlord"]
    with writing(engine, owner) as connection:
        found, events = _read_open_finding(connection, register_ref, words)
        last = _choose_decision(found, fold_decisions(events), words, may_govern=may_govern)
        left = [row for row in events if row["id"] != last.event_id]
        before = fold_decisions(left).get(last.event)
        changes = _restore_columns(last.event, before, words.now)
        _change_finding(connection, found, changes)
        more = {"undoes_id": last.event_id, "to_ref": changes.get("handed_to")}
        _write_decision(connection, found, TAKEN_BACK_BY[last.event], words, more)
    return last.event


def _choose_decision(
    found: dict[str, Any], held: dict[str, HeldDecision], words: SaidWords, *, may_govern: bool
) -> HeldDecision:
    """The last decision that still holds and that the person may take back."""
    running = [one for one in held.values() if is_running(one, find_london_day(words.now))]
    if not running:
        raise RegisterError(f"no person's decision on {found['register_ref']} holds: there is nothing to undo")
    mine = [one for one in running if may_govern or one.actor == words.actor]
    if not mine:
        raise DecisionNotYours(
            f"the decision on {found['register_ref']} is that of {format_actor(running[-1].actor)}: they, or "
            "governance, can take it back"
        )
    return mine[-1]


def _restore_columns(event: str, before: HeldDecision | None, now: datetime) -> dict[str, Any]:
    """What `findings` says once the newest decision of a kind is taken back and the one before, if any, holds again."""
    if event == "silenced":
        return {"silenced_until": before and before.until, "silenced_at": before and before.at}
    if event == "handed_over":
        return {"handed_to": before and before.to_ref, "handed_at": now}
    return {"disputed_at": None} if event == "disputed" else {"awaiting_since": None, "awaiting_file_id": None}


def _record_decision(
    engine: Engine,
    register_ref: str,
    event: str,
    words: SaidWords,
    changes: dict[str, Any],
    *,
    until: date | None = None,
    to_ref: str | None = None,
) -> int:
    owner = read_finding(engine, register_ref, words.landlord)["landlord"]
    with writing(engine, owner) as connection:
        found, _ = _read_open_finding(connection, register_ref, words, or_resolved=event == "commented")
        _check_changes_something(found, event, to_ref)
        if event == "reported_done":
            changes["awaiting_file_id"] = find_newest_load(connection, owner)[0] or 0
        if changes:
            _change_finding(connection, found, changes)
        more = {"until": until, "to_ref": to_ref, "file_id": changes.get("awaiting_file_id")}
        return _write_decision(connection, found, event, words, more)


def _change_finding(connection: Connection, found: dict[str, Any], changes: dict[str, Any]) -> None:
    """Let the finding say what was decided, and the list of work whose it is now."""
    connection.execute(update(Finding).where(Finding.id == found["id"]).values(**changes))
    if "handed_to" in changes:
        hand_work_over(connection, found["landlord"], found["id"], changes["handed_to"])


def _read_open_finding(
    connection: Connection, register_ref: str, words: SaidWords, *, or_resolved: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Where the finding stands under the landlord's lock, and its events; nothing happened since the person looked."""
    found = read_finding_on(connection, register_ref)
    own = select(FindingEvent.__table__).where(FindingEvent.finding_id == found["id"])
    events = [dict(row) for row in connection.execute(own.order_by(FindingEvent.id)).mappings()]
    check_nothing_happened(found["register_ref"], events, words.expected_event)
    if found["status"] != OPEN and not or_resolved:
        raise RegisterError(f"{found['register_ref']} is resolved already; nothing was changed")
    return found, events


def _check_changes_something(found: dict[str, Any], event: str, to_ref: str | None) -> None:
    if event == "handed_over" and found["handed_to"] == to_ref:
        raise DecisionError("to", f"{found['register_ref']} was handed to them before; nothing was changed")
    if event == "disputed" and found["disputed_at"] is not None:
        raise DecisionError("why", f"{found['register_ref']} is disputed already; add what you know as a comment")


def _write_decision(
    connection: Connection, found: dict[str, Any], event: str, words: SaidWords, more: dict[str, Any]
) -> int:
    said = {"actor": words.actor.strip(), "why": words.why.strip(), "until": None, "to_ref": None} | more
    file_id = said.pop("file_id", None)
    nonce = secrets.token_hex(16)
    values = {"landlord": found["landlord"], "finding_id": found["id"], "at": words.now, "event": event, "nonce": nonce}
    values |= {"state": found["state"], "file_id": file_id, **said}
    event_id = connection.execute(insert(FindingEvent).values(**values).returning(FindingEvent.id)).scalar_one()
    undoes_id = said.pop("undoes_id", None)
    is_passed_on = event in {"handed_over", TAKEN_BACK_BY["handed_over"]}
    sealed: dict[str, Any] = {"decisions": event_id} | ({"handed_work": None} if is_passed_on else {})
    append_audit(
        connection,
        landlord=found["landlord"],
        action=_AUDITED_AS[event],
        subject=found["register_ref"],
        details={"event": event_id, "said_sha256": hash_said_words(nonce, **said)}
        | ({} if undoes_id is None else {"undoes": undoes_id}),
        at=words.now,
        seals=seal_groups(connection, found["landlord"], sealed),
    )
    return int(event_id)
