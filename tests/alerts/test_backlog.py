"""The backlog is what was already wrong on the day before go-live; what went wrong later is new."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tests.alerts.world import RECORDS, World, check, due, one, text, to

GO_LIVE, DAY = date(2026, 4, 1), date(2026, 6, 30)
GOVERNANCE = "governance@example.org"


def restriction(ref: str, decided_on: str, **more: Any) -> dict[str, Any]:
    row = {"restriction_ref": ref, "customer_ref": "PLANTEDCUSTOMER", "measure": "no_contact", "decided_by": "S1"}
    return row | {"decided_on": decided_on, "starts_on": decided_on} | more


SUBJECTS = [
    restriction("YOUNG", "2026-04-01"),
    # Its first check held until the flag of a later day: known now, it was missing on the eve.
    restriction("LATER", "2026-03-01", system_flag_on="2026-04-20"),
]


@pytest.fixture
def live(world: World) -> World:
    """A landlord that went live in April, with more restrictions; OLD is of 2025, FLAGGED has its flag."""
    world = world.settings(go_live_on=GO_LIVE)
    world.load({"restrictions": [*RECORDS["restrictions"], *SUBJECTS]}, date(2026, 6, 29), "more")
    return world


@pytest.mark.parametrize(
    ("row", "is_backlog"),
    [
        # Overdue from the day after the due date: one due on the eve was not wrong yet.
        (due("restriction.review", "R1", "2026-03-30"), True),
        (due("restriction.review", "R1", "2026-03-31"), False),
        (due("restriction.review", "R1", "2026-04-01"), False),
        (due("appeal.acknowledge", "A1", "2026-03-27"), True),
        (due("restriction.review", "R1", "2026-06-29"), False),
        # A later review of an old restriction is new; so is its second occurrence.
        (due("restriction.review", "OLD", "2026-06-29", occurrence=2), False),
        (due("restriction.expiry", "OLD", "2026-03-20"), True),
        # Checks: in breach on the eve by what is known now, or made later.
        (check("restriction.system_flag", "OLD"), True),
        (check("restriction.system_flag", "YOUNG"), False),
        (check("restriction.system_flag", "LATER"), True),
        (check("restriction.system_flag", "FLAGGED"), False),
        (check("restriction.system_flag", "GONE"), False),
    ],
    ids=lambda value: value if isinstance(value, bool) else f"{value['rule']}-{value['subject_ref']}-{value['due_on']}",
)
def test_what_was_wrong_on_the_eve(live: World, row: dict[str, Any], is_backlog: bool) -> None:
    mails = live.run_days([row], date(2026, 6, 25), DAY)
    every = live.told()
    assert {told["stage"] == "backlog" for told in every} == {is_backlog}, (to(mails), every)


def test_a_breach_made_after_go_live_about_an_older_subject_goes_to_its_owner(world: World) -> None:
    """An appeal of March, decided in April by whom the policy does not allow."""
    from dataclasses import replace

    from due_regard.alerts import backlog
    from due_regard.alerts.alert_context import AlertContext
    from due_regard.alerts.cases import OpenFinding
    from due_regard.alerts.told_before import SentHistory
    from due_regard.calendars.working_days import load_calendar
    from due_regard.policy import load_policies
    from due_regard.register import reading
    from tests.alerts.world import CALENDARS, wording

    include = CALENDARS.parent
    world = replace(world, landlord=world.settings(go_live_on=GO_LIVE).landlord)
    appeals = [
        {"appeal_ref": f"P{day}", "restriction_ref": "R1", "received_on": "2026-03-02", "decided_on": day,
         "handled_by": "S1", "considered_by": "S1", "considered_by_role": "officer", "outcome": "dismissed"}
        for day in ("2026-03-20", "2026-04-13")
    ]  # fmt: skip
    world.load({"appeals": appeals}, DAY, "appeals")
    history = load_policies(include / "policies", "clydebank")
    rules = [duty.rule for duty in history.versions[-1].duties if duty.subject == "appeal" and duty.kind == "check"]
    assert rules
    sent = SentHistory({}, {}, frozenset(), frozenset(), frozenset(), None)
    context = AlertContext(world.landlord, history, load_calendar("scotland", folder=CALENDARS), wording(), sent, DAY)
    findings = [
        OpenFinding(n, f"F-{n}", rule, "appeal", f"P{day}", None, "1", "governance", DAY, 1, False, False, None)
        for n, (rule, day) in enumerate((rule, day) for rule in rules for day in ("2026-03-20", "2026-04-13"))
    ]
    with reading(world.engine, "example") as conn:
        found = backlog.find_backlog(conn, findings, context)
    old = {one.finding_id for one in findings if one.subject_ref == "P2026-03-20"}
    assert found and found <= old


def test_the_backlogs_list_is_told_once_and_what_vanishes_from_it_is_silent(live: World) -> None:
    rows = [check("restriction.system_flag", "OLD"), due("restriction.expiry", "OLD", "2026-03-20")]
    assert one(live.run(rows, DAY), GOVERNANCE)["Subject"] == "2 from before go-live - Example Homes"
    assert live.run(rows[:1], date(2026, 7, 1)) == []
    monday = one(live.run(rows[:1], date(2026, 7, 6)), GOVERNANCE)
    assert "listed earlier and still open: 1" in text(monday) and "No longer open" not in text(monday)
