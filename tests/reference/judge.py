"""judge(): every row that the contract asks for, for one landlord's records on one date."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from tests.reference import review_chain, rules_appeal, rules_incident, rules_other, rules_restriction
from tests.reference.dates import DIVISIONS, WorkingDays
from tests.reference.records import REF, Record, Table, World, read_files, world_on
from tests.reference.verdicts import NOT_MEASURED, Verdict

QC, PL, CB, UW, HN = LANDLORDS = ("queens_cross", "port_of_leith", "clydebank", "united_welsh", "hanover")
ALL = frozenset(LANDLORDS)
SUBJECTS = {
    "appeal": "appeals",
    "restriction": "restrictions",
    "incident": "incidents",
    "review": "reviews",
    "warning": "warnings",
    "marker": "markers",
    "access_request": "access_requests",
}
Rule = Callable[[World, Record], list[Verdict]]
RULES: dict[str, tuple[set[str] | frozenset[str], Rule]] = {
    "appeal.acknowledge": ({QC}, rules_appeal.acknowledge),
    "appeal.communicate": ({QC}, rules_appeal.communicate),
    "appeal.decide": ({UW}, rules_appeal.decide),
    "appeal.notify": ({UW}, rules_appeal.notify),
    "appeal.in_time": ({QC, UW}, rules_appeal.in_time),
    "appeal.independent": ({QC, UW}, rules_appeal.independent),
    "appeal.decider_role": ({QC, CB, UW}, rules_appeal.decider_role),
    "appeal.appealable": ({CB}, rules_appeal.appealable),
    "appeal.signpost": ({QC, PL, UW}, rules_appeal.signpost),
    "appeal.given_effect": ({QC, CB, UW}, rules_appeal.given_effect),
    "restriction.review": (ALL, review_chain.review),
    "restriction.review_date_set": ({CB, UW, HN}, rules_restriction.review_date_set),
    "restriction.end_set": ({QC, UW}, rules_restriction.end_set),
    "restriction.expiry": ({QC, PL, UW, HN}, rules_restriction.expiry),
    "restriction.normal_length": ({QC}, rules_restriction.normal_length),
    "restriction.decider_role": (ALL, rules_restriction.decider_role),
    "restriction.prior_warning": ({QC, HN, UW}, rules_restriction.prior_warning),
    "restriction.continued_behaviour": ({QC, HN}, rules_restriction.continued_behaviour),
    "restriction.restorative_step": ({CB}, rules_restriction.restorative_step),
    "restriction.written_notice": (ALL, rules_restriction.written_notice),
    "restriction.notice_contents": ({QC, UW, HN, CB}, rules_restriction.notice_contents),
    "restriction.adjustments": (ALL, rules_restriction.adjustments),
    "restriction.contact_route": ({PL, HN}, rules_restriction.contact_route),
    "restriction.emergency_route": ({QC}, rules_restriction.emergency_route),
    "restriction.care_inspectorate": ({QC}, rules_restriction.care_inspectorate),
    "restriction.mandate": ({PL}, rules_restriction.mandate),
    "restriction.system_flag": ({CB, UW, HN, PL}, rules_restriction.system_flag),
    "restriction.evidence": ({CB}, rules_restriction.evidence),
    "incident.committee_report": ({QC, HN}, rules_incident.committee_report),
    "incident.manager_informed": ({QC, PL, CB}, rules_incident.manager_informed),
    "incident.police": (ALL, rules_incident.police),
    "incident.debrief": ({CB}, rules_incident.debrief),
    "incident.naming_shared": ({CB}, rules_incident.naming_shared),
    "incident.naming_notified": ({CB}, rules_incident.naming_notified),
    "incident.restriction_decided": ({PL}, rules_incident.restriction_decided),
    "review.reviewer_role": ({PL, HN}, rules_other.reviewer_role),
    "review.next_date_set": ({CB, UW, HN}, rules_other.next_date_set),
    "review.lift_done": (ALL, rules_other.lift_done),
    "review.explanation": ({HN}, rules_other.explanation),
    "review.customer_notified": ({UW}, rules_other.customer_notified),
    "warning.policy_enclosed": ({HN}, rules_other.policy_enclosed),
    "marker.removed": ({PL, CB, UW, HN}, rules_other.marker_removed),
    "marker.review": ({PL}, rules_other.marker_review),
    "access_request.respond": ({QC}, rules_other.access_respond),
}
POLICY_REVIEWED = {PL, CB, QC, HN}


def judge(
    exports: Path | dict[str, Table],
    landlord: str,
    as_at: date,
    *,
    convention: str = "day0",
    closures: frozenset[date] = frozenset(),
) -> list[dict[str, Any]]:
    """Rows of every rule, sorted by rule, subject_ref and occurrence.

    Args:
        exports: a folder of canonical CSV files, or tables by entity (see `records.table`).
        landlord: one of the five.
        as_at: the date judged on.
        convention: how "within n working days" counts: day0, day1 or roll_then_add.
        closures: days on which the landlord is closed.
    """
    tables = read_files(exports) if isinstance(exports, Path) else exports
    world = world_on(tables, landlord, as_at, WorkingDays(DIVISIONS[landlord], closures, convention))
    return sorted(_rows(world), key=lambda row: (row["rule"], row["subject_ref"], row["occurrence"]))


def _rows(world: World) -> Iterator[dict[str, Any]]:
    for rule, (landlords, judged) in RULES.items():
        if world.landlord in landlords:
            yield from _rows_of(world, rule, judged)
    if world.landlord in POLICY_REVIEWED:
        yield from _numbered(world, "policy.review", "policy", world.landlord, rules_other.policy_review(world))


def _rows_of(world: World, rule: str, judged: Rule) -> Iterator[dict[str, Any]]:
    subject_type = rule.split(".")[0]
    entity = SUBJECTS[subject_type]
    if entity not in world.tables:
        yield from _numbered(world, rule, "landlord", world.landlord, [NOT_MEASURED])
        return
    for record in world.tables[entity].records:
        yield from _numbered(world, rule, subject_type, record[REF[entity]], judged(world, record))


def _numbered(
    world: World, rule: str, subject_type: str, subject_ref: str, verdicts: list[Verdict]
) -> Iterator[dict[str, Any]]:
    for occurrence, verdict in enumerate(verdicts, 1):
        yield {
            "landlord": world.landlord,
            "rule": rule,
            "subject_type": subject_type,
            "subject_ref": subject_ref,
            "occurrence": occurrence,
            **asdict(verdict),
        }
