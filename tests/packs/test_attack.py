"""An attacker reads 12 publishable packs of 2 made-up landlords (long form: 204 of 34), and works out nothing hidden.

What the attacker knows to hold between figures is learnt here from other registers, and kept in relations.json for the
everyday run. The disclosure control must know every equation of it.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from due_regard.packs.content.alternative_registers import list_bindings
from due_regard.packs.content.counted_cases import QuarterCounts, count_published_cases
from due_regard.packs.content.disclosure_control import SMALLEST_SHOWN, list_quarter_links
from tests.packs.attacker import Relations, learn_relations, read_figures
from tests.packs.known import IS_LONG
from tests.packs.published import (
    RELATIONS,
    count_recovered,
    cross_quarters,
    fill_tables,
    format_relations,
    load_relations,
    publish_register,
    take_quarters,
)

LEARNT_FROM = range(1000, 1080)


@pytest.mark.long
@pytest.mark.skipif(not IS_LONG, reason="minutes of two cores to learn anew what holds: make test-all")
@pytest.mark.timeout(1200)
def test_the_relations_on_file_are_what_holds(tmp_path: Path) -> None:
    registers = [read_figures(fill_tables(take_quarters(seed, 60, 7))) for seed in LEARNT_FROM]
    fresh = tmp_path / RELATIONS.name
    fresh.write_text(format_relations(learn_relations(registers)), encoding="utf-8")
    assert fresh.read_text(encoding="utf-8") == RELATIONS.read_text(encoding="utf-8"), f"look at {fresh} and copy it"


def list_equations(relations: Relations) -> list[dict[tuple[str, int], int]]:
    return [*({a: 1, b: -1} for a, b in relations.same), *relations.sums]


def find_unknown_equations(seed: int) -> list[str]:
    """Equations that hold always and that the control's own table of figures and customers does not imply."""
    found = take_quarters(seed, 60, 2)
    wholes = {
        f"{name}/{row.measure}/of": f"{name}/{row.of}"
        for name, table in fill_tables(found).items()
        if table.figures is not None
        for row in table.figures.itertuples()
    }
    counts = count_published_cases(found, SMALLEST_SHOWN, cross_quarters(found))
    told = {name for each in counts for row in each.rows for name in row.names}
    blind = {name.rsplit("/", 1)[0] for each in counts for name in each.hidden}
    bound = np.array([_join_terms(counts, binding) for binding in list_bindings(counts, list_quarter_links())])
    unknown = []
    for terms in list_equations(load_relations()):
        named: dict[tuple[str, int], int] = {}
        for (name, back), n in terms.items():
            whole = (wholes.get(name, name), back)
            named[whole] = named.get(whole, 0) + n
        if any(name in blind or name.endswith("/teams") for name, _ in named):
            continue
        names = {f"{name}/{found[back].quarter}": n for (name, back), n in named.items()}
        places = {
            name: (number, at)
            for number, each in enumerate(counts)
            for at, row in enumerate(each.rows)
            for name in row.names
        }
        line = _join_terms(counts, [(places[name], n) for name, n in names.items() if name in told])
        left = line - bound.T @ np.linalg.lstsq(bound.T, line, rcond=None)[0] if len(bound) else line
        if np.abs(left).max() > 1e-6:
            unknown.append(str(terms))
    return unknown


def _join_terms(counts: tuple[QuarterCounts, ...], terms: list) -> np.ndarray:
    line = [np.zeros(len(each.customers)) for each in counts]
    for (number, at), n in terms:
        line[number] += n * counts[number].rows[at].cases
    return np.concatenate(line)


@pytest.mark.parametrize("seed", [2000, 2001, 2002] if IS_LONG else [2000])
def test_the_control_knows_every_equation(seed: int) -> None:
    assert find_unknown_equations(seed) == []


@pytest.mark.parametrize("seed", range(34) if IS_LONG else (1, 5))
def test_nothing_hidden_is_recovered(seed: int) -> None:
    true, editions = publish_register(seed, most=(15, 50)[seed % 2], last_quarters=3)
    assert len(editions) == 6
    assert count_recovered(true, editions)[1] == 0
