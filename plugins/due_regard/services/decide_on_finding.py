"""A person's decision on one finding: the same function for the command line and the pages.

What the landlord's settings and staff export say about a decision is asked here; the register keeps it and its rules.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import DecisionError, UnknownReference
from due_regard.policy import Duty, LandlordContext
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.past_findings import find_assessed_duty
from due_regard.services.result import Result
from due_regard.services.visible_rules import list_visible_rules

if TYPE_CHECKING:
    from sqlalchemy import Engine

DecisionVerb = Literal["resolve", "silence", "hand-over", "dispute", "comment", "undo"]


@dataclass(frozen=True)
class Decision:
    """What a person says.

    Attributes:
        actor: who decides: the id that the sign-in gives, or `make_typed_actor`'s.
        why: their reason.
        until: the last silent day, of a silence.
        to: the staff reference of the new owner, of a hand-over.
        expected_event: the newest event of the finding that they saw: if something happened since, nothing is done.
    """

    actor: str
    why: str
    until: date | None = None
    to: str | None = None
    expected_event: int | None = None


def decide_on_finding(
    settings: Settings,
    register_ref: str,
    verb: DecisionVerb,
    decision: Decision,
    *,
    now: datetime,
    landlord: str | None = None,
    sees_restricted: bool,
    may_govern: bool,
) -> Result:
    """Keep a decision with a finding (of `landlord`, where each has its own register).

    Args:
        settings: the installation.
        register_ref: the finding.
        verb: what is decided.
        decision: who says so, why, and what the verb needs.
        now: when.
        landlord: whose finding it must be.
        sees_restricted: whether the person may know of findings that only certain roles may be told of.
        may_govern: whether they may take back another person's decision.

    Returns:
        ref, landlord, and what is now so: silenced_until, status, handed_to, is_disputed or undone.

    Raises:
        UnknownReference: there is no such finding, or the person may not know of it.
        DecisionOvertaken: something happened to it since the person looked.
        DecisionNotYours: the decision to take back is another person's.
        DecisionError: something is missing or wrong; names the field.
        RegisterError: the finding is resolved, or there is nothing to undo.
    """
    from due_regard import register

    said = {"actor": decision.actor, "why": decision.why, "now": now, "landlord": landlord}
    said["expected_event"] = decision.expected_event
    with open_landlord_register(settings, landlord) as engine:
        found = register.read_finding(engine, register_ref, landlord)
        context = load_landlord_context(settings, found["landlord"])
        duty = _find_visible_duty(settings, context, found, sees_restricted=sees_restricted)
        ref = found["register_ref"]
        result: Result = {"ref": ref, "landlord": found["landlord"]}
        if verb == "silence":
            until = _check_until(context, decision.until, now)
            register.silence_finding(engine, ref, until=until, **said)
            return result | {"silenced_until": until.isoformat()}
        if verb == "hand-over":
            to_ref = (decision.to or "").strip()
            _check_new_owner(engine, settings, context, found, duty, to_ref, now)
            register.hand_over_finding(engine, ref, to_ref=to_ref, **said)
            return result | {"handed_to": to_ref}
        if verb == "undo":
            undone = register.undo_decision(engine, ref, may_govern=may_govern, **said)
            return result | {"undone": undone}
        if verb == "comment":
            register.comment_on_finding(engine, ref, **said)
            return result
        if verb == "dispute":
            register.dispute_finding(engine, ref, **said)
            return result | {"is_disputed": True}
        register.resolve_finding(engine, ref, **said)
        return result | {"status": "awaiting"}


def _find_visible_duty(
    settings: Settings, context: LandlordContext, found: Mapping[str, Any], *, sees_restricted: bool
) -> Duty | None:
    """The finding's duty; None where the policy no longer has it.

    Raises:
        UnknownReference: the person may not know of it: nobody learns which references are restricted ones.
    """
    from due_regard.packs import add_report_duty

    history = add_report_duty(context.history, context.landlord, reports=settings.reports_dir)
    duty = find_assessed_duty(history, found["rule"], found["policy_version"])
    visible = list_visible_rules(history, sees_restricted=sees_restricted)
    if visible is not None and found["rule"] not in visible:
        raise UnknownReference("no finding has that reference; `due-regard findings` lists the open ones")
    return duty


def _check_until(context: LandlordContext, until: date | None, now: datetime) -> date:
    """The last silent day, within the landlord's longest silence."""
    if until is None:
        raise DecisionError("until", "say until which day it is to be silent")
    days = context.landlord.alerts.longest_silence_days
    latest = find_london_day(now) + timedelta(days=days)
    if until > latest:
        raise DecisionError(
            "until",
            f"a silence lasts {days} days at most (longest_silence_days of the landlord's settings), so until {latest}",
        )
    return until


def _check_new_owner(
    engine: Engine,
    settings: Settings,
    context: LandlordContext,
    found: Mapping[str, Any],
    duty: Duty | None,
    to_ref: str,
    now: datetime,
) -> None:
    """Ask the staff export whether the new owner can be told, and the policy whether they may be."""
    from due_regard import register
    from due_regard.alerts.new_owners import check_new_owner
    from due_regard.alerts.recipients import RecipientDirectory
    from due_regard.alerts.record_cells import read_record_cells
    from due_regard.mail.mail_memory import read_unreachable_addresses
    from due_regard.mail.mail_mode import choose_mail_mode
    from due_regard.mail.wording import load_mail_wording

    if not to_ref:
        raise DecisionError("to", "name the new owner by their staff reference")
    landlord, restricted_to = context.landlord, () if duty is None else duty.restricted_to
    wording, mode = load_mail_wording(settings.reports_dir / "mail"), choose_mail_mode(settings)
    with register.reading(engine, landlord.id) as conn:
        # Only who may be told of a restricted duty takes more than the staff export.
        cells = read_record_cells(conn, landlord.id, None if restricted_to else ("staff",))
        refused = read_unreachable_addresses(conn, landlord.id, mode, now=now)
    directory = RecipientDirectory(cells, landlord.alerts, wording, refused)
    check_new_owner(directory, to_ref, restricted_to, found["subject_type"], found["subject_ref"])
