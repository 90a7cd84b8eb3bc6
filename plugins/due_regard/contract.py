"""The canonical entities and columns a drop is read into (contract: Exports).

One tuple of `Entity` values is the single place that knows the columns; intake, register and assessment all read it.
Add a column here and give it a type; keep vendors' names (include/sources) and policy (include/policies) out.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TypeAlias

import pandas as pd

Records: TypeAlias = Mapping[str, pd.DataFrame]
"""Entity name -> frame of that landlord's records, in canonical dtypes (see `Kind`).

A missing key means the entity was never delivered; a missing column means the source does not carry it (*absent*);
a null cell means *blank*. The two are never mixed up: the first answers `not_measured`, the second "not recorded".
"""


class Kind(StrEnum):
    """Type of a column, and the dtype it has in a `Records` frame."""

    REF = "ref"  # str dtype, kept exactly
    DATE = "date"  # datetime64[s], midnight, no zone
    YN = "yn"  # nullable boolean
    CODE = "code"  # str dtype, lower case, one of `codes`
    LIST = "list"  # str dtype, codes joined by ";" in delivered order
    TEXT = "text"  # str dtype


@dataclass(frozen=True)
class Column:
    """One canonical column.

    `planned` dates are never masked by as_at; a value that is `known_once` another date of its row has come counts as
    blank before it; `personal` values stay out of logs and mails.
    """

    name: str
    kind: Kind
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
    columns: tuple[Column, ...]
    opened_on: str | None = None
    links: tuple[tuple[str, str], ...] = ()

    @cached_property
    def by_name(self) -> dict[str, Column]:
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


def _ref(name: str, *, required: bool = False) -> Column:
    return Column(name, Kind.REF, required, personal=name in {"customer_ref", "email"})


def _date(name: str, *, required: bool = False, planned: bool = False) -> Column:
    return Column(name, Kind.DATE, required, planned=planned)


def _yn(name: str) -> Column:
    return Column(name, Kind.YN)


def _code(name: str, codes: tuple[str, ...], *, required: bool = False) -> Column:
    return Column(name, Kind.CODE, required, codes)


def _list(name: str, codes: tuple[str, ...], *, required: bool = False) -> Column:
    return Column(name, Kind.LIST, required, codes)


def _text(name: str, *, personal: bool = False) -> Column:
    return Column(name, Kind.TEXT, personal=personal)


_TO_CUSTOMER = ("customer_ref", "customers")
_TO_RESTRICTION = ("restriction_ref", "restrictions")

ENTITIES: tuple[Entity, ...] = (
    Entity(
        "customers",
        "customer",
        (
            _ref("customer_ref", required=True),
            _code("customer_type", CUSTOMER_TYPES, required=True),
            _yn("receives_support_service"),
        ),
    ),
    Entity(
        "staff",
        "staff",
        (
            _ref("staff_ref", required=True),
            _code("role", ROLES, required=True),
            _text("email", personal=True),
            _ref("line_manager_ref"),
            _ref("deputy_ref"),
            _text("team"),
            _yn("is_active"),
        ),
    ),
    Entity(
        "incidents",
        "incident",
        (
            _ref("incident_ref", required=True),
            _ref("customer_ref", required=True),
            _date("occurred_on", required=True),
            _code("category", CATEGORIES, required=True),
            _code("channel", CHANNELS, required=True),
            _code("violence", VIOLENCE),
            _yn("harassment"),
            _yn("discriminatory"),
            _date("manager_informed_on"),
            _date("police_reported_on"),
            _code("police_decision_by_role", ROLES),
            _date("committee_reported_on"),
            _date("debrief_held_on"),
            _yn("staff_named_publicly"),
            _date("line_manager_notified_on"),
            _date("services_manager_notified_on"),
            _date("smt_informed_on"),
            _ref("staff_ref"),
            _ref("manager_ref"),
            _text("team"),
        ),
        "occurred_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "warnings",
        "warning",
        (
            _ref("warning_ref", required=True),
            _ref("customer_ref", required=True),
            _ref("incident_ref"),
            _date("issued_on", required=True),
            _ref("issued_by"),
            _yn("policy_enclosed"),
        ),
        "issued_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "restrictions",
        "restriction",
        (
            _ref("restriction_ref", required=True),
            _ref("customer_ref", required=True),
            _ref("incident_ref"),
            _code("decision_stage", STAGES),
            _list("measure", MEASURES, required=True),
            _list("channels_restricted", CHANNELS),
            _date("decided_on", required=True),
            _ref("decided_by", required=True),
            _code("decided_by_role", ROLES),
            _ref("approved_by"),
            _code("approved_by_role", ROLES),
            _date("notified_on"),
            _yn("notice_in_writing"),
            _yn("notice_reasons"),
            _yn("notice_duration"),
            _yn("notice_review_date"),
            _yn("notice_appeal_right"),
            _date("starts_on", required=True, planned=True),
            _date("expires_on", planned=True),
            _text("duration_reason"),
            _date("review_due_on", planned=True),
            _text("no_review_reason"),
            _date("ended_on"),
            _yn("adjustments_considered"),
            _yn("emergency_route"),
            _date("mandate_signed_on"),
            _date("system_flag_on"),
            _date("register_entry_on"),
            _date("care_inspectorate_notified_on"),
            _text("evidence_ref"),
            _text("restorative_ref"),
            _text("restorative_not_possible_reason"),
        ),
        "decided_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "reviews",
        "review",
        (
            _ref("review_ref", required=True),
            _ref("restriction_ref", required=True),
            _date("reviewed_on", required=True),
            _ref("reviewed_by"),
            _code("reviewed_by_role", ROLES),
            _code("outcome", REVIEW_OUTCOMES, required=True),
            _yn("explanation_recorded"),
            _date("next_review_on", planned=True),
            _date("customer_notified_on"),
        ),
        "reviewed_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "appeals",
        "appeal",
        (
            _ref("appeal_ref", required=True),
            _ref("restriction_ref", required=True),
            _date("received_on", required=True),
            _date("acknowledged_on"),
            _ref("handled_by"),
            Column("considered_by", Kind.REF, known_once="decided_on"),
            Column("considered_by_role", Kind.CODE, codes=ROLES, known_once="decided_on"),
            _date("decided_on"),
            _code("outcome", APPEAL_OUTCOMES),
            _date("notified_on"),
            _code("external_body", EXTERNAL_BODIES),
        ),
        "received_on",
        (_TO_RESTRICTION,),
    ),
    Entity(
        "markers",
        "marker",
        (
            _ref("marker_ref", required=True),
            _ref("customer_ref", required=True),
            _ref("restriction_ref"),
            _ref("incident_ref"),
            _code("marker_type", MARKER_TYPES),
            _date("placed_on", required=True),
            _date("review_due_on", planned=True),
            _date("reviewed_on"),
            _date("removed_on"),
            _ref("owner_ref"),
        ),
        "placed_on",
        (_TO_CUSTOMER,),
    ),
    Entity(
        "access_requests",
        "access_request",
        (
            _ref("request_ref", required=True),
            _ref("customer_ref", required=True),
            _date("received_on", required=True),
            _date("responded_on"),
            _ref("owner_ref"),
        ),
        "received_on",
        (_TO_CUSTOMER,),
    ),
)

ENTITY: dict[str, Entity] = {entity.name: entity for entity in ENTITIES}
ENTITY_OF_SUBJECT: dict[str, Entity] = {entity.subject: entity for entity in ENTITIES}

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

_DTYPE = {Kind.DATE: "datetime64[s]", Kind.YN: "boolean"}


def dtype_of(column: Column) -> str:
    """The pandas dtype a canonical column has in a `Records` frame."""
    return _DTYPE.get(column.kind, "str")


def empty_frame(entity: Entity) -> pd.DataFrame:
    """A frame of no records carrying every column of `entity`, in canonical dtypes."""
    return pd.DataFrame({column.name: pd.Series(dtype=dtype_of(column)) for column in entity.columns})
