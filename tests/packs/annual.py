"""A made-up landlord's quarterly and annual editions, and what a reader of both knows to hold between them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from due_regard.calendars.quarters import Quarter
from due_regard.calendars.reporting_years import Period, ReportingYear, parse_period
from due_regard.packs.content.crossed_records import add_crossed_records
from due_regard.packs.content.disclosure_control import PublishedBefore, find_audited_periods, protect_tables
from due_regard.packs.content.filled_tables import list_shown_periods
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures import QuarterSnapshot
from tests.packs.attacker import Attack, Figures, Relations, Terms, read_figures
from tests.packs.known import QUARTER, snapshots
from tests.packs.published import LANDLORD, SMALLEST_SHOWN, Tables, add_edition, fill_tables, load_relations
from tests.packs.varied import make_varied_records

YEAR = ReportingYear(QUARTER.shift(-3))
"""The year that ends with the newest quarter of the made-up records."""
MARK = "year:"
"""Begins the name of a year's figure; its place is the year's last quarter."""
Taken = Mapping[Period, QuarterSnapshot]


def take_periods(seed: int, most: int, *, crossed: bool = False) -> dict[Period, QuarterSnapshot]:
    """Eight quarters and two years of a register, or of it with customers who might be there."""
    records = make_varied_records(seed, most=most)
    records = add_crossed_records(records) if crossed else records
    found = [snapshots(records, LANDLORD, period) for period in (QUARTER, QUARTER.shift(-5), YEAR)]
    return {one.quarter: one for some in found for one in some if one.quarter in list_periods()}


def list_periods() -> list[Period]:
    return [YEAR, YEAR.shift(-1), *YEAR.quarters, *YEAR.shift(-1).quarters]


def publish_all(seed: int, most: int, asked: Sequence[Period]) -> tuple[Figures, list[Tables]]:
    """The true figures of a register, and the editions published of `asked`, one after the other."""
    taken, wider = take_periods(seed, most), take_periods(seed, most, crossed=True)
    editions, before = [], PublishedBefore()
    for period in asked:
        audited = find_audited_periods(period, before.list_periods())
        tables = fill_tables(tuple(taken[one] for one in list_shown_periods(period)))
        done = protect_tables(
            tables, [taken[one] for one in audited], crossed=[wider[one] for one in audited], before=before
        )
        editions.append(done.tables)
        before = add_edition(before, done.published)
    return read_all([*fill_each(taken)]), editions


def fill_each(taken: Taken) -> Iterator[Tables]:
    """The true tables of the quarters, and those of the years."""
    for kind in (Quarter, ReportingYear):
        yield fill_tables(tuple(one for period, one in taken.items() if isinstance(period, kind)))


def read_all(editions: Iterable[Tables]) -> Figures:
    """Every count that editions show, a year's under `MARK`."""
    found: Figures = {}
    for tables in editions:
        is_year = isinstance(parse_period(next(_list_names(tables))), ReportingYear)
        shown = read_figures({name: _place_year(table) for name, table in tables.items()} if is_year else tables)
        found |= {(MARK + name if is_year else name, quarter): value for (name, quarter), value in shown.items()}
    return found


def _list_names(tables: Tables) -> Iterator[str]:
    for table in tables.values():
        if table.figures is not None:
            yield from table.figures["quarter"].astype("str")


def _place_year(table: MeasureTable) -> MeasureTable:
    if table.figures is None:
        return table
    last = [str(ReportingYear.parse(str(text)).last) for text in table.figures["quarter"]]
    return replace(table, figures=table.figures.assign(quarter=last))


def learn_year_relations(registers: Sequence[Figures]) -> Relations:
    """What holds in every register between a year's figures and its quarters', and among years as among quarters."""
    known = load_relations()
    as_year = lambda place: (MARK + place[0], place[1] * 4)  # noqa: E731
    same = [(as_year(a), as_year(b)) for a, b in known.same]
    sums: list[Terms] = [{as_year(place): n for place, n in terms.items()} for terms in known.sums]
    orders = [(as_year(a), as_year(b)) for a, b in known.orders]
    names = sorted({name.removeprefix(MARK) for figures in registers for name, _ in figures if name.startswith(MARK)})
    for name in names:
        whole = (MARK + name, 0)
        same += [(whole, (name, back)) for back in (0, 3)]
        quarters = {(name, back): 1 for back in range(4)}
        sums.append({whole: -1, **quarters})
        # What stands at an end may grow all the time: only what adds up to no more than the year's is a part of it.
        if _holds(registers, {whole: -1, **quarters}, is_most=True):
            orders += [(place, whole) for place in quarters]
    kept_same = [pair for pair in same if _holds(registers, {pair[0]: 1, pair[1]: -1})]
    return Relations(
        (*known.same, *kept_same),
        (*known.sums, *(terms for terms in sums if _holds(registers, terms))),
        (*known.orders, *(pair for pair in orders if _holds(registers, {pair[0]: 1, pair[1]: -1}, is_most=True))),
    )


def _holds(registers: Sequence[Figures], terms: Terms, *, is_most: bool = False) -> bool:
    """Whether a sum is nought (or with `is_most`, not more) in every register, and of something in some of them."""
    totals, sizes = [], []
    for figures in registers:
        for last in (YEAR.last, YEAR.shift(-1).last):
            values = [(figures.get((name, last.shift(-back))), n) for (name, back), n in terms.items()]
            if all(value is not None for value, _ in values):
                totals.append(sum(int(value or 0) * n for value, n in values))
                sizes.append(max(int(value or 0) for value, _ in values))
    is_seen = sum(size > 1 for size in sizes) > 1
    return is_seen and all(total <= 0 if is_most else total == 0 for total in totals)


def count_recovered_of_years(true: Figures, editions: Sequence[Tables], relations: Relations) -> tuple[int, int]:
    """How many counts of 1 to 4 the editions hide, and how many of these a reader of all works out."""
    known = read_all(editions)
    shown = {place[1] for place in known}
    hidden = [place for place in true if place not in known and place[1] in shown]
    asked = [place for place in hidden if 0 < true[place] < SMALLEST_SHOWN]
    found = Attack(relations, known, hidden, asked).recover()
    assert all(true[place] == value for place, value in found.items())
    return len(asked), len(found)
