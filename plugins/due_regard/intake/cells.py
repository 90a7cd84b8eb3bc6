"""What a cell means: text to canonical values, judged once a distinct value and mapped back to the rows.

One function a kind of column. Parsing distinct values is 30 to 40 times faster than parsing rows (measured). Rules that
look at more than one cell are checks.py's.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from due_regard.contract import EARLIEST_YEAR, LATEST_YEARS_AHEAD, Column, Kind, dtype_of
from due_regard.intake.source import ColumnMap, DateOrder, Source
from due_regard.intake.tables import UNREADABLE
from due_regard.intake.text import INVISIBLE, LOOKALIKE_HYPHENS, LOOKALIKE_SPACES, folded, plain

_UNPLAIN = re.compile(f"[{LOOKALIKE_HYPHENS}{LOOKALIKE_SPACES}{INVISIBLE}]")
# A time may follow a date (vendors export timestamps); a zone may not, since it can move the day.
_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_ISO = re.compile(rf"([0-9]{{4}})-([0-9]{{2}})-([0-9]{{2}}){_TIME}")
_NUMERIC = re.compile(rf"([0-9]{{1,2}})[/.-]([0-9]{{1,2}})[/.-]([0-9]{{4}}){_TIME}")
_NAMED = re.compile(rf"([0-9]{{1,2}})[ /.-]([A-Za-z]{{3,9}})\.?[ /.-]([0-9]{{4}}){_TIME}")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
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
class Coded:
    """A column as codes of its distinct raw values, and what each distinct value means.

    Attributes:
        codes: for each row, the position of its distinct value.
        raw: the distinct values as delivered (personal: never shown).
        values: the canonical value of each, in canonical dtype; null where blank or unreadable.
        problems: for each, "" or why it cannot be read (a key of messages.REASONS).
    """

    column: Column
    codes: NDArray[np.int32]
    raw: pd.Series
    values: pd.Series
    problems: NDArray[np.object_]

    def rows(self) -> pd.Series:
        """The canonical column, one value a row."""
        return self.values.take(self.codes).reset_index(drop=True)

    def counts(self) -> NDArray[np.int64]:
        """How many rows hold each distinct value."""
        return np.bincount(self.codes, minlength=len(self.raw)).astype(np.int64)


@dataclass(frozen=True)
class Reading:
    """What reading a column needs beside its cells: the source, its column map, the day of intake, the file's kind."""

    source: Source
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


def read_column(column: Column, cells: pd.Series, reading: Reading) -> Coded:
    """The canonical values of a column of text cells (str dtype, no nulls)."""
    positions, distinct = pd.factorize(cells)
    # Half the memory of the platform's integers, and a table has fewer rows than they count.
    codes = positions.astype(np.int32)
    raw = pd.Series(distinct, dtype="str").reset_index(drop=True)
    if column.kind in {Kind.REF, Kind.TEXT}:
        values, problems = _texts(raw, column.kind)
    else:
        parsed, found = _PARSERS[column.kind](raw.tolist(), column, reading)
        values = pd.Series(parsed, dtype=dtype_of(column))
        problems = np.array(found, dtype=object)
    broken = raw.str.startswith(UNREADABLE).to_numpy(dtype=bool)
    problems[broken] = "unreadable_cell"
    return Coded(column, codes, raw, values, problems)


def _texts(raw: pd.Series, kind: Kind) -> tuple[pd.Series, NDArray[np.object_]]:
    """Texts are nearly all distinct: trimmed by Arrow at once, look-alikes mended only where there are any."""
    trimmed = pd.Series(pc.utf8_trim_whitespace(pa.array(raw, pa.large_string())).to_pandas(), dtype="str")
    if kind is Kind.REF:
        odd = trimmed.str.contains(_UNPLAIN).to_numpy(dtype=bool)
        if odd.any():
            trimmed[odd] = [plain(text) for text in trimmed[odd]]
    values = trimmed.where(trimmed != "")
    return values, np.full(len(raw), "", dtype=object)


def _codes(raw: list[str], column: Column, reading: Reading) -> _Parsed:
    known = {code: code for code in column.codes} | reading.source.words(reading.column_map)
    found = [known.get(folded(text)) for text in raw]
    return list(found), [
        "" if code is not None or not plain(text) else "unknown_code" for text, code in zip(raw, found, strict=True)
    ]


def _lists(raw: list[str], column: Column, reading: Reading) -> _Parsed:
    known = {code: code for code in column.codes} | reading.source.words(reading.column_map)
    values: list[object] = []
    problems = []
    for text in raw:
        words = [word for word in map(folded, text.split(reading.column_map.separator)) if word]
        found = [known.get(word) for word in words]
        good = all(code is not None for code in found)
        values.append(";".join(dict.fromkeys(map(str, found))) if good and found else None)
        problems.append("" if good else "unknown_code")
    return values, problems


def _yes_no(raw: list[str], column: Column, reading: Reading) -> _Parsed:
    known = _CANONICAL_WORDS | {folded(word): True for word in reading.source.yes_words}
    known |= {folded(word): False for word in reading.source.no_words}
    found = [known.get(folded(text)) for text in raw]
    return list(found), [
        "" if value is not None or not plain(text) else "unreadable_yes_no"
        for text, value in zip(raw, found, strict=True)
    ]


def _dates(raw: list[str], column: Column, reading: Reading) -> _Parsed:
    texts = [plain(text) for text in raw]
    read = _date_reader(reading)
    values = [read(text) for text in texts]
    problems = ["unreadable_date" if text and value is None else "" for text, value in zip(texts, values, strict=True)]
    first, last = date(EARLIEST_YEAR, 1, 1), years_later(reading.on, LATEST_YEARS_AHEAD)
    for position, value in enumerate(values):
        if value is not None and not first <= value <= last:
            problems[position] = "date_out_of_range"
    if reading.date_order == "dmy" and not reading.column_map.day_month_year and any(map(_month_first, texts)):
        problems = ["month_first_column" if text else "" for text in texts]
    return [None if value is None else np.datetime64(value, "s") for value in values], problems


_PARSERS: dict[Kind, Callable[[list[str], Column, Reading], _Parsed]] = {
    Kind.CODE: _codes,
    Kind.LIST: _lists,
    Kind.YN: _yes_no,
    Kind.DATE: _dates,
}


def years_later(day: date, years: int) -> date:
    """The same day some years later; 28 February for 29 February where there is none."""
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def _date_reader(reading: Reading) -> Callable[[str], date | None]:
    """How a date is read: in the declared order alone; workbooks also hold real dates (ISO here) and serial numbers."""
    order = reading.date_order

    def read(text: str) -> date | None:
        if (order == "iso" or reading.stored_as_numbers) and (match := _ISO.fullmatch(text)):
            return _day(match[1], match[2], match[3])
        if order != "iso" and (match := _NUMERIC.fullmatch(text)):
            day, month = (match[1], match[2]) if order == "dmy" else (match[2], match[1])
            return _day(match[3], month, day)
        if order != "iso" and (match := _NAMED.fullmatch(text)):
            return _day(match[3], _MONTHS.get(match[2].lower(), 0), match[1])
        if reading.stored_as_numbers and _SERIAL.fullmatch(text):
            return (_EPOCH_1904 if reading.epoch_1904 else _EPOCH) + timedelta(days=int(float(text)))
        return None

    return read


def _day(year: str | int, month: str | int, day: str | int) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None


def _month_first(text: str) -> bool:
    """Whether a numeric date can only be month first, such as 06/25/2026."""
    match = _NUMERIC.fullmatch(text)
    return bool(match) and int(match[1]) <= 12 < int(match[2])  # type: ignore[index]
