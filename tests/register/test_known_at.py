"""What was known then: past views rebuilt after late and corrected records, to the last cell."""

from __future__ import annotations

import random
from datetime import timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.records.canonical import ENTITIES, Records
from due_regard.register import EVER, load_drop, read_records, reading, record_assessment, sql_files
from due_regard.register.findings.assessment_runs import hash_assessments
from tests.code_words import list_codes
from tests.register.drops import LANDLORD, accepted, appeal, assessments, at, drop, restriction

START = at("2026-01-05 07:00")


def assert_same(one: Records, other: Records) -> None:
    assert list(one) == list(other)
    for name in one:
        pd.testing.assert_frame_equal(one[name], other[name])


def test_every_past_view_is_rebuilt_after_late_and_corrected_records(register: Engine) -> None:
    luck = random.Random(7)
    appeals: dict[str, dict[str, object]] = {}
    views = {START - timedelta(days=7): read_records(register, LANDLORD)}
    for week in range(12):
        now = START + timedelta(weeks=week)
        for ref in luck.sample(sorted(appeals), min(len(appeals), 3)):
            appeals[ref] |= {"outcome": luck.choice(["upheld", "quashed", None]), "decided_on": now.date()}
        appeals |= {ref: appeal(ref) for ref in (f"A{week}", f"late-{luck.random()}")}
        columns = ("appeal_ref", "restriction_ref", "received_on") if week < 2 else None
        files = [accepted("appeals", [*appeals.values()], columns=columns)]
        if week == 5:
            files.append(accepted("restrictions", [restriction("R1")]))
        load_drop(register, drop(*files), now=now)
        views[now] = read_records(register, LANDLORD)
    for then, view in views.items():
        assert_same(read_records(register, LANDLORD, known_at=then), view)
        assert_same(read_records(register, LANDLORD, known_at=then + timedelta(days=6)), view)
    assert_same(read_records(register, LANDLORD, known_at=EVER), views[now])


def test_a_clock_somewhat_behind_does_not_shuffle_what_was_known(register: Engine) -> None:
    for minutes, outcome in ((0, "upheld"), (-4, "quashed"), (5, "varied")):
        now = START + timedelta(minutes=minutes)
        load_drop(register, drop(accepted("appeals", [appeal("A1", outcome=outcome)])), now=now)
    then = [read_records(register, LANDLORD, known_at=START + timedelta(minutes=m)).get("appeals") for m in (-1, 0, 5)]
    assert then[0] is None
    assert [frame["outcome"].item() for frame in then[1:]] == ["quashed", "varied"]


def test_a_load_at_the_instant_of_a_run_is_known_after_it(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=START)
    computed = assessments([{"rule": "appeal.decide", "subject_ref": "A1", "state": "pending"}])
    record_assessment(register, LANDLORD, computed, as_at=START.date(), now=START, policy_version="2024-01-01")
    load_drop(register, drop(accepted("appeals", [appeal("A1", outcome="upheld")])), now=START)
    assert read_records(register, LANDLORD, known_at=START)["appeals"]["outcome"].isna().all()
    assert read_records(register, LANDLORD)["appeals"]["outcome"].item() == "upheld"


def test_an_assessment_has_one_hash_whoever_computes_it() -> None:
    rows: list[dict[str, object]] = [{"rule": "appeal.decide", "subject_ref": ref, "state": "met"} for ref in "AB"]
    assert hash_assessments(assessments(rows)) == hash_assessments(assessments(rows))
    assert hash_assessments(assessments(rows)) != hash_assessments(assessments(rows[::-1]))


@pytest.mark.parametrize("entity", [entity.name for entity in ENTITIES])
def test_the_current_view_is_what_read_records_gives(register: Engine, entity: str) -> None:
    first = {
        c.name: (list_codes(c) or ("2026-01-01",))[0]
        for e in ENTITIES
        if e.name == entity
        for c in e.columns
        if c.required
    }
    load_drop(register, drop(accepted(entity, [first])), now=START)
    optional = next(c for e in ENTITIES if e.name == entity for c in e.columns if not c.required)
    value = list_codes(optional)[0] if list_codes(optional) else True if optional.kind == "yn" else "2026-02-02"
    load_drop(register, drop(accepted(entity, [first | {optional.name: value}])), now=START + timedelta(days=1))
    with reading(register, LANDLORD) as connection:
        rows = sql_files.make_frame(connection.exec_driver_sql(f"SELECT * FROM current_{entity}"))
        reported = connection.exec_driver_sql(f"SELECT * FROM report_{entity}").all()
    assert rows["version"].tolist() == [2]
    assert len(reported) == 1
    current = read_records(register, LANDLORD)[entity]
    pd.testing.assert_frame_equal(rows[list(current.columns)], current)
