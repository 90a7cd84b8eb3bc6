"""Records of one drop as one landlord's world on one day: typed cells, as-at masking, derived roles, links.

A record is a dict of the columns its source carries. `ABSENT` stands for a column that is not carried, for a cell that
holds a word which is not known and for an entity that was never delivered; `None` for a blank cell and for a link to
nothing.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from tests.reference.dates import WorkingDays

ABSENT: Final = object()
UNKNOWN_WORD = "wibblestone"
"""What a cell says that no code list knows, nor is it yes or no: the source cannot tell, of this cell alone."""
Text = dict[str, str]
"""One row of a file: column -> cell as delivered."""

REF = {
    "customers": "customer_ref",
    "staff": "staff_ref",
    "incidents": "incident_ref",
    "warnings": "warning_ref",
    "restrictions": "restriction_ref",
    "reviews": "review_ref",
    "appeals": "appeal_ref",
    "markers": "marker_ref",
    "access_requests": "request_ref",
}
OPENS = {
    "incidents": "occurred_on",
    "warnings": "issued_on",
    "restrictions": "decided_on",
    "reviews": "reviewed_on",
    "appeals": "received_on",
    "markers": "placed_on",
    "access_requests": "received_on",
}
PLANNED = {"starts_on", "expires_on", "review_due_on", "next_review_on"}
YES_NO = {
    "receives_support_service",
    "is_active",
    "harassment",
    "discriminatory",
    "staff_named_publicly",
    "policy_enclosed",
    "notice_in_writing",
    "notice_reasons",
    "notice_duration",
    "notice_review_date",
    "notice_appeal_right",
    "adjustments_considered",
    "emergency_route",
    "explanation_recorded",
}
CODES = {
    "customer_type",
    "role",
    "category",
    "channel",
    "violence",
    "police_decision_by_role",
    "decision_stage",
    "decided_by_role",
    "approved_by_role",
    "reviewed_by_role",
    "considered_by_role",
    "outcome",
    "external_body",
    "marker_type",
}
LISTS = {"measure", "channels_restricted"}
DERIVED = (
    ("restrictions", "decided_by"),
    ("restrictions", "approved_by"),
    ("reviews", "reviewed_by"),
    ("appeals", "considered_by"),
)

Record = dict[str, Any]


@dataclass(frozen=True)
class Table:
    """One delivered file: the columns it carries, which stand even where it has no row, and its records."""

    columns: frozenset[str]
    records: list[Record]


def read_files(folder: Path) -> dict[str, Table]:
    """Each canonical CSV file in `folder`; an entity without a file is left out."""
    return {entity: _read(folder / f"{entity}.csv") for entity in REF if (folder / f"{entity}.csv").exists()}


def _read(path: Path) -> Table:
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.DictReader(file)
        return table(reader.fieldnames or (), reader)


def table(columns: Iterable[str], rows: Iterable[Text]) -> Table:
    """Delivered rows with their cells read by the type of their column; blank is None."""
    return Table(frozenset(columns), [typed(row) for row in rows])


def typed(row: Text) -> Record:
    """One delivered row as values; blank is None."""
    return {name: _value(name, cell.strip()) for name, cell in row.items()}


def _value(column: str, cell: str) -> Any:
    if not cell:
        return None
    if UNKNOWN_WORD in cell.lower() and column in YES_NO | CODES | LISTS:
        return ABSENT
    if column.endswith("_on"):
        return date.fromisoformat(cell)
    if column in YES_NO:
        return cell.lower() in {"yes", "y", "true", "1"}
    if column in LISTS:
        return frozenset(part.strip().lower() for part in cell.split(";") if part.strip())
    return cell.lower() if column in CODES else cell


@dataclass(frozen=True)
class World:
    """What one landlord's records say on the day `as_at`, masked by it."""

    landlord: str
    as_at: date
    tables: dict[str, Table]
    days: WorkingDays

    def rows(self, entity: str) -> Any:
        """Records of `entity` that exist by now, or ABSENT where it was never delivered."""
        return self.tables[entity].records if entity in self.tables else ABSENT

    def carries(self, entity: str, column: str) -> bool:
        """Whether `entity` was delivered with `column`."""
        return entity in self.tables and column in self.tables[entity].columns

    def linked(self, entity: str, ref: Any) -> Any:
        """The record that `ref` points to: ABSENT if that cannot be known, None if there is none."""
        if ref is ABSENT or ref is None:
            return ref
        if entity not in self.tables:
            return ABSENT
        return next((row for row in self.rows(entity) if row[REF[entity]] == ref), None)

    def of_customer(self, entity: str, customer_ref: str) -> Any:
        """Records of `entity` about one customer, or ABSENT."""
        rows = self.rows(entity)
        return rows if rows is ABSENT else [row for row in rows if row["customer_ref"] == customer_ref]


def world_on(tables: dict[str, Table], landlord: str, as_at: date, days: WorkingDays) -> World:
    """`tables` as they stood on `as_at`: roles derived, later records gone, later event dates blank."""
    with_roles = _derive_roles(tables)
    masked = {entity: _masked(entity, found, as_at) for entity, found in with_roles.items()}
    return World(landlord, as_at, masked, days)


def _derive_roles(tables: dict[str, Table]) -> dict[str, Table]:
    if "staff" not in tables:
        return tables
    roles = {person["staff_ref"]: person["role"] for person in tables["staff"].records}
    result = dict(tables)
    for entity, by in DERIVED:
        if entity in result and by in result[entity].columns and f"{by}_role" not in result[entity].columns:
            result[entity] = _with_role(result[entity], by, roles)
    return result


def _with_role(found: Table, by: str, roles: dict[str, str]) -> Table:
    column = f"{by}_role"
    return Table(found.columns | {column}, [{**row, column: roles.get(row[by])} for row in found.records])


def _masked(entity: str, found: Table, as_at: date) -> Table:
    opens = OPENS.get(entity)
    existing = [row for row in found.records if opens is None or row[opens] <= as_at]
    return Table(found.columns, [_as_known(entity, row, as_at) for row in existing])


def _as_known(entity: str, row: Record, as_at: date) -> Record:
    later = {name for name, value in row.items() if isinstance(value, date) and value > as_at and name not in PLANNED}
    if entity == "appeals" and "decided_on" in later:
        later |= {"considered_by", "considered_by_role"} & row.keys()
    return {name: None if name in later else value for name, value in row.items()}


def cell(record: Any, column: str) -> Any:
    """A cell of a record or of a link: ABSENT if not carried or not deliverable, None if blank or no such record."""
    if record is None or record is ABSENT:
        return record
    return record.get(column, ABSENT)
