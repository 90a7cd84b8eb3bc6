"""What is looked at in a workbook before calamine may open it: size, members, safety, damage, cells without a value.

calamine forgives what openpyxl refuses, and takes the whole machine's memory for two cells far apart (measured): both
are caught here, by named reason. Add a refusal here; what a sheet's rows mean is not known yet, and its cells are
sheet_scan.py's.
"""

from __future__ import annotations

import io
import posixpath
import warnings
import zipfile
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Any

from defusedxml import DefusedXmlException, ElementTree  # type: ignore[import-untyped]
from openpyxl.reader.excel import ExcelReader
from openpyxl.styles.stylesheet import apply_stylesheet

from due_regard.errors import FileRefused
from due_regard.intake.number_formats import StyleFormats, find_changing_formats
from due_regard.intake.sheet_scan import SheetScan, make_safe_parser, scan_sheet
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
_VISIBILITY = {"visible": "visible", "hidden": "hidden", "veryHidden": "very hidden"}


@dataclass(frozen=True)
class InspectedSheet:
    """A worksheet that may be read.

    Attributes:
        name: as its tab has it.
        position: from 1, hidden sheets counted.
        visibility: visible, hidden or very hidden (Excel's menus do not show it).
        scan: what stands in it.
    """

    name: str
    position: int
    visibility: str
    scan: SheetScan


@dataclass(frozen=True)
class InspectedWorkbook:
    """A workbook that may be read: its worksheets by name, and whether its serial dates count from 1904."""

    epoch_1904: bool = False
    sheets: dict[str, InspectedSheet] = field(default_factory=dict)


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
    except DefusedXmlException:
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
    workbook = ElementTree.fromstring(package.read(_WORKBOOK))
    parts = _list_sheet_parts(package, workbook)
    is_styled = _STYLES in package.namelist()
    formats = find_changing_formats(ElementTree.fromstring(package.read(_STYLES))) if is_styled else StyleFormats()
    sheets = {}
    for name in package.namelist():
        # Reading a part to its end also proves its checksum.
        part = package.read(name)
        if name in parts:
            sheets[name] = replace(parts[name], scan=scan_sheet(part, formats))
            _check_extent(file, sheets[name].scan)
        elif name.endswith((".xml", ".rels")):
            make_safe_parser().Parse(part, True)
    properties = workbook.find("{*}workbookPr")
    dates = properties.get("date1904", "0") if properties is not None else "0"
    return InspectedWorkbook(dates in {"1", "true"}, {sheet.name: sheet for sheet in sheets.values()})


def _list_sheet_parts(package: zipfile.ZipFile, workbook: Any) -> dict[str, InspectedSheet]:
    """Part name of each worksheet -> what the workbook says of it; Strict workbooks have other namespaces."""
    targets = {
        relation.get("Id"): posixpath.normpath(posixpath.join("/xl", relation.get("Target", "")))
        for relation in ElementTree.fromstring(package.read(_RELATIONS))
        if relation.get("Type", "").endswith("/worksheet")
    }
    parts = {}
    for position, sheet in enumerate(workbook.iterfind("{*}sheets/{*}sheet"), start=1):
        own = next((value for key, value in sheet.attrib.items() if key.endswith("}id")), "")
        if own in targets:
            visibility = _VISIBILITY[sheet.get("state", "visible")]
            parts[targets[own].lstrip("/")] = InspectedSheet(sheet.get("name", ""), position, visibility, SheetScan())
    return parts


def _check_extent(file: str, scan: SheetScan) -> None:
    """The rectangle that a reader must lay out: it is the corners that count, not how many cells are filled."""
    if scan.columns > MOST_COLUMNS or scan.columns * scan.rows > MOST_CELLS:
        raise FileRefused(
            "too_many_cells",
            f"{file}: reaches too many rows or columns; delete what lies outside the table, or split it",
        )


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
