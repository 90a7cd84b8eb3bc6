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
a null cell means *blank*. The two are never mixed up: the first answers `not_measured`, the second "not recorded".
"""


class ColumnKind(StrEnum):
    """Type of a column, and the dtype it has in a `Records` frame."""

    REF = "ref"  # str dtype, kept exactly
    DATE = "date"  # datetime64[s], midnight, no zone
    YN = "yn"  # nullable boolean
    CODE = "code"  # str dtype, lower case, one of `codes`
    LIST = "list"  # str dtype, codes joined by ";" in delivered order
    TEXT = "text"  # str dtype


@dataclass(frozen=True)
class CanonicalColumn:
    """One canonical column.

    `planned` dates stay readable before their day. A value that is `known_once` another date of its row has come counts
    as blank before it. `personal` values stay out of logs and mails.
    """

    name: str
    kind: ColumnKind
    required: bool = False
    codes: tuple[str, ...] = ()
    planned: bool = False
    known_once: str = ""
    personal: bool = False


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


CUSTOMER_TYPES = ("tenant", "factored_owner", "applicant", "contractor", "other")
ROLES = (
    "officer",
    "team_leader",
    "manager",
    "operational_manager",
    "head_of_service",
    "head_of_governance",
    "director",
    "chief_executive",
    "leadership_team",
    "senior_management_team",
    "management_team",
    "executive_management_team",
)
CATEGORIES = (
    "aggressive_or_abusive",
    "unreasonable_demands",
    "unreasonable_persistence",
    "complaints_misuse",
    "harassment",
    "refusal_to_cooperate",
)
CHANNELS = ("in_person", "phone", "text", "letter", "email", "social_media")
VIOLENCE = ("none", "threat", "physical")
STAGES = ("active_management", "restriction")
MEASURES = (
    "named_contact",
    "third_party",
    "set_times",
    "appointment_only",
    "writing_only",
    "channel_limited",
    "issues_limited",
    "complaints_limited",
    "no_contact",
)
REVIEW_OUTCOMES = ("retain", "vary", "lift")
APPEAL_OUTCOMES = ("upheld", "varied", "quashed")
EXTERNAL_BODIES = ("spso", "psow", "care_inspectorate", "first_tier_tribunal")
MARKER_TYPES = ("risk_alert", "no_lone_visit", "vulnerability")


def _make_ref_column(name: str, *, required: bool = False) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.REF, required, personal=name in {"customer_ref", "email"})


def _make_date_column(name: str, *, required: bool = False, planned: bool = False) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.DATE, required, planned=planned)


def _make_yes_no_column(name: str) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.YN)


def _make_code_column(name: str, codes: tuple[str, ...], *, required: bool = False) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.CODE, required, codes)


def _make_list_column(name: str, codes: tuple[str, ...], *, required: bool = False) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.LIST, required, codes)


def _make_text_column(name: str, *, personal: bool = False) -> CanonicalColumn:
    return CanonicalColumn(name, ColumnKind.TEXT, personal=personal)


_TO_CUSTOMER = ("customer_ref", "customers")
_TO_RESTRICTION = ("restriction_ref", "restrictions")

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customers",
        "customer",
        (
            _make_ref_column("customer_ref", required=True),
            _make_code_column("customer_type", CUSTOMER_TYPES, required=True),
            _make_yes_no_column("receives_support_service"),
        ),
    ),
    Entity(
        "staff",
        "staff",
        (
            _make_ref_column("staff_ref", required=True),
            _make_code_column("role", ROLES, required=True),
            _make_text_column("email", personal=True),
            _make_ref_column("line_manager_ref"),
            _make_ref_column("deputy_ref"),
            _make_text_column("team"),
            _make_yes_no_column("is_active"),
        ),
    ),
    Entity(
        "incidents",
        "incident",
        (
            _make_ref_column("incident_ref", required=True),
            _make_ref_column("customer_ref", required=True),
            _make_date_column("occurred_on", required=True),
            _make_code_column("category", CATEGORIES, required=True),
            _make_code_column("channel", CHANNELS, required=True),
            _make_code_column("violence", VIOLENCE),
            _make_yes_no_column("harassment"),
            _make_yes_no_column("discriminatory"),
            _make_date_column("manager_informed_on"),
            _make_date_column("police_reported_on"),
            _make_code_column("police_decision_by_role", ROLES),
            _make_date_column("committee_reported_on"),
            _make_date_column("debrief_held_on"),
            _make_yes_no_column("staff_named_publicly"),
            _make_date_column("line_manager_notified_on"),
            _make_date_column("services_manager_notified_on"),
            _make_date_column("smt_informed_on"),
            _make_ref_column("staff_ref"),
            _make_ref_column("manager_ref"),
            _make_text_column("team"),
        ),
        "occurred_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "warnings",
        "warning",
        (
            _make_ref_column("warning_ref", required=True),
            _make_ref_column("customer_ref", required=True),
            _make_ref_column("incident_ref"),
            _make_date_column("issued_on", required=True),
            _make_ref_column("issued_by"),
            _make_yes_no_column("policy_enclosed"),
        ),
        "issued_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "restrictions",
        "restriction",
        (
            _make_ref_column("restriction_ref", required=True),
            _make_ref_column("customer_ref", required=True),
            _make_ref_column("incident_ref"),
            _make_code_column("decision_stage", STAGES),
            _make_list_column("measure", MEASURES, required=True),
            _make_list_column("channels_restricted", CHANNELS),
            _make_date_column("decided_on", required=True),
            _make_ref_column("decided_by", required=True),
            _make_code_column("decided_by_role", ROLES),
            _make_ref_column("approved_by"),
            _make_code_column("approved_by_role", ROLES),
            _make_date_column("notified_on"),
            _make_yes_no_column("notice_in_writing"),
            _make_yes_no_column("notice_reasons"),
            _make_yes_no_column("notice_duration"),
            _make_yes_no_column("notice_review_date"),
            _make_yes_no_column("notice_appeal_right"),
            _make_date_column("starts_on", required=True, planned=True),
            _make_date_column("expires_on", planned=True),
            _make_text_column("duration_reason"),
            _make_date_column("review_due_on", planned=True),
            _make_text_column("no_review_reason"),
            _make_date_column("ended_on"),
            _make_yes_no_column("adjustments_considered"),
            _make_yes_no_column("emergency_route"),
            _make_date_column("mandate_signed_on"),
            _make_date_column("system_flag_on"),
            _make_date_column("register_entry_on"),
            _make_date_column("care_inspectorate_notified_on"),
            _make_text_column("evidence_ref"),
            _make_text_column("restorative_ref"),
            _make_text_column("restorative_not_possible_reason"),
        ),
        "decided_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "reviews",
        "review",
        (
            _make_ref_column("review_ref", required=True),
            _make_ref_column("restriction_ref", required=True),
            _make_date_column("reviewed_on", required=True),
            _make_ref_column("reviewed_by"),
            _make_code_column("reviewed_by_role", ROLES),
            _make_code_column("outcome", REVIEW_OUTCOMES, required=True),
            _make_yes_no_column("explanation_recorded"),
            _make_date_column("next_review_on", planned=True),
            _make_date_column("customer_notified_on"),
        ),
        "reviewed_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "appeals",
        "appeal",
        (
            _make_ref_column("appeal_ref", required=True),
            _make_ref_column("restriction_ref", required=True),
            _make_date_column("received_on", required=True),
            _make_date_column("acknowledged_on"),
            _make_ref_column("handled_by"),
            CanonicalColumn("considered_by", ColumnKind.REF, known_once="decided_on"),
            CanonicalColumn("considered_by_role", ColumnKind.CODE, codes=ROLES, known_once="decided_on"),
            _make_date_column("decided_on"),
            _make_code_column("outcome", APPEAL_OUTCOMES),
            _make_date_column("notified_on"),
            _make_code_column("external_body", EXTERNAL_BODIES),
        ),
        "received_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "markers",
        "marker",
        (
            _make_ref_column("marker_ref", required=True),
            _make_ref_column("customer_ref", required=True),
            _make_ref_column("restriction_ref"),
            _make_ref_column("incident_ref"),
            _make_code_column("marker_type", MARKER_TYPES),
            _make_date_column("placed_on", required=True),
            _make_date_column("review_due_on", planned=True),
            _make_date_column("reviewed_on"),
            _make_date_column("removed_on"),
            _make_ref_column("owner_ref"),
        ),
        "placed_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "access_requests",
        "access_request",
        (
            _make_ref_column("request_ref", required=True),
            _make_ref_column("customer_ref", required=True),
            _make_date_column("received_on", required=True),
            _make_date_column("responded_on"),
            _make_ref_column("owner_ref"),
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
        _make_ref_column("report_ref", required=True),
        _make_date_column("quarter_ended_on", required=True),
        _make_date_column("issued_on"),
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
