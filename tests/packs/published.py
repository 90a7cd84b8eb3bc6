"""A made-up landlord's publishable editions, and what the attacker recovers from them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TypeAlias

from due_regard.packs.content.crossed_records import add_crossed_records
from due_regard.packs.content.disclosure_control import (
    SMALLEST_SHOWN,
    PublishedBefore,
    find_audited_periods,
    protect_tables,
)
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.packs.measures import QuarterSnapshot
from due_regard.records.canonical import Records
from tests.packs.attacker import NOBODYS, Attack, Figures, Relations, read_figures
from tests.packs.known import QUARTER, snapshots
from tests.packs.varied import make_varied_records

Tables: TypeAlias = Mapping[str, MeasureTable]

LANDLORD = "queens_cross"
RELATIONS = Path(__file__).with_name("relations.json")
"""What always holds between figures, as learnt by tests/packs/test_attack.py."""
FEW = ("restrictions", "lacking", "incidents", "incidents_by_violence", "incidents_by_team", "safeguards", "reviews")
"""The tables of a smaller pack beside the one that holds all."""


def take_quarters(seed: int, most: int, quarters: int) -> tuple[QuarterSnapshot, ...]:
    """Snapshots of a register's last quarters, newest first."""
    return _take_snapshots(make_varied_records(seed, most=most), quarters)


def cross_quarters(found: tuple[QuarterSnapshot, ...]) -> tuple[QuarterSnapshot, ...]:
    """The same quarters with customers who might be there."""
    return _take_snapshots(add_crossed_records(found[0].records), len(found))


def _take_snapshots(records: Records, quarters: int) -> tuple[QuarterSnapshot, ...]:
    found = snapshots(records, LANDLORD)
    return (*found, *snapshots(records, LANDLORD, QUARTER.shift(-5)))[:quarters] if quarters > 5 else found[:quarters]


def fill_tables(found: tuple[QuarterSnapshot, ...]) -> dict[str, MeasureTable]:
    """Every table of figures about people, true."""
    names = [name for name, spec in SPECS.items() if spec.figures is not None and name not in NOBODYS]
    return {name: build_measure_table(name, found) for name in names}


def publish_register(seed: int, *, most: int, last_quarters: int) -> tuple[Tables, list[Tables]]:
    """The true tables of a register, and those published of its last quarters one by one, two packs each."""
    found = take_quarters(seed, most, 4 + last_quarters)
    crossed = cross_quarters(found)
    true, editions, before = fill_tables(found), [], PublishedBefore()
    for start in range(last_quarters - 1, -1, -1):
        window = found[start : start + 5]
        for names in (FEW, tuple(true)):
            tables = {name: _cut_table(true[name], window) for name in names}
            periods = find_audited_periods(window[0].quarter, before.list_periods())
            audited, wider = found[start : start + len(periods)], crossed[start : start + len(periods)]
            assert periods == tuple(snapshot.quarter for snapshot in audited)
            done = protect_tables(tables, audited, crossed=wider, before=before)
            editions.append(done.tables)
            before = add_edition(before, done.published)
    return true, editions


def add_edition(before: PublishedBefore, published: Mapping[str, float | None]) -> PublishedBefore:
    shown = {name: value for name, value in published.items() if value is not None}
    return PublishedBefore({**before.shown, **shown}, before.hidden | (published.keys() - shown.keys()))


def _cut_table(table: MeasureTable, window: Sequence[QuarterSnapshot]) -> MeasureTable:
    assert table.figures is not None
    some = table.figures["quarter"].isin([str(snapshot.quarter) for snapshot in window])
    return replace(table, figures=table.figures[some].reset_index(drop=True))


def hide_below_five(editions: Iterable[Tables]) -> list[Tables]:
    """Editions with counts of 1 to 4 alone hidden."""
    return [{name: _hide_small(table) for name, table in tables.items()} for tables in editions]


def _hide_small(table: MeasureTable) -> MeasureTable:
    assert table.figures is not None
    some = {
        column: table.figures[column].mask(table.figures[column].between(1, SMALLEST_SHOWN - 1).fillna(False))
        for column in ("numerator", "denominator")
    }
    return replace(table, figures=table.figures.assign(**some))


def count_recovered(true: Tables, editions: Sequence[Tables]) -> tuple[int, int]:
    """How many counts of 1 to 4 the editions hide, and how many of these their reader works out."""
    values, known = read_figures(true), _read_all(editions)
    hidden = [place for place in values if place not in known and place[1] in {quarter for _, quarter in known}]
    asked = [place for place in hidden if 0 < values[place] < SMALLEST_SHOWN]
    if not asked:
        return 0, 0
    found = Attack(load_relations(), known, hidden, asked).recover()
    assert all(values[place] == value for place, value in found.items())
    return len(asked), len(found)


def _read_all(editions: Sequence[Tables]) -> Figures:
    known: Figures = {}
    for tables in editions:
        known |= read_figures(tables)
    return known


def load_relations() -> Relations:
    """The relations on file."""
    found = json.loads(RELATIONS.read_text(encoding="utf-8"))
    pair = lambda place: (str(place[0]), int(place[1]))  # noqa: E731
    return Relations(
        tuple((pair(a), pair(b)) for a, b in found["same"]),
        tuple({pair(place): int(n) for *place, n in terms} for terms in found["sums"]),
        tuple((pair(a), pair(b)) for a, b in found["orders"]),
    )


def format_relations(relations: Relations) -> str:
    """Relations as they stand on file, one a line."""
    found = {**asdict(relations), "sums": [[(*place, n) for place, n in terms.items()] for terms in relations.sums]}
    lines = [f'"{key}": [\n' + ",\n".join(json.dumps(line) for line in found[key]) + "\n]" for key in found]
    return "{\n" + ",\n".join(lines) + "\n}\n"
