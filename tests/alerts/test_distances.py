"""A stage goes out only when the one below was accepted the configured distance earlier, but for clocks set by law."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise
from typing import Any

import pytest

from due_regard.alerts.escalation import EscalationStage, add_stage_distance, find_clock
from due_regard.config.landlord import EscalationStep, EscalationSteps
from due_regard.mail.outbox import Delivery
from tests.alerts.test_year import working_days
from tests.alerts.world import ALERTS, World, calendar, check, due, history, one, text, to

START = date(2026, 7, 1)
OWNER, BOSS, DIRECTOR, CLERK = (f"{who}@example.org" for who in ("decider", "boss", "director", "clerk"))
POSTS = {"overdue": OWNER, "line_manager": BOSS, "director": DIRECTOR, "committee": CLERK}
GAPS = {"line_manager": 4, "director": 5, "committee": 10}
"""Working days between a stage and the one below, as the shipped settings put them."""
LONG_OVERDUE = [
    due("appeal.acknowledge", "A1", "2026-03-02"),
    due("restriction.review", "R2", "2026-02-02"),
    check("restriction.system_flag", "R1"),
]


def climb(world: World, rows: list[dict[str, Any]], days: int = 45) -> dict[str, date]:
    """The first day each post was delivered a mail about anything moved up, or about its own."""
    first: dict[str, date] = {}
    world.assess(rows, date(2026, 6, 29))
    for n in range(days):
        day = START + timedelta(days=n)
        if calendar().is_working(day):
            for mail in world.mails(day):
                if "New." in text(mail) or "Moved up to you today." in text(mail):
                    first.setdefault(mail["To"], day)
    return first


def check_distances(first: dict[str, date]) -> None:
    """Stage n + 1 never before the acceptance of stage n and its distance."""
    stages = list(POSTS)
    for below, stage in pairwise(stages):
        if POSTS[stage] in first:
            assert working_days(first[POSTS[below]], first[POSTS[stage]]) >= GAPS[stage], (stage, first)


@pytest.mark.parametrize("row", LONG_OVERDUE, ids=lambda row: row["rule"])
def test_months_late_the_owner_hears_first_and_the_committee_weeks_later(world: World, row: dict[str, Any]) -> None:
    first = climb(world.patient(), [row])
    assert set(POSTS.values()) <= set(first)
    assert first[OWNER] <= date(2026, 7, 3)
    check_distances(first)


@pytest.mark.parametrize("failing", [OWNER, BOSS, DIRECTOR])
def test_what_was_not_accepted_holds_the_stages_above(world: World, failing: str) -> None:
    world = world.patient()
    world.sink.answers = {failing: [Delivery("refused", 554)]}
    first = climb(world, LONG_OVERDUE[:1])
    assert set(POSTS.values()) <= set(first)
    check_distances(first)


def test_a_mail_server_away_for_weeks_is_no_reason_to_tell_everybody_at_once(world: World) -> None:
    from tests.alerts.test_outbox import Unreachable

    world = world.patient()
    world.assess(LONG_OVERDUE[:1], START)
    for n in range(28):
        day = START - timedelta(days=28 - n)
        world.compose(day)
        world.send(day, Unreachable())
    first = climb(world, LONG_OVERDUE[:1])
    assert first[OWNER] == START
    check_distances(first)


def test_a_clock_set_by_law_waits_for_nobody(world: World) -> None:
    mails = world.run([due("access_request.respond", "Q1", "2026-05-01")], START)
    assert to(mails) == [BOSS, CLERK, OWNER, DIRECTOR]


def test_the_mail_names_the_day_the_next_stage_is_really_told(world: World) -> None:
    world = world.patient()
    said = text(one(world.run(LONG_OVERDUE[:1], START), OWNER))
    assert "If it is still open on Tue 7 July 2026, the line manager is told." in said
    assert to(world.mails(date(2026, 7, 6))) == ["data@example.org", OWNER]
    assert BOSS in to(world.mails(date(2026, 7, 7)))


@pytest.mark.parametrize(
    ("line_manager", "director", "expected"),
    [
        ("5 working days", "10 working days", date(2026, 7, 8)),
        ("7 days", "14 days", date(2026, 7, 8)),
        ("5 working days", "5 working days", START),
        ("7 days", "10 working days", date(2026, 7, 8)),
    ],
)
def test_distances_follow_the_settings(line_manager: str, director: str, expected: date) -> None:
    steps = {"line_manager": line_manager, "director": director, "committee": "90 days"}
    ladder = EscalationSteps(**{name: EscalationStep.model_validate(step) for name, step in steps.items()})
    alerts = ALERTS.model_copy(update={"ladder": ladder})
    duty = history().find_duty("appeal.acknowledge")
    clock = find_clock(duty, due_on=date(2026, 6, 1), opened_on=date(2026, 6, 1), calendar=calendar(), alerts=alerts)
    assert clock is not None
    found = add_stage_distance(
        clock, EscalationStage.LINE_MANAGER, EscalationStage.DIRECTOR, START, calendar=calendar(), alerts=alerts
    )
    assert found == expected
