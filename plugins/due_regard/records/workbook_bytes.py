"""Workbooks as bytes that depend on their content alone: packs, and rows handed back to be mended.

openpyxl stamps the time of saving into the document and into each part of the zip; both are fixed here.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter


def save_workbook(book: Workbook, dated: datetime) -> bytes:
    """`book` as .xlsx bytes, created and modified at `dated`."""
    book.properties.created = book.properties.modified = dated.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    raw = io.BytesIO()
    # Workbook.save would set `modified` to the clock; its writer does not.
    # Stored, not deflated: each part is deflated once, as it is copied.
    ExcelWriter(book, ZipFile(raw, "w", ZIP_STORED, allowZip64=True)).save()
    return _remove_dates(raw)


def _remove_dates(raw: io.BytesIO) -> bytes:
    out = io.BytesIO()
    with ZipFile(raw) as source, ZipFile(out, "w", ZIP_DEFLATED, allowZip64=True) as target:
        for written in source.infolist():
            entry = ZipInfo(written.filename)  # dated 1 January 1980
            entry.compress_type = ZIP_DEFLATED
            # Said beforehand: else a part would be marked as ZIP64, which Excel may take for damage in a small one.
            entry.file_size = written.file_size
            with source.open(written) as part, target.open(entry, "w") as copy:
                while chunk := part.read(1 << 20):
                    copy.write(chunk)
    return out.getvalue()
