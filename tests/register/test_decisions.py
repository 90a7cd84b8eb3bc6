"""People's decisions on a finding: handed over, disputed, commented on, taken back; and two people at once."""

from __future__ import annotations

import threading
from datetime import date, datetime
from typing import Any

import pytest
from sqlalchemy import Engine, select

from due_regard.errors import DecisionError, DecisionNotYours, DecisionOvertaken, RegisterError, UnknownReference
from due_regard.register import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    list_silences,
    read_finding,
    read_finding_life,
    read_new_owners_on,
    read_open_findings,
    reading,
    resolve_finding,
    silence_finding,
    undo_decision,
    upgrade_register,
    verify_audit,
)
from due_regard.register.findings.said_words import hash_said_words
from due_regard.register.schema.drop_tables import AuditRow
from due_regard.register.schema.finding_tables import FindingEvent
from due_regard.register.sql_files import read_statement
from tests.register.drops import LANDLORD, OTHER, at
from tests.register.test_findings import events, row, run

F = "F-000001"
MORNING, NOON = at("2026-06-01 09:00"), at("2026-06-01 12:00")


def said(actor: str = "fab:7", why: str = "because", now: datetime = MORNING, **more: Any) -> dict[str, Any]:
    return {"actor": actor, "why": why, "now": now, **more}


@pytest.fixture
def opened(register: Engine) -> Engine:
    """A register with one open finding."""
    run(register, "2026-06-01", [row("A1", "breach")])
    return register


def stand(register: Engine, *names: str) -> tuple[Any, ...]:
    found = read_finding(register, F)
    return tuple(found[name] for name in names)


def test_a_finding_is_handed_over_and_given_back_step_by_step(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S1", **said())
    hand_over_finding(opened, F, to_ref="S2", **said("fab:8", now=NOON))
    assert stand(opened, "handed_to", "handed_at", "status", "owner_role") == ("S2", NOON, "open", "appeal_handler")
    assert undo_decision(opened, F, **said(now=NOON)) == "handed_over"
    assert stand(opened, "handed_to") == ("S1",)
    assert undo_decision(opened, F, **said(now=NOON)) == "handed_over"
    assert stand(opened, "handed_to", "handed_at") == (None, NOON), "whom the record names, from then on"
    life = read_finding_life(opened, F)
    assert life["event"].tolist() == ["opened", "handed_over", "handed_over", "handed_back", "handed_back"]
    assert life["to_ref"].fillna("-").tolist() == ["-", "S1", "S2", "S1", "-"]
    assert life["undoes_id"].astype("float").fillna(0).tolist() == [0, 0, 0, 3, 2]
    verify_audit(opened)


def test_a_silence_under_another_holds_again_once_the_later_is_taken_back(opened: Engine) -> None:
    silence_finding(opened, F, until=date(2026, 7, 1), **said())
    silence_finding(opened, F, until=date(2026, 6, 9), **said(now=NOON))
    undo_decision(opened, F, **said(now=NOON))
    assert stand(opened, "silenced_until", "silenced_at") == (date(2026, 7, 1), MORNING)
    undo_decision(opened, F, **said(now=NOON))
    assert stand(opened, "silenced_until", "silenced_at") == (None, None)
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(opened, F, **said(now=NOON))


def test_a_short_silence_over_a_long_one_ends_both(opened: Engine) -> None:
    silence_finding(opened, F, until=date(2026, 7, 1), **said())
    silence_finding(opened, F, until=date(2026, 6, 9), **said())
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(opened, F, **said(now=at("2026-06-10 09:00")))
    assert not read_open_findings(opened, as_at=date(2026, 6, 10))["is_silenced"].item()


def test_a_dispute_stays_open_until_it_is_ended_or_a_record_settles_it(opened: Engine) -> None:
    dispute_finding(opened, F, **said())
    assert stand(opened, "status", "disputed_at") == ("open", MORNING)
    with pytest.raises(DecisionError, match="disputed already"):
        dispute_finding(opened, F, **said("fab:8"))
    undo_decision(opened, F, **said())
    assert stand(opened, "disputed_at") == (None,)
    dispute_finding(opened, F, **said(now=NOON))
    run(opened, "2026-06-02", [])
    run(opened, "2026-06-03", [row("A1", "breach")])
    assert stand(opened, "status", "disputed_at") == ("open", None), "a record had settled it"
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(opened, F, **said(now=at("2026-06-03 09:00")))


def test_a_new_owner_stays_the_owner_when_it_opens_again(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S1", **said())
    run(opened, "2026-06-02", [])
    with pytest.raises(RegisterError, match="resolved already"):
        hand_over_finding(opened, F, to_ref="S2", **said(now=at("2026-06-02 09:00")))
    run(opened, "2026-06-03", [row("A1", "breach")])
    assert stand(opened, "handed_to") == ("S1",)
    assert undo_decision(opened, F, **said(now=at("2026-06-03 09:00"))) == "handed_over"


def test_a_silence_ends_with_what_it_was_about(opened: Engine) -> None:
    silence_finding(opened, F, until=date(2026, 12, 31), **said())
    run(opened, "2026-06-02", [])
    assert stand(opened, "status", "silenced_until", "silenced_at") == ("resolved", None, None)
    run(opened, "2026-06-03", [row("A1", "breach")])
    assert not read_open_findings(opened, as_at=date(2026, 6, 3))["is_silenced"].item()
    assert list_silences(opened, on=date(2026, 6, 3)).empty
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(opened, F, **said(now=at("2026-06-03 09:00")))
    silence_finding(opened, F, until=date(2026, 7, 1), **said(now=at("2026-06-03 10:00")))
    undo_decision(opened, F, **said(now=at("2026-06-03 11:00")))
    assert stand(opened, "silenced_until") == (None,), "the one before the mend holds no more"


def test_a_comment_is_kept_and_changes_nothing_also_of_what_is_resolved(opened: Engine) -> None:
    before = read_finding(opened, F)
    comment_on_finding(opened, F, **said(why="the letter is in the file"))
    assert read_finding(opened, F) == before
    with pytest.raises(RegisterError, match="nothing to undo"):
        undo_decision(opened, F, **said())
    run(opened, "2026-06-02", [])
    comment_on_finding(opened, F, **said(now=at("2026-06-02 09:00")))
    assert events(opened) == ["opened", "commented", "resolved", "commented"]


def test_the_same_again_is_refused(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S1", **said())
    with pytest.raises(DecisionError, match="handed to them before") as refused:
        hand_over_finding(opened, F, to_ref="S1", **said("fab:8"))
    assert refused.value.field == "to"


def test_one_takes_back_ones_own_and_governance_anybodys(opened: Engine) -> None:
    dispute_finding(opened, F, **said("fab:7"))
    silence_finding(opened, F, until=date(2026, 7, 1), **said("fab:8"))
    assert undo_decision(opened, F, may_govern=False, **said("fab:7")) == "disputed", "the last of one's own"
    with pytest.raises(DecisionNotYours, match="is that of fab:8"):
        undo_decision(opened, F, may_govern=False, **said("fab:7"))
    assert stand(opened, "silenced_until") == (date(2026, 7, 1),)
    assert undo_decision(opened, F, may_govern=True, **said("fab:7")) == "silenced"


def test_what_another_decided_over_ones_own_is_theirs(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S1", **said("fab:7"))
    hand_over_finding(opened, F, to_ref="S2", **said("fab:8"))
    with pytest.raises(DecisionNotYours):
        undo_decision(opened, F, may_govern=False, **said("fab:7"))
    assert stand(opened, "handed_to") == ("S2",)


def newest(register: Engine) -> int:
    return int(read_finding_life(register, F)["id"].max())


DECISIONS = {
    "silence": lambda r, **w: silence_finding(r, F, until=date(2026, 7, 1), **w),
    "resolve": lambda r, **w: resolve_finding(r, F, **w),
    "hand over": lambda r, **w: hand_over_finding(r, F, to_ref="S9", **w),
    "dispute": lambda r, **w: dispute_finding(r, F, **w),
    "comment": lambda r, **w: comment_on_finding(r, F, **w),
    "undo": lambda r, **w: undo_decision(r, F, **w),
}


@pytest.mark.parametrize("name", DECISIONS)
def test_the_second_of_two_people_is_told_what_the_first_did(opened: Engine, name: str) -> None:
    seen = newest(opened)
    hand_over_finding(opened, F, to_ref="S1", expected_event=seen, **said("cli:governance officer"))
    before = read_finding(opened, F), events(opened)
    with pytest.raises(DecisionOvertaken) as overtaken:
        DECISIONS[name](opened, **said("fab:8", now=NOON, expected_event=seen))
    assert str(overtaken.value) == (
        "since you looked at F-000001: it was handed over by governance officer (1 June 2026, 09:00 UTC). "
        "Look again; nothing was changed"
    )
    assert (overtaken.value.exit_code, read_finding(opened, F), events(opened)) == (5, *before)
    DECISIONS[name](opened, **said("fab:8", now=NOON, expected_event=newest(opened)))


def test_a_run_in_between_counts_too_and_an_event_of_another_finding_is_none(opened: Engine) -> None:
    seen = newest(opened)
    run(opened, "2026-06-02", [row("A2", "breach")])
    with pytest.raises(DecisionOvertaken, match="a record resolved it"):
        resolve_finding(opened, F, **said(now=at("2026-06-02 09:00"), expected_event=seen))
    with pytest.raises(DecisionError, match="no event of F-000001") as refused:
        comment_on_finding(opened, F, **said(expected_event=seen + 1))
    assert refused.value.field == "expected_event"


def test_of_two_people_at_the_same_moment_one_is_first(opened: Engine) -> None:
    seen, outcomes, start = newest(opened), [], threading.Barrier(2)

    def decide(actor: str, to_ref: str) -> None:
        engine = upgrade_register(opened.url)
        start.wait()
        try:
            hand_over_finding(engine, F, to_ref=to_ref, **said(actor, expected_event=seen))
            outcomes.append("done")
        except DecisionOvertaken:
            outcomes.append("overtaken")
        engine.dispose()

    people = [threading.Thread(target=decide, args=(f"fab:{n}", f"S{n}")) for n in (1, 2)]
    for person in people:
        person.start()
    for person in people:
        person.join()
    assert sorted(outcomes) == ["done", "overtaken"]
    assert events(opened) == ["opened", "handed_over"]


@pytest.mark.parametrize("name", DECISIONS)
@pytest.mark.parametrize(("actor", "why"), [(" ", "because"), ("fab:7", " ")])
def test_every_decision_needs_a_name_and_a_reason(opened: Engine, name: str, actor: str, why: str) -> None:
    with pytest.raises(DecisionError, match="say who"):
        DECISIONS[name](opened, **said(actor, why))
    assert events(opened) == ["opened"]


@pytest.mark.parametrize("name", DECISIONS)
def test_every_decision_asks_whose_finding_it_is(opened: Engine, name: str) -> None:
    with pytest.raises(UnknownReference, match=f"not a finding of {OTHER}"):
        DECISIONS[name](opened, **said(landlord=OTHER))
    assert events(opened) == ["opened"]


def test_words_are_bound_to_the_audit_which_betrays_none(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S77", **said("fab:7", "on leave"))
    with reading(opened, LANDLORD) as connection:
        kept = connection.execute(select(FindingEvent.__table__).order_by(FindingEvent.id.desc())).mappings().first()
        act = connection.execute(select(AuditRow.__table__).where(AuditRow.action == "hand_over")).mappings().one()
    assert kept is not None
    words = {name: kept[name] for name in ("actor", "why", "until", "to_ref")}
    assert hash_said_words(kept["nonce"], **words) in act["details"]
    assert hash_said_words(kept["nonce"], **words | {"to_ref": "S78"}) not in act["details"]
    assert not any(word in act["details"] for word in ("S77", "fab:7", "leave"))


def test_who_had_a_finding_and_what_was_disputed_is_known_of_every_day(opened: Engine) -> None:
    hand_over_finding(opened, F, to_ref="S1", **said(now=at("2026-06-01 22:59")))
    hand_over_finding(opened, F, to_ref="S2", **said(now=at("2026-06-01 23:00")))
    dispute_finding(opened, F, **said(now=at("2026-06-03 09:00")))
    for n in range(3):
        undo_decision(opened, F, **said(now=at(f"2026-06-04 0{n}:30")))
    owners = {
        day: read_new_owners_on(opened, LANDLORD, date(2026, 6, day))["handed_to"].tolist() for day in range(1, 5)
    }
    assert owners == {1: ["S1"], 2: ["S2"], 3: ["S2"], 4: []}, "days end at midnight in London"
    known = {}
    for moment in ("2026-06-03 08:59", "2026-06-03 09:00", "2026-06-04 00:30", "2026-06-04 03:00"):
        with reading(opened, LANDLORD) as connection:
            instant = at(moment)
            found = read_statement(connection, "packs/finding_references", landlord=LANDLORD, known_at=instant)
        known[moment] = (bool(found["is_disputed"].item()), bool(found["is_handed_over"].item()))
    assert list(known.values()) == [(False, True), (True, True), (False, True), (False, False)]
