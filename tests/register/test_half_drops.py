"""What an earlier version left half loaded is named until a whole drop has made it good."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, text

from due_regard.records.validated_drop import ValidatedDrop
from due_regard.register import hash_drop, list_drops, load_drop, verify_audit, writing
from due_regard.register.loading.half_drops import find_half_drop
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, at, drop, restriction
from tests.register.past_guards import pass_guards

NOW, LATER, LATEST = at("2026-06-01 08:00"), at("2026-06-02 08:00"), at("2026-06-03 08:00")
APPEALS = accepted("appeals", [appeal("A1")])
NEWER = accepted("appeals", [appeal("A1", outcome="upheld")])
RESTRICTIONS = accepted("restrictions", [restriction("R1")])


def leave_half(register: Engine, whole: ValidatedDrop, status: str) -> int:
    """A batch as a killed run of an earlier version left it: all but its last file loaded."""
    some = drop(*whole.files[:-1]) if len(whole.files) > 1 else whole
    batch = load_drop(register, some, now=LATER).batch_id
    with writing(register, LANDLORD) as connection:
        pass_guards(connection)
        change = text("UPDATE batches SET status = :status, drop_sha256 = :sha256 WHERE id = :batch")
        connection.execute(change, {"status": status, "sha256": hash_drop(whole.files), "batch": batch})
    return batch


@pytest.mark.parametrize("status", ["loading", "interrupted"])
@pytest.mark.parametrize(
    ("name", "after", "is_good"),
    [
        ("nothing", None, False),
        ("the same drop", drop(NEWER, RESTRICTIONS), True),
        ("the next whole drop", drop(APPEALS, accepted("restrictions", [restriction("R2")])), True),
        ("a part of what the source brings", drop(NEWER), False),
        ("mended rows", drop(accepted("appeals", [appeal("A2")], delivery="changes")), False),
        ("another landlord's", drop(NEWER, RESTRICTIONS, landlord=OTHER), False),
    ],
)
def test_half_a_drop_is_named_until_a_whole_one_comes(
    register: Engine, status: str, name: str, after: ValidatedDrop | None, is_good: bool
) -> None:
    load_drop(register, drop(APPEALS, RESTRICTIONS), now=NOW)
    assert find_half_drop(register, LANDLORD) is None
    batch = leave_half(register, drop(NEWER, RESTRICTIONS), status)
    assert find_half_drop(register, LANDLORD) == batch
    if after is not None:
        load_drop(register, after, now=LATEST)
    assert find_half_drop(register, LANDLORD) == (None if is_good else batch), name
    assert find_half_drop(register, OTHER) is None


def test_no_batch_stays_loading_once_another_came(register: Engine) -> None:
    leave_half(register, drop(APPEALS, RESTRICTIONS), "loading")
    load_drop(register, drop(accepted("appeals", [appeal("A9")], delivery="changes")), now=LATEST)
    assert list_drops(register, LANDLORD)["status"].tolist() == ["loaded", "interrupted"]
    verify_audit(register)


def test_a_batch_of_which_nothing_came_is_no_half_drop(register: Engine) -> None:
    load_drop(register, drop(APPEALS, RESTRICTIONS), now=NOW)
    with writing(register, LANDLORD) as connection:
        values = {"landlord": LANDLORD, "at": LATER.strftime("%Y-%m-%d %H:%M:%S.%f")}
        connection.execute(
            text(
                "INSERT INTO batches (landlord, source, drop_name, drop_sha256, received_at, status, rows_read,"
                " rows_loaded, rows_unchanged, rows_rejected, files_refused)"
                " VALUES (:landlord, 'canonical', 'd', 'ab', :at, 'loading', 0, 0, 0, 0, 0)"
            ),
            values,
        )
    assert find_half_drop(register, LANDLORD) is None
