"""A vanished record is withdrawn by a person: it stands no longer, every version stays, and it comes back by itself."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError

from due_regard.errors import (
    ClockError,
    DecisionError,
    RegisterMovedOn,
    SettingsError,
    UnknownReference,
    WithdrawalRefused,
)
from due_regard.register import (
    find_knowledge_mark,
    find_record_origin,
    list_record_counts,
    load_drop,
    read_case_records,
    read_finding,
    read_finding_life,
    read_known_refs,
    read_records,
    reading,
    record_assessment,
    undo_withdrawal,
    verify_audit,
    verify_rows,
    withdraw_record,
)
from due_regard.register.findings.said_words import SaidWords, hash_said_words
from due_regard.register.restriction_cases import (
    count_restrictions_in_force,
    list_restrictions_in_force,
    read_restriction_cases,
)
from due_regard.register.schema.column_types import EVER
from due_regard.register.vanished_records import (
    count_waiting_records,
    count_withdrawn_records,
    list_waiting_records,
    list_withdrawn_records,
)
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop, restriction
from tests.register.past_guards import pass_guards

NOW, NEXT, LATER, LATEST = (at(f"2026-06-0{day} 07:00") for day in (1, 2, 3, 4))
BOTH = [restriction("R1"), restriction("R2")]
WORDS = SaidWords("cli:data owner", "entered for the wrong tenancy", LATER)


def load(register: Engine, rows: list[dict[str, object]], now: datetime, gone: tuple[str, ...] = ()) -> None:
    load_drop(register, drop(accepted("restrictions", rows, disappeared=gone)), now=now)


@pytest.fixture
def vanished(register: Engine) -> Engine:
    """R2 came once, and the newest snapshot no longer has it."""
    load(register, BOTH, NOW)
    load(register, BOTH[:1], NEXT, gone=("R2",))
    return register


def list_refs(register: Engine, known_at: datetime | None = None) -> list[str]:
    return read_records(register, LANDLORD, known_at=known_at)["restrictions"]["restriction_ref"].tolist()


def withdraw(register: Engine, ref: str = "R2", now: datetime = LATER, **more: object) -> list[tuple[str, str]]:
    words = SaidWords("cli:data owner", "entered for the wrong tenancy", now)
    return withdraw_record(register, LANDLORD, "restrictions", ref, words=words, **more)  # type: ignore[arg-type]


def undo(register: Engine, ref: str = "R2", now: datetime = LATEST, **more: object) -> list[tuple[str, str]]:
    words = SaidWords("cli:data owner", "it was none after all", now)
    return undo_withdrawal(register, LANDLORD, "restrictions", ref, words=words, **more)  # type: ignore[arg-type]


def test_every_read_of_the_records_as_they_stand_leaves_a_withdrawn_one_out(vanished: Engine) -> None:
    assert withdraw(vanished) == [("restrictions", "R2")]
    assert list_refs(vanished) == ["R1"]
    assert read_known_refs(vanished, LANDLORD, "restrictions") == {"R1"}
    known: dict[str, object] = {"as_at": date(2026, 6, 4), "known_at": EVER}
    with reading(vanished, LANDLORD) as connection:
        assert read_case_records(connection, LANDLORD, "restriction", "R2")["restrictions"].empty
        assert read_restriction_cases(connection, LANDLORD, ["R2"], known_at=EVER)["restrictions"].empty
        assert count_restrictions_in_force(connection, LANDLORD, **known) == 1  # type: ignore[arg-type]
        rows = list_restrictions_in_force(connection, LANDLORD, **known, limit=9, offset=0)  # type: ignore[arg-type]
        assert [row["restriction_ref"] for row in rows] == ["R1"]
        for view in ("current_restrictions", "report_restrictions"):
            assert connection.scalars(text(f"SELECT restriction_ref FROM {view}")).all() == ["R1"]
        assert connection.scalar(text("SELECT count(*) FROM restrictions")) == 2, "a version, never a delete"


def test_known_at_an_instant_before_it_still_shows_it(vanished: Engine) -> None:
    withdraw(vanished)
    assert list_refs(vanished, LATER) == ["R1"]
    assert list_refs(vanished, NEXT) == ["R1", "R2"]
    with reading(vanished, LANDLORD) as connection:
        assert len(read_restriction_cases(connection, LANDLORD, ["R2"], known_at=NEXT)["restrictions"]) == 1
    undo(vanished)
    assert list_refs(vanished) == ["R1", "R2"]
    assert list_refs(vanished, LATER) == ["R1"]


def test_another_landlords_record_of_the_same_reference_stands(vanished: Engine) -> None:
    load_drop(vanished, drop(accepted("restrictions", BOTH), landlord=OTHER), now=NOW)
    withdraw(vanished)
    assert read_records(vanished, OTHER)["restrictions"]["restriction_ref"].tolist() == ["R1", "R2"]


@pytest.mark.parametrize(
    ("entity", "ref", "error"),
    [
        ("restrictions", "R1", WithdrawalRefused),
        ("restrictions", "R9", UnknownReference),
        ("restrictions", "R\0", UnknownReference),
        ("restrictions", "R\udcff", UnknownReference),
        ("restriction", "R2", SettingsError),
        ("appeals", "R2", UnknownReference),
    ],
)
def test_only_a_record_that_vanished_can_be_withdrawn(
    vanished: Engine, entity: str, ref: str, error: type[Exception]
) -> None:
    before = verify_audit(vanished).head
    for act in (withdraw_record, undo_withdrawal):
        with pytest.raises(error):
            act(vanished, LANDLORD, entity, ref, words=WORDS)
    assert verify_audit(vanished).head == before
    assert list_refs(vanished) == ["R1", "R2"]


def test_twice_is_said_and_changes_nothing(vanished: Engine) -> None:
    withdraw(vanished)
    before = verify_audit(vanished).head
    with pytest.raises(WithdrawalRefused, match="data owner withdrew this record on 2026-06-03"):
        withdraw(vanished)
    assert verify_audit(vanished).head == before
    undo(vanished)
    with pytest.raises(WithdrawalRefused, match="not withdrawn"):
        undo(vanished)


@pytest.mark.parametrize(("actor", "why"), [("", "x"), ("cli:x", " ")])
def test_nobody_withdraws_without_a_name_and_a_reason(actor: str, why: str) -> None:
    with pytest.raises(DecisionError):
        SaidWords(actor, why, LATER)


def test_the_audit_holds_a_keyed_hash_of_what_was_said_and_of_which_record(vanished: Engine) -> None:
    withdraw(vanished)
    with reading(vanished, LANDLORD) as connection:
        act = connection.execute(text("SELECT * FROM withdrawals")).mappings().one()
        entry = connection.execute(text("SELECT * FROM audit ORDER BY seq DESC LIMIT 1")).mappings().one()
    said = {"actor": act["actor"], "why": act["why"], "until": None, "to_ref": act["ref"]}
    assert (entry["action"], entry["subject"]) == ("withdraw", f"withdrawal {act['id']}")
    details = json.loads(entry["details"])
    assert (details["entity"], details["words_sha256"]) == ("restrictions", hash_said_words(act["nonce"], **said))
    assert act["why"] not in entry["details"] and "R2" not in entry["details"]
    verify_audit(vanished)


@pytest.mark.parametrize("rows", [BOTH, [BOTH[0], restriction("R2", notified_on="2026-05-02")]])
def test_it_comes_back_by_itself_when_the_source_brings_it_again(
    vanished: Engine, rows: list[dict[str, object]]
) -> None:
    withdraw(vanished)
    assert [n for n, _ in list_record_counts(vanished, LANDLORD, "restrictions")] == [2, 1]
    load(vanished, rows, LATEST)
    assert list_refs(vanished) == ["R1", "R2"]
    assert list_refs(vanished, LATER) == ["R1"], "what was known then stays so"
    with reading(vanished, LANDLORD) as connection:
        act = connection.execute(text("SELECT * FROM withdrawals ORDER BY id DESC LIMIT 1")).mappings().one()
        action = connection.scalars(text("SELECT action FROM audit ORDER BY seq DESC LIMIT 3")).all()
        assert count_waiting_records(connection, LANDLORD) == count_withdrawn_records(connection, LANDLORD) == 0
    assert (act["event"], act["batch_file_id"], act["ends_id"], act["actor"]) == ("returned", 3, 1, None)
    assert "return" in action
    assert [n for n, _ in list_record_counts(vanished, LANDLORD, "restrictions")] == [2, 1, 2]
    with pytest.raises(WithdrawalRefused, match="still comes"):
        withdraw(vanished, now=at("2026-06-05 07:00"))


def test_it_comes_back_with_a_file_that_says_what_the_last_one_said(vanished: Engine) -> None:
    """The newest file is of the same rows: its digest alone would say that there is nothing to do."""
    load(vanished, BOTH, LATER)
    with vanished.begin() as connection:
        pass_guards(connection)
        connection.execute(text("UPDATE disappearances SET returned_file_id = NULL"))
    withdraw(vanished, now=at("2026-06-03 08:00"))
    load(vanished, BOTH, LATEST)
    assert list_refs(vanished) == ["R1", "R2"]


def test_columns_that_no_later_file_carries_come_back_with_it(vanished: Engine) -> None:
    withdraw(vanished)
    few = ("restriction_ref", "customer_ref", "measure", "decided_on", "decided_by")
    load_drop(vanished, drop(accepted("restrictions", BOTH, columns=few)), now=LATEST)
    assert read_records(vanished, LANDLORD)["restrictions"]["starts_on"].notna().all()
    assert find_record_origin(vanished, LANDLORD, "restriction", "R2")["version"] == 1  # type: ignore[index]


def test_a_withdrawn_record_can_vanish_and_be_withdrawn_again(vanished: Engine) -> None:
    withdraw(vanished)
    load(vanished, BOTH, LATEST)
    load(vanished, BOTH[:1], at("2026-06-05 07:00"), gone=("R2",))
    assert list_refs(vanished) == ["R1", "R2"]
    withdraw(vanished, now=at("2026-06-06 07:00"))
    assert list_refs(vanished) == ["R1"]
    undo(vanished, now=at("2026-06-07 07:00"))
    assert list_refs(vanished) == ["R1", "R2"]


def judge(register: Engine, day: int, *states: tuple[str, str], now: datetime | None = None, **more: object) -> int:
    rows = [{"rule": "restriction.review", "subject_ref": ref, "state": state} for ref, state in states]
    found = assessments(rows)
    when = now or at(f"2026-06-0{day} 08:00")
    run = record_assessment(
        register, LANDLORD, found, as_at=date(2026, 6, day), now=when, policy_version="2022-01-01", **more
    )
    return run.run_id


def test_the_instants_of_acts_lie_after_every_recorded_run_and_before_the_next_load(vanished: Engine) -> None:
    ahead = at("2026-06-03 07:04")
    judge(vanished, 3, ("R1", "breach"), ("R2", "breach"), now=ahead)
    withdraw(vanished, now=LATER)
    with reading(vanished, LANDLORD) as connection:
        rows = "SELECT known_from FROM withdrawals UNION ALL SELECT max(known_at) FROM assessment_runs"
        act, run = (str(found) for found in connection.scalars(text(rows)))
    assert act > run
    assert list_refs(vanished, ahead) == ["R1", "R2"]
    load(vanished, BOTH, LATER)
    assert list_refs(vanished) == ["R1", "R2"]
    judge(vanished, 4, ("R1", "breach"), now=LATER)
    with reading(vanished, LANDLORD) as connection:
        later = "SELECT known_at FROM assessment_runs UNION ALL SELECT max(known_from) FROM batch_files"
        *_, run, load_ = (str(found) for found in connection.scalars(text(later)))
    assert run >= load_ >= act


def test_a_run_that_read_the_record_before_it_was_withdrawn_is_not_recorded(vanished: Engine) -> None:
    mark = find_knowledge_mark(vanished, LANDLORD)
    judge(vanished, 3, ("R2", "breach"), rests_on=mark)
    withdraw(vanished)
    with pytest.raises(RegisterMovedOn, match="records withdrawn"):
        judge(vanished, 3, ("R2", "breach"), rests_on=mark)
    judge(vanished, 3, rests_on=find_knowledge_mark(vanished, LANDLORD))


def test_findings_about_it_close_as_withdrawn_and_open_again_when_it_is_taken_back(vanished: Engine) -> None:
    judge(vanished, 2, ("R1", "breach"), ("R2", "breach"))
    withdraw(vanished)
    judge(vanished, 3)
    gone, withdrawn = (read_finding(vanished, f"F-00000{n}") for n in (1, 2))
    assert (gone["resolved_state"], withdrawn["resolved_state"]) == ("gone", "withdrawn")
    assert gone["resolved_file_id"] == 1 and withdrawn["resolved_file_id"] is None
    life = read_finding_life(vanished, "F-000002")
    assert life[["event", "state"]].values.tolist()[-1] == ["resolved", "withdrawn"]
    undo(vanished)
    judge(vanished, 4, ("R2", "breach"))
    again = read_finding(vanished, "F-000002")
    assert (again["status"], again["resolved_state"], again["times_opened"]) == ("open", None, 2)


def live_through_acts(register: Engine) -> None:
    """Withdrawn, taken back, withdrawn again, returned, and judged in between."""
    judge(register, 2, ("R1", "breach"), ("R2", "breach"))
    withdraw(register)
    judge(register, 3, ("R1", "breach"))
    undo(register)
    withdraw(register, now=at("2026-06-05 07:00"))
    load(register, BOTH, at("2026-06-06 07:00"))
    judge(register, 6, ("R1", "breach"), ("R2", "breach"))


def test_every_act_is_sealed(vanished: Engine) -> None:
    live_through_acts(vanished)
    report = verify_rows(vanished)
    assert (report.faults, report.unproved) == ((), ())
    with reading(vanished, LANDLORD) as connection:
        events = connection.scalars(text("SELECT event FROM withdrawals ORDER BY id")).all()
    assert events == ["withdrawn", "undone", "withdrawn", "returned"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE withdrawals SET why = 'x' WHERE id = 1",
        "UPDATE withdrawals SET ref = 'R1' WHERE id = 3",
        "UPDATE withdrawals SET known_from = '2026-06-01 07:00:00.000000' WHERE id = 1",
        "UPDATE withdrawals SET ends_id = NULL WHERE id = 2",
        "DELETE FROM withdrawals WHERE id = 4",
        "INSERT INTO withdrawals (id, landlord, entity, ref, event, at, known_from) VALUES (9, 'sample_landlord', "
        "'restrictions', 'R1', 'withdrawn', '2026-06-07 07:00:00.000000', '2026-06-07 07:00:00.000000')",
    ],
)
def test_an_act_that_was_tampered_with_is_found(vanished: Engine, tampering: str) -> None:
    live_through_acts(vanished)
    with vanished.begin() as connection:
        pass_guards(connection)
        connection.execute(text(tampering))
    assert {fault.table for fault in verify_rows(vanished).faults} == {"withdrawals"}


def test_nobody_withdraws_by_a_clock_that_is_wrong(vanished: Engine) -> None:
    before = verify_audit(vanished).head
    with pytest.raises(ClockError, match="newest load"):
        withdraw(vanished, now=NOW)
    if vanished.dialect.name == "postgresql":
        with pytest.raises(ClockError, match="database's"):
            withdraw(vanished, now=datetime.now(UTC) + timedelta(hours=1))
    assert verify_audit(vanished).head == before


def test_the_database_refuses_to_change_an_act(vanished: Engine) -> None:
    withdraw(vanished)
    for change in ("UPDATE withdrawals SET why = 'x'", "DELETE FROM withdrawals"):
        with pytest.raises(DBAPIError), vanished.begin() as connection:
            connection.execute(text(change))


# Records that hang on others.

LINKED = [appeal("A1", restriction_ref="R2"), appeal("A2")]


@pytest.fixture
def linked(register: Engine) -> Engine:
    """R2 vanished; an appeal against it still comes."""
    load_drop(register, drop(accepted("restrictions", BOTH), accepted("appeals", LINKED)), now=NOW)
    load(register, BOTH[:1], NEXT, gone=("R2",))
    return register


def test_a_record_on_which_others_hang_that_still_come_is_not_withdrawn(linked: Engine) -> None:
    for with_linked in (False, True):
        with pytest.raises(WithdrawalRefused, match="1 of appeals that hang on this record still come"):
            withdraw(linked, with_linked=with_linked)
    assert list_refs(linked) == ["R1", "R2"]


def test_vanished_records_that_hang_on_it_go_with_it_only_when_that_is_said(linked: Engine) -> None:
    load_drop(linked, drop(accepted("appeals", LINKED[1:], disappeared=("A1",))), now=NEXT)
    with pytest.raises(WithdrawalRefused, match="1 of appeals hang on this record, and vanished too"):
        withdraw(linked)
    assert withdraw(linked, with_linked=True) == [("restrictions", "R2"), ("appeals", "A1")]
    assert read_records(linked, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A2"]
    words = SaidWords("cli:x", "y", LATEST)
    with pytest.raises(WithdrawalRefused, match="hangs on another that is withdrawn"):
        undo_withdrawal(linked, LANDLORD, "appeals", "A1", words=words)
    assert undo(linked, with_linked=True) == [("restrictions", "R2"), ("appeals", "A1")]
    assert read_records(linked, LANDLORD)["appeals"]["appeal_ref"].tolist() == ["A1", "A2"]


def test_what_hangs_on_it_can_be_withdrawn_alone_and_first(linked: Engine) -> None:
    load_drop(linked, drop(accepted("appeals", LINKED[1:], disappeared=("A1",))), now=NEXT)
    withdraw_record(linked, LANDLORD, "appeals", "A1", words=WORDS)
    assert withdraw(linked) == [("restrictions", "R2")]
    assert undo(linked, with_linked=True) == [("restrictions", "R2")], "the appeal was not withdrawn with it"


def test_records_hang_on_others_through_others_too(register: Engine) -> None:
    customers = [{"customer_ref": f"C{n}", "customer_type": "tenant"} for n in (1, 2)]
    rows = [restriction("R1", customer_ref="C1"), restriction("R2", customer_ref="C2")]
    reviews = [{"review_ref": "V1", "restriction_ref": "R2", "reviewed_on": "2026-05-05", "outcome": "retain"}]
    every = [("customers", customers), ("restrictions", rows), ("reviews", reviews)]
    load_drop(register, drop(*(accepted(*one) for one in every)), now=NOW)
    left = [
        accepted("customers", customers[:1], disappeared=("C2",)),
        accepted("restrictions", rows[:1], disappeared=("R2",)),
        accepted("reviews", [], disappeared=("V1",)),
    ]
    load_drop(register, drop(*left), now=NEXT)
    found = withdraw_record(register, LANDLORD, "customers", "C2", words=WORDS, with_linked=True)
    assert found == [("customers", "C2"), ("restrictions", "R2"), ("reviews", "V1")]
    assert {name: len(frame) for name, frame in read_records(register, LANDLORD).items()} == {
        "customers": 1, "restrictions": 1, "reviews": 0,
    }  # fmt: skip


# Lists.


def test_vanished_records_wait_in_a_list_with_their_open_findings(vanished: Engine) -> None:
    load(vanished, [], LATER, gone=("R1", "R2"))
    judge(vanished, 3, ("R1", "breach"), ("R2", "breach"))
    extra = assessments([
        {"rule": "restriction.review", "subject_ref": "R2", "state": "breach"},
        {"rule": "restriction.notice", "subject_ref": "R2", "state": "overdue"},
    ])
    record_assessment(vanished, LANDLORD, extra, as_at=date(2026, 6, 4), now=LATEST, policy_version="2022-01-01")
    with reading(vanished, LANDLORD) as connection:
        rows = list_waiting_records(connection, LANDLORD)
        hidden = list_waiting_records(connection, LANDLORD, hidden=("restriction.notice",))
        assert count_waiting_records(connection, LANDLORD) == 2
    assert [(row["ref"], row["open_findings"], row["noticed_at"]) for row in rows] == [
        ("R2", 2, NEXT),
        ("R1", 0, LATER),
    ]
    assert [(row["ref"], row["open_findings"]) for row in hidden] == [("R2", 1), ("R1", 0)]
    withdraw(vanished, now=LATEST)
    with reading(vanished, LANDLORD) as connection:
        assert [row["ref"] for row in list_waiting_records(connection, LANDLORD)] == ["R1"]
        (row,) = list_withdrawn_records(connection, LANDLORD)
    assert (row["ref"], row["actor"], row["why"]) == ("R2", "cli:data owner", "entered for the wrong tenancy")


def test_records_read_the_same_with_and_without_withdrawn_ones_of_old(vanished: Engine) -> None:
    """`withdrawn_at` leaves out what was withdrawn at another instant: a pack tells by it what a withdrawal changed."""
    withdraw(vanished)
    kept = read_records(vanished, LANDLORD, withdrawn_at=NEXT)["restrictions"]
    pd.testing.assert_series_equal(
        kept["restriction_ref"], pd.Series(["R1", "R2"], name="restriction_ref", dtype="str")
    )
