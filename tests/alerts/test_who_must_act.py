"""A mail says who must act and by when: what a director chases, whom the backlog is given to, when a check is due."""

from __future__ import annotations

from datetime import date

import pytest

from tests.alerts.world import STAFF, World, check, due, html, one, text

MON, TUE, WED, THU = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2)
OWNER = "decider@example.org"
# A duty due on 12 June: the days its owner and the line manager are told, before the director is.
UP = (date(2026, 6, 16), date(2026, 6, 22), TUE)
FLAG = check("restriction.system_flag", "R1")


@pytest.fixture
def teams(world: World) -> World:
    world.load({"staff": [row | {"team": "North"} for row in STAFF]}, MON, "teams")
    return world


def test_a_directors_card_says_which_manager_and_team_to_chase(teams: World) -> None:
    rows = [due("restriction.review", "R1", "2026-06-12"), due("restriction.review", "R3", "2026-06-12")]
    mails = teams.run_days(rows, *UP)
    mail = one(mails, "director@example.org")
    assert "Who must act: the manager who decided, staff reference S1, team North." in text(mail)
    assert "Who must act: the deputy of the manager who decided, staff reference S4, team North." in text(mail)
    assert "the manager who decided, staff reference S1, team North." in html(mail)
    # The owner needs no telling.
    assert "Who must act" not in text(one(mails, OWNER))


def test_the_backlog_says_whom_to_give_each_to(teams: World) -> None:
    rows = [due("restriction.review", "OLD", "2025-12-02"), due("restriction.review", "R6", "2025-12-01")]
    said = text(one(teams.run(rows, TUE), "governance@example.org"))
    assert "Who must act: the manager who decided, staff reference S1, team North." in said
    assert "Who must act: the manager who decided, staff reference S99." in said


def test_nobody_named_gives_the_mailbox_of_the_post(teams: World) -> None:
    mails = teams.run_days([due("appeal.acknowledge", "A2", "2026-06-12")], *UP)
    assert "Who must act: the mailbox of the appeal handler." in text(one(mails, "director@example.org"))


@pytest.mark.parametrize(
    ("ref", "team", "said"),
    [
        ("Fiona Macdonald", "North", "the manager who decided, team North."),
        ("fiona@example.org", "North", "the manager who decided, team North."),
        ("S1", "Support service for victims of violence", "the manager who decided, staff reference S1."),
        (
            "S1",
            "A team\nwith a line break",
            "the manager who decided, staff reference S1, team A team with a line break.",
        ),
    ],
)
def test_a_name_or_a_betraying_team_stays_out(world: World, ref: str, team: str, said: str) -> None:
    person = STAFF[0] | {"staff_ref": ref, "team": team, "email": "someone@example.org"}
    world.load({"staff": [*STAFF[1:], person]}, MON, "named")
    owned = {"restriction_ref": "N1", "customer_ref": "PLANTEDCUSTOMER", "measure": "no_contact"}
    owned |= {"decided_on": "2026-02-02", "decided_by": ref, "starts_on": "2026-02-02"}
    world.load({"restrictions": [owned]}, MON, "one")
    mail = one(world.run_days([due("restriction.review", "N1", "2026-06-12")], *UP), "director@example.org")
    assert f"Who must act: {said}" in text(mail)
    assert "Fiona" not in str(mail) and "fiona" not in str(mail)


def test_a_check_says_by_when(world: World) -> None:
    world.assess([FLAG], TUE)
    mail = one(world.mails(THU), OWNER)
    for said in (text(mail), html(mail)):
        assert "First seen on Tue 30 June 2026. Put it right before Thu 9 July 2026." in said
        assert "If it is still open on Thu 9 July 2026, the line manager is told." in said


def test_a_check_that_has_gone_through_every_stage_says_that_its_time_is_over(world: World) -> None:
    patient = world.patient()
    patient.assess([FLAG], TUE)
    for day in (THU, date(2026, 7, 9), date(2026, 7, 16)):
        patient.mails(day)
    mail = one(patient.mails(date(2026, 8, 13)), "clerk@example.org")
    assert "First seen on Tue 30 June 2026. The time to put it right is over: do it today." in text(mail)


def test_a_check_that_nothing_cures_or_of_the_backlog_names_no_day(world: World) -> None:
    rows = [check("restriction.prior_warning", "R1"), check("restriction.system_flag", "OLD")]
    world.assess(rows, TUE)
    mails = world.mails(THU)
    assert "First seen on Tue 30 June 2026." in text(one(mails, OWNER))
    for mail in mails:
        assert "Put it right before" not in text(mail) and "is over" not in text(mail)
