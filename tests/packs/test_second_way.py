"""Every figure computed a second way: counts in SQL on the register, the rest by plain loops over plain rows."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Engine

from due_regard.calendars.quarters import Quarter
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.known_state import read_known_state
from due_regard.packs.measures.restrictions import LENGTHS
from due_regard.packs.measures.timeliness import OVERDUE_BANDS
from due_regard.records.canonical import ENTITIES
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile
from due_regard.register import EVER, load_drop, reading, sql_files, undo_withdrawal, upgrade_register
from due_regard.register.findings.said_words import SaidWords
from tests.packs.known import (
    EXAMPLES,
    LANDLORDS,
    QUARTER,
    SQL,
    TAKEN_IN,
    calendar,
    context_of,
    example_drop,
    example_snapshots,
    example_tables,
    frame,
)
from tests.packs.registers import NAME
from tests.packs.test_withdrawn_records import find_mistake, lose_record, withdraw

QUARTERS = [QUARTER.shift(-back) for back in range(5)]


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """One register that holds all five landlords' examples."""
    engine = upgrade_register(f"sqlite:///{tmp_path_factory.mktemp('register') / 'register.db'}")
    for name in LANDLORDS:
        load_drop(engine, example_drop(name), now=TAKEN_IN)
    yield engine
    engine.dispose()


def numerators(name: str, table: str, quarter: Quarter) -> dict[str, float | None]:
    figures = example_tables(name)[table].figures
    assert figures is not None
    rows = figures[figures["quarter"] == str(quarter)]
    values = (None if pd.isna(value) else float(value) for value in rows["numerator"])
    return dict(zip(rows["measure"], values, strict=True))


def from_sql(engine: Engine, statement: str, name: str, quarter: Quarter, *wanted: str) -> pd.DataFrame:
    days = {
        "eve": quarter.starts_on - timedelta(days=1), "starts_on": quarter.starts_on, "ends_on": quarter.ends_on,
    }  # fmt: skip
    with reading(engine, name) as conn:
        return sql_files.read_statement(
            conn, statement, SQL, landlord=name, known_at=EVER, **{key: days[key] for key in wanted}
        )


ONE_ROW = {
    "restrictions_of_quarter": ("restrictions", ("eve", "starts_on", "ends_on")),
    "restrictions_lacking": ("lacking", ("ends_on",)),
    "appeals_of_quarter": ("appeals", ("starts_on", "ends_on")),
    "reviews_of_quarter": ("reviews", ("starts_on", "ends_on")),
    "markers_in_place": ("markers", ("ends_on",)),
    "customers_met_again": ("incidents", ("starts_on", "ends_on")),
}


@pytest.mark.parametrize("name", LANDLORDS)
@pytest.mark.parametrize("statement", sorted(ONE_ROW))
def test_counts_in_sql(examples: Engine, name: str, statement: str) -> None:
    table, wanted = ONE_ROW[statement]
    for quarter in QUARTERS:
        counted = from_sql(examples, statement, name, quarter, *wanted).iloc[0].to_dict()
        figures = numerators(name, table, quarter)
        shared = set(counted) & set(figures)
        assert shared, (statement, table)
        assert {measure: counted[measure] for measure in shared} == {measure: figures[measure] for measure in shared}


@pytest.mark.parametrize("name", LANDLORDS)
def test_incidents_in_sql(examples: Engine, name: str) -> None:
    for quarter in QUARTERS:
        rows = from_sql(examples, "incidents_of_quarter", name, quarter, "starts_on", "ends_on")
        rows = rows.rename(columns=lambda column: column.removesuffix("_count"))
        figures = numerators(name, "incidents", quarter)
        for measure in ("incidents", "violent", "harassment", "discriminatory", "police", "reported", "named"):
            assert rows[measure].sum() == figures[measure], (quarter, measure)
        for column in ("category", "channel", "violence"):
            counted = rows.groupby(column)["incidents"].sum().to_dict()
            by = {m: n for m, n in numerators(name, f"incidents_by_{column}", quarter).items() if n}
            assert counted == {m: n for m, n in by.items() if m != "not_recorded"}
        teams = numerators(name, "incidents_by_team", quarter)
        assert teams["silent_teams"] == sum(1 for m, n in teams.items() if m.startswith("team_") and not n)
        assert sum(n or 0 for m, n in teams.items() if m != "silent_teams") == rows["incidents"].sum()


@pytest.mark.parametrize("name", LANDLORDS)
def test_rows_taken_in_in_sql(examples: Engine, name: str) -> None:
    figures = numerators(name, "data_quality", QUARTER)
    with reading(examples, name) as conn:
        counted = sql_files.read_statement(
            conn, "rows_taken_in", SQL, landlord=name, since=QUARTER.shift(-1).closes_at, until=EVER
        )
    assert counted.iloc[0].to_dict() == figures


STAFF = frame(
    "staff",
    *({"staff_ref": f"T{n}", "role": "officer", "is_active": (True, True, False, None)[n % 4]} for n in range(37)),
)
"""Some there, some marked as gone, some of whom the export says nothing: a blank is no mark."""


def test_staff_and_the_rate_in_sql(register: Engine) -> None:
    """The examples hold no staff export: one is added to one of them, and counted in the register."""
    drop = example_drop(NAME)
    rows = STAFF.assign(**{ROW_NUMBER: range(2, len(STAFF) + 2)})
    file = AcceptedFile("staff.csv", "2" * 64, "staff", tuple(STAFF.columns), rows, len(STAFF))
    load_drop(register, replace(drop, files=(*drop.files, file)), now=TAKEN_IN)
    state = read_known_state(register, context_of(NAME), QUARTER, None)
    figures = build_measure_table("incidents", state.snapshots).figures
    assert figures is not None
    (there,) = from_sql(register, "staff_there", NAME, QUARTER)["staff"]
    met = from_sql(register, "incidents_of_quarter", NAME, QUARTER, "starts_on", "ends_on")["incidents"].sum()
    own = figures[figures["quarter"] == str(QUARTER)].set_index("measure")["numerator"]
    assert 0 < own["staff"] == there < len(STAFF)
    assert own["per_100_staff"] == round(100 * met / there, 1) > 0
    before = figures[figures["quarter"] != str(QUARTER)].set_index("measure")["numerator"]
    assert before[["staff", "per_100_staff"]].isna().all(), "who was there then nobody knows"


def test_withdrawals_in_sql(loaded: Engine) -> None:
    """Two records with all that hangs on them withdrawn in two quarters, and one of them taken back."""
    first, second = find_mistake(loaded), find_mistake(loaded, 1)
    lose_record(loaded, first, second)
    withdraw(loaded, first, TAKEN_IN + timedelta(hours=2))
    withdraw(loaded, second, TAKEN_IN + timedelta(days=3))
    check_withdrawals(loaded)
    words = SaidWords("cli:governance", "it was none", TAKEN_IN + timedelta(days=4))
    undo_withdrawal(loaded, NAME, "restrictions", second, words=words, with_linked=True)
    check_withdrawals(loaded)


def check_withdrawals(engine: Engine) -> None:
    state = read_known_state(engine, context_of(NAME), QUARTER, None)
    figures = build_measure_table("data_quality", state.snapshots).figures
    assert figures is not None
    mine = figures[figures["measure"].str.startswith("withdrawn_")]
    assert len(mine)
    for quarter in QUARTERS:
        span = {"since": quarter.shift(-1).closes_at, "until": quarter.closes_at}
        with reading(engine, NAME) as conn:
            rows = sql_files.read_statement(conn, "records_withdrawn", SQL, landlord=NAME, known_at=EVER, **span)
        counted = {f"withdrawn_{entity}": n for entity, n in rows.itertuples(index=False)}
        own = mine[mine["quarter"] == str(quarter)]
        assert dict(zip(own["measure"], own["numerator"], strict=True)) == counted, quarter


def plain_rows(name: str, entity: str) -> list[dict[str, Any]]:
    """Rows of an example's file with its dates read, by the csv module."""
    with (EXAMPLES / name / "exports" / f"{entity}.csv").open(encoding="utf-8") as file:
        return [
            {key: date.fromisoformat(value) if key.endswith("_on") and value else value for key, value in row.items()}
            for row in csv.DictReader(file)
        ]


def days_restricted(name: str, on: date) -> tuple[dict[str, int], list[int]]:
    """Customer -> unbroken days under restriction up to `on`, and days in force of each restriction, day by day."""
    held: dict[str, set[date]] = {}
    lengths = []
    for row in plain_rows(name, "restrictions"):
        begins = max(row["decided_on"], row["starts_on"])
        ended = row["ended_on"] if row["ended_on"] and row["ended_on"] <= on else None
        if row["decided_on"] > on or begins > on:
            continue
        last = on if ended is None else max(ended, begins)  # the day it ended counts towards the time, not as in force
        days = {begins + timedelta(days=n) for n in range((last - begins).days + 1)}
        held.setdefault(row["customer_ref"], set()).update(days if ended is None or ended > begins else {begins})
        if ended is None:
            lengths.append((on - begins).days)
            held.setdefault("now:" + row["customer_ref"], set())
    unbroken = {}
    for customer in (key.removeprefix("now:") for key in held if key.startswith("now:")):
        day = on
        while day - timedelta(days=1) in held[customer]:
            day -= timedelta(days=1)
        unbroken[customer] = (on - day).days
    return unbroken, lengths


def banded(days: list[int], bands: Any) -> dict[str, int]:
    found = dict.fromkeys((name for name, _, _ in bands), 0)
    for value in days:
        found[next(name for name, _, longest in bands if value <= longest)] += 1
    return found


@pytest.mark.parametrize("name", LANDLORDS)
def test_time_under_restriction_day_by_day(name: str) -> None:
    for quarter in (QUARTERS[0], QUARTERS[4]):
        unbroken, lengths = days_restricted(name, quarter.ends_on)
        figures = numerators(name, "continuous_time", quarter)
        assert figures["longest_days"] == max(unbroken.values())
        assert figures["middle_days"] == median(unbroken.values())
        assert {k: v for k, v in figures.items() if k in dict(LENGTHS_AS_PAIRS)} == banded(
            list(unbroken.values()), LENGTHS
        )
        assert numerators(name, "restrictions_by_length", quarter) == banded(lengths, LENGTHS)


LENGTHS_AS_PAIRS = [(name, label) for name, label, _ in LENGTHS]


@pytest.mark.parametrize("name", LANDLORDS)
def test_measures_of_restrictions_in_force(name: str) -> None:
    on = QUARTER.ends_on
    carried: Counter[str] = Counter()
    for row in plain_rows(name, "restrictions"):
        if max(row["decided_on"], row["starts_on"]) <= on and not (row["ended_on"] and row["ended_on"] <= on):
            carried.update(set(row["measure"].split(";")))
    figures = numerators(name, "restrictions_by_measure", QUARTER)
    assert {measure: count for measure, count in figures.items() if count} == dict(carried)


@pytest.mark.parametrize("name", LANDLORDS)
def test_working_days_to_decide_counted_one_by_one(name: str) -> None:
    working = calendar(name)
    for quarter in QUARTERS:
        days = []
        for row in plain_rows(name, "appeals"):
            if row["decided_on"] and quarter.starts_on <= row["decided_on"] <= quarter.ends_on:
                span = (row["decided_on"] - row["received_on"]).days
                days.append(sum(working.is_working(row["received_on"] + timedelta(days=n)) for n in range(1, span + 1)))
        figures = numerators(name, "appeals", quarter)
        assert figures["longest_days"] == (max(days) if days else None)
        assert figures["middle_days"] == (median(days) if days else None)


def expected(name: str, on: date) -> list[dict[str, str]]:
    """The contract's own expected assessments of an example."""
    with (EXAMPLES / name / f"expected_{on}.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("name", LANDLORDS)
@pytest.mark.parametrize("quarter", [QUARTER, Quarter(2025, 4)])
def test_timeliness_from_the_contracts_own_assessments(name: str, quarter: Quarter) -> None:
    rows = expected(name, quarter.ends_on)
    clocks = {"restriction.review": ("reviews", "reviews"), "appeal.acknowledge": ("appeals", "acknowledgements"),
              "appeal.decide": ("appeals", "decisions"), "appeal.communicate": ("appeals", "answers"),
              "appeal.notify": ("appeals", "notices")}  # fmt: skip
    seen = 0
    for rule, (table, prefix) in clocks.items():
        of_rule = [row for row in rows if row["rule"] == rule]
        due = [row["state"] for row in of_rule if str(quarter.starts_on) <= row["due_on"] <= str(quarter.ends_on)]
        figures = numerators(name, table, quarter)
        if not of_rule:
            continue
        seen += 1
        counted = (len(due), due.count("met"), due.count("late"), len(due) - due.count("met") - due.count("late"))
        assert tuple(figures[f"{prefix}_{part}"] for part in ("due", "on_time", "late", "lapsed")) == counted
    assert seen


@pytest.mark.parametrize("name", LANDLORDS)
def test_overdue_reviews_from_the_contracts_own_assessments(name: str) -> None:
    days = [
        (QUARTER.ends_on - date.fromisoformat(row["due_on"])).days
        for row in expected(name, QUARTER.ends_on)
        if row["rule"] == "restriction.review" and row["state"] == "overdue"
    ]
    figures = numerators(name, "overdue_reviews", QUARTER)
    assert figures == {"overdue": len(days), **banded(days, OVERDUE_BANDS)}


@pytest.mark.parametrize("name", LANDLORDS)
def test_overdue_appeals_from_the_contracts_own_assessments(name: str) -> None:
    """Each appeal once, by the first of its steps that was due; nothing where the policy promises no step a day."""
    steps = {"appeal.acknowledge", "appeal.decide", "appeal.communicate", "appeal.notify"}
    rows = [row for row in expected(name, QUARTER.ends_on) if row["rule"] in steps]
    first: dict[str, date] = {}
    for row in rows:
        if row["state"] == "overdue":
            due = date.fromisoformat(row["due_on"])
            first[row["subject_ref"]] = min(due, first.get(row["subject_ref"], due))
    days = [(QUARTER.ends_on - due).days for due in first.values()]
    figures = numerators(name, "overdue_appeals", QUARTER)
    counted = {"overdue": len(days), **banded(days, OVERDUE_BANDS)}
    assert figures == (counted if rows else dict.fromkeys(counted))


@pytest.mark.parametrize("name", LANDLORDS)
@pytest.mark.parametrize("quarter", [QUARTER, Quarter(2025, 4)])
def test_duties_kept_from_the_contracts_own_assessments(name: str, quarter: Quarter) -> None:
    severities = dict(zip(*[example_snapshots(name)[0].duties[c] for c in ("rule", "severity")], strict=True))
    states = [
        row["state"]
        for row in expected(name, quarter.ends_on)
        if str(quarter.starts_on) <= row["due_on"] <= str(quarter.ends_on)
        and not row["rule"].startswith("policy.")
        and severities[row["rule"]] != "info"
    ]
    on_time, late = states.count("met"), states.count("late")
    assert states and numerators(name, "duties_kept", quarter) == {
        "due": len(states), "on_time": on_time, "late": late, "lapsed": len(states) - on_time - late,
    }  # fmt: skip


@pytest.mark.parametrize("name", LANDLORDS)
def test_safeguards_from_the_contracts_own_assessments(name: str) -> None:
    on = QUARTER.ends_on
    current = {
        row["restriction_ref"] for row in plain_rows(name, "restrictions")
        if max(row["decided_on"], row["starts_on"]) <= on and not (row["ended_on"] and row["ended_on"] <= on)
    }  # fmt: skip
    opened = {
        (entity.subject, row[entity.key]): row[entity.opened_on]
        for entity in ENTITIES
        if entity.opened_on and (EXAMPLES / name / "exports" / f"{entity.name}.csv").exists()
        for row in plain_rows(name, entity.name)
    }
    breaches: Counter[str] = Counter()
    for row in expected(name, on):
        rule, subject = row["rule"].replace(".", "_"), (row["subject_type"], row["subject_ref"])
        if row["state"] != "breach":
            continue
        is_of_quarter = QUARTER.starts_on <= opened[subject] <= QUARTER.ends_on
        breaches["missing"] += is_of_quarter
        if subject[0] == "restriction":
            breaches[rule] += subject[1] in current
            breaches[f"{rule}_new"] += is_of_quarter
        else:
            breaches[rule if is_of_quarter else f"{rule}_before"] += 1
    figures = numerators(name, "safeguards", QUARTER)
    assert {measure: count for measure, count in figures.items() if count} == {
        measure: count for measure, count in breaches.items() if count
    }


@pytest.mark.parametrize("name", LANDLORDS)
def test_lateness_adds_up_to_what_fell_due(name: str) -> None:
    listing = example_tables(name)["lateness"].listing
    assert listing is not None
    due: Counter[str] = Counter()
    labels = dict(zip(*[example_snapshots(name)[0].duties[c] for c in ("rule", "label")], strict=True))
    severities = dict(zip(*[example_snapshots(name)[0].duties[c] for c in ("rule", "severity")], strict=True))
    for row in expected(name, QUARTER.ends_on):
        in_quarter = str(QUARTER.starts_on) <= row["due_on"] <= str(QUARTER.ends_on)
        if in_quarter and not row["rule"].startswith("policy.") and severities[row["rule"]] != "info":
            due[labels[row["rule"]]] += 1
    assert dict(zip(listing["Duty"], listing["Due in the quarter"], strict=True)) == dict(due)
    parts = listing.drop(columns=["Duty", "Counted in", "Due in the quarter"]).sum(axis=1)
    assert (parts == listing["Due in the quarter"]).all()


def test_no_table_of_figures_is_left_uncompared() -> None:
    source = Path(__file__).read_text(encoding="utf-8")
    figures = {name for name, spec in SPECS.items() if spec.figures is not None}
    assert [name for name in sorted(figures) if f'"{name}"' not in source and not name.startswith("incidents_by")] == []
