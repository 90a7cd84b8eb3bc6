"""When a finding moves up, day by day around each rung."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from due_regard.alerts.ladder import Stage, clock_of, days_late, days_left, next_stage, stage_on
from due_regard.landlords import Alerts, Ladder, Step
from tests.alerts.world import ALERTS, calendar, history

APPEAL, REVIEW = "appeal.acknowledge", "restriction.review"


def stage(
    rule: str, as_at: str, *, due: str | None = None, opened: str = "2026-06-01", alerts: Alerts = ALERTS
) -> Stage:
    day = date.fromisoformat(as_at)
    clock = clock_of(
        history().duty(rule),
        due_on=None if due is None else date.fromisoformat(due),
        opened_on=date(2026, 6, 1),
        calendar=calendar(),
        alerts=alerts,
    )
    assert clock is not None
    return stage_on(clock, day, calendar=calendar(), alerts=alerts)


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-06-10", Stage.NONE),
        ("2026-06-11", Stage.AHEAD),  # Thu: Fri 12 and Tue 16 are the two working days (15 June: one-off bank holiday)
        ("2026-06-15", Stage.AHEAD),
        ("2026-06-16", Stage.DUE),
        ("2026-06-17", Stage.OVERDUE),
        ("2026-06-22", Stage.OVERDUE),
        ("2026-06-23", Stage.LINE_MANAGER),
        ("2026-06-29", Stage.LINE_MANAGER),
        ("2026-06-30", Stage.DIRECTOR),
        ("2026-07-13", Stage.DIRECTOR),
        ("2026-07-14", Stage.COMMITTEE),
    ],
)
def test_working_day_deadline(as_at: str, expected: Stage) -> None:
    assert stage(APPEAL, as_at, due="2026-06-16") is expected


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-05-21", Stage.NONE),
        ("2026-05-22", Stage.AHEAD),
        ("2026-06-20", Stage.AHEAD),
        ("2026-06-21", Stage.DUE),  # a Sunday: nobody is mailed, the next working day is a day late
        ("2026-06-22", Stage.OVERDUE),
    ],
)
def test_a_date_set_in_months_warns_thirty_days_ahead(as_at: str, expected: Stage) -> None:
    assert stage(REVIEW, as_at, due="2026-06-21") is expected


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-06-01", Stage.NONE),
        ("2026-06-02", Stage.NONE),
        ("2026-06-03", Stage.OVERDUE),
        ("2026-06-09", Stage.OVERDUE),
        ("2026-06-10", Stage.LINE_MANAGER),
        ("2026-06-18", Stage.DIRECTOR),
    ],
)
def test_a_check_starts_when_its_grace_ends(as_at: str, expected: Stage) -> None:
    assert stage("restriction.system_flag", as_at) is expected


def test_the_duty_s_own_notice_is_the_longest_and_the_landlord_may_shorten_it() -> None:
    request = "access_request.respond"
    assert stage(request, "2026-06-08", due="2026-06-16") is Stage.NONE
    assert stage(request, "2026-06-09", due="2026-06-16") is Stage.AHEAD
    brief = ALERTS.model_copy(update={"ladder": Ladder(ahead_days=3)})
    assert stage(request, "2026-06-12", due="2026-06-16", alerts=brief) is Stage.NONE
    assert stage(request, "2026-06-13", due="2026-06-16", alerts=brief) is Stage.AHEAD


def test_what_no_act_can_cure_never_rises() -> None:
    assert stage("restriction.prior_warning", "2026-12-01") is Stage.OVERDUE


def test_a_ladder_in_days() -> None:
    ladder = Ladder(
        overdue=Step.model_validate("3 days"),
        line_manager=Step.model_validate("7 days"),
        director=Step.model_validate("14 days"),
        committee=Step.model_validate("60 days"),
    )
    alerts = ALERTS.model_copy(update={"ladder": ladder})
    stages = [
        stage(REVIEW, (date(2026, 6, 1) + timedelta(days=n)).isoformat(), due="2026-06-01", alerts=alerts)
        for n in (0, 2, 3, 6, 7, 13, 14, 59, 60)
    ]
    assert [s.word for s in stages] == [
        *["due", "due", "overdue", "overdue"],
        *["line_manager", "line_manager", "director", "director", "committee"],
    ]


def test_a_ladder_that_falls_is_refused() -> None:
    with pytest.raises(ValueError, match=r"director \(3 working days\) comes before line_manager \(5 working days\)"):
        Ladder(director=Step(n=3))


@pytest.mark.parametrize("words", ["5 weeks", "five days", "-1 days", "", None])
def test_a_step_in_other_words_is_refused(words: object) -> None:
    with pytest.raises(ValueError, match="overdue"):
        Ladder.model_validate({"overdue": words})


def test_every_rung_is_reached_in_order_and_none_is_left_again() -> None:
    for rule in (APPEAL, REVIEW):
        days = [date(2026, 5, 1) + timedelta(days=n) for n in range(150)]
        reached = [stage(rule, day.isoformat(), due="2026-06-16") for day in days]
        assert reached == sorted(reached)
        assert set(reached) == set(Stage)


def test_next_stage_names_the_day_the_ladder_then_reaches() -> None:
    clock = clock_of(
        history().duty(APPEAL), due_on=date(2026, 6, 16), opened_on=date(2026, 6, 1), calendar=calendar(), alerts=ALERTS
    )
    assert clock is not None
    for n in range(40):
        as_at = date(2026, 6, 11) + timedelta(days=n)
        if not calendar().is_working(as_at):
            continue
        now = stage_on(clock, as_at, calendar=calendar(), alerts=ALERTS)
        coming = next_stage(clock, now, as_at, calendar=calendar(), alerts=ALERTS)
        if now is Stage.COMMITTEE:
            assert coming is None
            continue
        assert coming is not None
        rung, day = coming
        assert stage_on(clock, day, calendar=calendar(), alerts=ALERTS) == rung
        assert stage_on(clock, calendar().shift(day, -1), calendar=calendar(), alerts=ALERTS) < rung


def test_a_due_date_before_the_calendar_still_counts() -> None:
    assert stage(REVIEW, "2026-06-16", due="1999-01-01") is Stage.COMMITTEE
    clock = clock_of(
        history().duty(APPEAL), due_on=date(1999, 1, 1), opened_on=date(2026, 6, 1), calendar=calendar(), alerts=ALERTS
    )
    assert clock is not None
    assert days_late(clock, date(2026, 6, 16), calendar()) > 1000
    assert days_left(clock, date(2026, 6, 16), calendar()) == 0
