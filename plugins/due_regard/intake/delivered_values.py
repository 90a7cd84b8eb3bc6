"""What Great Expectations is shown of a column: each distinct text as delivered, and what it was loaded as.

A text that was read stands with its value (`no=no`, `03/04/2026=2026-04-03`), one that our own reading refused stands
alone: so a check fails where we and the text disagree, either way. References and other texts are never shown; of each
it is said whether it is a text, was changed on its way, or cannot be read. Keep the reading itself in cell_values.py.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from openpyxl.utils.datetime import CALENDAR_MAC_1904, CALENDAR_WINDOWS_1900, from_excel

from due_regard.intake.cell_values import CodedColumn, ColumnReading
from due_regard.intake.text_cleaning import INVISIBLE, LOOKALIKE_SPACES, clean_text, fold_text
from due_regard.intake.text_tables import UNREADABLE
from due_regard.records.canonical import CanonicalColumn, ColumnKind

TEXT, CHANGED, REFUSED = "text", "changed", "refused"
"""What is shown of a text that is not itself shown."""

_WORDS_SHOWN = 1000
"""Refused words of a column that are shown one by one; a column mapped to codes by mistake may hold a million."""
_INK = re.compile(rf"[^\s{LOOKALIKE_SPACES}{INVISIBLE}]")
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]+)?")
_LOADED = ("", "date_out_of_range")
_ABOUT_ONE_CELL = (*_LOADED, "unreadable_date", "unreadable_yes_no", "unreadable_cell", "unknown_code")
_YES_NO = dict.fromkeys(("yes", "y", "true", "1"), "yes") | dict.fromkeys(("no", "n", "false", "0"), "no")
"""The contract's words; said again here, for a table of words shared with the reading would share its faults."""


@dataclass(frozen=True)
class CheckProfile:
    """What Great Expectations is shown for one check: values, and how many rows each stands for."""

    values: pd.Series
    weights: NDArray[np.int64]


def show_presence(coded: CodedColumn) -> CheckProfile:
    """`text` where something is written or was loaded, null where a cell is blank."""
    return _count_values(pd.Series(TEXT, index=coded.raw.index, dtype="str").where(_has_content(coded)), coded)


def show_dates(coded: CodedColumn) -> CheckProfile:
    """The dates loaded."""
    return _count_values(coded.values, coded)


def show_texts(coded: CodedColumn) -> CheckProfile:
    """What TYPE and CODES are judged by, for any kind of column."""
    kind = coded.column.kind
    if kind in {ColumnKind.REF, ColumnKind.TEXT}:
        return _count_values(_classify_texts(coded), coded)
    shown = [_describe_text(text, coded.column, coded.reading) for text in coded.raw]
    loaded = _format_values(coded)
    pairs = pd.Series(
        [text if value is None else f"{text}={value}" for text, value in zip(shown, loaded, strict=True)], dtype="str"
    )
    return _count_values(_hide_further_words(pairs, coded).where(_has_content(coded)), coded)


def list_allowed_words(column: CanonicalColumn, reading: ColumnReading) -> list[str]:
    """The words of a column of codes or of yes and no, alone and with what each must be loaded as."""
    words = _find_words(column, reading)
    return [*words, *(f"{word}={value}" for word, value in words.items())]


def _find_words(column: CanonicalColumn, reading: ColumnReading) -> dict[str, str]:
    source = reading.source
    if column.kind is ColumnKind.YN:
        given = {fold_text(word): "yes" for word in source.yes_words}
        return _YES_NO | given | {fold_text(word): "no" for word in source.no_words}
    return {code: code for code in column.codes} | source.list_words(reading.column_map)


def _describe_text(text: str, column: CanonicalColumn, reading: ColumnReading) -> str:
    """A cell as delivered, in the form its pattern or list of words is written for."""
    if column.kind is ColumnKind.LIST:
        words = _find_words(column, reading)
        found = [words.get(word, "?") for part in text.split(reading.column_map.separator) if (word := fold_text(part))]
        return ";".join(dict.fromkeys(found))
    # The sign parts a text from what it was loaded as.
    plain = (clean_text(text) or text).replace("=", "|")
    if column.kind is not ColumnKind.DATE:
        return fold_text(plain)
    if reading.stored_as_numbers and _SERIAL.fullmatch(plain):
        epoch = CALENDAR_MAC_1904 if reading.epoch_1904 else CALENDAR_WINDOWS_1900
        return str(from_excel(float(plain), epoch))[:10]
    return plain


def _format_values(coded: CodedColumn) -> list[str | None]:
    """What each text was loaded as ("" where as blank); None where it was refused, with its column or by itself."""
    if coded.column.kind is ColumnKind.DATE:
        values = coded.values.dt.strftime("%Y-%m-%d").astype("object")
    elif coded.column.kind is ColumnKind.YN:
        values = coded.values.map({True: "yes", False: "no"}).astype("object")
    else:
        values = coded.values.astype("object")
    written = values.where(coded.values.notna(), "")
    return [value if problem in _LOADED else None for value, problem in zip(written, coded.problems, strict=True)]


def _hide_further_words(pairs: pd.Series, coded: CodedColumn) -> pd.Series:
    """One word for what is refused with its whole column, and for refused words beyond the first thousand."""
    problems = coded.problems.astype(str)
    refused = ~np.isin(problems, _LOADED)
    return pairs.mask(~np.isin(problems, _ABOUT_ONE_CELL) | (refused & (np.cumsum(refused) > _WORDS_SHOWN)), REFUSED)


def _classify_texts(coded: CodedColumn) -> pd.Series:
    trimmed, values = coded.raw.str.strip(), coded.values.mask(~np.isin(coded.problems.astype(str), _LOADED))
    same = (trimmed == values).fillna(value=False).to_numpy(dtype=bool).copy()
    for at in np.flatnonzero(~same):
        same[at] = pd.notna(values[at]) and _keep_letters(trimmed[at]) == _keep_letters(values[at])
    shown = pd.Series(np.where(same, TEXT, CHANGED), dtype="str")
    shown = shown.mask(coded.raw.str.startswith(UNREADABLE), REFUSED)
    return shown.where(_has_content(coded))


def _keep_letters(text: str) -> str:
    return re.sub(r"\W", "", text)


def _has_content(coded: CodedColumn) -> NDArray[np.bool_]:
    """Whether something is written in a cell, or was loaded from it."""
    found = coded.values.notna().to_numpy(dtype=bool).copy()
    for at in np.flatnonzero(~found):
        found[at] = bool(_INK.search(coded.raw[at]))
    return found


def _count_values(values: pd.Series, coded: CodedColumn) -> CheckProfile:
    """Each value once, with the rows of all distinct texts that came to it."""
    counted = pd.Series(coded.count_rows()).groupby(values.to_numpy(), dropna=False).sum()
    return CheckProfile(pd.Series(counted.index, dtype=values.dtype), counted.to_numpy(dtype=np.int64))
