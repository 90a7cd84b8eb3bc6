"""A workbook's bytes: the same for the same content at whatever hour, in a package that every program opens."""

from __future__ import annotations

import io
import struct
import time
from datetime import UTC, datetime
from zipfile import ZipFile

import pytest
from openpyxl import Workbook, load_workbook

from due_regard.records.workbook_bytes import save_workbook

DATED = datetime(2026, 6, 30, 23, tzinfo=UTC)


def make_workbook(*, write_only: bool) -> Workbook:
    book = Workbook(write_only=write_only)
    sheet = book.create_sheet("rows") if write_only else book.active
    sheet.append(["00045", "text"])
    return book


@pytest.mark.parametrize("write_only", [True, False])
def test_the_same_content_gives_the_same_bytes_at_another_hour(
    write_only: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = save_workbook(make_workbook(write_only=write_only), DATED)
    later = time.time() + 86_400
    monkeypatch.setattr(time, "time", lambda: later)
    assert save_workbook(make_workbook(write_only=write_only), DATED) == first
    found = load_workbook(io.BytesIO(first))
    assert (found.properties.created, found.properties.modified) == (DATED.replace(tzinfo=None),) * 2
    assert [cell.value for cell in found.worksheets[0][1]] == ["00045", "text"]


def test_no_small_part_is_marked_as_zip64() -> None:
    """Excel may take a small part so marked for damaged."""
    content = save_workbook(make_workbook(write_only=False), DATED)
    with ZipFile(io.BytesIO(content)) as package:
        for entry in package.infolist():
            version, _, _, _, _, _, compressed, size = struct.unpack_from("<HHHHHLLL", content, entry.header_offset + 4)
            assert (version, compressed, size) == (20, entry.compress_size, entry.file_size)
