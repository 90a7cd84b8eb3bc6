"""Finds rows that a quotation mark has swallowed: every line of a CSV file is accounted for, whatever the parser saw.

A parser that meets a stray quotation mark takes everything up to the next one for a single cell, and says nothing. So
each line begins a row, or it lies inside a quoted cell and is read again by itself, to see whether it is a row.
Narratives with line breaks are none. Add a sign of a swallowed row here; how lines are cut is csv_lines.py's.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from openpyxl.utils import get_column_letter

from due_regard.errors import FileRefused
from due_regard.intake.csv_lines import CsvBody, count_line_ends
from due_regard.intake.size_limits import LARGEST_FILE

# A cell that has swallowed rows may be as long as the file; the csv module stops at 131,072 characters by itself.
csv.field_size_limit(LARGEST_FILE)

_WORD, _DIGITS = re.compile(r"[A-Za-z]+"), re.compile(r"[0-9]+")
_MOST_WORDS = 1000
"""Distinct values up to which the words of a column are compared; beyond it only the forms of what holds digits."""
_NEVER = "that is never closed"


@dataclass(frozen=True)
class ColumnHabit:
    """What the cells of a column look like: its words, where they are few, and the forms of what holds digits."""

    words: frozenset[str]
    forms: frozenset[str]

    def fits(self, text: str) -> bool:
        """Whether `text` looks like a cell of this column."""
        return text in self.words or _DIGITS.sub("9", _WORD.sub("a", text)) in self.forms


@dataclass(frozen=True)
class RowSigns:
    """By what a row of this file is known: how many cells it has, and what the loaded columns look like."""

    delimiter: str
    width: int
    habits: dict[int, ColumnHabit]

    def split_cells(self, line: str) -> list[str]:
        """The cells of one line read by itself."""
        return next(csv.reader([line], delimiter=self.delimiter), [])

    def is_row(self, line: str) -> bool:
        """Whether a line inside a quoted cell is a row: as many cells as the header, or references where they belong.

        People put a space after a comma, exports do not; and what stands in a row's columns looks like what stands
        there in other rows. By both are prose and addresses told from rows.
        """
        cells = self.split_cells(line)
        # Where the quotation ends in this line, the cells after it belong to the row around it and prove nothing.
        own = cells[: max(len(cells) - len(self.split_cells(f'"{line}')) + 1, 1)]
        own[-1] = own[-1].removesuffix('"')
        fitting = self._list_fitting(enumerate(own))
        is_whole = len(cells) == self.width and not any(text.startswith(" ") for text in own)
        return (is_whole and bool(fitting or not self.habits)) or (
            len(fitting) > 1 and any(map(_DIGITS.search, fitting))
        )

    def is_row_without_quotation(self, line: str) -> bool:
        """Whether the line in which a quotation is opened is a row of its own, once the mark is left out."""
        *before, quoted = self.split_cells(line)
        inside = [(len(before) + at, text) for at, text in enumerate(self.split_cells(quoted))]
        is_whole = len(before) + len(inside) == self.width and not any(text.startswith(" ") for _, text in inside[1:])
        return is_whole and bool(self._list_fitting(inside[1:]))

    def is_left_open(self, lines: Sequence[str]) -> bool:
        """Whether a quotation is still open at the end of `lines`: what follows would be taken into it."""
        following = "x"
        rows = csv.reader([*(f"{line}\n" for line in lines), following], delimiter=self.delimiter)
        return list(rows)[-1] != [following]

    def _list_fitting(self, placed: Iterable[tuple[int, str]]) -> list[str]:
        return [text for position, text in placed if (habit := self.habits.get(position)) and habit.fits(text)]


def check_swallowed_rows(
    body: CsvBody, cells: pd.DataFrame, misfits: Sequence[tuple[int, str]], mapped: Sequence[int]
) -> None:
    """Nothing, if every line of the body is a row, or part of a cell that holds no row.

    Args:
        body: the text that was parsed.
        cells: the rows that fit the header, as parsed.
        misfits: (number from 1, text) of those that do not.
        mapped: positions of the columns that are loaded.

    Raises:
        FileRefused: a quotation mark has swallowed rows, or is never closed; names its line.
    """
    rows, lines = len(cells) + len(misfits), body.count_lines()
    last = RowSigns(body.delimiter, cells.shape[1], {})
    if rows and last.is_left_open([body.cut_last_line()]) and lines == rows:
        raise _make_error(body, last, [body.cut_last_line()], body.first_line + lines - 1, 0, _NEVER)
    if lines == rows:
        return
    breaks = _count_breaks(cells, misfits)
    starts, firsts = body.find_line_starts(), np.arange(rows) + np.cumsum(breaks) - breaks
    signs = RowSigns(body.delimiter, cells.shape[1], _learn_habits(cells, mapped))
    ragged = {number - 1 for number, _ in misfits}
    for row in np.flatnonzero(breaks).tolist():
        own = body.cut_lines(starts[firsts[row] : firsts[row] + breaks[row] + 2])
        _check_row(body, signs, own, body.first_line + int(firsts[row]), is_ragged=row in ragged)
    if lines != rows + breaks.sum():
        _check_row(body, signs, [body.cut_last_line()], body.first_line + lines - 1, is_ragged=True)


def check_endless_quotation(body: CsvBody, width: int) -> None:
    """Nothing, if no quotation mark takes in rows of a body that the parser gave up.

    Raises:
        FileRefused: one does; names its line.
    """
    signs = RowSigns(body.delimiter, width, {})
    lines = body.cut_lines(body.find_line_starts())
    reader, first = csv.reader((f"{line}\n" for line in lines), delimiter=body.delimiter), 0
    for _ in reader:
        if reader.line_num - first > 1:
            _check_row(body, signs, lines[first : reader.line_num], body.first_line + first, is_ragged=False)
        first = reader.line_num


def _count_breaks(cells: pd.DataFrame, misfits: Sequence[tuple[int, str]]) -> NDArray[np.int64]:
    """Line ends inside each row."""
    breaks = np.zeros(len(cells), dtype=np.int64)
    for _, column in cells.items():
        at = np.flatnonzero(column.str.contains(r"[\r\n]", regex=True).to_numpy(dtype=bool))
        breaks[at] += np.array([count_line_ends(text) for text in column.iloc[at]], dtype=np.int64)
    places = [number - 1 - before for before, (number, _) in enumerate(misfits)]
    return np.insert(breaks, places, [count_line_ends(text) for _, text in misfits])


def _learn_habits(cells: pd.DataFrame, mapped: Sequence[int]) -> dict[int, ColumnHabit]:
    """What each loaded column looks like, from its cells of one line."""
    habits = {}
    for position in mapped:
        values = cells[position].drop_duplicates()
        values = values[~values.str.contains(r"[\r\n]", regex=True) & (values.str.strip() != "")]
        forms = values.str.replace(_WORD, "a", regex=True).str.replace(_DIGITS, "9", regex=True).drop_duplicates()
        words = frozenset(values) if len(values) <= _MOST_WORDS else frozenset()
        if len(values):
            habits[position] = ColumnHabit(words, frozenset(form for form in forms if "9" in form))
    return habits


def _check_row(body: CsvBody, signs: RowSigns, lines: list[str], first: int, *, is_ragged: bool) -> None:
    """Nothing, if a row of these lines, the first of them `first` of the file, is one row and no more."""
    found = _find_swallowed_line(signs, lines)
    if found is not None:
        told = f"that is still open in line {first + found}, which reads as a row of its own"
        raise _make_error(body, signs, lines, first, found, told)
    if signs.is_left_open(lines):
        raise _make_error(body, signs, lines, first, len(lines), _NEVER)
    if is_ragged:
        told = f"and lines {first} to {first + len(lines) - 1}, read as one row, do not fit the header"
        raise _make_error(body, signs, lines, first, 1, told)


def _find_swallowed_line(signs: RowSigns, lines: list[str]) -> int | None:
    """Which of the lines of one row is a row by itself; None where they are rightly one."""
    if len(lines) > 1 and signs.is_row_without_quotation(lines[0]):
        return 1
    for at, line in enumerate(lines):
        if at and signs.delimiter in line and signs.is_row(line):
            return at
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=signs.delimiter, strict=True)
    try:
        list(reader)
    except csv.Error:
        # Text follows a closing quotation mark, which was the opening one of a swallowed row; or nothing closes it.
        return None if signs.is_left_open(lines) else max(reader.line_num - 1, 1)
    return None


def _make_error(body: CsvBody, signs: RowSigns, lines: list[str], first: int, at: int, told: str) -> FileRefused:
    """The refusal, naming the line in which the quotation that reaches into line `at` of `lines` was opened."""
    opened, position = _find_opening(signs, lines, at)
    return FileRefused(
        "open_quote",
        f"{body.file}: line {first + opened} opens a quotation mark in column {get_column_letter(position + 1)} "
        f"{told}; close it at the end of its cell or take it out (inside a quoted cell it is written twice), and send "
        "the file again: nothing of it was loaded",
    )


def _find_opening(signs: RowSigns, lines: list[str], at: int) -> tuple[int, int]:
    """Where the quotation that is open when line `at` begins was opened: position of its line, position of its cell."""
    opened, position = 0, len(signs.split_cells(lines[0])) - 1
    for place, line in enumerate(lines[1:at], start=1):
        if closed := len(signs.split_cells(f'"{line}')) - 1:
            opened, position = place, position + closed
    return opened, position
