"""A name that stands where a header, a file's or a sheet's name is expected reaches nobody who must not read it.

What a landlord sends may have no header row, or be called after a person. Headers that are not known are told by their
letter everywhere; names of files to the data owner alone. test_no_names_as_installed.py asks the same of all that an
installation keeps.
"""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

import pytest

from due_regard.errors import DueRegardError
from due_regard.intake.completeness import check_completeness
from due_regard.intake.rejections import quarantine_files, summarise_rejections, write_rejections
from due_regard.intake.source_check import check_source
from due_regard.register import load_drop, open_register
from due_regard.services.result import remove_file_names
from tests.intake.drops import CUSTOMERS, ON, read, source, workbook, write
from tests.register.engines import sqlite_template  # noqa: F401 - a fixture

CANARY = "Mrs Canary"
NOW = datetime(2026, 6, 30, 8, tzinfo=UTC)
HEADERLESS = f"{CANARY},I1,P1,01/03/2026,harassment,Phone\nMr Budgie,I2,P2,02/03/2026,Rudeness,Phone\n"


def first_row(folder: Path) -> Path:
    return write(folder, **{"incidents__csv": HEADERLESS * 30, "UB_INCIDENTS_1__csv": HEADERLESS})


def header(folder: Path) -> Path:
    return write(folder, customers=CUSTOMERS.replace("\n", f",{CANARY}\n", 1))


def second_header(folder: Path) -> Path:
    return write(folder, customers=CUSTOMERS.replace("\n", f",{CANARY},{CANARY}\n", 1))


def file_name(folder: Path) -> Path:
    return write(folder, **{f"{CANARY}__csv": CUSTOMERS, "customers__csv": CUSTOMERS + "3,lodger,\n"})


def sheet_name(folder: Path) -> Path:
    rows = [["customer_ref", "customer_type"], ["1", "tenant"], ["2", "lodger"]]
    return workbook(folder / "customers.xlsx", {CANARY: rows}).parent


def sheet_without_header(folder: Path) -> Path:
    return workbook(folder / "customers.xlsx", {CANARY: [[CANARY, "tenant", "harassment"]]}).parent


def open_quotation(folder: Path) -> Path:
    return write(folder, customers=CUSTOMERS + f'3,"tenant {CANARY}\n4,tenant,\n')


MAKERS = [first_row, header, second_header, file_name, sheet_name, sheet_without_header, open_quotation]


@pytest.mark.parametrize("make", MAKERS)
def test_a_name_reaches_no_page_no_result_and_no_log(
    tmp_path: Path, make: Callable[[Path], Path], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    drop = make(tmp_path / "drop")
    validated = read(drop, name="canonical")
    out, kept = tmp_path / "out", tmp_path / "quarantine"
    write_rejections(validated, out)
    quarantine_files(validated, drop, kept)
    pages = [summarise_rejections(validated), *(file.read_text(encoding="utf-8") for file in kept.glob("*.why.txt"))]
    pages += [refused.message for refused in validated.refused]
    told = "\n".join(pages)
    found = check_source(source("canonical"), drop, ON)
    told += "\n".join(found.describe_lines()) + json.dumps(found.as_dict())
    if make is file_name:
        told = told.replace(f"{CANARY}.csv", "the file whose name the data owner may read")
    assert CANARY not in told
    assert "Budgie" not in told
    assert CANARY not in caplog.text
    assert validated.refused or any(file.rejections for file in validated.files)


@pytest.mark.parametrize("make", MAKERS)
def test_a_name_reaches_no_table_but_that_of_files_and_no_result_of_a_task(
    tmp_path: Path,
    make: Callable[[Path], Path],
    sqlite_template: Path,  # noqa: F811
) -> None:
    validated = read(make(tmp_path / "drop"), name="canonical")
    shutil.copyfile(sqlite_template, tmp_path / "register.db")
    engine = open_register(f"sqlite:///{tmp_path / 'register.db'}")
    report = load_drop(engine, validated, now=NOW)
    with closing(sqlite3.connect(tmp_path / "register.db")) as connection:
        tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        kept = {name: repr(connection.execute(f"SELECT * FROM {name}").fetchall()) for name in tables}
    engine.dispose()
    assert {name for name, rows in kept.items() if CANARY in rows} <= ({"batch_files"} if make is file_name else set())
    files = [asdict(file) for file in report.files]
    assert CANARY not in json.dumps(remove_file_names({"batch_id": report.batch_id, "files": files}))


def test_what_keeps_a_drop_waiting_names_no_file(tmp_path: Path) -> None:
    drop = file_name(tmp_path)
    entry = {"name": f"{CANARY}.csv", "sha256": "0" * 64}
    (drop / "MANIFEST.json").write_text(json.dumps({"files": [entry]}), encoding="utf-8")
    assert "file 1 differs" in check_completeness(drop, source(), now=NOW).why
    assert CANARY not in check_completeness(drop, source(), now=NOW).why
    (drop / f"{CANARY}.csv").unlink()
    with pytest.raises(DueRegardError) as caught:
        read(drop)
    assert "file 1 of MANIFEST.json is not there" in str(caught.value)
    assert CANARY not in str(caught.value)
