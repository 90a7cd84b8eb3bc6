"""What a cell means: text to canonical values, read once for each distinct value and mapped back to the rows.

One function a kind of column. Parsing distinct values is 30 to 40 times faster than parsing rows (measured). Rules that
look at more than one cell are row_checks.py's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from due_regard.intake.date_columns import find_column_fault
from due_regard.intake.source_mapping import ColumnMap, DateOrder, SourceMapping
from due_regard.intake.text_cleaning import INVISIBLE, LOOKALIKE_HYPHENS, LOOKALIKE_SPACES, clean_text, fold_text
from due_regard.intake.text_tables import UNREADABLE
from due_regard.records.canonical import EARLIEST_YEAR, LATEST_YEARS_AHEAD, CanonicalColumn, ColumnKind, find_dtype

_UNPLAIN = re.compile(f"[{LOOKALIKE_HYPHENS}{LOOKALIKE_SPACES}{INVISIBLE}]")
# A time may follow a date (vendors export timestamps); a zone may not, since it can move the day.
_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_NUMERIC = re.compile(rf"([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{4}}){_TIME}")
_NAMED = re.compile(rf"([0-9]{{1,2}})[ /.-]([A-Za-z]{{3,9}})\.?[ /.-]([0-9]{{4}}){_TIME}")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_CLOCK = r"(?:-?[0-9]+ days?, )?[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?"
_MOMENT = re.compile(rf"(?:[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}} )?{_CLOCK}")
"""What workbook_reader.py gives for a real date or time."""
_MONTH_NAMES = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_MONTHS = {"sept": 9} | {
    word.lower(): number for number, name in enumerate(_MONTH_NAMES, start=1) for word in (name, name[:3])
}
_CANONICAL_WORDS = dict.fromkeys(("yes", "y", "true", "1"), True) | dict.fromkeys(("no", "n", "false", "0"), False)
_EPOCH, _EPOCH_1904 = date(1899, 12, 30), date(1904, 1, 1)


@dataclass(frozen=True)
class CodedColumn:
    """A column as codes of its distinct raw values, and what each distinct value means.

    Attributes:
        codes: for each row, the position of its distinct value.
        raw: the distinct values as delivered (personal: never shown).
        values: the canonical value of each, in canonical dtype; null where blank or unreadable.
        problems: for each, "" or why it cannot be read (a reason of rejection_messages.py).
        reading: what it was read by, for who judges the reading.
    """

    column: CanonicalColumn
    codes: NDArray[np.int32]
    raw: pd.Series
    values: pd.Series
    problems: NDArray[np.object_]
    reading: ColumnReading

    def expand_rows(self) -> pd.Series:
        """The canonical column, one value a row."""
        return self.values.take(self.codes).reset_index(drop=True)

    def count_rows(self) -> NDArray[np.int64]:
        """How many rows hold each distinct value."""
        return np.bincount(self.codes, minlength=len(self.raw)).astype(np.int64)


OUT_OF_RANGE = "date_out_of_range"
"""The one problem of a cell that another day of intake may judge otherwise."""


@dataclass(frozen=True)
class ColumnReading:
    """What reading a column needs beside its cells: the source, its column map, the day of intake, the file's kind."""

    source: SourceMapping
    column_map: ColumnMap
    on: date
    stored_as_numbers: bool = False
    epoch_1904: bool = False

    @property
    def date_order(self) -> DateOrder:
        """The column's own date order, else the source's; three-column dates are put together day first."""
        if self.column_map.day_month_year:
            return "dmy"
        return self.column_map.date_order or self.source.date_order


_Parsed = tuple[list[object], list[str]]


def read_column(column: CanonicalColumn, cells: pd.Series, reading: ColumnReading) -> CodedColumn:
    """The canonical values of a column of text cells (str dtype, no nulls)."""
    positions, distinct = pd.factorize(cells)
    # Half the memory of the platform's integers, and a table has fewer rows than they count.
    codes = positions.astype(np.int32)
    raw = pd.Series(distinct, dtype="str").reset_index(drop=True)
    if column.kind in {ColumnKind.REF, ColumnKind.TEXT}:
        values, problems = _read_texts(raw, column.kind)
        if column.kind is ColumnKind.REF and reading.stored_as_numbers:
            problems[raw.str.fullmatch(_MOMENT).to_numpy(dtype=bool)] = "date_as_reference"
    else:
        parsed, found = _PARSERS[column.kind](raw.tolist(), column, reading)
        values = pd.Series(parsed, dtype=find_dtype(column))
        problems = np.array(found, dtype=object)
    broken = raw.str.startswith(UNREADABLE).to_numpy(dtype=bool)
    problems[broken] = "unreadable_cell"
    return CodedColumn(column, codes, raw, values, problems, reading)


def _read_texts(raw: pd.Series, kind: ColumnKind) -> tuple[pd.Series, NDArray[np.object_]]:
    """Texts are nearly all distinct: trimmed by Arrow at once, look-alikes mended only where there are any."""
    trimmed = pd.Series(pc.utf8_trim_whitespace(pa.array(raw, pa.large_string())).to_pandas(), dtype="str")
    if kind is ColumnKind.REF:
        odd = trimmed.str.contains(_UNPLAIN).to_numpy(dtype=bool)
        if odd.any():
            trimmed[odd] = [clean_text(text) for text in trimmed[odd]]
    values = trimmed.where(trimmed != "")
    return values, np.full(len(raw), "", dtype=object)


def _read_codes(raw: list[str], column: CanonicalColumn, reading: ColumnReading) -> _Parsed:
    return _look_up_words(raw, _list_code_words(column, reading), "unknown_code")


def _list_code_words(column: CanonicalColumn, reading: ColumnReading) -> dict[str, str]:
    """Folded word -> code; the codes themselves are always known."""
    return {code: code for code in reading.source.code_lists.list_codes(column)} | reading.source.list_words(
        reading.column_map
    )


def _look_up_words(raw: list[str], known: Mapping[str, object], problem: str) -> _Parsed:
    """What each word stands for in `known`, and the `problem` of those that are not there and not blank."""
    found = [known.get(fold_text(text)) for text in raw]
    return found, [
        problem if value is None and clean_text(text) else "" for text, value in zip(raw, found, strict=True)
    ]


def _read_lists(raw: list[str], column: CanonicalColumn, reading: ColumnReading) -> _Parsed:
    known = _list_code_words(column, reading)
    values: list[object] = []
    problems = []
    for text in raw:
        words = [word for word in map(fold_text, text.split(reading.column_map.separator)) if word]
        found = [known.get(word) for word in words]
        good = all(code is not None for code in found)
        values.append(";".join(dict.fromkeys(map(str, found))) if good and found else None)
        problems.append("" if good else "unknown_code")
    return values, problems


def _read_yes_no(raw: list[str], column: CanonicalColumn, reading: ColumnReading) -> _Parsed:
    known = _CANONICAL_WORDS | {fold_text(word): True for word in reading.source.yes_words}
    known |= {fold_text(word): False for word in reading.source.no_words}
    return _look_up_words(raw, known, "unreadable_yes_no")


def _read_dates(raw: list[str], column: CanonicalColumn, reading: ColumnReading) -> _Parsed:
    texts = [clean_text(text) for text in raw]
    read = _choose_date_reader(reading)
    values = [read(text) for text in texts]
    problems = ["unreadable_date" if text and value is None else "" for text, value in zip(texts, values, strict=True)]
    first, last = date(EARLIEST_YEAR, 1, 1), find_latest_date(reading.on)
    for position, value in enumerate(values):
        if value is not None and not first <= value <= last:
            problems[position] = OUT_OF_RANGE
    if not reading.column_map.day_month_year and (fault := _judge_column(texts, values, reading)):
        problems = [fault if text else "" for text in texts]
    return [None if value is None else np.datetime64(value, "s") for value in values], problems


_PARSERS: dict[ColumnKind, Callable[[list[str], CanonicalColumn, ColumnReading], _Parsed]] = {
    ColumnKind.CODE: _read_codes,
    ColumnKind.LIST: _read_lists,
    ColumnKind.YN: _read_yes_no,
    ColumnKind.DATE: _read_dates,
}


def find_latest_date(on: date) -> date:
    """The last day that a date may name in a drop taken in on a day."""
    return (pd.Timestamp(on) + pd.DateOffset(years=LATEST_YEARS_AHEAD)).date()


def _choose_date_reader(reading: ColumnReading) -> Callable[[str], date | None]:
    """How a date is read: in the declared order alone; workbooks also hold real dates (ISO here) and serial numbers."""
    order = reading.date_order

    def read_date(text: str) -> date | None:
        if (order == "iso" or reading.stored_as_numbers) and (match := _ISO.fullmatch(text)):
            return _make_day(match[1], match[2], match[3])
        if order != "iso" and (match := _NUMERIC.fullmatch(text)):
            day, month = (match[1], match[2]) if order == "dmy" else (match[2], match[1])
            return _make_day(match[3], month, day)
        if order != "iso" and (match := _NAMED.fullmatch(text)):
            return _make_day(match[3], _MONTHS.get(match[2].lower(), 0), match[1])
        if reading.stored_as_numbers and _SERIAL.fullmatch(text):
            return (_EPOCH_1904 if reading.epoch_1904 else _EPOCH) + timedelta(days=int(float(text)))
        return None

    return read_date


def _make_day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _judge_column(texts: list[str], values: list[date | None], reading: ColumnReading) -> str:
    """Why no date of the column may be loaded, "" where they may."""
    typed = [(int(match[1]), int(match[2])) for match in map(_NUMERIC.fullmatch, texts) if match]
    if reading.date_order == "mdy":
        typed = [(second, first) for first, second in typed]
    real = [
        value.day
        for text, value in zip(texts, values, strict=True)
        if value is not None and (_ISO.fullmatch(text) or _SERIAL.fullmatch(text))
    ]
    return find_column_fault(reading.date_order, typed, real)
