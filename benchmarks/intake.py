"""Intake against the obvious alternatives: reading CSV and XLSX as text, and Great Expectations on the raw frame.

Both sides of a comparison read the same seeded incidents in the same run and must agree before anything is timed; they
take turns, so that a busy machine is busy for both. Figures are medians; peak memory is a child's, less its imports.
"""

from __future__ import annotations

import csv
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from statistics import median
from typing import Any

import openpyxl
import pandas as pd

from due_regard.intake import expectations
from due_regard.intake.check_suite import build_suite
from due_regard.intake.csv_reader import read_csv_table
from due_regard.intake.drop_reading import read_drop, stage_drop
from due_regard.intake.row_checks import check_candidates
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.intake.workbook_preflight import inspect_workbook
from due_regard.intake.workbook_reader import read_sheets
from due_regard.records.canonical import ENTITY

ROWS, SHEET_ROWS, ROUNDS = 300_000, 100_000, 3
SOURCES = Path(__file__).parents[1] / "include" / "sources"
ON = date(2026, 6, 30)
INCIDENTS = ENTITY["incidents"]
DAYS = [date(2016, 1, 1) + timedelta(days=number) for number in range(3650)]


def incidents(rows: int) -> list[list[str]]:
    """A header and seeded rows with all twenty columns; one in a thousand breaks a rule."""
    chance = random.Random(7)
    found = [list(INCIDENTS.by_name)]
    for number in range(rows):
        day = chance.randrange(3000)
        row = dict.fromkeys(INCIDENTS.by_name, "")
        row |= {"incident_ref": f"I{number:07d}", "customer_ref": f"C{chance.randrange(rows // 4):06d}"}
        row |= {"occurred_on": DAYS[day].isoformat(), "manager_informed_on": DAYS[day + 1].isoformat()}
        row |= {"committee_reported_on": DAYS[day + chance.randrange(1, 400)].isoformat(), "harassment": "no"}
        row |= {"category": "unreasonable_demands", "channel": chance.choice(("phone", "Phone", "letter"))}
        row |= {"violence": "none", "discriminatory": "No", "staff_ref": f"S{number % 200}", "team": "North"}
        if number % 1000 == 999:
            row[chance.choice(("occurred_on", "channel", "customer_ref", "harassment"))] = chance.choice(("", "?"))
        found.append(list(row.values()))
    return found


def medians(sides: dict[str, Callable[[], object]]) -> dict[str, float]:
    """Median seconds of each side; they take turns, and each runs once before it is timed."""
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for _ in range(ROUNDS + 1):
        for name, side in sides.items():
            start = time.perf_counter()
            side()
            taken[name].append(time.perf_counter() - start)
    return {name: median(seconds[1:]) for name, seconds in taken.items()}


def report(title: str, seconds: dict[str, float]) -> None:
    """Prints each side, and how many times as long as the first it took."""
    print(title)
    ours = next(iter(seconds.values()))
    for name, taken in seconds.items():
        print(f"  {name:<34} {taken:8.2f} s  {taken / ours:5.1f} x")


def by_csv_module(path: Path) -> list[list[str]]:
    """The rows as Python's csv module reads them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))[1:]


def reading(path: Path) -> None:
    """CSV as exact text."""
    content, known = path.read_bytes(), frozenset(INCIDENTS.by_name)
    ours = read_csv_table(path.name, content, known).cells
    assert ours.to_numpy().tolist() == by_csv_module(path)
    sides: dict[str, Callable[[], object]] = {
        "ours (pyarrow)": lambda: read_csv_table(path.name, content, known),
        "pandas.read_csv(dtype=str)": lambda: pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False),
        "csv module": lambda: by_csv_module(path),
    }
    report(f"CSV of {ROWS:,} rows and {len(known)} columns as exact text", medians(sides))


def plain_expectations(frame: pd.DataFrame) -> dict[str, int]:
    """The same checks by Great Expectations on the rows themselves, failing rows by number, as its manual shows it."""
    gx = expectations.load_great_expectations()
    checks = [check for check in build_suite() if check.entity == "incidents" and check.column in frame]
    cell_checks = [check for check in checks if check.rule not in {"reference", "order", "unique"}]
    asked = []
    for check in cell_checks:
        expectation = expectations._build_expectation(check, check.column, ON)
        expectation.meta = {"check": check.name}
        asked.append(expectation)
    asked.append(gx.expectations.ExpectColumnValuesToBeUnique(column="incident_ref", meta={"check": "unique"}))
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    asset = context.data_sources.add_pandas("rows").add_dataframe_asset("incidents")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    outcome = batch.validate(
        gx.ExpectationSuite(name="plain", expectations=asked),
        result_format={"result_format": "COMPLETE", "unexpected_index_column_names": ["row_number"]},
    )
    return {
        result.expectation_config.meta["check"]: len(result.result.get("unexpected_index_list") or ())
        for result in outcome.results
    }


def raw_frame(judged: Any) -> pd.DataFrame:
    """Row by row what expectations._words shows value by value: what plain Great Expectations is asked about."""
    columns: dict[str, Any] = {}
    for name, coded in judged.candidate.columns.items():
        known = coded.values.map({True: "yes", False: "no"}) if coded.column.kind == "yn" else coded.values
        words = known.where(coded.problems == "", "?") if coded.column.kind != "date" else known
        columns[name] = words.take(coded.codes).to_numpy()
    return pd.DataFrame(columns | {"row_number": judged.candidate.table.row_numbers})


def validating(drop: Path) -> None:
    """The suite of one table."""
    staged, _ = stage_drop(drop, load_source_mapping(SOURCES, "canonical"), on=ON)
    judged = check_candidates([item.candidate for item in staged], lambda _: None, build_suite())
    test = expectations.DropUnderTest(judged, build_suite(), lambda _: None, ON)
    frame = raw_frame(judged[0])
    dates = {column.name for column in INCIDENTS.columns if column.kind == "date"}
    ours = {
        check["check"]: check["failing"]
        for check in expectations.validate_with_great_expectations(test)[0]["checks"]  # type: ignore[attr-defined]
        if check["rule"] in {"required", "codes"} and check["column"] not in dates
    }
    plain = plain_expectations(frame.drop(columns=list(dates)))
    assert {name: plain[name] for name in ours if name in plain and name.endswith("codes")} == {
        name: failing for name, failing in ours.items() if name.endswith("codes")
    }
    sides: dict[str, Callable[[], object]] = {
        "distinct values with counts": lambda: expectations.validate_with_great_expectations(test),
        "rows": lambda: plain_expectations(frame),
    }
    report(f"Great Expectations on {ROWS:,} incidents", medians(sides))


def sheets(path: Path) -> None:
    """A workbook as text, with everything that is looked at before it is opened."""
    content = path.read_bytes()

    def ours() -> object:
        return read_sheets(path.name, content, inspect_workbook(path.name, content))

    def by_openpyxl() -> list[list[object]]:
        sheet = openpyxl.load_workbook(path, read_only=True, data_only=True).worksheets[0]
        return [list(row) for row in sheet.iter_rows(values_only=True)]

    seconds = medians({"ours (preflight and calamine)": ours, "openpyxl (read_only)": by_openpyxl})
    report(f"XLSX of {SHEET_ROWS:,} rows and {len(INCIDENTS.columns)} columns", seconds)


def peak_memory(drop: Path) -> int:
    """Bytes that reading and judging a drop takes at most, beyond the imports."""
    command = [sys.executable, "-m", "benchmarks.intake_memory", str(drop), str(SOURCES)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=300).stdout)


def main() -> None:
    """Runs all comparisons."""
    with tempfile.TemporaryDirectory() as folder:
        drop = Path(folder) / "drop"
        drop.mkdir()
        path = drop / "incidents.csv"
        with path.open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, lineterminator="\n").writerows(incidents(ROWS))
        reading(path)
        whole = medians({
            "read, mapped, judged": lambda: read_drop(
                drop,
                "a",
                load_source_mapping(SOURCES, "canonical"),
                on=ON,
                known=lambda _: None,
                great_expectations=False,
            )
        })
        report(f"A drop of {ROWS:,} incidents, without Great Expectations", whole)
        size = path.stat().st_size
        peak = peak_memory(drop)
        print(f"  peak memory {peak / 2**20:.0f} MB for a file of {size / 2**20:.0f} MB: {peak / size:.1f} x")
        validating(drop)
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("incidents")
        for row in incidents(SHEET_ROWS):
            sheet.append(row)
        book.save(Path(folder) / "incidents.xlsx")
        sheets(Path(folder) / "incidents.xlsx")


if __name__ == "__main__":
    main()
