"""An assessment of a past day as known then, computed today, equals what was computed then: with the real policies."""

from __future__ import annotations

import dataclasses
from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from due_regard.assessment import assess_records
from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.policy import load_policies
from due_regard.records.canonical import ENTITY, ColumnKind
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register import load_drop, read_records, reading, record_assessment
from due_regard.register.findings.assessment_runs import hash_assessments
from tests.contract_examples import CONTRACT
from tests.register.drops import accepted, drop

SETTINGS, WEEKS = Settings(), 2
CHANGEABLE = ("acknowledged_on", "notified_on", "decided_on", "ended_on", "outcome", "expires_on", "reviewed_on")


def exported(folder: str, landlord: str) -> list[AcceptedFile]:
    """The contract's sample exports as accepted files."""
    files = []
    for file in sorted((CONTRACT / folder / landlord / "exports").glob("*.csv")):
        raw = pd.read_csv(file, dtype="str", keep_default_na=False, na_values=[""])
        columns = {c.name: c for c in ENTITY[file.stem].columns if c.name in raw}
        typed = {
            name: pd.to_datetime(raw[name], errors="coerce").astype("datetime64[s]")
            if column.kind is ColumnKind.DATE
            else raw[name].str.lower().map({"yes": True, "no": False}).astype("boolean")
            if column.kind is ColumnKind.YN
            else raw[name]
            for name, column in columns.items()
        }
        rows = pd.DataFrame(typed).drop_duplicates(ENTITY[file.stem].key).dropna(subset=[ENTITY[file.stem].key])
        required = [c.name for c in columns.values() if c.required]
        files.append(accepted(file.stem, rows.dropna(subset=required).reset_index(drop=True)))
    return files


def corrected(part: AcceptedFile, week: int) -> AcceptedFile:
    """The file a week later: records come late, and some cells of earlier ones are corrected or cleared."""
    late = part.rows.iloc[: len(part.rows) * (week + 3) // 6].copy()
    for name in set(CHANGEABLE) & set(late.columns) - {c.name for c in ENTITY[part.entity].columns if c.required}:
        here = late.index % 5 == week
        late.loc[here, name] = late[name].shift(week + 1)[here]
    return dataclasses.replace(part, rows=late, read=len(late), sha256=f"{part.entity} {week}")


@pytest.mark.parametrize("landlord", sorted(path.name for path in (CONTRACT / "examples").iterdir()))
def test_a_past_day_as_known_then_is_what_was_computed_then(register: Engine, landlord: str) -> None:
    history = load_policies(SETTINGS.policies_dir, landlord)
    own = load_landlord(SETTINGS.landlords_dir, landlord)
    calendar = load_calendar(own.division, own.closure_days, folder=SETTINGS.include_dir / "calendars")
    files, computed = exported("examples", landlord), {}
    for week in range(WEEKS):
        as_at = date(2026, 6, 1) + timedelta(weeks=week)
        now = datetime.combine(as_at, time(7), UTC)
        load_drop(register, drop(*(corrected(part, week) for part in files), landlord=landlord), now=now)
        found = assess_records(read_records(register, landlord), history, calendar, as_at)
        run = record_assessment(register, landlord, found, as_at=as_at, now=now, policy_version="2024-01-01")
        computed[run.run_id] = (as_at, found, run.sha256)
    with reading(register, landlord) as connection:
        runs = connection.execute(text("SELECT id, sha256 FROM assessment_runs ORDER BY id")).all()
    assert len({sha256 for _, sha256 in runs}) == WEEKS, "every week said something else"
    for (as_at, found, sha256), then in zip(computed.values(), known_at(register, landlord), strict=True):
        again = assess_records(read_records(register, landlord, known_at=then), history, calendar, as_at)
        pd.testing.assert_frame_equal(again, found)
        assert hash_assessments(again) == sha256


def known_at(register: Engine, landlord: str) -> list[datetime]:
    """The instant each recorded run rests on, as the register kept it."""
    from due_regard.register.schema.finding_tables import AssessmentRun

    with reading(register, landlord) as connection:
        runs = AssessmentRun.__table__
        return list(connection.scalars(runs.select().with_only_columns(runs.c.known_at).order_by(runs.c.id)))
