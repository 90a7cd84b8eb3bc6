"""What people decide reaches the mails: a new owner, a leaver's deputy, the backlog handed out, disputes."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from due_regard.alerts import explain_mail
from due_regard.alerts.new_owners import check_new_owner
from due_regard.errors import DecisionError
from due_regard.register import dispute_finding, hand_over_finding, undo_decision
from tests.alerts.test_recipients import directory
from tests.alerts.world import (
    STAFF,
    World,
    at,
    check,
    due,
    find_calendar_part,
    history,
    html,
    one,
    text,
    to,
)

MON, TUE, WED, THU, FRI = (date(2026, 6, 29) + timedelta(days=n) for n in range(5))
NEXT_MON = date(2026, 7, 6)
OWNER, BOSS, DEPUTY, NAMED = (f"{name}@example.org" for name in ("decider", "boss", "deputy", "named"))
LATE = due("appeal.acknowledge", "A1", "2026-06-25")
F = "F-000001"


def said(day: date, hour: int = 12, **more: Any) -> dict[str, Any]:
    return {"actor": "fab:7", "why": "PLANTED reason", "now": at(day, hour), **more}


def hand_over(world: World, to_ref: str, day: date, ref: str = F) -> None:
    hand_over_finding(world.engine, ref, to_ref=to_ref, **said(day))


def own(mails: list[Any]) -> list[Any]:
    """Without the data owner's weekly report."""
    return [mail for mail in mails if mail["To"] != "data@example.org"]


def test_a_new_owner_is_told_though_the_owner_before_was(world: World) -> None:
    assert to(own(world.run([LATE], MON))) == [OWNER]
    hand_over(world, "S4", MON)
    mail = one(own(world.run([LATE], TUE)), DEPUTY)
    assert f"{F}: " in text(mail) and "Handed over to you." in text(mail)
    assert "you, as the person it was handed over to." in text(mail)
    assert "PLANTED" not in text(mail) + html(mail)
    assert own(world.run([LATE], WED)) == [], "once"
    told = [row for row in world.told() if row["recipient"] == DEPUTY]
    assert [(row["step"], row["why"]) for row in told] == [
        ("ahead", "a person handed it over to them, with the address of the staff export")
    ]


def test_escalation_goes_to_the_new_owners_line_manager(world: World) -> None:
    """S6's line manager is S1, the owner before; S1's is S2."""
    world = world.patient()
    world.run([LATE], MON)
    hand_over(world, "S6", MON)
    reached: dict[str, date] = {}
    for n in range(1, 12):
        if (day := MON + timedelta(days=n)).weekday() < 5:
            for mail in own(world.run([LATE], day)):
                if "Moved up to you" in text(mail):
                    reached.setdefault(mail["To"], day)
                    assert "Who must act: the person it was handed over to, staff reference S6." in text(mail)
    assert reached[OWNER] == date(2026, 7, 3), "the distance counts from whoever was told first: no clock starts anew"
    assert BOSS not in reached


def test_undo_gives_it_back_and_its_owner_hears(world: World) -> None:
    world.run([LATE], MON)
    hand_over(world, "S4", MON)
    world.run([LATE], TUE)
    undo_decision(world.engine, F, **said(TUE))
    mails = own(world.run([LATE], WED))
    assert to(mails) == [OWNER]
    assert "It is yours again." in text(mails[0])
    assert own(world.run([LATE], THU)) == []


def test_a_hand_over_taken_back_before_anybody_heard_tells_nobody(world: World) -> None:
    world.run([LATE], MON)
    hand_over(world, "S4", MON)
    undo_decision(world.engine, F, **said(MON, 13))
    assert own(world.run([LATE], TUE)) == []


def test_whoever_was_told_as_line_manager_is_told_as_owner_too(world: World) -> None:
    world = world.patient()
    late = due("appeal.acknowledge", "A1", "2026-06-18")
    told = {mail["To"] for day in (MON, TUE, WED, THU, FRI, NEXT_MON) for mail in own(world.run([late], day))}
    assert BOSS in told
    hand_over(world, "S2", NEXT_MON)
    mail = one(own(world.run([late], date(2026, 7, 7))), BOSS)
    assert "Handed over to you." in text(mail)
    hand_over(world, "S1", date(2026, 7, 7))
    assert "Handed over to you." in text(one(own(world.run([late], date(2026, 7, 8))), OWNER)), "and back, by hand"


def test_a_leavers_findings_pass_to_the_deputy(world: World) -> None:
    world.run([LATE], MON)
    hand_over(world, "S1", MON)
    world.run([LATE], TUE)
    staff = [
        row | ({"is_active": False, "deputy_ref": "S4"} if row["staff_ref"] == "S1" else {})
        for row in (dict(row) for row in STAFF)
    ]
    world.load({"staff": staff}, WED, "leaver")
    mail = one(own(world.run([LATE], WED)), DEPUTY)
    assert "you, as the deputy of the person it was handed over to." in text(mail)
    assert own(world.run([LATE], THU)) == []


def test_a_new_owner_who_is_gone_without_a_deputy_is_the_data_owners_to_mend(world: World) -> None:
    hand_over_rows = [row | {"is_active": row["staff_ref"] != "S6"} for row in (dict(row) for row in STAFF)]
    world.assess([LATE], MON)
    hand_over(world, "S6", MON)
    world.load({"staff": hand_over_rows}, TUE, "gone")
    mails = world.run([LATE], TUE)
    assert "fallback@example.org" in to(mails)
    issue = text(one(mails, "data@example.org"))
    assert "the person it was handed over to is not active in the staff export" in issue
    assert "column deputy_ref in row 7 of staff.csv" in issue


def test_a_date_in_a_calendar_moves_with_its_owner(world: World) -> None:
    review = due("restriction.review", "R1", "2026-07-15", state="due_soon")
    world.run([review], MON)
    assert [mail["To"] for mail in world.dates] == [OWNER]
    hand_over(world, "S4", MON)
    world.run([review], TUE)
    sent = {mail["To"]: find_calendar_part(mail) for mail in world.dates}
    assert sent[OWNER] is not None and sent[OWNER].get_param("method") == "CANCEL"
    assert sent[DEPUTY] is not None and sent[DEPUTY].get_param("method") == "REQUEST"


OLD = due("appeal.acknowledge", "A1", "2025-11-03")


def test_a_backlog_finding_handed_out_leaves_the_list_and_is_told_to_its_new_owner(world: World) -> None:
    mails = own(world.run([OLD], MON))
    assert to(mails) == ["governance@example.org"]
    assert "From before go-live" in text(mails[0])
    hand_over(world, "S1", MON)
    mails = own(world.run([OLD], TUE))
    assert to(mails) == [OWNER], "also to whom the record names, and not to everybody up to the committee at once"
    assert "Handed over to you." in text(mails[0])
    undo_decision(world.engine, F, **said(TUE))
    assert own(world.run([OLD], WED)) == []
    weekly = one(own(world.run([OLD], NEXT_MON)), "governance@example.org")
    assert "listed earlier and still open: 1." in text(weekly)


def test_a_backlog_finding_handed_out_before_its_list_went_never_stands_in_it(world: World) -> None:
    world.assess([OLD], MON)
    hand_over(world, "S4", MON)
    assert to(own(world.run([OLD], TUE))) == [DEPUTY]


# ---- disputes


def test_a_dispute_is_told_to_governance_once_and_the_owners_mails_go_on(world: World) -> None:
    world = world.patient()
    world.run([LATE], MON)
    dispute_finding(world.engine, F, **said(MON))
    mails = own(world.run([LATE], TUE))
    told = one(mails, "governance@example.org")
    assert told["Subject"] == "1 disputed - Example Homes"
    assert "Disputed since Mon 29 June 2026." in text(told) and F in html(told)
    assert "Who must act: the manager" not in text(told) and "the appeal handler, staff reference S1" in text(told)
    assert "PLANTED" not in text(told) + html(told)
    reached = [
        mail
        for n in range(2, 12)
        if (day := MON + timedelta(days=n)).weekday() < 5
        for mail in own(world.run([LATE], day))
    ]
    assert "governance@example.org" not in to(reached)
    assert BOSS in to(reached), "it moves up as before"
    assert all("disputed, governance is to decide" in text(mail) for mail in reached)


def test_one_that_is_ended_and_begun_again_is_another_dispute(world: World) -> None:
    world.run([LATE], MON)
    dispute_finding(world.engine, F, **said(MON))
    world.run([LATE], TUE)
    undo_decision(world.engine, F, **said(TUE))
    assert "governance@example.org" not in to(world.run([LATE], WED))
    dispute_finding(world.engine, F, **said(WED))
    assert "governance@example.org" in to(world.run([LATE], THU))


def test_a_dispute_of_what_has_reached_no_stage_or_is_backlog_is_told_too(world: World) -> None:
    world.assess([due("restriction.review", "R1", "2026-12-01", state="due_soon"), OLD], MON)
    for ref in (F, "F-000002"):
        dispute_finding(world.engine, ref, **said(MON))
    assert one(own(world.mails(TUE)), "governance@example.org")["Subject"].startswith(
        "1 from before go-live, 2 disputed"
    )


def test_while_no_export_comes_disputes_are_told_all_the_same(world: World) -> None:
    world.assess([LATE], MON)
    dispute_finding(world.engine, F, **said(MON))
    late = date(2026, 7, 20)
    mail = one(own(world.run([LATE], late)), "governance@example.org")
    assert "No new export" in text(mail) and "Disputed since" in text(mail)


def test_governance_hears_nothing_of_a_restricted_duty(world: World) -> None:
    rows = [check("incident.naming_notified", "I1")]
    world.assess(rows, MON)
    dispute_finding(world.engine, F, **said(MON))
    for day in (TUE, WED, THU, FRI):
        mails = own(world.run(rows, day))
        assert "governance@example.org" not in to(mails)
        assert all("disputed, governance is to decide" in text(mail) for mail in mails)
    assert world.told(), "whoever may hear of it did"


def test_more_disputes_than_a_mail_shows_follow_in_the_next(world: World) -> None:
    rows = [due("appeal.acknowledge", f"X{n:02d}", "2026-06-25") for n in range(35)]
    world.assess(rows, MON)
    for n in range(1, 36):
        dispute_finding(world.engine, f"F-{n:06d}", **said(MON))
    first = text(one(own(world.run(rows, TUE)), "governance@example.org"))
    assert "and 5 more, which the next mails name" in first
    second = one(own(world.run(rows, WED)), "governance@example.org")
    assert "5 disputed" in second["Subject"]
    assert "governance@example.org" not in to(world.run(rows, THU))


def test_why_governance_was_told_can_be_asked(world: World) -> None:
    world.run([LATE], MON)
    dispute_finding(world.engine, F, **said(MON))
    mail = one(own(world.run([LATE], TUE)), "governance@example.org")
    said_of = explain_mail(world.engine, mail["Message-ID"], lambda _: history())
    assert "somebody disputes it, and governance is to decide. Told: governance decides on disputes." in said_of


# ---- whom a finding may be handed to


@pytest.mark.parametrize(
    ("ref", "words"),
    [
        ("S99", "no member of staff has that reference"),
        ("", "no member of staff has that reference"),
        ("S3", "not active"),
        ("S7", "not active"),
        ("S5", "no usable e-mail address"),
    ],
)
def test_whoever_could_not_be_told_is_refused(ref: str, words: str) -> None:
    with pytest.raises(DecisionError, match=words) as refused:
        check_new_owner(directory(), ref, (), "appeal", "A1")
    assert refused.value.field == "to"
    assert not ref or ref not in str(refused.value)


def test_an_address_that_the_server_refuses_and_a_missing_export_are_said() -> None:
    with pytest.raises(DecisionError, match="mail server refuses"):
        check_new_owner(directory(refused=frozenset({OWNER})), "S1", (), "appeal", "A1")
    with pytest.raises(DecisionError, match="no staff export was ever delivered"):
        check_new_owner(directory(without="staff"), "S1", (), "appeal", "A1")
    check_new_owner(directory(), "S1", (), "appeal", "A1")


def test_a_restricted_duty_stays_with_those_whom_the_policy_names() -> None:
    """S6 was named; S1 is S6's line manager."""
    roles = history().find_duty("incident.naming_notified").restricted_to
    assert roles
    check_new_owner(directory(), "S1", roles, "incident", "I1")
    for ref in ("S2", "S4", "S6"):
        with pytest.raises(DecisionError, match="to nobody else"):
            check_new_owner(directory(), ref, roles, "incident", "I1")


def test_a_restricted_duty_handed_over_is_told_once_to_each(world: World) -> None:
    rows = [check("incident.naming_notified", "I1")]
    world.run(rows, MON)
    hand_over(world, "S1", MON)
    mails = [mail for n in range(1, 5) for mail in own(world.run(rows, MON + timedelta(days=n)))]
    assert len(to(mails)) == len(set(to(mails))) and set(to(mails)) == {OWNER, "services@example.org"}
