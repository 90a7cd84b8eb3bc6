"""What was not known on a day is blank: by one rule, for the engine's columns and for frames that packs count."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from due_regard.assessment.masked_frames import mask_later_events
from due_regard.assessment.records_as_at import RecordsAsAt
from due_regard.records.canonical import ENTITIES, ENTITY, CanonicalColumn, ColumnKind, Entity

DAY = date(2026, 3, 31)
DAYS = ["2026-03-30", "2026-03-31", "2026-04-01", None]


def make_cells(column: CanonicalColumn, entity: Entity) -> pd.Series:
    if column.name == entity.opened_on:
        return pd.Series(["2026-01-01"] * len(DAYS)).astype("datetime64[s]")
    if column.kind is ColumnKind.DATE:
        return pd.Series(DAYS).astype("datetime64[s]")
    if column.kind is ColumnKind.YN:
        return pd.Series([True] * len(DAYS), dtype="boolean")
    return pd.Series([f"{number}" for number in range(len(DAYS))], dtype="str")


def make_frame(entity: Entity) -> pd.DataFrame:
    return pd.DataFrame({column.name: make_cells(column, entity) for column in entity.columns})


def test_an_events_date_waits_for_itself_and_a_planned_one_for_nothing() -> None:
    review, appeal = ENTITY["reviews"].by_name, ENTITY["appeals"].by_name
    assert (review["customer_notified_on"].dated_by, review["next_review_on"].dated_by) == ("customer_notified_on", "")
    assert (appeal["considered_by"].dated_by, appeal["appeal_ref"].dated_by) == ("decided_on", "")


@pytest.mark.parametrize("entity", ENTITIES, ids=lambda entity: entity.name)
def test_engine_and_packs_blank_the_same_cells(entity: Entity) -> None:
    records = {entity.name: make_frame(entity)}
    seen, known = RecordsAsAt(records, DAY), mask_later_events(records, DAY)[entity.name]
    for column in entity.columns:
        hidden = [False, False, bool(column.dated_by) and column.name != entity.opened_on, False]
        blank_before = records[entity.name][column.name].isna().to_numpy()
        np.testing.assert_array_equal(known[column.name].isna(), blank_before | hidden, err_msg=column.name)
        np.testing.assert_array_equal(seen.find_cells(entity.name, column.name).blank, known[column.name].isna())
