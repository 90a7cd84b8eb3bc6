"""One restriction's case for the customer themselves: what was decided by which post, why, what is limited, what now.

Only what is listed here is told: dates, code words in plain words, and what the policy promises. No reference but the
restriction's and the customer's own, no person, no other record, no free text. The sentences stand in the template.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

from due_regard.codes.code_lists import CodeLists
from due_regard.config.settings import Settings
from due_regard.errors import CalendarError
from due_regard.policy import CheckDuty, DeadlineDuty, Duty, Policy, PolicyHistory, ReviewDuty
from due_regard.policy.field_checks import list_field_uses
from due_regard.records.canonical import ENTITY
from due_regard.services.case_timeline import CaseRows, Row, describe_codes, read_cell
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.read_case import Judging, find_judging, read_one_case
from due_regard.services.result import Result

if TYPE_CHECKING:
    from due_regard.records.canonical import Records

_OWN = ("restriction_ref", "customer_ref", "decided_on", "starts_on", "expires_on", "ended_on", "notified_on")
_EMERGENCY = "emergency_route"


def state_case(settings: Settings, landlord: str, ref: str) -> Result:
    """What a landlord can hand to the customer of one restriction.

    Returns:
        landlord, landlord_name, as_at, policy_title, `_OWN`, is_ended, decided_by and approved_by (posts), occurred_on
        and reasons (of the incident that it rests on), measures, channels, emergency (is_open, promises),
        review_due_on, appeal (until, promises that hold for this case, refusals: why this decision cannot be
        appealed). A promise has label, clause, promise.

    Raises:
        UnknownReference: no restriction has that reference.
    """
    from due_regard.register import reading

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=False)
        records, rows, assessments = read_one_case(connection, judging, ref)
    row = rows["restrictions"][0]
    policy = judging.context.history.find_version(row["decided_on"].date())
    own: Result = {name: read_cell(row, name) for name in _OWN}
    return (
        judging.describe()
        | own
        | {"policy_title": policy.title, "is_ended": _is_over(own["ended_on"], judging.as_at)}
        | _describe_decision(row, rows, policy.file.code_lists)
        | {"emergency": {"is_open": read_cell(row, _EMERGENCY), "promises": _list_emergency_promises(policy)}}
        | {"review_due_on": _find_review(assessments.to_dict("records"), ref, judging)}
        | {"appeal": _describe_appeal(row, records, policy, judging)}
    )


def _is_over(ended_on: str | None, as_at: date | None) -> bool:
    return ended_on is not None and (as_at is None or ended_on <= as_at.isoformat())


def _describe_decision(row: Row, rows: CaseRows, lists: CodeLists) -> Result:
    incident = next(
        (one for one in rows.get("incidents", ()) if one["incident_ref"] == read_cell(row, "incident_ref")), {}
    )
    return {
        "decided_by": _list_said(row, "restrictions", "decided_by_role", lists),
        "approved_by": _list_said(row, "restrictions", "approved_by_role", lists),
        "occurred_on": read_cell(incident, "occurred_on"),
        "reasons": _list_said(incident, "incidents", "category", lists),
        "measures": _list_said(row, "restrictions", "measure", lists),
        "channels": _list_said(row, "restrictions", "channels_restricted", lists),
    }


def _list_said(row: Row, entity: str, column: str, lists: CodeLists) -> list[str]:
    """What the words of a column mean; a word that is in no list is left out, as it may be a text."""
    of = ENTITY[entity].by_name[column]
    known = lists.lists[of.code_list].words
    return [one["said"] for one in describe_codes(row, of, lists) if one["code"] in known]


def _list_emergency_promises(policy: Policy) -> list[Result]:
    """What the policy says of a way that stays open in an emergency."""
    return [
        _describe_promise(duty)
        for duty in _list_told_duties(policy)
        if isinstance(duty, CheckDuty) and duty.subject == "restriction" and _is_about(duty, _EMERGENCY)
    ]


def _is_about(duty: CheckDuty, column: str) -> bool:
    return any(use.path == column for use in list_field_uses(ENTITY["restrictions"], duty.require))


def _describe_appeal(row: Row, records: Records, policy: Policy, judging: Judging) -> Result:
    """What the policy says of an appeal against this decision: no clause on other customers, or on other decisions."""
    duties = [duty for duty in _list_told_duties(policy) if duty.subject == "appeal"]
    states = _judge_new_appeal(row, records, policy, duties, judging)
    held = [duty for duty in duties if duty.rule in states]
    refusals = [_describe_promise(one) for one in held if _asks_case_alone(one) and states[one.rule] == "breach"]
    promises = {one.promise: _describe_promise(one) for one in reversed(held) if not _asks_case_alone(one)}
    if refusals:
        return {"until": None, "promises": [], "refusals": refusals}
    said = [*reversed(promises.values())]
    return {"until": _find_appeal_end(row, policy, judging), "promises": said, "refusals": []}


def _judge_new_appeal(
    row: Row, records: Records, policy: Policy, duties: list[Duty], judging: Judging
) -> dict[str, str]:
    """Rule -> state of the duties on an appeal against this decision of which no more than its day is known.

    A duty that is not for such a customer, or such a decision, is not among them; one that nobody can tell of is.
    """
    import pandas as pd

    from due_regard.assessment import assess_records

    day = max(judging.as_at or date.min, row["decided_on"].date())
    trial = pd.DataFrame({"appeal_ref": ["-"], "restriction_ref": [row["restriction_ref"]]}, dtype="str")
    trial["received_on"] = pd.Series([day]).astype("datetime64[s]")
    history = PolicyHistory((replace(policy, file=policy.file.model_copy(update={"duties": tuple(duties)})),))
    known = {**_leave_out_unknown(records, row), "appeals": trial}
    found = assess_records(known, history, judging.context.calendar, day)
    return dict(zip(found["rule"].astype("str"), found["state"].astype("str"), strict=True))


def _leave_out_unknown(records: Records, row: Row) -> Records:
    """The records, without customers where this one's type is not known: none of its duties is then ruled out.

    To a judge, a customer without a row is of no type, and nothing is promised. Here a customer would not hear of an
    ombudsman whom they may go to.
    """
    customers = records.get("customers")
    if customers is None:
        return records
    own = customers.loc[customers["customer_ref"] == row["customer_ref"], "customer_type"]
    return records if own.notna().any() else {name: frame for name, frame in records.items() if name != "customers"}


def _asks_case_alone(duty: Duty) -> bool:
    """Whether a duty on appeals asks something of the decision alone: whether it can be appealed at all."""
    uses = list_field_uses(ENTITY["appeals"], duty.require) if isinstance(duty, CheckDuty) else ()
    paths = [use.path for use in uses]
    return bool(paths) and all(path.startswith("restriction.") for path in paths)


def _list_told_duties(policy: Policy) -> Iterator[Duty]:
    """Duties that quote the policy, and that nobody is kept from hearing of."""
    return (duty for duty in policy.duties if duty.promise and not duty.restricted_to)


def _describe_promise(duty: Duty) -> Result:
    return {"label": duty.label, "clause": duty.clause, "promise": duty.promise}


def _find_review(assessments: list[Any], ref: str, judging: Judging) -> str | None:
    """When the next review is due, or was due and is not held."""
    history = judging.context.history
    days = [
        row["due_on"].date().isoformat()
        for row in assessments
        if (row["subject_type"], row["subject_ref"]) == ("restriction", ref)
        and row["state"] in {"pending", "due_soon", "overdue"}
        and isinstance(history.find_duty(row["rule"]), ReviewDuty)
    ]
    return min(days, default=None)


def _find_appeal_end(row: Row, policy: Policy, judging: Judging) -> str | None:
    """The last day for an appeal, where the policy sets one and the day it counts from is recorded."""
    import numpy as np

    from due_regard.assessment.assessment_rows import AssessmentClock
    from due_regard.assessment.duty_kinds import find_due_dates

    for duty in policy.duties:
        if not isinstance(duty, DeadlineDuty) or (duty.subject, duty.done) != ("appeal", "received_on"):
            continue
        link, _, column = duty.start.partition(".") if isinstance(duty.start, str) else ("", "", "")
        begun = read_cell(row, column) if link == "restriction" else None
        if begun is not None:
            clock = AssessmentClock(judging.as_at or date.fromisoformat(begun), judging.context.calendar)
            try:
                due = find_due_dates(duty, np.array([begun], dtype="datetime64[D]"), policy.counting, clock)
            except CalendarError:
                return None
            return str(due[0])
    return None
