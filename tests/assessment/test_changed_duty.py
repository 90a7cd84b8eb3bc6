"""Changing one figure or one condition of one duty changes the rows of that rule, and no other row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pandas as pd
import pytest

from due_regard.assessment import assess_records
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, Duty, PolicyHistory, ReviewDuty
from due_regard.policy.conditions import Not
from tests.assessment.against_reference import calendar, policies
from tests.reference.drops import build_drop
from tests.reference.judge import LANDLORDS

AS_AT = date(2026, 6, 30)
RECORDS = build_drop(4, AS_AT, size=24).frames()
OTHER_WAY = {"met": "breach", "breach": "met"}


def _changed(duty: Duty) -> Duty | None:
    """The duty with its figure one higher, or with its condition turned round; None where a column gives the date."""
    if isinstance(duty, CheckDuty):
        return duty.model_copy(update={"require": Not(not_=duty.require)})
    if isinstance(duty, DeadlineDuty) and duty.within is not None:
        return duty.model_copy(update={"within": _one_more(duty.within)})
    if isinstance(duty, ReviewDuty | DocumentDuty) and duty.cycle is not None:
        return duty.model_copy(update={"cycle": _one_more(duty.cycle)})
    return None


def _one_more(figure: Any) -> Any:
    (unit,) = figure.model_fields_set
    return figure.model_copy(update={unit: getattr(figure, unit) + 1})


def _histories(landlord: str) -> Iterator[tuple[Duty, PolicyHistory]]:
    (version,) = policies(landlord).versions
    for place, duty in enumerate(version.duties):
        changed = _changed(duty)
        if changed is not None:
            duties = (*version.duties[:place], changed, *version.duties[place + 1 :])
            file = version.file.model_copy(update={"duties": duties})
            yield duty, PolicyHistory((replace(version, file=file),))


@pytest.mark.parametrize("landlord", LANDLORDS)
def test_one_change_changes_one_rule(landlord: str) -> None:
    before = assess_records(RECORDS, policies(landlord), calendar(landlord), AS_AT)
    for duty, history in _histories(landlord):
        after = assess_records(RECORDS, history, calendar(landlord), AS_AT)
        pd.testing.assert_frame_equal(_others(before, duty), _others(after, duty))
        _assert_turned(duty, before[before["rule"] == duty.rule], after[after["rule"] == duty.rule])


def _others(frame: pd.DataFrame, duty: Duty) -> pd.DataFrame:
    return frame[frame["rule"] != duty.rule].reset_index(drop=True)


def _assert_turned(duty: Duty, before: pd.DataFrame, after: pd.DataFrame) -> None:
    if isinstance(duty, CheckDuty):
        assert before["state"].map(OTHER_WAY).tolist() == after["state"].tolist()
    elif not isinstance(duty, DocumentDuty):
        assert (before["due_on"].to_numpy() <= after["due_on"].to_numpy()).all()
        assert (before["due_on"].to_numpy() < after["due_on"].to_numpy()).any()
