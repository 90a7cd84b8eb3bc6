"""Looks through one worksheet's XML, as XML: which cells have a value, and which show another one than a reader gives.

calamine skips what it does not expect (a comment inside a number cuts it short, measured). So a shape that no program
writes is refused here, and workbook_reader.py holds what calamine found against what stands here.
"""

from __future__ import annotations

from array import array
from collections.abc import Mapping
from dataclasses import dataclass, field
from xml.parsers import expat

import numpy as np
from defusedxml import DTDForbidden  # type: ignore[import-untyped]
from numpy.typing import NDArray

from due_regard.intake.number_formats import CellFormat, StyleFormats, find_column_position

_NAMESPACES = frozenset({
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
})
"""Of the usual workbooks and of Strict ones."""
_DEPTHS = {"sheetData": 2, "row": 3, "c": 4, "v": 5, "f": 5, "is": 5}
"""Elements that hold the cells, and how deep each must lie."""
_ELEMENTS = (*_DEPTHS, "col", "t")
_TRUE = frozenset({"1", "true"})
_STRIDE = 2**14
"""Columns that a sheet can have."""


@dataclass(frozen=True)
class SheetScan:
    """What stands in one worksheet; cells are (row, column) from 0, or numbers made of both (`split_cells`).

    Attributes:
        valued: numbers of the cells that have a value, be it an empty text.
        certain: of these, the ones that no reader may give back as blank.
        unreadable: cells that show an error, or a formula without a stored value.
        formats: number format -> numbers of the cells that it makes show something else than their value.
        hidden_rows: rows, from 0, that hold a value and are hidden.
        hidden_columns: columns, from 0, likewise.
        rows, columns: how many a reader must lay out.
    """

    valued: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    certain: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    unreadable: frozenset[tuple[int, int]] = frozenset()
    formats: dict[CellFormat, NDArray[np.int64]] = field(default_factory=dict)
    hidden_rows: tuple[int, ...] = ()
    hidden_columns: tuple[int, ...] = ()
    rows: int = 0
    columns: int = 0


def make_safe_parser(namespaces: bool = False) -> expat.XMLParserType:
    """A parser that refuses document type declarations, where entities that explode would be declared."""

    def refuse_doctype(name: str, system: str | None, public: str | None, _: bool) -> None:
        raise DTDForbidden(name, system, public)

    parser = expat.ParserCreate(namespace_separator="}") if namespaces else expat.ParserCreate()
    parser.StartDoctypeDeclHandler = refuse_doctype
    return parser


def split_cells(numbers: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Rows and columns of cells given by their numbers."""
    return numbers // _STRIDE, numbers % _STRIDE


def scan_sheet(part: bytes, formats: StyleFormats) -> SheetScan:
    """Looks through a worksheet.

    Args:
        part: the worksheet's XML.
        formats: the number formats that change what is read, by cell style.

    Raises:
        ValueError: elements lie where no program puts them, so that two readers may read two things.
        DTDForbidden: there is a document type declaration.
        expat.ExpatError: it is not well-formed.
    """
    scanner = _SheetScanner(formats)
    parser = make_safe_parser(namespaces=True)
    parser.StartElementHandler, parser.EndElementHandler = scanner.start_element, scanner.end_element
    parser.CharacterDataHandler = scanner.pieces.append
    parser.Parse(part, True)
    return scanner.make_scan()


class _SheetScanner:
    """Follows the elements of a worksheet; `pieces` is the text since the last value or formula began."""

    def __init__(self, formats: StyleFormats) -> None:
        self.pieces: list[str] = []
        self._formats: dict[str, Mapping[int, CellFormat]] = {"n": formats.numbers}
        self._formats |= dict.fromkeys(("s", "str", "inlineStr"), formats.texts)
        self._positions: dict[str, int] = {}
        self._tags: dict[str, str] = {}
        self._namespace, self._depth, self._tables, self._in_table = "", 0, 0, False
        self._row, self._row_end, self._column, self._row_is_hidden = -1, "", -1, False
        self._kind, self._style, self._has_value, self._has_formula = "n", "", False, False
        self._filled: list[str] = []
        self._valued, self._certain, self._hollow = array("q"), array("q"), array("q")
        self._found_formats: dict[CellFormat, array[int]] = {}
        self._hidden_rows: set[int] = set()
        self._hidden_spans: list[tuple[int, int]] = []

    def start_element(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        tag = self._tags.get(name)
        if tag == "c":
            self._start_cell(attributes)
        elif tag == "v" or tag == "is":
            self._has_value = True
            self.pieces.clear()
        elif tag == "t":
            return
        elif tag is not None:
            self._start_rare_element(tag, attributes)
        elif self._depth == 1:
            self._start_sheet(name)
        elif self._in_table and not name.startswith(self._namespace):
            raise ValueError("an element of another kind among the cells")
        if self._depth != _DEPTHS.get(tag, self._depth):  # type: ignore[arg-type]
            raise ValueError("an element outside its place")

    def _start_sheet(self, name: str) -> None:
        namespace, _, _ = name.rpartition("}")
        if namespace not in _NAMESPACES:
            raise ValueError("another kind of sheet")
        self._namespace = namespace + "}"
        self._tags = {self._namespace + tag: tag for tag in _ELEMENTS}

    def _start_rare_element(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "row":
            self._row = int(attributes["r"]) - 1 if "r" in attributes else self._row + 1
            self._row_end, self._column = str(self._row + 1), -1
            self._row_is_hidden = _is_hidden(attributes, "ht")
        elif tag == "f":
            self._has_formula = True
        elif tag == "col" and _is_hidden(attributes, "width"):
            self._hidden_spans.append((int(attributes["min"]) - 1, int(attributes["max"])))
        elif tag == "sheetData":
            self._tables, self._in_table = self._tables + 1, True
            if self._tables > 1:
                raise ValueError("two tables in one sheet")

    def _start_cell(self, attributes: dict[str, str]) -> None:
        address = attributes.get("r")
        if address is None:
            self._column += 1
        else:
            letters = address.removesuffix(self._row_end)
            if letters == address:
                raise ValueError("a cell of another row")
            if letters not in self._positions:
                self._positions[letters] = find_column_position(letters)
            self._column = self._positions[letters]
        self._kind, self._style = attributes.get("t", "n"), attributes.get("s", "")
        self._has_value = self._has_formula = False
        self._filled = []

    def end_element(self, name: str) -> None:
        self._depth -= 1
        tag = self._tags.get(name)
        if tag == "v" or tag == "is":
            self._filled = [piece for piece in self.pieces if not piece.isspace()]
        elif tag == "c":
            if self._has_value or self._has_formula or self._kind == "e":
                self._end_cell()
        elif tag == "sheetData":
            self._in_table = False

    def _end_cell(self) -> None:
        number = self._row * _STRIDE + self._column
        if self._row_is_hidden:
            self._hidden_rows.add(self._row)
        # A stored empty text (t="str") is a value; an empty <v> of any other type is none.
        stored = self._has_value if self._kind == "str" else bool(self._filled)
        if self._kind == "e" or (self._has_formula and not stored):
            self._hollow.append(number)
            return
        self._valued.append(number)
        if self._kind == "n" and len(self._filled) > 1:
            # A number cut by a comment or spelt with references, which calamine takes for what stands before.
            raise ValueError("a number in pieces")
        if self._filled and self._kind != "s":
            self._certain.append(number)
        known = self._formats.get(self._kind)
        if known and (shown := known.get(int(self._style or 0))):
            self._found_formats.setdefault(shown, array("q")).append(number)

    def make_scan(self) -> SheetScan:
        valued, hollow = np.array(self._valued, dtype=np.int64), np.array(self._hollow, dtype=np.int64)
        reached = np.concatenate((valued, hollow))
        if len(np.unique(reached)) < len(reached):
            raise ValueError("a cell twice")
        used = np.unique(reached % _STRIDE).tolist()
        return SheetScan(
            valued,
            np.array(self._certain, dtype=np.int64),
            frozenset(zip(*(at.tolist() for at in split_cells(hollow)), strict=True)),
            {shown: np.array(cells, dtype=np.int64) for shown, cells in self._found_formats.items()},
            tuple(sorted(self._hidden_rows)),
            tuple(at for at in used if any(first <= at < end for first, end in self._hidden_spans)),
            rows=int(reached.max(initial=-1)) // _STRIDE + 1,
            columns=max(used, default=-1) + 1,
        )


def _is_hidden(attributes: Mapping[str, str], size: str) -> bool:
    return attributes.get("hidden") in _TRUE or float(attributes.get(size, 1)) == 0
