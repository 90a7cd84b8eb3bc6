"""The canonical entities and columns a drop is read into (contract: Exports).

One tuple of `Entity` values is the single place that knows the columns; intake, register and assessment all read it.
Add a column here and give it a type. A new column or entity also needs a migration (register/migrations), for the
register keeps each column in a table of its entity. Keep vendors' names (include/sources) and policy
(include/policies) out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import pandas as pd

Records: TypeAlias = Mapping[str, pd.DataFrame]
"""Entity name -> frame of that landlord's records, in canonical dtypes (see `ColumnKind`).

A missing key means the entity was never delivered; a missing column means the source does not have it (*absent*);
a null cell means *blank*, unless the row's `UNKNOWN_CELLS` names its column: then it is *unknown*, as it holds a word
that is not known. They are never mixed up: absent and unknown answer `not_measured`, blank is "not recorded".
"""

UNKNOWN_CELLS = "unknown_cells"
"""Column of a `Records` frame, there only where some cell is unknown: the names of the row's columns that hold a word
which is not known, in order and joined by ";"; null where the row has none."""


class ColumnKind(StrEnum):
    """Type of a column, and the dtype it has in a `Records` frame."""

    REF = "ref"  # str dtype, kept exactly
    DATE = "date"  # datetime64[s], midnight, no zone
    YN = "yn"  # nullable boolean
    CODE = "code"  # str dtype, lower case, a word of the column's code list
    LIST = "list"  # str dtype, such words joined by ";" in delivered order
    TEXT = "text"  # str dtype


@dataclass(frozen=True)
class CanonicalColumn:
    """One canonical column.

    `code_list` names the list (include/codes) whose words the column holds. `planned` dates stay readable before their
    day. A value that is `known_once` another date of its row has come counts as blank before it. `personal` values stay
    out of logs and mails.
    """

    name: str
    kind: ColumnKind
    required: bool = False
    code_list: str = ""
    planned: bool = False
    known_once: str = ""
    personal: bool = False

    @property
    def dated_by(self) -> str:
        """The date column of its row before whose day its cell is blank (as-at masking), "" for what always stands.

        The one place that says what is masked: an event's own date, and what is known once another date has come.
        """
        is_event = self.kind is ColumnKind.DATE and not self.planned
        return self.name if is_event else self.known_once


@dataclass(frozen=True)
class Entity:
    """One canonical entity: the file stem, the subject type of its rules, its columns.

    `opened_on` is the date that says when a record begins to exist (as-at masking); `links` maps a column to the
    entity it must point to, else the row is an orphan.
    """

    name: str
    subject: str
    columns: tuple[CanonicalColumn, ...]
    opened_on: str | None = None
    links: tuple[tuple[str, str], ...] = ()

    @cached_property
    def by_name(self) -> dict[str, CanonicalColumn]:
        """Columns by name."""
        return {column.name: column for column in self.columns}

    @property
    def key(self) -> str:
        """Name of the record's own reference column."""
        return self.columns[0].name


_CUSTOMER_REF = CanonicalColumn("customer_ref", ColumnKind.REF, required=True, personal=True)
_TO_CUSTOMER = ("customer_ref", "customers")
_TO_RESTRICTION = ("restriction_ref", "restrictions")

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customers",
        "customer",
        (
            _CUSTOMER_REF,
            CanonicalColumn("customer_type", ColumnKind.CODE, required=True, code_list="customer_types"),
            CanonicalColumn("receives_support_service", ColumnKind.YN),
        ),
    ),
    Entity(
        "staff",
        "staff",
        (
            CanonicalColumn("staff_ref", ColumnKind.REF, required=True),
            CanonicalColumn("role", ColumnKind.CODE, required=True, code_list="roles"),
            CanonicalColumn("email", ColumnKind.TEXT, personal=True),
            CanonicalColumn("line_manager_ref", ColumnKind.REF),
            CanonicalColumn("deputy_ref", ColumnKind.REF),
            CanonicalColumn("team", ColumnKind.TEXT),
            CanonicalColumn("is_active", ColumnKind.YN),
        ),
    ),
    Entity(
        "incidents",
        "incident",
        (
            CanonicalColumn("incident_ref", ColumnKind.REF, required=True),
            _CUSTOMER_REF,
            CanonicalColumn("occurred_on", ColumnKind.DATE, required=True),
            CanonicalColumn("category", ColumnKind.CODE, required=True, code_list="categories"),
            CanonicalColumn("channel", ColumnKind.CODE, required=True, code_list="channels"),
            CanonicalColumn("violence", ColumnKind.CODE, code_list="violence"),
            CanonicalColumn("harassment", ColumnKind.YN),
            CanonicalColumn("discriminatory", ColumnKind.YN),
            CanonicalColumn("manager_informed_on", ColumnKind.DATE),
            CanonicalColumn("police_reported_on", ColumnKind.DATE),
            CanonicalColumn("police_decision_by_role", ColumnKind.CODE, code_list="roles"),
            CanonicalColumn("committee_reported_on", ColumnKind.DATE),
            CanonicalColumn("debrief_held_on", ColumnKind.DATE),
            CanonicalColumn("staff_named_publicly", ColumnKind.YN),
            CanonicalColumn("line_manager_notified_on", ColumnKind.DATE),
            CanonicalColumn("services_manager_notified_on", ColumnKind.DATE),
            CanonicalColumn("smt_informed_on", ColumnKind.DATE),
            CanonicalColumn("staff_ref", ColumnKind.REF),
            CanonicalColumn("manager_ref", ColumnKind.REF),
            CanonicalColumn("team", ColumnKind.TEXT),
        ),
        "occurred_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "warnings",
        "warning",
        (
            CanonicalColumn("warning_ref", ColumnKind.REF, required=True),
            _CUSTOMER_REF,
            CanonicalColumn("incident_ref", ColumnKind.REF),
            CanonicalColumn("issued_on", ColumnKind.DATE, required=True),
            CanonicalColumn("issued_by", ColumnKind.REF),
            CanonicalColumn("policy_enclosed", ColumnKind.YN),
        ),
        "issued_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "restrictions",
        "restriction",
        (
            CanonicalColumn("restriction_ref", ColumnKind.REF, required=True),
            _CUSTOMER_REF,
            CanonicalColumn("incident_ref", ColumnKind.REF),
            CanonicalColumn("decision_stage", ColumnKind.CODE, code_list="decision_stages"),
            CanonicalColumn("measure", ColumnKind.LIST, required=True, code_list="measures"),
            CanonicalColumn("channels_restricted", ColumnKind.LIST, code_list="channels"),
            CanonicalColumn("decided_on", ColumnKind.DATE, required=True),
            CanonicalColumn("decided_by", ColumnKind.REF, required=True),
            CanonicalColumn("decided_by_role", ColumnKind.CODE, code_list="roles"),
            CanonicalColumn("approved_by", ColumnKind.REF),
            CanonicalColumn("approved_by_role", ColumnKind.CODE, code_list="roles"),
            CanonicalColumn("notified_on", ColumnKind.DATE),
            CanonicalColumn("notice_in_writing", ColumnKind.YN),
            CanonicalColumn("notice_reasons", ColumnKind.YN),
            CanonicalColumn("notice_duration", ColumnKind.YN),
            CanonicalColumn("notice_review_date", ColumnKind.YN),
            CanonicalColumn("notice_appeal_right", ColumnKind.YN),
            CanonicalColumn("starts_on", ColumnKind.DATE, required=True, planned=True),
            CanonicalColumn("expires_on", ColumnKind.DATE, planned=True),
            CanonicalColumn("duration_reason", ColumnKind.TEXT),
            CanonicalColumn("review_due_on", ColumnKind.DATE, planned=True),
            CanonicalColumn("no_review_reason", ColumnKind.TEXT),
            CanonicalColumn("ended_on", ColumnKind.DATE),
            CanonicalColumn("adjustments_considered", ColumnKind.YN),
            CanonicalColumn("emergency_route", ColumnKind.YN),
            CanonicalColumn("mandate_signed_on", ColumnKind.DATE),
            CanonicalColumn("system_flag_on", ColumnKind.DATE),
            CanonicalColumn("register_entry_on", ColumnKind.DATE),
            CanonicalColumn("care_inspectorate_notified_on", ColumnKind.DATE),
            CanonicalColumn("evidence_ref", ColumnKind.TEXT),
            CanonicalColumn("restorative_ref", ColumnKind.TEXT),
            CanonicalColumn("restorative_not_possible_reason", ColumnKind.TEXT),
        ),
        "decided_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "reviews",
        "review",
        (
            CanonicalColumn("review_ref", ColumnKind.REF, required=True),
            CanonicalColumn("restriction_ref", ColumnKind.REF, required=True),
            CanonicalColumn("reviewed_on", ColumnKind.DATE, required=True),
            CanonicalColumn("reviewed_by", ColumnKind.REF),
            CanonicalColumn("reviewed_by_role", ColumnKind.CODE, code_list="roles"),
            CanonicalColumn("outcome", ColumnKind.CODE, required=True, code_list="review_outcomes"),
            CanonicalColumn("explanation_recorded", ColumnKind.YN),
            CanonicalColumn("next_review_on", ColumnKind.DATE, planned=True),
            CanonicalColumn("customer_notified_on", ColumnKind.DATE),
        ),
        "reviewed_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "appeals",
        "appeal",
        (
            CanonicalColumn("appeal_ref", ColumnKind.REF, required=True),
            CanonicalColumn("restriction_ref", ColumnKind.REF, required=True),
            CanonicalColumn("received_on", ColumnKind.DATE, required=True),
            CanonicalColumn("acknowledged_on", ColumnKind.DATE),
            CanonicalColumn("handled_by", ColumnKind.REF),
            CanonicalColumn("considered_by", ColumnKind.REF, known_once="decided_on"),
            CanonicalColumn("considered_by_role", ColumnKind.CODE, code_list="roles", known_once="decided_on"),
            CanonicalColumn("decided_on", ColumnKind.DATE),
            CanonicalColumn("outcome", ColumnKind.CODE, code_list="appeal_outcomes"),
            CanonicalColumn("notified_on", ColumnKind.DATE),
            CanonicalColumn("external_body", ColumnKind.CODE, code_list="external_bodies"),
        ),
        "received_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "markers",
        "marker",
        (
            CanonicalColumn("marker_ref", ColumnKind.REF, required=True),
            _CUSTOMER_REF,
            CanonicalColumn("restriction_ref", ColumnKind.REF),
            CanonicalColumn("incident_ref", ColumnKind.REF),
            CanonicalColumn("marker_type", ColumnKind.CODE, code_list="marker_types"),
            CanonicalColumn("placed_on", ColumnKind.DATE, required=True),
            CanonicalColumn("review_due_on", ColumnKind.DATE, planned=True),
            CanonicalColumn("reviewed_on", ColumnKind.DATE),
            CanonicalColumn("removed_on", ColumnKind.DATE),
            CanonicalColumn("owner_ref", ColumnKind.REF),
        ),
        "placed_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "access_requests",
        "access_request",
        (
            CanonicalColumn("request_ref", ColumnKind.REF, required=True),
            _CUSTOMER_REF,
            CanonicalColumn("received_on", ColumnKind.DATE, required=True),
            CanonicalColumn("responded_on", ColumnKind.DATE),
            CanonicalColumn("owner_ref", ColumnKind.REF),
        ),
        "received_on",
        (_TO_CUSTOMER,),
    ),
)

ENTITY: dict[str, Entity] = {entity.name: entity for entity in ENTITIES}
ENTITY_OF_SUBJECT: dict[str, Entity] = {entity.subject: entity for entity in ENTITIES}

REPORT_ENTITY = Entity(
    "reports",
    "report",
    (
        CanonicalColumn("report_ref", ColumnKind.REF, required=True),
        CanonicalColumn("quarter_ended_on", ColumnKind.DATE, required=True),
        CanonicalColumn("issued_on", ColumnKind.DATE),
    ),
    "quarter_ended_on",
)
"""Reports that a landlord owes. Packs make these records from what was issued: no drop and no table holds them."""

ASSESSED_ENTITY: dict[str, Entity] = {**ENTITY, REPORT_ENTITY.name: REPORT_ENTITY}
ASSESSED_ENTITY_OF_SUBJECT: dict[str, Entity] = {**ENTITY_OF_SUBJECT, REPORT_ENTITY.subject: REPORT_ENTITY}
"""Every entity that a duty may be about: what landlords deliver, and reports."""

EARLIEST_YEAR = 1990
"""A date before this year rejects the row (contract: Exports)."""

LATEST_YEARS_AHEAD = 10
"""A date more than this many years after the day of intake rejects the row (contract: Exports)."""

ASSESSMENT_COLUMNS = (
    "landlord",
    "rule",
    "subject_type",
    "subject_ref",
    "occurrence",
    "state",
    "due_on",
    "done_on",
    "days_overdue",
    "severity",
    "clause",
    "owner_role",
)
"""Columns of an assessment, in the order of the output file (contract: Assessment, output columns)."""

STATES = ("met", "late", "overdue", "due_soon", "pending", "breach", "not_measured")
OPEN_STATES = ("due_soon", "overdue", "breach")
"""States that make a finding, unless the duty's severity is `info`."""


def find_open_rows(assessments: pd.DataFrame) -> pd.Series:
    """Which assessments are open findings: in one of `OPEN_STATES`, and more than information."""
    return assessments["state"].isin(OPEN_STATES) & (assessments["severity"] != "info")


_DTYPE = {ColumnKind.DATE: "datetime64[s]", ColumnKind.YN: "boolean"}


def find_dtype(column: CanonicalColumn) -> str:
    """The pandas dtype a canonical column has in a `Records` frame."""
    return _DTYPE.get(column.kind, "str")
