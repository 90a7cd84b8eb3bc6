"""What each published figure counts, customer by customer: how disclosure control knows what figures have in common.

A figure is a row, a kind of customer a column, and a cell says how many cases of such a customer the figure counts.
Nothing about sums, parts or wholes is declared: figures that count the same cases are the same row, and parts add up
because their rows do. A year and its quarters are counted together, so that a year's figure is bound to its quarters'
in the same way. A figure reaches this by its measure's `cases` (measures/figure.py); which figures bind one quarter to
the next is said in measure_tables.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from due_regard.calendars.reporting_years import Period
from due_regard.packs.content.customer_places import Counts, CustomerPlaces
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.measures import Figure, QuarterSnapshot

FigureName: TypeAlias = str
"""`table/measure/quarter`; for what a figure is out of, `table/<the whole's name>/quarter`."""
RowKind = Literal["count", "rest", "middle", "present"]

MOST_KINDS = 500
"""Kinds of customer looked at in a quarter. Fewer mean that more is hidden, never less."""


@dataclass(frozen=True)
class CountedRow:
    """One row of a quarter's table of figures and customers.

    Attributes:
        names: the printed figures that tell this number: all are hidden together.
        cases: how many cases each kind of customer adds.
        value: the number.
        is_count: whether it is a count of people or cases (or the rest of one), which must not be known when small.
        is_printed: whether a reader sees it, so knows that it is not nought.
    """

    names: tuple[FigureName, ...]
    cases: Counts
    value: int
    is_count: bool
    is_printed: bool


@dataclass(frozen=True)
class QuarterCounts:
    """Rows of a quarter, or of a year and what is audited of its quarters, together.

    Attributes:
        periods: whose figures they are.
        rows: what each figure counts.
        customers: how many there are of each kind.
        hidden: figures to hide whatever else is shown.
        nobodys: figures that count nobody and nobody's case: they are never hidden.
    """

    periods: tuple[Period, ...]
    rows: tuple[CountedRow, ...]
    customers: Counts
    hidden: frozenset[FigureName]
    nobodys: frozenset[FigureName] = frozenset()


def count_published_cases(
    snapshots: Sequence[QuarterSnapshot], smallest: int, crossed: Sequence[QuarterSnapshot] = ()
) -> tuple[QuarterCounts, ...]:
    """Every figure that any pack may publish of these quarters and years, by what it counts.

    `crossed` are the same periods with customers who might be there (crossed_records). All tables are looked at, not
    only one pack's: what one pack hides, another must hide too.
    """
    wider = crossed or snapshots
    customers = CustomerPlaces(wider[0].records)
    pairs = tuple(zip(snapshots, wider, strict=True))
    groups = group_periods([snapshot.quarter for snapshot in snapshots])
    return tuple(_count_together([pairs[place] for place in group], customers, smallest) for group in groups)


def group_periods(periods: Sequence[Period]) -> list[list[int]]:
    """Places of periods that have days in common: a year with its quarters; a quarter of no such year stands alone."""
    groups: list[list[int]] = []
    for place, period in enumerate(periods):
        touching = [group for group in groups if any(_have_days_in_common(periods[one], period) for one in group)]
        groups = [group for group in groups if group not in touching]
        groups.append(sorted([place, *(one for group in touching for one in group)]))
    return sorted(groups)


def _have_days_in_common(one: Period, other: Period) -> bool:
    return one.starts_on <= other.ends_on and other.starts_on <= one.ends_on


def list_figure_names(figure: Figure, table: str, quarter: str) -> tuple[FigureName, FigureName | None]:
    """Name of a figure and of what it is out of."""
    return f"{table}/{figure.measure}/{quarter}", f"{table}/{figure.of}/{quarter}" if figure.of else None


def _count_together(
    pairs: Sequence[tuple[QuarterSnapshot, QuarterSnapshot]], customers: CustomerPlaces, smallest: int
) -> QuarterCounts:
    hidden: set[FigureName] = set()
    nobodys: set[FigureName] = set()
    found = [row for both in pairs for row in _find_rows(*both, customers, smallest, hidden, nobodys)]
    periods = tuple(snapshot.quarter for snapshot, _ in pairs)
    joined = _join_rows(periods, found, customers.are_real)
    return replace(joined, hidden=frozenset(hidden), nobodys=frozenset(nobodys))


def _find_rows(
    snapshot: QuarterSnapshot,
    wider: QuarterSnapshot,
    customers: CustomerPlaces,
    smallest: int,
    hidden: set[FigureName],
    nobodys: set[FigureName],
) -> Iterator[_FoundRow]:
    """Rows of one period; notes what is to be hidden in any case, and what never."""
    for table, spec in SPECS.items():
        if spec.figures is None or not spec.is_publishable:
            continue
        counted = {figure.measure: figure for figure in spec.figures(wider)}
        for figure in spec.figures(snapshot):
            own, whole = list_figure_names(figure, table, str(snapshot.quarter))
            if not figure.is_of_people:
                nobodys |= {own, *([whole] if whole else [])}
            if figure.numerator is None or not figure.is_of_people:
                continue
            if figure.days is not None and (figure.denominator or 0) < smallest:
                hidden.add(own)
            elif figure.cases is None and figure.days is None:
                # Nothing tells what it counts: it cannot be protected.
                hidden |= {own, *([whole] if whole else [])}
            among = replace(counted[figure.measure], numerator=figure.numerator)
            yield from _list_rows(among, own, whole, customers)


@dataclass(frozen=True)
class _FoundRow:
    """A row before customers alike are joined: customers, one a case, less those of `less`."""

    kind: RowKind
    name: FigureName
    places: Counts
    less: Counts | None = None


def _list_rows(
    figure: Figure, own: FigureName, whole: FigureName | None, customers: CustomerPlaces
) -> Iterator[_FoundRow]:
    everyone = customers.find_places(figure.whole) if figure.whole is not None and whole is not None else None
    if everyone is not None and whole is not None:
        yield _FoundRow("count", whole, everyone)
    if figure.cases is not None:
        places = customers.find_places(figure.cases)
        yield _FoundRow("count", own, places)
        if everyone is not None:
            yield _FoundRow("rest", own, everyone, places)
    if figure.days is not None and figure.numerator is not None:
        for kind, cases in _list_middle_rows(figure.days, figure.numerator):
            yield _FoundRow(kind, own, customers.find_places(cases))


def _list_middle_rows(days: pd.Series, value: float) -> Iterator[tuple[RowKind, pd.Series]]:
    """What a middle or longest tells: how many cases lie below, at and above it, and that there is one beside it."""
    refs = days.index.to_series()
    for mask in (days < value, days == value, days > value):
        yield "middle", refs[mask]
    for beside in (days[days <= value].max(), days[days >= value].min()):
        yield "present", refs[days == beside]


def _join_rows(
    periods: tuple[Period, ...], found: Sequence[_FoundRow], are_real: npt.NDArray[np.bool_]
) -> QuarterCounts:
    kind, size = _number_kinds(found, len(are_real))
    kinds = np.zeros((len(found), len(size)), dtype="int64")
    for line, row in zip(kinds, found, strict=True):
        line += np.bincount(kind[row.places], minlength=len(size))
        if row.less is not None:
            line -= np.bincount(kind[row.less], minlength=len(size))
    kinds //= size
    real = np.bincount(kind[are_real], minlength=len(size))
    # A figure that is nought is printed so: nobody who would make it more may come.
    noughts = [place for place, row in enumerate(found) if row.kind != "rest" and not kinds[place] @ real]
    might = np.flatnonzero(~kinds[noughts].any(axis=0))
    some = might[_choose_kinds(kinds[:, might])]
    return QuarterCounts(periods, _merge_rows(found, kinds, real, some), real[some], frozenset())


def _number_kinds(found: Sequence[_FoundRow], customers: int) -> tuple[Counts, Counts]:
    """The kind of each customer, and how many are of each: two are of one kind if all figures count them alike."""
    marks = np.random.default_rng(0).integers(1, 2**62, len(found), dtype="uint64")
    signature = np.zeros(customers, dtype="uint64")
    for mark, row in zip(marks, found, strict=True):
        np.add.at(signature, row.places, mark)
    _, kind, counts = np.unique(signature, return_inverse=True, return_counts=True)
    return kind, counts


def _choose_kinds(kinds: Counts) -> Counts:
    """Some kinds of customer of every row, where there are too many to look at all."""
    if kinds.shape[1] <= MOST_KINDS:
        return np.arange(kinds.shape[1])
    spread = np.linspace(0, kinds.shape[1] - 1, MOST_KINDS // 2).astype("int64")
    each = [np.flatnonzero(row)[:8] for row in kinds]
    return np.unique(np.concatenate([spread, *each]))


def _merge_rows(found: Sequence[_FoundRow], kinds: Counts, size: Counts, some: Counts) -> tuple[CountedRow, ...]:
    """One row of those that count the same; noughts are left out, as they are never hidden."""
    groups: dict[bytes, list[int]] = {}
    for place, row in enumerate(kinds[:, some]):
        if kinds[place] @ size:
            groups.setdefault(row.tobytes(), []).append(place)
    rows = []
    for places in groups.values():
        here = [(found[place].kind, found[place].name) for place in places]
        names = tuple(dict.fromkeys(name for kind, name in here if kind in {"count", "middle"}))
        row, is_count = kinds[places[0]], any(kind in {"count", "rest"} for kind, _ in here)
        is_printed = any(kind in {"count", "present"} for kind, _ in here)
        rows.append(CountedRow(names, row[some], int(row @ size), is_count, is_printed))
    return tuple(rows)
