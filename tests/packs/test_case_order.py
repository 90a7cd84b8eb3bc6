"""An opened figure's rows: the longest, or the oldest, stand first; equal ones by reference, however they came."""

from __future__ import annotations

import pandas as pd
import pytest

from due_regard.packs.content.case_order import BY_DAY, BY_DAYS, BY_FILE, BY_REFERENCE, order_cases

RECORDS = {
    "incidents": pd.DataFrame({
        "incident_ref": ["I1", "I2", "I3"],
        "occurred_on": pd.to_datetime(["2026-05-02", "2026-04-01", "2026-05-02"]).astype("datetime64[s]"),
    }),
    "customers": pd.DataFrame({"customer_ref": ["C1", "C2"]}),
}
DUE = ["2026-03-01", None, "2026-01-01", "2026-03-01"]


def make_cases(kind: str, refs: list[object], **more: list[object]) -> pd.DataFrame:
    frame = pd.DataFrame({"kind": kind, "ref": refs, **more})
    return frame.assign(due_on=pd.to_datetime(frame["due_on"]).astype("datetime64[s]")) if "due_on" in frame else frame


@pytest.mark.parametrize(
    ("cases", "refs", "said"),
    [
        (make_cases("restrictions", ["R1", "R2", "R3"], days=[5, 90, None]), ["R2", "R1", "R3"], BY_DAYS),
        (make_cases("incidents", ["I3", "I1", "I2"]), ["I2", "I1", "I3"], BY_DAY),
        (make_cases("incidents", ["I1", "I9", "I2"]), ["I2", "I1", "I9"], BY_DAY),
        (make_cases("incidents", ["I4", "I2", "I9", "I3"], due_on=DUE), ["I9", "I3", "I4", "I2"], BY_DAY),
        (make_cases("customers", ["C2", "C1"]), ["C1", "C2"], BY_REFERENCE),
        (make_cases("team", ["Repairs", "Care"]), ["Care", "Repairs"], BY_REFERENCE),
        (make_cases("files", [10, 9, 2]), [2, 9, 10], BY_FILE),
        (make_cases("", []), [], BY_REFERENCE),
    ],
    ids=["days", "day of the record", "a record that is not known", "due", "customers", "teams", "files", "none"],
)
def test_rows_stand_in_an_order_that_is_said(cases: pd.DataFrame, refs: list[object], said: str) -> None:
    for given in (cases, cases.iloc[::-1], cases.set_axis([7] * len(cases))):
        found, order = order_cases(given, RECORDS)
        assert (list(found["ref"]), order, list(found.columns)) == (refs, said, list(cases.columns))


def test_one_record_under_several_duties_stands_by_rule_and_occurrence() -> None:
    cases = make_cases("incidents", ["I1"] * 3, rule=["b", "a", "b"], occurrence=[2, 1, 1])
    found, _ = order_cases(cases, RECORDS)
    assert list(zip(found["rule"], found["occurrence"], strict=True)) == [("a", 1), ("b", 1), ("b", 2)]
