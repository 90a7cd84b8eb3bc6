"""Which checks a row must pass: generated from the canonical contract, one `Check` a column and rule.

The same suite drives the vectorised checks that name the rows (checks.py) and Great Expectations, which judges
independently (expectations.py). Take a check out and no row is rejected for it; add one and rows that fail it are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias

from due_regard.contract import ENTITIES, Column, Entity, Kind


class Rule(StrEnum):
    """What a check asks of a column."""

    REQUIRED = "required"  # not blank
    TYPE = "type"  # can be read as the column's kind
    CODES = "codes"  # holds words of the code list alone
    RANGE = "range"  # a date between 1990 and ten years ahead
    UNIQUE = "unique"  # no other row of the reference says something else
    REFERENCE = "reference"  # points to a record of the drop or the register
    ORDER = "order"  # a date on or after another


Severity: TypeAlias = Literal["critical", "warning"]


@dataclass(frozen=True)
class Check:
    """One check: critical rejects the row, a warning loads it with a note. `after` is the earlier date of an order."""

    entity: str
    rule: Rule
    column: str
    after: str = ""
    severity: Severity = "critical"

    @property
    def name(self) -> str:
        """How the check is called in results and notes."""
        return f"{self.entity}.{self.column}.{self.rule}" + (f".{self.after}" if self.after else "")


Suite: TypeAlias = tuple[Check, ...]

_ORDERS: dict[str, tuple[tuple[str, tuple[str, ...]], ...]] = {
    "incidents": (
        (
            "occurred_on",
            (
                "manager_informed_on",
                "police_reported_on",
                "committee_reported_on",
                "debrief_held_on",
                "line_manager_notified_on",
                "services_manager_notified_on",
                "smt_informed_on",
            ),
        ),
    ),
    "restrictions": (
        ("decided_on", ("notified_on", "starts_on")),
        ("starts_on", ("expires_on", "review_due_on", "ended_on")),
    ),
    "reviews": (("reviewed_on", ("next_review_on", "customer_notified_on")),),
    "appeals": (("received_on", ("acknowledged_on", "decided_on")), ("decided_on", ("notified_on",))),
    "markers": (("placed_on", ("review_due_on", "reviewed_on", "removed_on")),),
    "access_requests": (("received_on", ("responded_on",)),),
}
"""Entity -> (earlier date, dates that should not lie before it): a warning, never a rejection."""


def contract_suite() -> Suite:
    """Every check of the canonical contract."""
    return tuple(check for entity in ENTITIES for check in _entity_checks(entity))


def _entity_checks(entity: Entity) -> Iterator[Check]:
    for column in entity.columns:
        yield from (Check(entity.name, rule, column.name) for rule in _cell_rules(column))
    yield Check(entity.name, Rule.UNIQUE, entity.key)
    yield from (Check(entity.name, Rule.REFERENCE, column) for column, _ in entity.links)
    for earlier, later in _ORDERS.get(entity.name, ()):
        yield from (Check(entity.name, Rule.ORDER, column, earlier, "warning") for column in later)


def _cell_rules(column: Column) -> Iterator[Rule]:
    if column.required:
        yield Rule.REQUIRED
    yield Rule.CODES if column.codes else Rule.TYPE
    if column.kind is Kind.DATE:
        yield Rule.RANGE
