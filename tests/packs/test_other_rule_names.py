"""A policy whose rules have quite other names gets the same tables, sentences and charts: each says what it feeds."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pandas as pd
import pytest

from due_regard.packs.charts import CHARTS, draw_table_chart
from due_regard.packs.content.filled_tables import build_measure_table
from due_regard.packs.content.headlines import compute_headline
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.content.table_forms import MeasureTable
from due_regard.policy import PolicyHistory
from tests.packs.known import LANDLORDS, REPORTS, example_drop, example_tables, history, landlord, snapshots
from tests.policies.policy_files import leave_figures_unfed, rename_rules


def build_tables(name: str, policy: PolicyHistory) -> dict[str, MeasureTable]:
    found = snapshots(dict(example_drop(name).records()), name, policy=policy)
    return {table: build_measure_table(table, found) for table in SPECS}


def list_sentences(name: str, tables: dict[str, MeasureTable]) -> list[str]:
    return [
        compute_headline(wording, tables[section.table])
        for switch in landlord(name).packs
        for section in load_pack_definition(REPORTS, switch.name).sections
        for wording in section.headlines
    ]


def _rename_measures(figures: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    """Safeguards are named by their rules, and so are their measures; readers see labels alone."""
    measures = {old.replace(".", "_"): new.replace(".", "_") for old, new in names.items()}
    of = {f"{old}{end}": f"{new}{end}" for old, new in measures.items() for end in ("_judged", "_new_judged")}
    measures |= {f"{old}{end}": f"{new}{end}" for old, new in measures.items() for end in ("_before", "_new")}
    return figures.assign(measure=figures["measure"].replace(measures), of=figures["of"].replace(of))


@pytest.mark.parametrize("name", LANDLORDS)
def test_tables_sentences_and_charts_are_the_same(name: str) -> None:
    renamed, names = rename_rules(history(name))
    assert not set(names) & set(names.values())
    ours, theirs = example_tables(name), build_tables(name, renamed)
    for table in SPECS:
        mine, other = ours[table], theirs[table]
        if mine.figures is not None and other.figures is not None:
            pd.testing.assert_frame_equal(_rename_measures(mine.figures, names), other.figures)
        if mine.listing is not None and other.listing is not None:
            pd.testing.assert_frame_equal(mine.listing, other.listing)
        if table in CHARTS:
            assert draw_table_chart(mine) == draw_table_chart(other)
    assert list_sentences(name, ours) == list_sentences(name, theirs)


def test_without_feeds_the_same_policy_loses_its_reviews_and_says_no_sentence_of_them() -> None:
    policy = leave_figures_unfed(history("queens_cross"))
    found = build_tables("queens_cross", policy)
    figures = found["reviews"].figures
    assert figures is not None
    due = figures[figures["measure"] == "reviews_due"]
    assert set(due["why"]) == {"no duty"}
    assert draw_table_chart(example_tables("queens_cross")["overdue_reviews"]) is not None
    assert draw_table_chart(found["overdue_reviews"]) is None
    assert len([s for s in list_sentences("queens_cross", found) if s]) < len([
        s for s in list_sentences("queens_cross", example_tables("queens_cross")) if s
    ])


def _join_versions(first: PolicyHistory, second: PolicyHistory, day: date) -> PolicyHistory:
    return PolicyHistory((first.versions[0], replace(second.versions[0], effective_from=day)))


@pytest.mark.parametrize("table", ["reviews", "overdue_reviews", "appeals", "days_to_decide", "policy_review"])
def test_a_rule_renamed_by_a_later_version_counts_on(table: str) -> None:
    name, day = "queens_cross", date(2026, 3, 1)
    own, (renamed, _) = history(name), rename_rules(history(name))
    same, other = (build_tables(name, _join_versions(own, later, day))[table] for later in (own, renamed))
    if same.figures is not None and other.figures is not None:
        assert same.figures["numerator"].notna().any()
        pd.testing.assert_frame_equal(same.figures, other.figures)
    else:
        assert same.listing is not None and other.listing is not None
        pd.testing.assert_frame_equal(same.listing, other.listing)
