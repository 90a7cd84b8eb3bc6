"""What must hold for any text and any damage: cells survive, rows are conserved, nothing crashes or hangs."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import random
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from due_regard.errors import DropError
from due_regard.intake.text_cleaning import clean_text
from due_regard.records.validated_drop import ValidatedDrop
from tests.intake.drops import CUSTOMERS, only, read, write
from tests.intake.packages import SHEET, customers_workbook, repacked, saved

LONG = os.environ.get("DUE_REGARD_LONG_TESTS") == "1"
EXAMPLES, FUZZED = (500, 500) if LONG else (40, 20)
HEADER = ["restriction_ref", "customer_ref", "measure", "decided_on", "decided_by", "starts_on", "duration_reason"]
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0\ue000"), max_size=30)


def restriction(number: int, ref: str, reason: str) -> list[str]:
    return [f"{number}:{ref}", "C1", "set_times", "2026-01-01", "S1", "2026-01-01", reason]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8), st.sampled_from((",", ";", "\t", "|")))
def test_any_text_survives_a_csv_file(cells: list[tuple[str, str]], delimiter: str) -> None:
    rows = [restriction(number, *pair) for number, pair in enumerate(cells)]
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    with TemporaryDirectory() as folder:
        found = only(read(write(Path(folder), restrictions=text.getvalue())), "restrictions").rows
    assert found["restriction_ref"].tolist() == [clean_text(row[0]) for row in rows]
    assert found["duration_reason"].fillna("").tolist() == [row[6].strip() for row in rows]


@settings(max_examples=EXAMPLES // 2, deadline=None)
@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=8))
def test_any_text_survives_a_workbook(cells: list[tuple[str, str]]) -> None:
    # Excel itself turns a line end into one character and cannot hold control characters.
    shown = [[ILLEGAL_CHARACTERS_RE.sub("", text).replace("\r", "") for text in pair] for pair in cells]
    rows = [restriction(number, *pair) for number, pair in enumerate(shown)]
    book = Workbook()
    for row in [HEADER, *rows]:
        book.active.append(row)
    for cell in book.active["A"] + book.active["G"]:
        cell.data_type = "s"
    with TemporaryDirectory() as folder:
        found = only(read(write(Path(folder), restrictions__xlsx=saved(book))), "restrictions").rows
    assert found["restriction_ref"].tolist() == [clean_text(row[0]) for row in rows]
    assert found["duration_reason"].fillna("").tolist() == [row[6].strip() for row in rows]


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(("1", "2", "3", "", " 1 ")), TEXTS | st.just("tenant")), max_size=12), TEXTS)
def test_rows_are_conserved_and_no_value_is_told(cells: list[tuple[str, str]], extra: str) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows([["customer_ref", "customer_type"], *cells, [extra, extra, extra]])
    with TemporaryDirectory() as folder:
        validated = read(write(Path(folder), customers=text.getvalue()))
    for accepted in validated.files:
        assert accepted.read == len(accepted.rows) + accepted.collapsed + len(accepted.rejections)
        assert accepted.read <= len(cells) + 1
        assert len({rejection.row_number for rejection in accepted.rejections}) == len(accepted.rejections)


def taken(folder: Path, name: str, content: bytes) -> ValidatedDrop:
    return read(write(folder, **{name: content}))


@pytest.mark.timeout(240)
def test_mutated_workbooks_are_refused_or_read_whole(tmp_path: Path) -> None:
    whole = customers_workbook(50)
    expected = only(taken(tmp_path, "customers__xlsx", whole), "customers").rows
    chance = random.Random(5)
    for _ in range(FUZZED):
        mutated = bytearray(whole)
        for _ in range(chance.randrange(1, 6)):
            mutated[chance.randrange(len(mutated))] = chance.randrange(256)
        validated = taken(tmp_path, "customers__xlsx", bytes(mutated))
        assert len(validated.refused) + len(validated.files) == 1
        for accepted in validated.files:
            assert accepted.rows.equals(expected), "a checksum did not notice"


def damaged_part(chance: random.Random, part: bytes) -> bytes:
    """A part with a slice cut out, doubled or overwritten, packed again with a good checksum."""
    start = chance.randrange(len(part))
    end = min(len(part), start + chance.randrange(1, 40))
    replacement = chance.choice((
        b"",
        part[start:end] * 2,
        bytes(chance.randrange(32, 127) for _ in range(end - start)),
    ))
    return part[:start] + replacement + part[end:]


@pytest.mark.timeout(240)
def test_workbooks_damaged_inside_never_crash_and_never_pass_a_manifest(tmp_path: Path) -> None:
    whole = customers_workbook(50)
    chance = random.Random(6)
    with zipfile.ZipFile(io.BytesIO(whole)) as package:
        parts = package.namelist()
    for _ in range(FUZZED):
        target = chance.choice((SHEET, SHEET, *parts))
        content = repacked(whole, lambda name, part, at=target: damaged_part(chance, part) if name == at else part)
        validated = taken(tmp_path / "alone", "customers__xlsx", content)
        assert len(validated.refused) + len(validated.files) == 1
        drop = write(tmp_path / "listed", customers__xlsx=content)
        listed(drop, "customers.xlsx", whole, 50)
        assert [refused.code for refused in read(drop).refused] == ["manifest_mismatch"]


@pytest.mark.timeout(240)
def test_truncated_csv_files_never_crash_and_never_pass_a_manifest(tmp_path: Path) -> None:
    rows = "".join(f'{number:05d},tenant,"yes"\n' for number in range(200))
    whole = ("\ufeff" + CUSTOMERS.splitlines()[0] + "\n" + rows).encode()
    chance = random.Random(7)
    for _ in range(FUZZED):
        content = whole[: chance.randrange(len(whole) - 1)]
        validated = taken(tmp_path / "alone", "customers", content)
        assert len(validated.refused) + len(validated.files) == 1
        for accepted in validated.files:
            assert accepted.rows["customer_ref"].tolist() == [f"{number:05d}" for number in range(len(accepted.rows))]
        drop = write(tmp_path / "listed", customers=content)
        listed(drop, "customers.csv", whole, 200)
        assert [refused.code for refused in read(drop).refused] == ["manifest_mismatch"]


def listed(drop: Path, name: str, whole: bytes, rows: int) -> None:
    entry = {"name": name, "sha256": hashlib.sha256(whole).hexdigest(), "rows": rows}
    (drop / "MANIFEST.json").write_text(json.dumps({"files": [entry]}), encoding="utf-8")


@pytest.mark.timeout(120)
def test_any_bytes_are_refused_or_read(tmp_path: Path) -> None:
    chance = random.Random(8)
    for _ in range(FUZZED):
        content = chance.choice((b"", b"PK\x03\x04", CUSTOMERS.encode(), b"\xff\xfe")) + chance.randbytes(200)
        validated = taken(tmp_path, "customers", content)
        assert len(validated.refused) + len(validated.files) == 1


@pytest.mark.timeout(60)
def test_a_manifest_of_any_text_is_an_error_of_the_drop(tmp_path: Path) -> None:
    chance = random.Random(9)
    drop = write(tmp_path, customers=CUSTOMERS)
    for _ in range(FUZZED):
        (drop / "MANIFEST.json").write_bytes(chance.randbytes(50))
        with pytest.raises(DropError):
            read(drop)
