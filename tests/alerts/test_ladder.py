"""When a finding moves up, day by day around each stage."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from due_regard.alerts.escalation import (
    EscalationStage,
    count_days_late,
    count_days_left,
    find_clock,
    find_next_stage,
    find_stage,
)
from due_regard.config.landlord import AlertSettings, EscalationStep, EscalationSteps
from tests.alerts.world import ALERTS, calendar, history

APPEAL, REVIEW = "appeal.acknowledge", "restriction.review"


def stage(
    rule: str, as_at: str, *, due: str | None = None, opened: str = "2026-06-01", alerts: AlertSettings = ALERTS
) -> EscalationStage:
    day = date.fromisoformat(as_at)
    clock = find_clock(
        history().find_duty(rule),
        due_on=None if due is None else date.fromisoformat(due),
        opened_on=date(2026, 6, 1),
        calendar=calendar(),
        alerts=alerts,
    )
    assert clock is not None
    return find_stage(clock, day, calendar=calendar(), alerts=alerts)


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-06-10", EscalationStage.NONE),
        (
            "2026-06-11",
            EscalationStage.AHEAD,
        ),  # Thu: Fri 12 and Tue 16 are the two working days (15 June: one-off bank holiday)
        ("2026-06-15", EscalationStage.AHEAD),
        ("2026-06-16", EscalationStage.DUE),
        ("2026-06-17", EscalationStage.OVERDUE),
        ("2026-06-22", EscalationStage.OVERDUE),
        ("2026-06-23", EscalationStage.LINE_MANAGER),
        ("2026-06-29", EscalationStage.LINE_MANAGER),
        ("2026-06-30", EscalationStage.DIRECTOR),
        ("2026-07-13", EscalationStage.DIRECTOR),
        ("2026-07-14", EscalationStage.COMMITTEE),
    ],
)
def test_working_day_deadline(as_at: str, expected: EscalationStage) -> None:
    assert stage(APPEAL, as_at, due="2026-06-16") is expected


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-05-21", EscalationStage.NONE),
        ("2026-05-22", EscalationStage.AHEAD),
        ("2026-06-20", EscalationStage.AHEAD),
        ("2026-06-21", EscalationStage.DUE),  # a Sunday: nobody is mailed, the next working day is a day late
        ("2026-06-22", EscalationStage.OVERDUE),
    ],
)
def test_a_date_set_in_months_warns_thirty_days_ahead(as_at: str, expected: EscalationStage) -> None:
    assert stage(REVIEW, as_at, due="2026-06-21") is expected


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        ("2026-06-01", EscalationStage.NONE),
        ("2026-06-02", EscalationStage.NONE),
        ("2026-06-03", EscalationStage.OVERDUE),
        ("2026-06-09", EscalationStage.OVERDUE),
        ("2026-06-10", EscalationStage.LINE_MANAGER),
        ("2026-06-18", EscalationStage.DIRECTOR),
    ],
)
def test_a_check_starts_when_its_grace_ends(as_at: str, expected: EscalationStage) -> None:
    assert stage("restriction.system_flag", as_at) is expected


def test_the_duty_s_own_notice_is_the_longest_and_the_landlord_may_shorten_it() -> None:
    request = "access_request.respond"
    assert stage(request, "2026-06-08", due="2026-06-16") is EscalationStage.NONE
    assert stage(request, "2026-06-09", due="2026-06-16") is EscalationStage.AHEAD
    brief = ALERTS.model_copy(update={"ladder": EscalationSteps(ahead_days=3)})
    assert stage(request, "2026-06-12", due="2026-06-16", alerts=brief) is EscalationStage.NONE
    assert stage(request, "2026-06-13", due="2026-06-16", alerts=brief) is EscalationStage.AHEAD


def test_what_no_act_can_cure_never_rises() -> None:
    assert stage("restriction.prior_warning", "2026-12-01") is EscalationStage.OVERDUE


def test_a_ladder_in_days() -> None:
    ladder = EscalationSteps(
        overdue=EscalationStep.model_validate("3 days"),
        line_manager=EscalationStep.model_validate("7 days"),
        director=EscalationStep.model_validate("14 days"),
        committee=EscalationStep.model_validate("60 days"),
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
        EscalationSteps(director=EscalationStep(n=3))


@pytest.mark.parametrize("words", ["5 weeks", "five days", "-1 days", "", None])
def test_a_step_in_other_words_is_refused(words: object) -> None:
    with pytest.raises(ValueError, match="overdue"):
        EscalationSteps.model_validate({"overdue": words})


def test_every_rung_is_reached_in_order_and_none_is_left_again() -> None:
    for rule in (APPEAL, REVIEW):
        days = [date(2026, 5, 1) + timedelta(days=n) for n in range(150)]
        reached = [stage(rule, day.isoformat(), due="2026-06-16") for day in days]
        assert reached == sorted(reached)
        assert set(reached) == set(EscalationStage)


def test_next_stage_names_the_day_the_ladder_then_reaches() -> None:
    clock = find_clock(
        history().find_duty(APPEAL),
        due_on=date(2026, 6, 16),
        opened_on=date(2026, 6, 1),
        calendar=calendar(),
        alerts=ALERTS,
    )
    assert clock is not None
    for n in range(40):
        as_at = date(2026, 6, 11) + timedelta(days=n)
        if not calendar().is_working(as_at):
            continue
        now = find_stage(clock, as_at, calendar=calendar(), alerts=ALERTS)
        coming = find_next_stage(clock, now, as_at, calendar=calendar(), alerts=ALERTS)
        if now is EscalationStage.COMMITTEE:
            assert coming is None
            continue
        assert coming is not None
        step, day = coming
        assert find_stage(clock, day, calendar=calendar(), alerts=ALERTS) == step
        assert find_stage(clock, calendar().shift(day, -1), calendar=calendar(), alerts=ALERTS) < step


def test_a_due_date_before_the_calendar_still_counts() -> None:
    assert stage(REVIEW, "2026-06-16", due="1999-01-01") is EscalationStage.COMMITTEE
    clock = find_clock(
        history().find_duty(APPEAL),
        due_on=date(1999, 1, 1),
        opened_on=date(2026, 6, 1),
        calendar=calendar(),
        alerts=ALERTS,
    )
    assert clock is not None
    assert count_days_late(clock, date(2026, 6, 16), calendar()) > 1000
    assert count_days_left(clock, date(2026, 6, 16), calendar()) == 0
