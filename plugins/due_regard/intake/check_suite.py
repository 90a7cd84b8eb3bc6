"""Which checks a row must pass: generated from the canonical contract, one `ColumnCheck` a column and rule.

The same suite drives the vectorised checks that name the rows (row_checks.py) and Great Expectations, which judges
independently (expectations.py). Take a check out and no row is rejected for it; add one and rows that fail it are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from due_regard.codes.code_files import load_code_lists
from due_regard.codes.code_lists import CodeLists
from due_regard.records.canonical import ENTITIES, CanonicalColumn, ColumnKind, Entity


class CheckRule(StrEnum):
    """What a check requires of a column."""

    REQUIRED = "required"  # not blank
    TYPE = "type"  # can be read as the column's kind
    CODES = "codes"  # holds known words alone: of the code list, or yes and no
    RANGE = "range"  # a date between 1990 and ten years ahead
    UNIQUE = "unique"  # no other row of the reference says something else
    REFERENCE = "reference"  # points to a record of the drop or the register
    ORDER = "order"  # a date on or after another


Severity: TypeAlias = Literal["critical", "warning"]


@dataclass(frozen=True)
class ColumnCheck:
    """One check: critical rejects the row, a warning loads it with a note.

    `after` is the earlier date of an order, `codes` the words that a code column may hold.
    """

    entity: str
    rule: CheckRule
    column: str
    after: str = ""
    severity: Severity = "critical"
    codes: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """How the check is called in results and notes."""
        return f"{self.entity}.{self.column}.{self.rule}" + (f".{self.after}" if self.after else "")


CODED_KINDS = (ColumnKind.CODE, ColumnKind.LIST, ColumnKind.YN)
"""Kinds of column that hold words."""

YES_NO = ("yes", "no")
"""The words of a yes/no column, as they are judged."""

Suite: TypeAlias = tuple[ColumnCheck, ...]

_ORDERS = {
    ("incidents", "occurred_on"): (
        "manager_informed_on",
        "police_reported_on",
        "committee_reported_on",
        "debrief_held_on",
        "line_manager_notified_on",
        "services_manager_notified_on",
        "smt_informed_on",
    ),
    ("restrictions", "decided_on"): ("notified_on", "starts_on"),
    ("restrictions", "starts_on"): ("expires_on", "review_due_on", "ended_on"),
    ("reviews", "reviewed_on"): ("next_review_on", "customer_notified_on"),
    ("appeals", "received_on"): ("acknowledged_on", "decided_on"),
    ("appeals", "decided_on"): ("notified_on",),
    ("markers", "placed_on"): ("review_due_on", "reviewed_on", "removed_on"),
    ("access_requests", "received_on"): ("responded_on",),
}
"""Entity and earlier date -> dates that should not lie before it: a warning, never a rejection."""


def build_suite(lists: CodeLists | None = None) -> Suite:
    """Every check of the canonical contract, by the words of `lists` (the shipped ones where None)."""
    known = load_code_lists() if lists is None else lists
    return tuple(check for entity in ENTITIES for check in _list_entity_checks(entity, known))


def _list_entity_checks(entity: Entity, lists: CodeLists) -> Iterator[ColumnCheck]:
    for column in entity.columns:
        yield from (ColumnCheck(entity.name, rule, column.name) for rule in _list_cell_rules(column))
        if column.kind in CODED_KINDS:
            # A word that nobody knows rejects the row only where the column must be there (contract: Exports).
            severity: Severity = "critical" if column.required else "warning"
            codes = lists.list_codes(column) or YES_NO
            yield ColumnCheck(entity.name, CheckRule.CODES, column.name, severity=severity, codes=codes)
    yield ColumnCheck(entity.name, CheckRule.UNIQUE, entity.key)
    yield from (ColumnCheck(entity.name, CheckRule.REFERENCE, column) for column, _ in entity.links)
    for (name, earlier), later in _ORDERS.items():
        if name == entity.name:
            yield from (ColumnCheck(name, CheckRule.ORDER, column, earlier, "warning") for column in later)


def _list_cell_rules(column: CanonicalColumn) -> Iterator[CheckRule]:
    if column.required:
        yield CheckRule.REQUIRED
    yield CheckRule.TYPE
    if column.kind is ColumnKind.DATE:
        yield CheckRule.RANGE
