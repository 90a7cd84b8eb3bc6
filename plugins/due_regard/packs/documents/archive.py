"""Workbooks as bytes that depend on their content alone.

openpyxl stamps the time of saving into the document and into each part of the zip; both are fixed here.
"""

from __future__ import annotations

import hashlib
import io
from datetime import UTC, datetime
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from openpyxl import Workbook
from openpyxl.writer.excel import ExcelWriter

_FIRST_DAY_OF_ZIP = (1980, 1, 1, 0, 0, 0)


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
        for name in source.namelist():
            entry = ZipInfo(name, _FIRST_DAY_OF_ZIP)
            entry.compress_type, entry.external_attr = ZIP_DEFLATED, 0o600 << 16
            with source.open(name) as part, target.open(entry, "w", force_zip64=True) as copy:
                while chunk := part.read(1 << 20):
                    copy.write(chunk)
    return out.getvalue()


def compute_sha256(content: bytes) -> str:
    """Checksum a pack is kept with."""
    return hashlib.sha256(content).hexdigest()
