"""What a load writes: versions for what changed, nothing for what did not, counts that add up."""

from __future__ import annotations

import uuid
from datetime import date

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select

from due_regard.errors import RegisterError
from due_regard.records.canonical import ENTITIES, ENTITY, ColumnKind, find_dtype
from due_regard.records.validated_drop import Rejection
from due_regard.register import (
    list_drops,
    list_missing_records,
    list_record_counts,
    load_drop,
    read_known_refs,
    read_records,
    reading,
)
from due_regard.register.schema.drop_tables import BatchFile
from due_regard.register.schema.record_tables import RECORD_TABLES
from tests.code_words import list_codes
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, at, drop, frame, restriction

NOW, LATER, LATEST = at("2026-06-01 08:00"), at("2026-06-08 08:00"), at("2026-06-15 08:00")


def count_versions(register: Engine, entity: str) -> int:
    with reading(register) as connection:
        return connection.scalar(select(func.count()).select_from(RECORD_TABLES[entity]))


def filled(entity_name: str) -> pd.DataFrame:
    """One row with a value in every column and one with blanks wherever they are allowed."""
    values = {
        ColumnKind.DATE: "2026-02-28",
        ColumnKind.YN: True,
        ColumnKind.REF: "00123",
        ColumnKind.TEXT: 'Ünïcode, "quoted"\nline; = \\N',
    }
    entity = ENTITY[entity_name]
    full = {c.name: list_codes(c)[-1] if list_codes(c) else values[c.kind] for c in entity.columns}
    least = {c.name: full[c.name] for c in entity.columns if c.required}
    return frame(entity_name, [full | {entity.key: "A1"}, least | {entity.key: "a1"}])


@pytest.mark.parametrize("entity", [entity.name for entity in ENTITIES])
def test_every_entity_comes_back_as_it_was_delivered(register: Engine, entity: str) -> None:
    rows = filled(entity)
    report = load_drop(register, drop(accepted(entity, rows)), now=NOW)
    assert (report.status, report.files[0].loaded) == ("loaded", 2)
    back = read_records(register, LANDLORD)
    assert list(back) == [entity]
    pd.testing.assert_frame_equal(back[entity], rows)
    assert {c.name: str(back[entity][c.name].dtype) for c in ENTITY[entity].columns} == {
        c.name: find_dtype(c) for c in ENTITY[entity].columns
    }


def test_the_same_rows_write_nothing_whatever_their_order_and_file(register: Engine) -> None:
    rows = [appeal(f"A{n}", handled_by="S1") for n in range(5)]
    load_drop(register, drop(accepted("appeals", rows)), now=NOW)
    again = load_drop(register, drop(accepted("appeals", rows[::-1], file="other.xlsx")), now=LATER)
    assert (again.status, again.files[0].loaded, again.files[0].unchanged) == ("unchanged", 0, 5)
    assert count_versions(register, "appeals") == 5


def test_a_corrected_row_is_a_new_version_and_the_rest_is_not_written(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")])), now=NOW)
    corrected = [appeal("A1", acknowledged_on="2026-06-03"), appeal("A2"), appeal("A3")]
    report = load_drop(register, drop(accepted("appeals", corrected)), now=LATER)
    assert (report.files[0].loaded, report.files[0].unchanged) == (2, 1)
    appeals = RECORD_TABLES["appeals"]
    versions = select(appeals.c.version).where(appeals.c.appeal_ref == "A1").order_by(appeals.c.version)
    with reading(register, LANDLORD) as connection:
        assert connection.scalars(versions).all() == [1, 2]
    assert read_records(register, LANDLORD)["appeals"]["acknowledged_on"].notna().tolist() == [True, False, False]


def test_an_older_export_sent_again_counts_as_what_the_landlord_says_now(register: Engine) -> None:
    first, second = [appeal("A1", outcome="upheld")], [appeal("A1", outcome="quashed")]
    for rows, now in ((first, NOW), (second, LATER), (first, LATEST)):
        assert load_drop(register, drop(accepted("appeals", rows)), now=now).files[0].loaded == 1
    assert read_records(register, LANDLORD)["appeals"]["outcome"].tolist() == ["upheld"]


def test_a_value_that_becomes_blank_is_a_correction(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1", outcome="upheld")])), now=NOW)
    assert load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=LATER).files[0].loaded == 1
    assert read_records(register, LANDLORD)["appeals"]["outcome"].isna().all()


def test_a_column_the_file_does_not_carry_is_no_news(register: Engine) -> None:
    narrow = ("appeal_ref", "restriction_ref", "received_on")
    load_drop(register, drop(accepted("appeals", [appeal("A1", acknowledged_on="2026-06-02")])), now=NOW)
    rows = [appeal("A1"), appeal("A2")]
    report = load_drop(register, drop(accepted("appeals", rows, columns=narrow)), now=LATER)
    assert (report.files[0].loaded, report.files[0].unchanged) == (1, 1)
    back = read_records(register, LANDLORD)["appeals"]
    assert back["acknowledged_on"].tolist() == [pd.Timestamp("2026-06-02"), pd.NaT]


def test_absent_columns_and_entities_stay_absent(register: Engine) -> None:
    narrow = ("appeal_ref", "restriction_ref", "received_on", "decided_on")
    files = accepted("appeals", [appeal("A1")], columns=narrow), accepted("markers", [])
    load_drop(register, drop(*files), now=NOW)
    back = read_records(register, LANDLORD)
    assert set(back) == {"appeals", "markers"}, "a file with a header alone counts as delivered"
    assert set(back["appeals"].columns) == set(narrow)
    assert len(back["markers"]) == 0
    assert (read_known_refs(register, LANDLORD, "markers"), read_known_refs(register, LANDLORD, "reviews")) == (
        frozenset(),
        None,
    )
    assert list_record_counts(register, LANDLORD, "appeals") == ((1, False),)
    assert list_record_counts(register, LANDLORD, "markers") == ((0, False),)
    assert list_record_counts(register, LANDLORD, "reviews") == ()


def test_landlords_do_not_see_each_others_records(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1", outcome="upheld")])), now=NOW)
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")]), landlord=OTHER), now=NOW)
    assert read_known_refs(register, LANDLORD, "appeals") == {"A1"}
    assert len(read_records(register, OTHER)["appeals"]) == 2
    assert read_records(register, LANDLORD)["appeals"]["outcome"].tolist() == ["upheld"]


def test_read_equals_loaded_unchanged_and_rejected(register: Engine) -> None:
    rejections = tuple(Rejection("appeals.csv", n, column, "unknown_code", "…") for n, column in [(9, "a"), (9, "b")])
    file = accepted("appeals", [appeal("A1"), appeal("A2")], read=4, collapsed=1, rejections=rejections)
    done = load_drop(register, drop(file), now=NOW).files[0]
    assert (done.read, done.loaded, done.unchanged, done.rejected) == (4, 2, 1, 1)
    listed = list_drops(register, LANDLORD).iloc[0]
    assert listed["rows_read"] == listed["rows_loaded"] + listed["rows_unchanged"] + listed["rows_rejected"] == 4


def test_a_file_that_does_not_add_up_is_not_loaded(register: Engine) -> None:
    with pytest.raises(RegisterError, match=r"a file of appeals: .*nothing of this drop"):
        load_drop(register, drop(accepted("appeals", [appeal("A1")], read=2)), now=NOW)
    assert read_known_refs(register, LANDLORD, "appeals") is None


def test_rows_are_read_in_code_point_order(register: Engine) -> None:
    refs = ["b", "B", "a-1", "a 1", "a1", "é", "Z", "10", "9"]
    load_drop(register, drop(accepted("restrictions", [restriction(ref) for ref in refs])), now=NOW)
    assert read_records(register, LANDLORD)["restrictions"]["restriction_ref"].tolist() == sorted(refs)


def test_many_chunks_load_and_replay_like_one(register: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("due_regard.register.loading.bulk.CHUNK", 7)
    rows = [appeal(f"A{n:03d}", acknowledged_on=date(2026, 6, 1 + n % 20)) for n in range(50)]
    assert load_drop(register, drop(accepted("appeals", rows)), now=NOW).files[0].loaded == 50
    rows[13]["outcome"] = "upheld"
    done = load_drop(register, drop(accepted("appeals", [*rows, appeal("B1")])), now=LATER).files[0]
    assert (done.loaded, done.unchanged) == (2, 49)
    pd.testing.assert_frame_equal(read_records(register, LANDLORD)["appeals"], frame("appeals", [*rows, appeal("B1")]))


def test_what_disappears_from_a_snapshot_is_noted_and_kept_until_it_returns(register: Engine) -> None:
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")])), now=NOW)
    gone = accepted("appeals", [appeal("A1")], disappeared=("A2",))
    assert load_drop(register, drop(gone), now=LATER).files[0].vanished == 1
    load_drop(register, drop(accepted("appeals", [appeal("A1", outcome="upheld")], disappeared=("A2",))), now=LATER)
    missing = list_missing_records(register, LANDLORD)
    assert missing[["entity", "ref", "batch_file_id"]].values.tolist() == [["appeals", "A2", 2]]
    assert read_known_refs(register, LANDLORD, "appeals") == {"A1", "A2"}
    assert [rows for rows, _ in list_record_counts(register, LANDLORD, "appeals")] == [2, 1, 1]
    load_drop(register, drop(accepted("appeals", [appeal("A1"), appeal("A2")])), now=LATEST)
    assert list_missing_records(register, LANDLORD).empty
    assert [rows for rows, _ in list_record_counts(register, LANDLORD, "appeals")] == [2, 1, 1, 2]


def test_customers_are_numbered_once_and_not_in_order(register: Engine) -> None:
    rows = [restriction(f"R{n:03d}", customer_ref=f"C{n % 40:03d}") for n in range(120)]
    load_drop(register, drop(accepted("restrictions", rows)), now=NOW)
    with reading(register, LANDLORD) as connection:
        first = dict(connection.exec_driver_sql("SELECT customer_ref, customer_no FROM customer_numbers").all())
    assert sorted(first.values()) == list(range(1, 41))
    assert [first[ref] for ref in sorted(first)] != sorted(first.values())
    load_drop(register, drop(accepted("restrictions", [*rows, restriction("S1", customer_ref="new")])), now=LATER)
    with reading(register, LANDLORD) as connection:
        again = dict(connection.exec_driver_sql("SELECT customer_ref, customer_no FROM customer_numbers").all())
    assert again == first | {"new": 41}


TEXT = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), max_size=20)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    texts=st.lists(st.none() | TEXT | st.sampled_from(["\\.", "\\N", '"', "NULL", "\r\n", "", " ", "a,b"]), min_size=1)
)
def test_any_text_survives_and_replays_as_unchanged(register: Engine, texts: list[str | None]) -> None:
    landlord = f"landlord_{uuid.uuid4().hex}"  # the register is shared between examples
    rows = frame("restrictions", [restriction(f"R{n:03d}", evidence_ref=text) for n, text in enumerate(texts)])
    load_drop(register, drop(accepted("restrictions", rows), landlord=landlord), now=NOW)
    pd.testing.assert_frame_equal(read_records(register, landlord)["restrictions"], rows)
    other = accepted("restrictions", rows.iloc[::-1].reset_index(drop=True), sha256="other")
    first = rows.iloc[:1].assign(evidence_ref="changed")
    report = load_drop(register, drop(accepted("restrictions", first), landlord=landlord), now=NOW)
    assert report.files[0].loaded == 1
    assert load_drop(register, drop(other, landlord=landlord), now=NOW).files[0].loaded == 1, "back to what it was"
    pd.testing.assert_frame_equal(read_records(register, landlord)["restrictions"], rows)


def test_a_drop_is_one_transaction_from_one_instant(register: Engine) -> None:
    book = {"file": "book.xlsx", "sha256": "same"}
    files = [
        accepted("appeals", [appeal("A1")], **book),
        accepted("restrictions", [restriction("R1")], file="a.csv"),
        accepted("restrictions", [restriction("R2")], **book),
    ]
    passed: list[str] = []

    def look(name: str) -> None:
        passed.append(name)
        seen = read_known_refs(register, LANDLORD, "restrictions")
        assert seen == ({"R1", "R2"} if name == "committed" else None)

    load_drop(register, drop(*files), now=NOW, checkpoint=look)
    assert passed == ["begun", *["loaded"] * 3, "closed", "told", "committed"]
    with reading(register) as connection:
        assert len(set(connection.scalars(select(BatchFile.known_from)))) == 1


def test_one_file_that_does_not_add_up_leaves_nothing_of_the_drop(register: Engine) -> None:
    good, bad = accepted("restrictions", [restriction("R1")]), accepted("appeals", [appeal("A1")], read=2)
    with pytest.raises(RegisterError, match="nothing of this drop"):
        load_drop(register, drop(good, bad), now=NOW)
    assert read_records(register, LANDLORD) == {}
    assert list_drops(register).empty


def test_what_cannot_be_told_is_not_loaded(register: Engine) -> None:
    def fail(_connection: object, _report: object) -> None:
        raise RegisterError("no mail")

    with pytest.raises(RegisterError, match="no mail"):
        load_drop(register, drop(accepted("appeals", [appeal("A1")])), now=NOW, tell_owner=fail)
    assert list_drops(register).empty
