"""When mail leaves and when not: quiet days, summaries, go-live, silence, inhibition, exports that do not come."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from due_regard.alerts.freshness import read_freshness
from due_regard.register import hold_drop, reading, release_drop, resolve_finding, silence_finding, upgrade_register
from tests.alerts.world import (
    ALERTS,
    RECORDS,
    World,
    at,
    calendar,
    check,
    due,
    history,
    html,
    one,
    text,
    to,
    wording,
)
from tests.policies.policy_files import rename_rules

FRI, SAT, MON, TUE, WED, THU = (date(2026, 6, 26) + timedelta(days=n) for n in (0, 1, 3, 4, 5, 6))
NEXT_MON = date(2026, 7, 6)
OWNER = "decider@example.org"
LATE = due("appeal.acknowledge", "A1", "2026-06-25")


def own(mails: list, recipient: str = OWNER) -> list:
    return [mail for mail in mails if mail["To"] == recipient]


def test_quiet_days_roll_forward_and_what_is_done_meanwhile_is_dropped(world: World) -> None:
    assert world.run([LATE], SAT) == []
    assert world.messages() == []
    assert own(world.run([], MON)) == []
    assert len(own(world.run([LATE], TUE))) == 1


def test_closure_days_of_the_landlord_are_quiet(world: World) -> None:
    from due_regard.alerts import compose_alerts
    from due_regard.calendars.working_days import load_calendar
    from tests.alerts.world import CALENDARS, history

    world.assess([LATE], TUE)
    closed = load_calendar("scotland", [TUE], folder=CALENDARS)
    report = compose_alerts(world.engine, world.mail_context(at(TUE), closed), history(), as_at=TUE)
    assert report.skipped and not world.messages()
    assert compose_alerts(world.engine, world.mail_context(at(WED), closed), history(), as_at=WED).composed == 1


def test_one_digest_a_day_even_if_something_new_comes_later(world: World) -> None:
    assert len(own(world.run([LATE], TUE))) == 1
    more = [LATE, due("restriction.review", "R1", "2026-06-29")]
    assert own(world.run(more, TUE)) == []
    later = own(world.run(more, WED))
    assert len(later) == 1 and "F-000002" in text(later[0]) and "F-000001" not in text(later[0])


def test_moving_up_is_news_and_standing_still_is_not(world: World) -> None:
    soon = due("appeal.acknowledge", "A1", "2026-06-30", state="due_soon")
    late = due("appeal.acknowledge", "A1", "2026-06-30")
    subjects = {}
    for n in range(8):
        day = date(2026, 6, 29) + timedelta(days=n)
        if day.weekday() < 5:
            mails = own(world.run([soon if day <= TUE else late], day))
            subjects[day] = [mail["Subject"].removesuffix(" - Example Homes") for mail in mails]
    assert subjects == {
        MON: ["1 due soon"],
        TUE: ["1 due today"],
        WED: ["1 overdue"],
        THU: [],
        date(2026, 7, 3): [],
        NEXT_MON: ["1 still open"],
    }


def test_the_line_manager_the_director_and_the_clerk_join_in_turn(world: World) -> None:
    world = world.patient()
    first: dict[str, date] = {}
    world.assess([LATE], TUE)
    for n in range(45):
        day = TUE + timedelta(days=n)
        if day.weekday() < 5:
            for mail in world.mails(day):
                if "F-000001" in text(mail) and "Moved up to you" in text(mail):
                    first.setdefault(mail["To"], day)
    assert first == {
        # The first mail was five days late: each stage is as far from the one below as the settings say.
        "boss@example.org": date(2026, 7, 6),
        "director@example.org": date(2026, 7, 13),
        "clerk@example.org": date(2026, 7, 27),
    }


def test_the_owner_reads_who_else_is_told(world: World) -> None:
    rows = [due("appeal.acknowledge", "A1", "2026-06-16")]
    mails = world.run_days(rows, date(2026, 6, 17), date(2026, 6, 23), MON, TUE)
    assert to(mails) == [OWNER, "director@example.org"]
    assert "Also told: the line manager and the director." in text(one(mails, OWNER))
    assert "Also told: the appeal handler and the line manager." in text(one(mails, "director@example.org"))
    assert "Who is told: you, as the director." in text(one(mails, "director@example.org"))


def test_monday_summary_lists_what_is_still_open_once_a_week(world: World) -> None:
    world.run([LATE], FRI)
    monday = own(world.run([LATE], MON))
    assert [mail["Subject"] for mail in monday] == ["1 still open - Example Homes"]
    assert own(world.run([LATE], TUE)) == []


def test_a_summary_missed_is_made_up_for_and_a_holiday_moves_it(world: World) -> None:
    soon = due("restriction.review", "R1", "2026-08-30", state="due_soon")
    world.load({"customers": RECORDS["customers"]}, date(2026, 7, 31), "fresh")
    world.run([soon], date(2026, 7, 31))
    assert own(world.run([soon], date(2026, 8, 3))) == []  # Mon, Scotland's summer bank holiday: quiet
    assert [mail["Subject"] for mail in own(world.run([soon], date(2026, 8, 4)))] == ["1 still open - Example Homes"]
    assert own(world.run([soon], date(2026, 8, 5))) == []
    world.load({"customers": RECORDS["customers"]}, date(2026, 8, 11), "fresher")
    # Nothing ran on Monday 10 August; Tuesday makes up for it.
    assert [mail["Subject"] for mail in own(world.run([soon], date(2026, 8, 11)))] == ["1 still open - Example Homes"]


def test_the_summary_says_what_is_no_longer_open_once(world: World) -> None:
    world.run([LATE], FRI)
    monday = one(own(world.run([], MON)), OWNER)
    assert "No longer open" in text(monday) and "F-000001" in text(monday)
    world.load({"customers": RECORDS["customers"]}, NEXT_MON, "fresh")
    assert own(world.run([], NEXT_MON)) == []


def test_weekly_all_clear_reaches_the_data_owner_even_if_nothing_happened(world: World) -> None:
    mail = one(world.run([], MON), "data@example.org")
    assert mail["Subject"] == "Weekly all-clear - Example Homes"
    assert "All clear" in text(mail) and "Last export: Mon 29 June 2026" in text(mail)
    with reading(world.engine) as connection:
        asked = "SELECT hash FROM audit WHERE landlord = 'example' AND action = 'assess'"
        digest = str(connection.exec_driver_sql(asked).scalar_one())[:32]
    for said in (text(mail), html(mail)):
        assert re.search(rf"due-regard audit verify --landlord example --head example:\d+:{digest}", said)
    assert world.run([], TUE) == []


def test_a_week_in_which_nothing_could_be_measured_is_no_all_clear(world: World) -> None:
    unknown = check("restriction.system_flag", "R1", state="not_measured")
    mail = one(world.run([unknown], MON), "data@example.org")
    assert mail["Subject"] == "Weekly report, 1 thing to mend - Example Homes"
    for said in (text(mail), html(mail)):
        assert "Duties that could not be measured, wholly or in part: 1 of 1. Nothing was measured" in said
        assert "All clear" not in said


def test_a_landlord_that_never_delivered_gets_no_all_clear(tmp_path: Path) -> None:
    engine = upgrade_register(f"sqlite:///{tmp_path / 'young.db'}")
    mail = one(World(engine).run([check("restriction.system_flag", "R1", state="met")], MON), "data@example.org")
    engine.dispose()
    assert mail["Subject"] == "Weekly report, 1 thing to mend - Example Homes"
    assert "Judged as at Mon 29 June 2026, on no export, for none has been taken in yet." in text(mail)


def test_an_all_clear_says_how_much_could_not_be_measured(world: World) -> None:
    unknown = check("restriction.system_flag", "R1", state="not_measured")
    mail = one(world.run([unknown, check("restriction.system_flag", "R2", state="met")], MON), "data@example.org")
    assert mail["Subject"] == "Weekly all-clear - Example Homes"
    assert "Duties that could not be measured, wholly or in part: 1 of 1\r\n" in text(mail)


def test_what_went_wrong_before_go_live_is_one_list_for_governance(world: World) -> None:
    rows = [
        due("restriction.review", "R1", "2025-10-01"),
        due("restriction.review", "R2", "2025-11-01"),
        check("restriction.system_flag", "OLD"),
        due("restriction.expiry", "R1", "2026-06-29"),
    ]
    mails = world.run(rows, TUE)
    assert to(mails) == [OWNER, "governance@example.org"]
    backlog = text(one(mails, "governance@example.org"))
    expiry = world.ref("restriction.expiry", "R1")
    old = {"F-000001", "F-000002", "F-000003", "F-000004"} - {expiry}
    assert all(ref in backlog for ref in old) and expiry not in backlog
    assert one(mails, "governance@example.org")["Subject"] == "3 from before go-live - Example Homes"
    assert all(ref not in text(one(mails, OWNER)) for ref in old) and expiry in text(one(mails, OWNER))
    world.load({"customers": RECORDS["customers"]}, date(2026, 8, 20), "fresh")
    later = world.run(rows[:3], date(2026, 8, 24))
    assert to(later) == ["data@example.org", OWNER, "governance@example.org"]
    assert "listed earlier and still open: 3" in text(one(later, "governance@example.org"))


def test_what_no_act_can_cure_is_mailed_once_explained_counted_never_escalated(world: World) -> None:
    world = world.patient()
    rows = [check("restriction.prior_warning", "R1"), due("restriction.review", "R1", "2026-08-28", state="due_soon")]
    world.assess(rows, MON)
    mail = one(world.run(rows, WED), OWNER)
    assert "Nothing done now can put this right" in text(mail)
    gone = world.ref("restriction.prior_warning", "R1")
    everybody = set()
    for day in (NEXT_MON, date(2026, 7, 20), date(2026, 8, 24)):
        mails = world.run(rows, day)
        everybody |= set(to(mails))
        assert all(gone not in text(mail) for mail in mails)
    assert everybody == {OWNER, "data@example.org"}
    assert "cannot be put right, still counted: 1" in text(one(mails, OWNER))


def test_reported_done_pauses_the_ladder_until_the_next_export(world: World) -> None:
    world.run([LATE], FRI)
    resolve_finding(world.engine, "F-000001", actor="a manager", why="answered", now=at(FRI, 12))
    for day in (MON, TUE, WED, THU):
        mails = own(world.run([LATE], day))
        assert [mail["Subject"] for mail in mails] == (["1 still open - Example Homes"] if day == MON else [])
        if mails:
            assert "reported done, awaiting the next export" in text(mails[0])
    world.load({"appeals": [row | {"handled_by": "S1"} for row in RECORDS["appeals"]]}, THU, "next")
    mails = world.run([LATE], date(2026, 7, 3))
    assert to(mails) == ["boss@example.org", OWNER]


def test_a_lapsed_restriction_hides_its_review_due_soon(world: World) -> None:
    review = due("restriction.review", "R1", "2026-07-15", state="due_soon")
    other = due("restriction.review", "R2", "2026-07-15", state="due_soon")
    expiry = due("restriction.expiry", "R1", "2026-06-29")
    mail = one(world.run([review, other, expiry], TUE), OWNER)
    hidden = world.ref("restriction.review", "R1")
    assert hidden not in text(mail)
    assert world.ref("restriction.review", "R2") in text(mail) and world.ref("restriction.expiry", "R1") in text(mail)
    assert hidden in text(one(world.run([review, other], WED), OWNER))


def test_silence_hides_until_its_end_but_never_a_statutory_clock_from_the_director(world: World) -> None:
    world = world.patient()
    rows = [LATE, due("access_request.respond", "Q1", "2026-06-26")]
    world.assess(rows, MON)
    for ref in ("F-000001", "F-000002"):
        silence_finding(world.engine, ref, actor="governance", why="agreed", until=date(2026, 7, 31), now=at(MON, 8))
    reached: dict[str, date] = {}
    for n in range(40):
        day = MON + timedelta(days=n)
        if day.weekday() < 5 and day != date(2026, 8, 3):
            for mail in world.mails(day):
                for ref in ("F-000001", "F-000002"):
                    if ref in text(mail):
                        reached.setdefault(ref, day)
    statutory, other = world.ref("access_request.respond", "Q1"), world.ref("appeal.acknowledge", "A1")
    assert reached == {statutory: date(2026, 7, 10), other: date(2026, 8, 4)}


def test_what_breaks_again_after_it_was_mended_is_told_whatever_silence_was_on_it(world: World) -> None:
    world.run([LATE], TUE)
    ref = world.ref("appeal.acknowledge", "A1")
    silence_finding(world.engine, ref, actor="governance", why="agreed", until=date(2026, 12, 31), now=at(TUE, 12))
    assert own(world.run([], WED)) == []
    again = one(world.run([LATE], THU), OWNER)
    assert "Open again." in text(again) and ref in text(again)


def test_a_held_drop_gives_one_message_to_its_keepers_instead_of_a_flood(world: World) -> None:
    hold_drop(
        world.engine,
        landlord="example",
        source="canonical",
        drop="next",
        sha256="x",
        why="shrank by 60 %",
        now=at(MON, 8),
    )
    rows = [LATE, due("access_request.respond", "Q1", "2026-06-10"), check("incident.naming_notified", "I1")]
    mails = world.run(rows, TUE)
    keepers = ["data@example.org", "governance@example.org"]
    assert to(mails) == ["boss@example.org", *keepers[:1], OWNER, "director@example.org", *keepers[1:]]
    said = text(one(mails, OWNER))
    assert world.ref("access_request.respond", "Q1") in said and world.ref("appeal.acknowledge", "A1") not in said
    notice = one(mails, "governance@example.org")
    assert notice["Subject"] == "No new export, alerts are held back - Example Homes"
    assert "held until it is sent again or a person lets it in with `due-regard drop release" in text(
        notice
    ) and "1 open finding is held back" in text(notice)
    assert world.run(rows, WED) == []
    world.load({"customers": RECORDS["customers"]}, THU, "fresh")
    assert OWNER in to(world.run(rows, THU))


def test_an_older_drop_that_is_held_holds_no_alert_back(world: World) -> None:
    old = {
        "landlord": "example",
        "source": "canonical",
        "drop": "old",
        "sha256": "x",
        "why": "older",
        "now": at(MON, 8),
    }
    hold_drop(world.engine, **old, newer_batch=1)
    mail = one(world.run([LATE], TUE), OWNER)
    assert world.ref("appeal.acknowledge", "A1") in text(mail)


def test_a_drop_that_was_let_in_has_not_been_taken_in_yet(world: World) -> None:
    few = {"landlord": "example", "source": "canonical", "drop": "few", "sha256": "x", "why": "few", "now": at(TUE, 8)}
    batch = hold_drop(world.engine, **few)
    release_drop(world.engine, batch, actor="data-owner", why="records were archived", now=at(TUE, 8))
    with reading(world.engine) as connection:
        found = read_freshness(connection, world.landlord, calendar(), wording(), now=at(TUE, 9))
    assert found.trouble == ""
    assert found.last_on is not None and found.last_on < TUE


def test_a_missing_drop_counts_from_its_cadence(world: World) -> None:
    # Weekly, loaded Mon 29 June: expected Mon 6 July, missing after two working days.
    assert own(world.run([LATE], date(2026, 7, 8)))
    newer = [LATE, due("restriction.review", "R2", "2026-07-08")]
    mails = world.run(newer, date(2026, 7, 9))
    assert to(mails) == ["data@example.org", "governance@example.org"]
    assert "was expected on Mon 6 July 2026" in text(mails[0])
    assert "2 open findings are held back" in text(mails[0])


def test_a_moved_date_is_told_again_and_a_reopened_finding_too(world: World) -> None:
    first = due("restriction.review", "R1", "2026-07-15", state="due_soon")
    world.run([first], TUE)
    moved = one(world.run([first | {"due_on": "2026-07-20"}], WED), OWNER)
    assert "The date has moved." in text(moved)
    assert own(world.run([], THU)) == []
    again = one(world.run([first | {"due_on": "2026-07-20"}], date(2026, 7, 3)), OWNER)
    assert "Open again." in text(again)


def test_backfilling_clearing_and_running_again_send_nothing(world: World) -> None:
    assert world.run([LATE], TUE)
    before = world.messages()
    for day in (TUE, MON, FRI, date(2026, 1, 5), TUE):
        assert world.mails(day) == []
    assert world.messages() == before


def test_director_without_a_mailbox_goes_to_the_fallback_and_the_data_owner_hears(world: World) -> None:
    boxes = {role: box for role, box in ALERTS.role_mailboxes.items() if role != "director"}
    bare = world.settings(role_mailboxes=boxes)
    late = [due("appeal.acknowledge", "A1", "2026-06-16")]
    mails = bare.run_days(late, date(2026, 6, 17), date(2026, 6, 23), TUE)
    assert "fallback@example.org" in to(mails)
    assert "the landlord's settings name no mailbox for the director" in text(one(mails, "data@example.org"))


def test_what_hides_a_review_is_known_by_what_it_feeds_and_not_by_its_name(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    renamed, names = rename_rules(history())
    monkeypatch.setattr("tests.alerts.world.history", lambda: renamed)
    review, expiry = names["restriction.review"], names["restriction.expiry"]
    rows = [due(review, "R1", "2026-07-15", state="due_soon"), due(review, "R2", "2026-07-15", state="due_soon")]
    mail = one(world.run([*rows, due(expiry, "R1", "2026-06-29")], TUE), OWNER)
    assert world.ref(review, "R1") not in text(mail)
    assert world.ref(review, "R2") in text(mail) and world.ref(expiry, "R1") in text(mail)
