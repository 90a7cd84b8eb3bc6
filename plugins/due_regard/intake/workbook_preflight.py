"""What is looked at in a workbook before calamine may open it: size, members, safety, damage, cells without a value.

calamine forgives what openpyxl refuses, and takes the whole machine's memory for two cells far apart (measured): both
are caught here, by named reason. Add a refusal here; what a sheet's rows mean is not known yet.
"""

from __future__ import annotations

import io
import re
import warnings
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.parsers import expat

from defusedxml import DefusedXmlException, ElementTree  # type: ignore[import-untyped]
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet

from due_regard.errors import FileRefused
from due_regard.intake.number_formats import find_column_position, find_padded_cells, find_zero_formats
from due_regard.intake.size_limits import (
    LARGEST_RATIO,
    LARGEST_UNPACKED,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_MEMBERS,
    RATIO_FREE,
)

_WORKBOOK = "xl/workbook.xml"
_STYLES = "xl/styles.xml"
_RELATIONS = "xl/_rels/workbook.xml.rels"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_DOCUMENT = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_PACKAGE = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_CELL = re.compile(rb"""<(?:\w+:)?c\b[^>]*?\br=["']([A-Z]+)([0-9]+)["'][^>]*?(?<!/)>""")
_BEYOND = tuple(
    (width, re.compile(rb"""\br=["']""" + letters + rb"""[0-9]"""))
    for width, letters in ((26, rb"[A-Z]{2,}"), (52, rb"(?:[B-Z][A-Z]|[A-Z]{3,})"), (702, rb"[A-Z]{3,}"))
)
"""Numbers of columns, and what shows a cell beyond them."""
_ROW = re.compile(rb"""<(?:\w+:)?row\b[^>]*?\br=["']([0-9]+)["']""")
_ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\b(?=[^>]*\bt=["']e["'])[^>]*?\br=["']([A-Z]+)([0-9]+)["']""")
# A stored empty text (t="str") is a value; an empty <v> of any other type is none.
_HOLLOW_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\b(?![^>]*\bt=["']str["'])[^>]*?\br=["']([A-Z]+)([0-9]+)["'][^>]*>"""
    rb"""<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"""
)
_HOLLOW_TEXT_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\b(?=[^>]*\bt=["']str["'])[^>]*?\br=["']([A-Z]+)([0-9]+)["'][^>]*>"""
    rb"""<(?:\w+:)?f\b(?:[^>]*/>|[^>]*>[^<]*</(?:\w+:)?f>)</(?:\w+:)?c>"""
)


@dataclass(frozen=True)
class InspectedWorkbook:
    """A workbook that may be read.

    Attributes:
        epoch_1904: whether its serial dates count from 1904.
        unreadable: sheet name -> cells (row, column, from 0) that show an error or a formula without a stored value.
        padded: sheet name -> cells that show a number with leading zeros -> digits shown.
    """

    epoch_1904: bool = False
    unreadable: dict[str, frozenset[tuple[int, int]]] = field(default_factory=dict)
    padded: dict[str, dict[tuple[int, int], int]] = field(default_factory=dict)


class _DoctypeError(Exception):
    """A document type declaration, which no export needs and an attack does."""


def inspect_workbook(file: str, content: bytes) -> InspectedWorkbook:
    """Looks through a workbook's bytes.

    Raises:
        FileRefused: it must not be opened; the code names why.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as package:
            _check_members(file, package.infolist(), len(content))
            inspected = _inspect_parts(file, package)
        _check_with_openpyxl(file, content)
        return inspected
    except FileRefused:
        raise
    except (_DoctypeError, DefusedXmlException):
        raise FileRefused(
            "doctype", f"{file}: holds a document type declaration; save it again with Excel as .xlsx"
        ) from None
    except NotImplementedError:
        raise FileRefused("encrypted", f"{file}: is packed in an unknown way; save it as plain .xlsx") from None
    # Damage answers with whatever the parser of that place met: zlib.error, struct.error, KeyError among a dozen.
    except Exception:
        raise make_damaged_error(file) from None


def make_damaged_error(file: str) -> FileRefused:
    """The refusal of a workbook that no parser can read to its end."""
    return FileRefused(
        "corrupt_workbook", f"{file}: the workbook is damaged; open it, save it as .xlsx and send it again"
    )


def _check_members(file: str, members: list[zipfile.ZipInfo], packed: int) -> None:
    names = [member.filename for member in members]
    unpacked = sum(member.file_size for member in members)
    refusals = (
        (len(names) > MOST_MEMBERS, "too_many_members", "has too many parts; save it again as .xlsx"),
        (unpacked > LARGEST_UNPACKED, "too_large", "is too large once unpacked; split the export"),
        (
            unpacked > RATIO_FREE and unpacked > LARGEST_RATIO * packed,
            "ratio",
            "unpacks to far more than it should; save it again as .xlsx, or send it as CSV",
        ),
        (
            any(map(_leaves_package, names)),
            "path_traversal",
            "holds a part whose name leaves the file; it is not opened",
        ),
        (any(member.flag_bits & 1 for member in members), "encrypted", "is password-protected; save it without"),
        (len(set(names)) < len(names), "corrupt_workbook", "holds the same part twice; save it again as .xlsx"),
        (
            "[Content_Types].xml" not in names or _WORKBOOK not in names,
            "not_an_export",
            "is an archive or a document, not a workbook; export it as CSV or .xlsx",
        ),
        (
            any("vbaproject" in name.casefold() for name in names),
            "macro",
            "holds macros; save it as .xlsx (without macros)",
        ),
        (
            any(name.startswith("xl/externalLinks/") or name == "xl/connections.xml" for name in names),
            "external_link",
            "takes values from elsewhere; break its links (Data > Edit links), save it and send it again",
        ),
    )
    for refused, code, remedy in refusals:
        if refused:
            raise FileRefused(code, f"{file}: {remedy}")


def _leaves_package(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in path.parts[0]


def _inspect_parts(file: str, package: zipfile.ZipFile) -> InspectedWorkbook:
    sheets = _list_sheet_parts(package)
    formats = find_zero_formats(ElementTree.fromstring(package.read(_STYLES))) if _STYLES in package.namelist() else {}
    unreadable, padded = {}, {}
    for name in package.namelist():
        # Reading a part to its end also proves its checksum.
        part = package.read(name)
        if name.endswith((".xml", ".rels")):
            _check_xml(part)
        if name in sheets:
            _check_extent(file, part)
            unreadable[sheets[name]] = _find_unreadable_cells(part)
            padded[sheets[name]] = find_padded_cells(part, formats)
    root = ElementTree.fromstring(package.read(_WORKBOOK))
    properties = root.find(f"{_MAIN}workbookPr")
    dates = properties.get("date1904", "0") if properties is not None else "0"
    return InspectedWorkbook(dates in {"1", "true"}, unreadable, padded)


def _list_sheet_parts(package: zipfile.ZipFile) -> dict[str, str]:
    """Part name of each worksheet -> sheet name."""
    relations = ElementTree.fromstring(package.read(_RELATIONS))
    targets = {item.get("Id"): item.get("Target", "") for item in relations.iter(f"{_PACKAGE}Relationship")}
    workbook = ElementTree.fromstring(package.read(_WORKBOOK))
    parts = {}
    for sheet in workbook.iter(f"{_MAIN}sheet"):
        target = targets.get(sheet.get(f"{_DOCUMENT}id"), "")
        parts[target.lstrip("/") if target.startswith("/") else f"xl/{target}"] = sheet.get("name", "")
    return parts


def _check_xml(part: bytes) -> None:
    """Well-formed, and without a document type declaration (where entities that explode would be declared)."""

    def refuse_doctype(*_: object) -> None:
        raise _DoctypeError

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.Parse(part, True)


def _check_extent(file: str, part: bytes) -> None:
    """The rectangle that a reader must lay out: it is the corners that count, not how many cells are filled."""
    last_row = max(map(int, _ROW.findall(part)), default=0)
    # Most sheets are let through by a quick look at their column letters, the others gone through cell by cell.
    if any(last_row * width <= MOST_CELLS and not beyond.search(part) for width, beyond in _BEYOND):
        return
    columns, last_row = 0, 0
    for letters, number in _CELL.findall(part):
        columns, last_row = max(columns, find_column_position(letters) + 1), max(last_row, int(number))
    if columns > MOST_COLUMNS or columns * last_row > MOST_CELLS:
        raise FileRefused(
            "too_many_cells",
            f"{file}: reaches too many rows or columns; delete what lies outside the table, or split it",
        )


def _find_unreadable_cells(part: bytes) -> frozenset[tuple[int, int]]:
    found = _ERROR_CELL.findall(part) if b'="e"' in part or b"='e'" in part else []
    if b"<f" in part or b":f>" in part:
        found += _HOLLOW_FORMULA.findall(part) + _HOLLOW_TEXT_FORMULA.findall(part)
    return frozenset((int(number) - 1, find_column_position(letters)) for letters, number in found)


def _check_with_openpyxl(file: str, content: bytes) -> None:
    """The verdict of openpyxl on workbook, shared texts and styles: it refuses what calamine forgives.

    Not on the sheets, which it takes ten times as long to read: they were parsed and their checksums proved.
    """
    try:
        with warnings.catch_warnings():
            # Reporting tools leave out styles that nobody misses, and openpyxl says so at length.
            warnings.simplefilter("ignore")
            reader = ExcelReader(io.BytesIO(content), read_only=True, data_only=True)
            reader.read_manifest()
            reader.read_strings()
            reader.read_workbook()
            apply_stylesheet(reader.archive, reader.wb)
            reader.archive.close()
    except Exception:
        raise make_damaged_error(file) from None
