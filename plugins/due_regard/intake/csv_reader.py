"""Reads CSV text into a `Table`: delimiter, header row and ragged rows found, every cell kept as exact text.

pyarrow reads the rows (about eight times faster than pandas' own text reading, measured); the header is found on the
first rows with the csv module, because pyarrow takes the first row's width for the whole file's.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as arrow_csv
from numpy.typing import NDArray

from due_regard.errors import FileRefused
from due_regard.intake.size_limits import MOST_COLUMNS, MOST_ROWS
from due_regard.intake.text_cleaning import decode_text
from due_regard.intake.text_tables import (
    HEADER_SEARCH_ROWS,
    FoundHeader,
    RaggedRow,
    TextTable,
    check_found_header,
    find_blank_rows,
    find_header,
)

_DELIMITERS = (",", ";", "\t", "|")
_DOS_END = b"\x1a"
"""Old systems still end a file with Ctrl-Z, which would be a row of its own."""
_HEAD = 2**20
"""Characters in which a header is looked for."""
_BLOCK = 2**22
"""Bytes parsed at a time; a single row must fit."""


def read_csv_table(
    file: str,
    content: bytes,
    known: frozenset[str],
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    depth: int = 1,
) -> TextTable:
    """The table in a CSV file's bytes.

    Args:
        file: name inside the drop, for messages.
        content: the file's bytes.
        known: folded headers that the source maps or ignores.
        encoding: as the source declares it; else found by the order of `decode_text`.
        delimiter: as the source declares it; else the one that shows most known headers.
        depth: rows that make up the header.

    Raises:
        FileRefused: not text, empty, no header, a header twice, or a quotation mark that is never closed.
    """
    if content.endswith(_DOS_END):
        content = content.rstrip(_DOS_END)
    text, found_encoding = decode_text(content, encoding)
    head = text[:_HEAD]
    if not head.strip() and not text.strip():
        raise FileRefused("empty_file", f"{file}: is empty; export it again (a header alone is enough for no records)")
    options = (delimiter,) if delimiter else _DELIMITERS
    heads = [(sign, *_read_head(head, sign, depth)) for sign in options]
    found = [(find_header(rows, known, depth), sign, rows, ends) for sign, rows, ends in heads]
    header, sign, rows, ends = max(found, key=lambda option: option[0].score if option[0] else 0)
    header = check_found_header(file, header)
    start = ends[header.last_row]
    if found_encoding == "utf-8":
        # As nearly all exports are: a large file needs no second copy.
        body: bytes | memoryview = memoryview(content)[len(head[:start].encode()) :]
    else:
        body = text[start:].encode()
    del text
    return _build_table(file, header, rows, body, sign)


def _read_head(text: str, delimiter: str, depth: int) -> tuple[list[list[str]], list[int]]:
    """First rows, and the offset at which each ends."""
    consumed = 0

    def iterate_lines() -> Iterator[str]:
        nonlocal consumed
        for line in io.StringIO(text, newline=""):
            consumed += len(line)
            yield line

    rows: list[list[str]] = []
    ends: list[int] = []
    try:
        for row in csv.reader(iterate_lines(), delimiter=delimiter):
            rows.append(row)
            ends.append(consumed)
            if len(rows) == HEADER_SEARCH_ROWS + depth:
                break
    except csv.Error:
        # A field beyond the csv module's limit: no header lies that far in, what was read before it still counts.
        pass
    return rows, ends


def _build_table(
    file: str, header: FoundHeader, head: list[list[str]], body: bytes | memoryview, delimiter: str
) -> TextTable:
    width = max(len(header.names), len(head[header.last_row]))
    if width > MOST_COLUMNS:
        raise FileRefused("too_many_cells", f"{file}: has {width} columns; leave out what is not needed, or split it")
    cells, misfits = _read_rows(file, body, width, delimiter)
    first = header.last_row + 2
    offsets = np.array([number for number, _ in misfits], dtype=np.int64) - 1
    numbers = np.delete(np.arange(len(cells) + len(offsets), dtype=np.int64), offsets) + first
    _check_swallowed_rows(file, cells, numbers, delimiter)
    ragged, mended = _split_misfits(file, misfits, width, delimiter, first)
    if mended:
        cells = pd.concat([cells, pd.DataFrame([row.cells for row in mended], dtype="str")], ignore_index=True)
        numbers = np.append(numbers, [row.row_number for row in mended])
        order = np.argsort(numbers, kind="stable")
        cells, numbers = cells.iloc[order].reset_index(drop=True), numbers[order]
    blank = find_blank_rows(cells)
    if blank.any():
        cells, numbers = cells[~blank].reset_index(drop=True), numbers[~blank]
    names = header.names + ("",) * (width - len(header.names))
    preamble = tuple(tuple(row) for row in head[: header.last_row + 1])
    return TextTable(file, None, preamble, names, cells, numbers, tuple(ragged), int(blank.sum()), delimiter=delimiter)


def _read_rows(
    file: str, body: bytes | memoryview, width: int, delimiter: str
) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Rows that fit the header, and (number from 1, text) of those that do not."""
    names = [str(position) for position in range(width)]
    if not body:
        return pd.DataFrame({position: pd.Series(dtype="str") for position in range(width)}), []
    misfits: list[tuple[int, str]] = []

    def keep_misfit(row: Any) -> str:
        misfits.append((row.number, row.text))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(body),
            # One thread, since only so are misfits numbered.
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            arrow_csv.ParseOptions(
                delimiter=delimiter, newlines_in_values=True, ignore_empty_lines=False, invalid_row_handler=keep_misfit
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        raise FileRefused(
            "unreadable_csv", f"{file}: cannot be read as CSV below its header; export it again as CSV UTF-8"
        ) from None
    if table.num_rows + len(misfits) > MOST_ROWS:
        raise FileRefused("too_many_rows", f"{file}: has more than {MOST_ROWS} rows; split it, or leave out old ones")
    cells = table.to_pandas(split_blocks=True, self_destruct=True)
    del table
    # What parsing took is not given back by itself, and the file's peak comes later.
    pa.default_memory_pool().release_unused()
    cells.columns = pd.RangeIndex(width)
    return cells, misfits


def _check_swallowed_rows(file: str, cells: pd.DataFrame, numbers: NDArray[np.int64], delimiter: str) -> None:
    """Nothing, if no cell has swallowed rows.

    Raises:
        FileRefused: a quotation mark was opened in one row and closed, by another or the file's end, rows later.
    """
    for position in range(cells.shape[1]):
        column = cells[position]
        for at in np.flatnonzero(column.str.contains("\n", regex=False).to_numpy(dtype=bool)):
            if _holds_rows(str(column.iloc[at]), position, cells.shape[1], delimiter):
                raise _make_open_quote_error(file, int(numbers[at]))


def _holds_rows(text: str, position: int, width: int, delimiter: str) -> bool:
    """Whether a cell of several lines is made of rows: each line has as many separators as rows there would have.

    People put a space after a comma, exports do not: that is how an address of five lines is told from five rows.
    """
    lines = text.strip("\r\n").split("\n")
    if len(lines) == 1 or width == 1 or delimiter + " " in text:
        return False
    first, *middle, last = (line.count(delimiter) for line in lines)
    at_end = bool(middle) and position == width - 1
    return first == width - 1 - position and set(middle) <= {width - 1} and (last == position or at_end)


def _make_open_quote_error(file: str, row: int) -> FileRefused:
    return FileRefused(
        "open_quote", f"{file}: row {row} opens a quotation mark and closes it rows later or never; mend it"
    )


def _split_misfits(
    file: str, misfits: list[tuple[int, str]], width: int, delimiter: str, first: int
) -> tuple[list[RaggedRow], list[RaggedRow]]:
    """Rows that are truly ragged, and those that only have blank cells too many."""
    ragged: list[RaggedRow] = []
    mended: list[RaggedRow] = []
    for number, text in misfits:
        if "\n" in text or "\r" in text:
            # An open quotation mark swallows the rows that follow: rejecting this one would lose them unnamed.
            raise _make_open_quote_error(file, first + number - 1)
        row = next(csv.reader([text], delimiter=delimiter), [])
        fits = len(row) > width and not any(cell.strip() for cell in row[width:])
        (mended if fits else ragged).append(RaggedRow(first + number - 1, tuple(row[:width] if fits else row)))
    return ragged, mended
