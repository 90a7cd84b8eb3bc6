"""A name in a drop reaches nothing that an installation keeps, logs, hands on or mails, but where its data owner looks.

The drop is taken in as an installation does, with Great Expectations; it is assessed, and the mails are written.
tests/dags/test_chain.py asks what a real task of Airflow handed on.
"""

from __future__ import annotations

import io
import json
import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest

from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import DropError
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.orchestration import check_drop_taken
from due_regard.services.result import remove_file_names
from due_regard.services.run_alerts import run_alerts
from due_regard.services.take_in_drop import take_in_drop
from tests.intake.hostile_drops import CELL, DROPS, FILE, HEADER, SHEET, HostileDrop

L = "hanover"
AS_AT, NOW = date(2026, 7, 1), datetime(2026, 7, 1, 9, tzinfo=UTC)
OF_RECORDS = {*RECORD_TABLES, "customer_numbers", "disappearances"}
"""Tables whose purpose is a record's own cells or reference."""
OF_THE_DATA_OWNER = {("batch_files", "file"), ("alert_messages", "body")}
"""Columns that say a file's name: what a notice of a cell to mend is made from, and the data owner's mail."""


@dataclass(frozen=True)
class Traces:
    """What one run left behind: what a task hands on or raises, what was logged or printed, where it wrote."""

    settings: Settings
    drop: HostileDrop
    result: dict[str, Any]
    handed_on: str
    logged: str


@pytest.fixture(scope="module", params=DROPS)
def traces(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traces]:
    folder, drop = tmp_path_factory.mktemp("hostile"), DROPS[request.param]
    settings = Settings(var_dir=folder / "var", drops_dir=folder / "drops", landlords=(L,))
    place = drop.write(folder / "drops" / L)
    log, root = io.StringIO(), logging.getLogger()
    handler, before = logging.StreamHandler(log), root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        result = take_in_drop(settings, L, drop=place, source=drop.source, now=NOW)
        handed_on = [remove_file_names(result), describe_outcome(result)]
        handed_on.append(assess_landlord(settings, L, as_at=AS_AT, now=NOW))
        handed_on.append(run_alerts(settings, as_at=AS_AT, now=NOW, landlords=[L]))
    finally:
        root.setLevel(before)
        root.removeHandler(handler)
    yield Traces(settings, drop, result, json.dumps(handed_on), log.getvalue())


def describe_outcome(result: dict[str, Any]) -> str:
    """What the task that took the drop fails with, if it does."""
    try:
        check_drop_taken(result)
    except DropError as reason:
        return str(reason)
    return ""


def find_names(text: str) -> set[str]:
    return {name for name in (CELL, HEADER, SHEET, FILE) if name.casefold() in text.casefold()}


def list_kept_texts(register: Path) -> Iterator[tuple[str, str, str]]:
    """Table, column and value of everything in a register but records."""
    with closing(sqlite3.connect(register)) as connection:
        connection.row_factory = sqlite3.Row
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in sorted(set(tables) - OF_RECORDS):
            for row in connection.execute(f"SELECT * FROM {table}"):
                yield from ((table, column, str(row[column])) for column in row.keys())  # noqa: SIM118


def test_the_drop_is_as_hostile_as_it_was_meant(traces: Traces) -> None:
    files = traces.result["files"]
    assert sum(bool(file["refused"]) for file in files) == traces.drop.refused
    assert traces.result["status"] == ("refused" if traces.drop.refused == len(files) else "loaded")
    assert traces.result["rejections"] is not None


def test_no_task_hands_on_or_raises_a_name(traces: Traces) -> None:
    assert find_names(traces.handed_on) == set()


def test_no_log_says_a_name_however_much_it_says(traces: Traces) -> None:
    assert find_names(traces.logged) == set()
    assert "rows read" in traces.logged or traces.result["status"] == "refused"


def test_the_register_keeps_names_in_records_alone(traces: Traces) -> None:
    kept = list(list_kept_texts(traces.settings.var_dir / "register.db"))
    found = {(table, column, name) for table, column, value in kept for name in find_names(value)}
    assert {(table, column) for table, column, name in found if name == FILE} <= OF_THE_DATA_OWNER
    assert {place for place in found if place[2] != FILE} == set()
    assert "audit" in {table for table, _, _ in kept}


@pytest.mark.parametrize("folder", ["great_expectations", "data_docs"])
def test_what_the_validator_keeps_says_no_name(traces: Traces, folder: str) -> None:
    files = [file for file in (traces.settings.var_dir / folder).rglob("*") if file.is_file()]
    assert [file for file in files if find_names(f"{file}{file.read_text(encoding='utf-8')}")] == []
    assert files or traces.result["status"] == "refused"


def test_mails_say_no_name_and_the_data_owners_alone_a_files(traces: Traces) -> None:
    owner = load_landlord(traces.settings.landlords_dir, L).alerts.data_owner
    told = set()
    for file in traces.settings.mail_dir.glob("*.eml"):
        mail = message_from_bytes(file.read_bytes(), policy=policy.default)
        parts = [part.get_content() for part in mail.walk() if part.get_content_maintype() == "text"]
        names = find_names("\n".join([file.name, *map(str, mail.values()), *parts]))
        assert names <= ({FILE} if mail["To"] == owner else set())
        told.add(mail["To"])
    assert owner in told


def test_pages_of_the_data_owner_say_no_name_but_a_files(traces: Traces) -> None:
    pages = [file for file in traces.settings.var_dir.rglob("*.txt") if file.is_file()]
    assert pages
    assert set().union(*(find_names(page.read_text(encoding="utf-8")) for page in pages)) <= {FILE}
