"""What a large file takes: memory in proportion, and rows numbered right across everything read in blocks."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.intake import incidents, peak_memory
from due_regard.intake import csv_reader
from tests.intake.drops import only, read, reasons, write


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="peak memory is read from /proc")
@pytest.mark.timeout(120)
def test_a_large_csv_takes_less_than_ten_times_its_size(tmp_path: Path) -> None:
    text = "\n".join(",".join(row) for row in incidents(150_000))
    drop = write(tmp_path, incidents=text)
    assert peak_memory(drop) < 10 * len(text)


def test_rows_are_numbered_across_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(csv_reader, "_BLOCK", 1000)
    rows = [f'{number},tenant,"yes"' for number in range(2, 402)]
    for number in (150, 300):
        rows[number - 2] = f"{number},tenant"
    rows[200 - 2] = '"two\nlines",lodger,'
    accepted = only(
        read(write(tmp_path, customers="customer_ref,customer_type,receives_support_service\n" + "\n".join(rows))),
        "customers",
    )
    assert reasons(accepted) == [
        (150, "", "ragged_row"),
        (200, "customer_type", "unknown_code"),
        (300, "", "ragged_row"),
    ]
    assert accepted.rows["customer_ref"].tolist() == accepted.rows["row_number"].astype(str).tolist()
