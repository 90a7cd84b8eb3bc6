"""Reads CSV text into a `TextTable`: delimiter, header row and ragged rows found, every cell kept as exact text.

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

from due_regard.errors import FileRefused
from due_regard.intake.csv_lines import CsvBody, count_line_ends
from due_regard.intake.size_limits import MOST_COLUMNS, MOST_ROWS
from due_regard.intake.swallowed_rows import check_endless_quotation, check_swallowed_rows
from due_regard.intake.table_headers import (
    HEADER_SEARCH_ROWS,
    FoundHeader,
    KnownHeaders,
    check_found_header,
    find_header,
)
from due_regard.intake.text_cleaning import decode_text, fold_text
from due_regard.intake.text_tables import RaggedRow, TextTable, find_blank_rows

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
    known: KnownHeaders,
    *,
    encoding: str | None = None,
    delimiter: str | None = None,
    depth: int = 1,
) -> TextTable:
    """The table in a CSV file's bytes.

    Args:
        file: name inside the drop, for messages.
        content: the file's bytes.
        known: headers that the source maps, requires or ignores.
        encoding: as the source declares it; else found by `decode_text`.
        delimiter: as the source declares it; else the one that shows most known headers.
        depth: rows that make up the header.

    Raises:
        FileRefused: not text, empty, no header, a header twice, or a quotation mark that has swallowed rows.
    """
    if content.endswith(_DOS_END):
        content = content.rstrip(_DOS_END)
    text, found_encoding = decode_text(file, content, encoding)
    head = text[:_HEAD]
    if not head.strip() and not text.strip():
        raise FileRefused("empty_file", f"{file}: is empty; export it again (a header alone is enough for no records)")
    options = (delimiter,) if delimiter else _DELIMITERS
    heads = [(sign, *_read_head(head, sign, depth)) for sign in options]
    found = [(find_header(rows, known, depth), sign, rows, ends) for sign, rows, ends in heads]
    header, sign, rows, ends = max(found, key=lambda option: option[0].rank if option[0] else (0, 0))
    header = check_found_header(file, header, known)
    above = head[: ends[header.last_row]]
    if found_encoding == "utf-8":
        # As nearly all exports are: a large file needs no second copy.
        body, start = content, len(above.encode())
    else:
        body, start = text[len(above) :].encode(), 0
    del text
    return _build_table(header, rows, CsvBody(file, body, start, count_line_ends(above) + 1, sign), known)


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
    for row in csv.reader(iterate_lines(), delimiter=delimiter):
        rows.append(row)
        ends.append(consumed)
        if len(rows) == HEADER_SEARCH_ROWS + depth:
            break
    return rows, ends


def _build_table(header: FoundHeader, head: list[list[str]], body: CsvBody, known: KnownHeaders) -> TextTable:
    file, delimiter = body.file, body.delimiter
    width = max(len(header.names), len(head[header.last_row]))
    if width > MOST_COLUMNS:
        raise FileRefused("too_many_cells", f"{file}: has {width} columns; leave out what is not needed, or split it")
    cells, misfits = _read_rows(body, width)
    mapped = [at for at, name in enumerate(header.names) if fold_text(name) in known.mapped]
    check_swallowed_rows(body, cells, misfits, mapped)
    first = header.last_row + 2
    offsets = np.array([number for number, _ in misfits], dtype=np.int64) - 1
    numbers = np.delete(np.arange(len(cells) + len(offsets), dtype=np.int64), offsets) + first
    ragged, mended = _split_misfits(misfits, width, delimiter, first)
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
    return TextTable(file, None, preamble, names, cells, numbers, tuple(ragged), int(blank.sum()))


def _read_rows(body: CsvBody, width: int) -> tuple[pd.DataFrame, list[tuple[int, str]]]:
    """Rows that fit the header, and (number from 1, text) of those that do not."""
    file, names = body.file, [str(position) for position in range(width)]
    content = memoryview(body.content)[body.start :]
    if not content:
        return pd.DataFrame({position: pd.Series(dtype="str") for position in range(width)}), []
    misfits: list[tuple[int, str]] = []

    def keep_misfit(row: Any) -> str:
        misfits.append((row.number, row.text))
        return "skip"

    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(content),
            # One thread, since only so are misfits numbered.
            arrow_csv.ReadOptions(use_threads=False, column_names=names, block_size=_BLOCK),
            arrow_csv.ParseOptions(
                delimiter=body.delimiter,
                newlines_in_values=True,
                ignore_empty_lines=False,
                invalid_row_handler=keep_misfit,
            ),
            arrow_csv.ConvertOptions(column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False),
        )
    except pa.ArrowInvalid:
        check_endless_quotation(body, width)
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


def _split_misfits(
    misfits: list[tuple[int, str]], width: int, delimiter: str, first: int
) -> tuple[list[RaggedRow], list[RaggedRow]]:
    """Rows that are truly ragged, and those that only have blank cells too many, or nothing but spaces."""
    ragged: list[RaggedRow] = []
    mended: list[RaggedRow] = []
    for number, text in misfits:
        row = next(csv.reader([text], delimiter=delimiter), [])
        fits = not any(cell.strip() for cell in row[width if len(row) > width else 0 :])
        row = [*row[:width], *[""] * (width - len(row))] if fits else row
        (mended if fits else ragged).append(RaggedRow(first + number - 1, tuple(row)))
    return ragged, mended
