"""Disclosure control for the publishable edition: counts under 5 are hidden, and whatever would give them away.

A count of 1 to 4 is hidden, and so is one whose rest (the others of its whole) is 1 to 4. For each of these there must
be another register that prints the same figures in every pack, every quarter and every edition published before, and
differs in that count (alternative_registers): whatever must be hidden for that is hidden too. Noughts are never
hidden, so a hidden count is known not to be one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace

import pandas as pd

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import Period, ReportingYear, parse_period
from due_regard.packs.content.alternative_registers import AlternativeSearch, list_bindings
from due_regard.packs.content.counted_cases import CountedRow, FigureName, QuarterCounts, count_published_cases
from due_regard.packs.content.filled_tables import list_shown_periods
from due_regard.packs.content.headlines import HIDDEN
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable, QuarterLink
from due_regard.packs.measures import QuarterSnapshot

SMALLEST_SHOWN = 5
"""A count from 1 to one less than this is hidden."""

MOST_QUARTERS = 12
"""Quarters looked at together, where earlier editions showed as many."""

MOST_YEARS = 4
"""Years of earlier editions looked at together, the newest."""

_CASES = "Cases not measured"

_TOTALS = ("safeguards/missing", "safeguards/judged")
"""Figures that add up all rows of their table."""


@dataclass(frozen=True)
class PublishedBefore:
    """What earlier publishable editions of the landlord showed, and what they hid: neither can be taken back."""

    shown: Mapping[FigureName, float] = field(default_factory=dict)
    hidden: frozenset[FigureName] = frozenset()

    def list_periods(self) -> set[Period]:
        """Quarters and years of which something was published."""
        return {parse_period(text) for text in {name.rsplit("/", 1)[1] for name in {*self.shown, *self.hidden}}}


@dataclass(frozen=True)
class ProtectedTables:
    """The tables fit for publication, and every figure they show, or that must be hidden in any pack (None).

    `nobodys` are the figures that count nobody and nobody's case.
    """

    tables: dict[str, MeasureTable]
    published: dict[FigureName, float | None]
    nobodys: frozenset[FigureName] = frozenset()


def find_audited_periods(reported: Period, published: Set[Period]) -> tuple[Period, ...]:
    """The quarters and years to look at together, newest first: a pack's own, and those of earlier editions.

    What ran on from a quarter that this pack no longer shows may give away what it does show, and so may a year and its
    quarters. Quarters that nobody published bind no year: they are left out of an annual edition's.
    """
    shown = list_shown_periods(reported)
    quarters = [one for one in shown if isinstance(one, Quarter)]
    found = _list_quarters(quarters, [one for one in published if isinstance(one, Quarter)])
    years = {one for one in shown if isinstance(one, ReportingYear)}
    years.update(sorted((one for one in published if isinstance(one, ReportingYear)), reverse=True)[:MOST_YEARS])
    every: list[Period] = [*found, *years]
    return tuple(sorted(every, key=lambda period: (period.ends_on, period.word), reverse=True))


def _list_quarters(own: Sequence[Quarter], published: Sequence[Quarter]) -> list[Quarter]:
    """A pack's own quarters and as many published ones beside them as are looked at, without a gap."""
    if not (own or published):
        return []
    newest = max((*own, *published))
    oldest = max(newest.shift(1 - MOST_QUARTERS), min((*own, *published)))
    oldest = min((*own, oldest))
    count = (newest.year - oldest.year) * 4 + newest.number - oldest.number + 1
    return [newest.shift(-back) for back in range(count)]


def protect_tables(
    tables: Mapping[str, MeasureTable],
    snapshots: Sequence[QuarterSnapshot],
    *,
    crossed: Sequence[QuarterSnapshot] = (),
    before: PublishedBefore | None = None,
) -> ProtectedTables:
    """`tables` without listings of cases, and with small counts hidden, and others that would give them away.

    `snapshots` are those of `find_audited_periods`; `crossed` the same with customers who might be there
    (crossed_records): without them more is hidden.
    """
    counts = count_published_cases(snapshots, SMALLEST_SHOWN, crossed)
    hidden = choose_hidden_figures(counts, list_quarter_links(), before or PublishedBefore())
    kept = {name: _hide_figures(table, hidden) for name, table in tables.items() if table.is_publishable}
    shown = {name: value for table in kept.values() for name, value in _list_shown(table)}
    nobodys = frozenset(name for one in counts for name in one.nobodys)
    return ProtectedTables(kept, {**shown, **dict.fromkeys(sorted(hidden))}, nobodys)


def choose_hidden_figures(
    quarters: Sequence[QuarterCounts], links: Sequence[QuarterLink], before: PublishedBefore
) -> frozenset[FigureName]:
    """Names of the figures to hide; in links, measures are named `table/measure`."""
    hidden = set(before.hidden).union(*(counts.hidden for counts in quarters))
    small = [
        (number, at)
        for number, counts in enumerate(quarters)
        for at, row in enumerate(counts.rows)
        if row.is_count and 0 < row.value < SMALLEST_SHOWN
    ]
    for number, at in small:
        hidden |= set(quarters[number].rows[at].names)
    rows = [row for counts in quarters for row in counts.rows]
    # One figure may stand in several tables: hidden in one of them, it is hidden in all.
    for row in rows:
        if row.is_printed and hidden & set(row.names):
            hidden |= set(row.names)
    search = AlternativeSearch(quarters, list_bindings(quarters, links), _list_known(rows, before, hidden), hidden)
    for place in small:
        search.protect_row(place)
    return frozenset(search.hidden | _list_open_totals(search.hidden)).difference(*(one.nobodys for one in quarters))


def _list_open_totals(hidden: Set[FigureName]) -> set[FigureName]:
    """Totals over a whole table's rows, of each quarter in which one of the rows is hidden: they would bound it."""
    quarters = {name.rsplit("/", 1)[1] for name in hidden if name.startswith("safeguards/")}
    return {f"{name}/{quarter}" for name in _TOTALS for quarter in quarters}


def _list_known(rows: Sequence[CountedRow], before: PublishedBefore, hidden: set[FigureName]) -> set[FigureName]:
    """Figures that an earlier edition showed as they still are; one that has changed since is a new figure."""
    return {
        name
        for row in rows
        for name in row.names
        if name not in hidden and (before.shown.get(name) == row.value or (not row.is_count and name in before.shown))
    }


def list_quarter_links() -> list[QuarterLink]:
    """Every table's links, measures named `table/measure`."""
    return [
        tuple((f"{table}/{measure}", back, sign) for measure, back, sign in link)
        for table, spec in SPECS.items()
        for link in spec.links
    ]


def _hide_figures(table: MeasureTable, hidden: frozenset[FigureName]) -> MeasureTable:
    if table.figures is None:
        assert table.listing is not None  # noqa: S101 - a table is one of the two
        # What is not measured and what is adds up to all cases: a public reader is told which duties, not how many.
        counted = None if _CASES in table.listing.columns else table.counted
        return replace(table, listing=table.listing.drop(columns=_CASES, errors="ignore"), counted=counted)
    figures = table.figures
    own = figures["numerator"].notna() & _name_figures(table.name, figures["measure"], figures["quarter"]).isin(hidden)
    whole = _name_figures(table.name, figures["of"], figures["quarter"]).isin(hidden)
    return replace(table, figures=figures.assign(
        numerator=figures["numerator"].mask(own), denominator=figures["denominator"].mask(whole),
        why=figures["why"].mask(own, HIDDEN),
    ))  # fmt: skip


def _list_shown(table: MeasureTable) -> Iterator[tuple[FigureName, float]]:
    figures = table.figures if table.figures is not None else table.counted
    if figures is not None:
        for name, value in (("measure", "numerator"), ("of", "denominator")):
            some = figures.dropna(subset=[value])
            yield from zip(
                _name_figures(table.name, some[name], some["quarter"]), some[value].astype(float), strict=True
            )


def _name_figures(table: str, names: pd.Series, quarters: pd.Series) -> pd.Series:
    return table + "/" + names.astype("str") + "/" + quarters.astype("str")
