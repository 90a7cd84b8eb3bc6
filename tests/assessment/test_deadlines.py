"""Deadlines on, one day before and one day after, from any day: month ends, leap days, bank holidays of two nations.

Each drop holds every duty that runs from one day, done on every edge; it is judged on a day that hypothesis picks among
the edges and the days on which notice begins.
"""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from due_regard.calendars.working_days import Convention
from due_regard.errors import CalendarError
from tests.assessment.against_reference import IS_LONG, disagreements, engine_rows
from tests.reference.dates import bank_holidays
from tests.reference.drops import Row, drop_of
from tests.reference.edges import edge_drop, judging_days
from tests.reference.judge import LANDLORDS

YEARS = range(2019, 2029)
HOLIDAYS = sorted({day for year in YEARS for nation in ("SCT", "WLS") for day in bank_holidays(nation, year)})
MONTH_ENDS = [
    date(year, month, day) for year in YEARS for month, day in ((1, 31), (2, 28), (8, 31), (11, 30), (12, 31))
]
LEAP_DAYS = [date(2020, 2, 29), date(2024, 2, 29), date(2028, 2, 29)]
STARTS = st.one_of(
    st.dates(date(2019, 1, 1), date(2028, 12, 31)),
    st.sampled_from(HOLIDAYS),
    st.sampled_from(MONTH_ENDS),
    st.sampled_from(LEAP_DAYS),
)
CONVENTIONS: tuple[Convention, ...] = ("day0", "day1", "roll_then_add")
CLOSED = st.lists(st.integers(0, 30), max_size=5)
EXAMPLES = settings(
    max_examples=150 if IS_LONG else 8,
    deadline=None,
    derandomize=not IS_LONG,
    phases=(Phase.generate, Phase.shrink),
)


@EXAMPLES
@given(start=STARTS, pick=st.integers(0, 10_000))
def test_engine_equals_reference_on_every_edge(start: date, pick: int) -> None:
    days = judging_days(start)
    drop, as_at = edge_drop(start), days[pick % len(days)]
    assert [line for landlord in LANDLORDS for line in disagreements(drop, landlord, as_at)] == []


@EXAMPLES
@given(start=STARTS, pick=st.integers(0, 10_000), convention=st.sampled_from(CONVENTIONS), closed=CLOSED)
def test_engine_counts_as_the_reference_by_every_convention(
    start: date, pick: int, convention: Convention, closed: list[int]
) -> None:
    days = judging_days(start)
    drop, as_at = edge_drop(start), days[pick % len(days)]
    closures = frozenset(start + timedelta(days=by) for by in closed)
    for landlord in LANDLORDS:
        assert disagreements(drop, landlord, as_at, convention=convention, closures=closures) == []


def _appeal(received: str) -> dict[str, list[Row]]:
    return {"appeals": [{"appeal_ref": "A1", "restriction_ref": "R1", "received_on": received}]}


@pytest.mark.parametrize(
    ("landlord", "received", "rule", "due"),
    [
        ("queens_cross", "2026-06-11", "appeal.acknowledge", date(2026, 6, 17)),
        ("queens_cross", "2026-06-11", "appeal.communicate", date(2026, 6, 26)),
        ("queens_cross", "2026-04-04", "appeal.acknowledge", date(2026, 4, 8)),
        ("queens_cross", "2026-04-04", "appeal.communicate", date(2026, 4, 17)),
        ("united_welsh", "2026-04-04", "appeal.decide", date(2026, 4, 20)),
        ("queens_cross", "2026-12-22", "appeal.acknowledge", date(2026, 12, 29)),
        ("queens_cross", "2026-12-22", "appeal.communicate", date(2027, 1, 11)),
    ],
)
def test_due_dates_checked_by_hand(landlord: str, received: str, rule: str, due: date) -> None:
    as_at = date.fromisoformat(received)
    rows = engine_rows(drop_of(_appeal(received)).frames(), landlord, as_at)
    assert [row["due_on"] for row in rows if row["rule"] == rule] == [due]


@pytest.mark.parametrize("received", ["1989-12-30", "2040-12-27"])
def test_a_working_day_outside_the_calendar_is_an_error_that_says_so(received: str) -> None:
    frames = drop_of(_appeal(received)).frames()
    with pytest.raises(CalendarError, match="1990 to 2040"):
        engine_rows(frames, "queens_cross", date(2040, 12, 28))


def test_days_that_no_duty_reaches_need_no_calendar() -> None:
    row = {"restriction_ref": "R1", "customer_ref": "C1", "measure": "named_contact", "decided_by": "S1"}
    far = {**row, "decided_on": "2026-01-05", "starts_on": "2026-01-05", "review_due_on": "2045-01-05"}
    rows = engine_rows(drop_of({"restrictions": [far], "reviews": []}).frames(), "clydebank", date(2026, 6, 30))
    assert [(row["state"], row["due_on"]) for row in rows if row["rule"] == "restriction.review"] == [
        ("pending", date(2045, 1, 5))
    ]
