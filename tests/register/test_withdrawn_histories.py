"""Random histories of loads, losses, withdrawals, returns and runs: every past rebuilds, findings are as they must be.

What is open after a withdrawal is what a register has open in which the record was never delivered; after it is taken
back, or the record came again, what one has in which it was never withdrawn.
"""

from __future__ import annotations

import random
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.assessment import assess_records
from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import WithdrawalRefused
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import ENTITY, Records, find_open_rows
from due_regard.register import (
    find_knowledge_mark,
    load_drop,
    read_known_refs,
    read_open_findings,
    read_records,
    record_assessment,
    undo_withdrawal,
    verify_rows,
    withdraw_record,
)
from due_regard.register.findings.assessment_runs import hash_assessments
from due_regard.register.findings.finding_transitions import KEY
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.linked_records import RecordName
from tests.register.drops import OTHER, accepted, appeal, drop, restriction

L, SETTINGS, STEPS = "queens_cross", Settings(), 30
FIRST = datetime.combine(date(2026, 6, 1), time(7), UTC)
STAND = [*KEY, "state", "due_on"]
RESTRICTIONS = [f"R{n}" for n in range(4)]
LINKS = {"reviews": "restriction_ref", "appeals": "restriction_ref"}

Row = dict[str, Any]


def make_source(chance: random.Random) -> dict[str, dict[str, Row]]:
    """Every record that the source might hold, by entity and reference."""
    reviews = [
        {"review_ref": f"V{n}", "restriction_ref": ref, "reviewed_on": f"2026-05-{10 + n}", "outcome": "retain"}
        for n, ref in enumerate(RESTRICTIONS)
    ]
    found = {
        "restrictions": [
            restriction(ref, decided_on="2025-11-03", starts_on="2025-11-03", review_due_on="2026-05-04")
            for ref in RESTRICTIONS
        ],
        "reviews": reviews,
        "appeals": [appeal(f"A{n}", restriction_ref=chance.choice(RESTRICTIONS)) for n in range(3)],
    }
    return {entity: {str(row[ENTITY[entity].key]): row for row in rows} for entity, rows in found.items()}


@dataclass
class History:
    """One register's life, and beside it what it must know: rows as delivered last, what is there and withdrawn."""

    register: Engine
    chance: random.Random
    policy: PolicyHistory
    calendar: WorkingCalendar
    source: dict[str, dict[str, Row]] = field(default_factory=dict)
    delivered: dict[RecordName, Row] = field(default_factory=dict)
    present: set[RecordName] = field(default_factory=set)
    withdrawn: set[RecordName] = field(default_factory=set)
    runs: list[tuple[date, datetime, str]] = field(default_factory=list)
    known: list[tuple[datetime, set[RecordName]]] = field(default_factory=list)
    done: set[str] = field(default_factory=set)

    def live(self) -> None:
        self.source = make_source(self.chance)
        self.load(FIRST, share=1.0)
        for step in range(1, STEPS + 1):
            now = FIRST + timedelta(days=step // 3, hours=step % 3)
            acts = [self.load, self.load, self.withdraw, self.withdraw, self.undo, self.assess]
            self.chance.choice(acts)(now)
            self.known.append((now + timedelta(minutes=30), self.delivered.keys() - self.withdrawn))
        self.assess(FIRST + timedelta(days=STEPS))

    def load(self, now: datetime, share: float = 0.75) -> None:
        """A snapshot in which some records are missing and some are corrected, as intake hands it over."""
        files, came = [], set()
        for entity, rows in self.source.items():
            known = read_known_refs(self.register, L, entity) or frozenset()
            there = {ref for ref in rows if self.chance.random() < share}
            if entity in LINKS:
                targets = read_known_refs(self.register, L, "restrictions") or frozenset()
                targets |= {ref for name, ref in came if name == "restrictions"}
                orphans = {ref for ref in there if rows[ref][LINKS[entity]] not in targets}
            else:
                orphans = set()
            rows_now = [self.correct(entity, rows[ref]) for ref in sorted(there - orphans)]
            gone = tuple(sorted(known - there))
            part = accepted(entity, rows_now, disappeared=gone, read=len(rows_now))
            files.append(part)
            came |= {(entity, ref) for ref in there - orphans}
            self.present -= {(entity, ref) for ref in gone}
        load_drop(self.register, drop(*files, landlord=L), now=now)
        if self.withdrawn & came:
            self.done.add("returned")
        self.present |= came
        self.withdrawn -= came

    def correct(self, entity: str, row: Row) -> Row:
        if entity == "restrictions" and self.chance.random() < 0.2:
            row["review_due_on"] = f"2026-0{self.chance.randint(4, 8)}-04"
        self.delivered[entity, str(row[ENTITY[entity].key])] = dict(row)
        return row

    def withdraw(self, now: datetime) -> None:
        vanished = sorted(self.delivered.keys() - self.present - self.withdrawn)
        if vanished:
            entity, ref = self.chance.choice(vanished)
            words = SaidWords("cli:somebody", "by mistake", now)
            with suppress(WithdrawalRefused):
                self.withdrawn |= set(
                    withdraw_record(self.register, L, entity, ref, words=words, with_linked=self.chance.random() < 0.8)
                )
                self.done.add("withdrawn")

    def undo(self, now: datetime) -> None:
        if self.withdrawn:
            entity, ref = self.chance.choice(sorted(self.withdrawn))
            words, with_linked = SaidWords("cli:somebody", "it was none", now), self.chance.random() < 0.5
            with suppress(WithdrawalRefused):
                back = undo_withdrawal(self.register, L, entity, ref, words=words, with_linked=with_linked)
                self.withdrawn -= set(back)
                self.done.add("undone")

    def assess(self, now: datetime) -> None:
        mark = find_knowledge_mark(self.register, L)
        found = self.judge(read_records(self.register, L), now.date())
        run = record_assessment(
            self.register, L, found, as_at=now.date(), now=now, policy_version="2022-01-01", rests_on=mark
        )
        self.runs.append((now.date(), now, run.sha256))
        assert list_open(read_open_findings(self.register, L, as_at=now.date())) == list_open(
            self.judge_anew(now.date())
        )

    def judge(self, records: Records, as_at: date) -> pd.DataFrame:
        return assess_records(records, self.policy, self.calendar, as_at)

    def judge_anew(self, as_at: date) -> pd.DataFrame:
        """What is open of records that were delivered once, and of which none was ever withdrawn."""
        rows: dict[str, list[Row]] = {entity: [] for entity in self.source}
        for (entity, ref), row in sorted(self.delivered.items()):
            if (entity, ref) not in self.withdrawn:
                rows[entity].append(row)
        twin = f"{OTHER}_{len(self.runs)}"
        files = (accepted(entity, found) for entity, found in rows.items())
        load_drop(self.register, drop(*files, landlord=twin), now=FIRST)
        found = self.judge(read_records(self.register, twin), as_at)
        return found[find_open_rows(found)]


def list_open(findings: pd.DataFrame) -> list[tuple[str, ...]]:
    return sorted(tuple(map(str, row)) for row in findings[STAND].values)


@pytest.mark.parametrize("seed", [2, 4, 5])
def test_random_histories_rebuild_and_judge_as_if_nothing_withdrawn_had_come(register: Engine, seed: int) -> None:
    own = load_landlord(SETTINGS.landlords_dir, L)
    calendar = load_calendar(own.division, own.closure_days, folder=SETTINGS.calendars_dir)
    history = History(register, random.Random(seed), load_policies(SETTINGS.policies_dir, L), calendar)
    history.live()
    assert history.done == {"withdrawn", "undone", "returned"}, "else it shows less than it says"
    for as_at, known_at, sha256 in history.runs:
        records = read_records(register, L, known_at=known_at)
        assert hash_assessments(history.judge(records, as_at)) == sha256, (as_at, known_at)
    for known_at, standing in history.known:
        frames = read_records(register, L, known_at=known_at)
        found = {(entity, ref) for entity, frame in frames.items() for ref in frame[ENTITY[entity].key]}
        assert found == standing, known_at
    assert verify_rows(register).faults == ()
