"""Reads the behaviour tables in `cases/`: one file a subject, one table a rule and the landlords that share it.

A table says `rule`, `clauses` (landlord -> its clause), `owner`, `severity` unless it is breach, `given` (the records
every case starts from) and its `cases`. A case names what it changes, subject by subject (`appeal: {outcome: upheld}`
is laid over the given appeal, a list replaces it, `[]` is no record), what the source `lacks` (a column
`appeal.outcome` or a whole entity `appeal`), and one answer: `is` with `due`, `done` and `late` (days), or `no row`, or
several `rows`. `only` keeps a case to some landlords. `roles` spells a list of roles out into one case a role.

Blank cells are blank, every column is carried and every entity but staff delivered unless the case says otherwise.
Write the answers from the contract and the policies' texts, never from what the engine gives.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import (
    ENTITIES,
    ENTITY_OF_SUBJECT,
    Entity,
    Records,
    find_dtype,
)
from tests.code_words import LISTS, list_words

INCLUDE = Path(__file__).parents[2] / "include"
CASES = Path(__file__).parent / "cases"
LANDLORDS = tuple(sorted(folder.name for folder in (INCLUDE / "policies").iterdir()))
_REQUIRED: dict[str, dict[str, Any]] = {
    "customer": {"customer_type": "tenant"},
    "staff": {"role": "officer"},
    "incident": {"customer_ref": "C1", "category": "aggressive_or_abusive", "channel": "in_person"},
    "warning": {"customer_ref": "C1"},
    "restriction": {
        "customer_ref": "C1",
        "measure": "named_contact",
        "decided_on": date(2026, 1, 12),
        "decided_by": "S1",
        "starts_on": date(2026, 1, 12),
    },
    "review": {"restriction_ref": "R1", "outcome": "retain"},
    "appeal": {"restriction_ref": "R1"},
    "marker": {"customer_ref": "C1"},
    "access_request": {"customer_ref": "C1"},
}
_LETTER = {"customer": "C", "staff": "S", "incident": "I", "warning": "W", "restriction": "R", "review": "V"}
_EMPTY = {
    entity.name: pd.DataFrame({column.name: pd.Series(dtype=find_dtype(column)) for column in entity.columns})
    for entity in ENTITIES
}
_LETTER |= {"appeal": "A", "marker": "M", "access_request": "Q"}


@dataclass(frozen=True)
class Case:
    """One line of a behaviour table, for one landlord."""

    landlord: str
    rule: str
    name: str
    as_at: date
    given: Mapping[str, list[dict[str, Any]]]
    lacks: tuple[str, ...]
    expected: tuple[dict[str, Any], ...]
    approved_on: date | None = None

    def __str__(self) -> str:
        return f"{self.rule}-{self.landlord}-{self.name.replace(' ', '_')}"

    @property
    def outcomes(self) -> set[str]:
        """The states it expects; "no row" where it expects none."""
        return {row["state"] for row in self.expected} or {"no row"}

    def history(self) -> PolicyHistory:
        """The landlord's policy with the case's rule alone."""
        policy = policies(self.landlord).versions[-1]
        changed = {"duties": (policy.find_duty(self.rule),), "approved_on": self.approved_on or policy.file.approved_on}
        return PolicyHistory((replace(policy, file=policy.file.model_copy(update=changed)),))

    def records(self) -> Records:
        """The case's records as the engine takes them."""
        return records(self.given, self.lacks)


def records(given: Mapping[str, list[dict[str, Any]]], lacks: Collection[str] = ()) -> Records:
    """Records as the engine takes them, from rows by subject, less the columns and entities that the source lacks."""
    there = [e for e in ENTITIES if e.subject not in lacks and (e.subject != "staff" or e.subject in given)]
    found = {e.name: _frame(e, given.get(e.subject, [])) for e in there}
    for subject, column in (lack.split(".") for lack in lacks if "." in lack):
        name = ENTITY_OF_SUBJECT[subject].name
        found[name] = found[name].drop(columns=column)
    return found


def _frame(entity: Entity, rows: list[dict[str, Any]]) -> pd.DataFrame:
    wrong = {name for row in rows for name in row} - set(entity.by_name)
    assert not wrong, f"{entity.name} have no {wrong}"
    whole = [
        {entity.key: f"{_LETTER[entity.subject]}{n}"} | _REQUIRED[entity.subject] | row for n, row in enumerate(rows, 1)
    ]
    if not whole:
        return _EMPTY[entity.name]
    columns = {c.name: [row.get(c.name) for row in whole] for c in entity.columns}
    return pd.DataFrame({c.name: pd.Series(columns[c.name], dtype=find_dtype(c)) for c in entity.columns})


def _records(value: Any, given: Any) -> list[dict[str, Any]]:
    if isinstance(value, list):
        return value
    base = given if isinstance(given, dict) else given[0] if given else {}
    return [{**base, **value}]


def _cases(table: dict[str, Any], clause: str, landlord: str) -> Iterator[Case]:
    known = {"case", "as_at", "lacks", "only", "is", "due", "done", "late", "severity", "rows", "approved_on"}
    for line in [*table.get("cases", []), *_roles(table, landlord)]:
        assert set(line) <= known | set(ENTITY_OF_SUBJECT), f"{line['case']}: {set(line) - known}"
        if landlord not in line.get("only", [landlord]):
            continue
        given = {s: _records(rows, {}) for s, rows in (table.get("given") or {}).items()}
        given |= {s: _records(line[s], given.get(s, {})) for s in ENTITY_OF_SUBJECT if s in line}
        yield Case(
            landlord,
            table["rule"],
            line["case"],
            line.get("as_at", table.get("as_at")),
            given,
            tuple(line.get("lacks", [])),
            tuple(_row(table, line, given, clause, landlord, said) for said in _said(line)),
            line.get("approved_on"),
        )


def _roles(table: dict[str, Any], landlord: str) -> Iterator[dict[str, Any]]:
    """One case for each role the contract knows, and one for a blank."""
    for path, allowed in table.get("roles", {}).items():
        subject, column = path.split(".")
        for role in (*list_words("roles"), None):
            state = "met" if {role, LISTS.levels.get(role or "")} & set(allowed) else "breach"
            yield {"case": f"{column} {role or 'blank'}", subject: {column: role}, "is": state}


def _said(line: dict[str, Any]) -> list[dict[str, Any]]:
    if "rows" in line:
        return line["rows"]
    return [] if line["is"] == "no row" else [line]


def _row(
    table: dict[str, Any], line: dict[str, Any], given: Any, clause: str, landlord: str, said: dict[str, Any]
) -> dict[str, Any]:
    subject = table["rule"].split(".")[0]
    whole = subject == "policy" or subject in line.get("lacks", [])
    first = given.get(subject) or [{}]
    entity = ENTITY_OF_SUBJECT.get(subject)
    own = landlord if whole or entity is None else first[0].get(entity.key, f"{_LETTER[subject]}1")
    return {
        "landlord": landlord,
        "rule": table["rule"],
        "subject_type": "landlord" if whole and subject != "policy" else subject,
        "subject_ref": said.get("ref", own),
        "occurrence": said.get("occurrence", 1),
        "state": said["is"],
        "due_on": said.get("due"),
        "done_on": said.get("done"),
        "days_overdue": said.get("late", 0),
        "severity": said.get("severity", line.get("severity", table.get("severity", "breach"))),
        "clause": clause,
        "owner_role": table["owner"],
    }


def tables() -> Iterator[dict[str, Any]]:
    """Every behaviour table."""
    for file in sorted(CASES.glob("*.yaml")):
        for table in yaml.safe_load(file.read_text(encoding="utf-8")):
            assert table["rule"].split(".")[0] == file.stem, f"{table['rule']} stands in {file.name}"
            yield table


@lru_cache
def cases() -> tuple[Case, ...]:
    """Every case of every table, landlord by landlord."""
    return tuple(
        case
        for table in tables()
        for landlord, clause in table["clauses"].items()
        for case in _cases(table, clause, landlord)
    )


@lru_cache
def policies(landlord: str) -> PolicyHistory:
    """The landlord's policy files as shipped."""
    return load_policies(INCLUDE / "policies", landlord)


@lru_cache
def calendar(division: str) -> WorkingCalendar:
    """The division's calendar as shipped, without closure days."""
    return load_calendar(division, folder=INCLUDE / "calendars")


def calendar_of(landlord: str) -> WorkingCalendar:
    """The shipped calendar of the landlord's nation."""
    return calendar("england_and_wales" if landlord == "united_welsh" else "scotland")
