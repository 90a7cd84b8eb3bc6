"""Regular expressions by which Great Expectations judges a date as delivered: the calendar, and what it was read as.

They say again, by other means, what cell_values.py reads: a date that is none, or that was read as another day, matches
neither. A text is judged alone (`30/02/2026`), or with the day it was loaded as (`03/04/2026=2026-04-03`). Add an order
of day, month and year here when a source mapping may declare it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from due_regard.intake.source_mapping import DateOrder

_TIME = r"(?:[T ]+[0-9]{1,2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]+)?)?)?"
_YEAR = "(?!0000)[0-9]{4}"
_LEAP_YEAR = "[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:0[48]|[2468][048]|[13579][26])00"
_DAYS = {31: "0?[1-9]|[12][0-9]|3[01]", 30: "0?[1-9]|[12][0-9]|30", 28: "0?[1-9]|1[0-9]|2[0-8]", 29: "29"}
_MONTHS = (
    "Jan(?:uary)?", "Feb(?:ruary)?", "Mar(?:ch)?", "Apr(?:il)?", "May", "June?",
    "July?", "Aug(?:ust)?", "Sep(?:t(?:ember)?)?", "Oct(?:ober)?", "Nov(?:ember)?", "Dec(?:ember)?",
)  # fmt: skip


@cache
def make_date_pattern(order: DateOrder, *, also_iso: bool) -> str:
    """Matches a text that is a date in `order` and, where `=` and an ISO day follow, that very day.

    Args:
        order: as the source declares it.
        also_iso: whether the file may hold ISO days too, as a workbook's real dates are.
    """
    shapes = _list_iso_shapes() if order == "iso" else [*_list_numeric_shapes(order), *_list_named_shapes()]
    if also_iso and order != "iso":
        shapes = [*_list_iso_shapes(), *shapes]
    return rf"(?i)^(?:{'|'.join(_bind_day(shape, number) for number, shape in enumerate(shapes))})\Z"


def _bind_day(shape: str, number: int) -> str:
    """The shape with groups of its own, since a name may stand once in a pattern."""
    for part in "ymd":
        shape = shape.replace(f"<{part}>", f"<{part}{number}>").replace(f"={part})", f"={part}{number})")
    return shape


def _list_lengths() -> Iterator[tuple[int, tuple[int, ...], str]]:
    """Last day, months of that length, years in which they have it."""
    yield 31, (1, 3, 5, 7, 8, 10, 12), _YEAR
    yield 30, (4, 6, 9, 11), _YEAR
    yield 28, (2,), _YEAR
    yield 29, (2,), _LEAP_YEAR


def _list_iso_shapes() -> list[str]:
    return [
        rf"(?P<y>{year})-(?P<m>{'|'.join(f'{month:02}' for month in months)})-(?P<d>{_DAYS[days].replace('0?', '0')})"
        rf"{_TIME}(?:=(?P=y)-(?P=m)-(?P=d))?"
        for days, months, year in _list_lengths()
    ]


def _list_numeric_shapes(order: DateOrder) -> list[str]:
    shapes = []
    for days, months, year in _list_lengths():
        day = f"(?P<d>{_DAYS[days]})"
        month = f"(?P<m>{'|'.join(f'0?{number}' if number < 10 else str(number) for number in months)})"
        first, second = (month, day) if order == "mdy" else (day, month)
        shapes.append(rf"{first}[/.-]{second}[/.-](?P<y>{year}){_TIME}(?:=(?P=y)-0?(?P=m)-0?(?P=d))?")
    return shapes


def _list_named_shapes() -> list[str]:
    return [
        rf"(?P<d>{_DAYS[days]})[ /.-]{_MONTHS[month - 1]}\.?[ /.-](?P<y>{year}){_TIME}"
        rf"(?:=(?P=y)-{month:02}-0?(?P=d))?"
        for days, months, year in _list_lengths()
        for month in months
    ]
