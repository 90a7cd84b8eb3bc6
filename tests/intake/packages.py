"""Workbooks made wrong on purpose: a member of the package replaced, added or left out."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable

from openpyxl import Workbook

SHEET = "xl/worksheets/sheet1.xml"


def customers_workbook(rows: int = 3) -> bytes:
    book = Workbook()
    book.active.append(["customer_ref", "customer_type", "receives_support_service"])
    for number in range(rows):
        book.active.append([f"{number:05d}", "tenant", "yes"])
    return saved(book)


def saved(book: Workbook) -> bytes:
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def repacked(
    content: bytes,
    change: Callable[[str, bytes], bytes | None] = lambda _, part: part,
    added: dict[str, bytes] | None = None,
) -> bytes:
    """`content` with each member changed (None leaves it out), and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = change(name, old.read(name))
            if part is not None:
                new.writestr(name, part)
        for name, part in (added or {}).items():
            new.writestr(name, part)
    return out.getvalue()


def with_sheet(content: bytes, change: Callable[[bytes], bytes]) -> bytes:
    return repacked(content, lambda name, part: change(part) if name == SHEET else part)


def with_dimension(content: bytes, area: str) -> bytes:
    tag = f'<dimension ref="{area}"/>'.encode()
    return with_sheet(content, lambda part: re.sub(rb"<dimension [^>]*/>", tag, part))
