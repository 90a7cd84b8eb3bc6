"""Which date, quarter and landlords a run is about, and whom it may mail, for every kind of run that Airflow starts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from due_regard.calendars.quarters import Quarter
from due_regard.errors import DropError, MailError, PackError, PolicyError, RegisterError, SettingsError
from due_regard.services import orchestration

NIGHT = datetime(2026, 6, 30, 23, 30, tzinfo=UTC)  # half past midnight on 1 July in London
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def make_context(
    run_type: str = "manual", logical_date: datetime | None = None, run_after: datetime = NOON, **params: Any
) -> dict[str, Any]:
    run = SimpleNamespace(run_type=run_type, logical_date=logical_date, run_after=run_after)
    return {"params": params, "dag_run": run}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"as_at": "2026-06-30", "logical_date": NIGHT}, date(2026, 6, 30)),
        ({"logical_date": NIGHT}, date(2026, 7, 1)),
        ({"run_after": NIGHT}, date(2026, 7, 1)),
        ({"as_at": None}, date(2026, 3, 3)),
    ],
    ids=["param", "logical date", "run_after", "no param"],
)
def test_the_date_of_every_kind_of_run(given: dict[str, Any], expected: date) -> None:
    assert orchestration.find_as_at(make_context(**given)) == expected


def test_a_date_that_cannot_be_read_is_named_without_its_value() -> None:
    with pytest.raises(SettingsError, match="YYYY-MM-DD") as caught:
        orchestration.find_as_at(make_context(as_at="30/06/2026"))
    assert "30/06" not in str(caught.value)


@pytest.mark.parametrize(
    ("run_type", "slot", "asked", "mailed"),
    [
        ("scheduled", NOON - timedelta(hours=6), None, True),
        ("scheduled", NOON - timedelta(days=1), None, False),  # made up on the next day
        ("scheduled", NOON - timedelta(days=3), None, False),  # made up after some days off
        ("manual", None, None, True),
        ("backfill", NOON - timedelta(days=90), None, False),
        ("backfill", NOON - timedelta(hours=6), None, False),
        ("backfill", NOON - timedelta(days=90), True, True),
        ("scheduled", NOON - timedelta(hours=6), False, False),
    ],
)
def test_people_are_mailed_for_today_alone(
    run_type: str, slot: datetime | None, asked: bool | None, mailed: bool
) -> None:
    context = make_context(run_type, slot, slot or NOON, mail=asked)
    assert orchestration.choose_to_mail(context, now=NOON) is mailed


def test_a_slip_in_a_param_is_refused_before_any_work_is_begun_and_so_told_to_nobody_but_its_operator() -> None:
    with pytest.raises(SettingsError, match="still to come"):
        orchestration.choose_to_mail(make_context(as_at="2026-03-04", mail=True), now=NOON)
    assert orchestration.choose_to_mail(make_context(as_at="2026-03-04"), now=NOON) is False
    with pytest.raises(SettingsError, match="2026-Q1 has not ended; its packs can be built from 2026-04-01"):
        orchestration.find_quarter(make_context(quarter="2026-Q1"))
    assert str(orchestration.find_quarter(make_context(quarter="2025-Q4"))) == "2025-Q4"


@pytest.mark.parametrize(
    ("run_type", "quarter", "asked", "issued"),
    [
        ("scheduled", "2025-Q4", None, True),
        ("manual", "2025-Q4", None, True),
        ("manual", "2025-Q3", None, False),
        ("scheduled", "2025-Q3", None, False),  # a slot made up a quarter later
        ("backfill", "2025-Q4", None, False),
        ("backfill", "2024-Q4", None, False),
        ("backfill", "2024-Q4", True, True),
        ("scheduled", "2025-Q4", False, False),
    ],
)
def test_packs_are_issued_of_the_last_quarter_alone(
    run_type: str, quarter: str, asked: bool | None, issued: bool
) -> None:
    context = make_context(run_type, issue=asked)
    assert orchestration.choose_to_issue(context, Quarter.parse(quarter), now=NOON) is issued


@pytest.mark.parametrize(
    ("as_at", "expected"),
    [
        (date(2026, 6, 29), None),
        (date(2026, 6, 30), "2026-Q2"),
        (date(2026, 7, 1), "2026-Q2"),
        (date(2026, 7, 10), "2026-Q2"),
        (date(2026, 7, 11), None),
        (date(2026, 12, 31), "2026-Q4"),
        (date(2027, 1, 3), "2026-Q4"),
    ],
)
def test_packs_are_built_around_a_quarters_end(as_at: date, expected: str | None) -> None:
    found = orchestration.choose_quarter_to_report(as_at)
    assert (found and str(found)) == expected


def test_a_quarter_asked_for_is_built_on_any_day() -> None:
    assert str(orchestration.choose_quarter_to_report(date(2026, 8, 20), "2025-Q4")) == "2025-Q4"
    with pytest.raises(SettingsError):
        orchestration.choose_quarter_to_report(date(2026, 8, 20), "Q4")


def test_every_landlord_with_a_file_is_run_and_a_name_that_is_no_id_stops_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("one", "two", "Not an id", "four-"):
        file = tmp_path / "landlords" / f"{name}.yaml"
        file.parent.mkdir(exist_ok=True)
        file.touch()
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(tmp_path))
    assert orchestration.list_landlords() == ["one", "two"]
    assert orchestration.list_landlords("two.daily") == ["two"]
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", '["two"]')
    assert orchestration.list_landlords() == ["two"]


def test_retries_outlast_a_restart_of_the_database() -> None:
    """As Airflow counts them: each pause is at least the first one times two for each try before, up to the longest."""
    given = orchestration.DEFAULT_ARGS
    first, longest = given["retry_delay"], given["max_retry_delay"]
    pauses = [min(longest, first * given["retry_exponential_backoff"] ** n) for n in range(given["retries"])]
    assert timedelta(minutes=5) < sum(pauses, timedelta()) < timedelta(hours=1)


@pytest.mark.parametrize(
    ("reason", "is_retried"),
    [
        (RegisterError("away"), True),
        (MailError("away"), True),
        (OSError("disk"), True),
        (PolicyError("wrong"), False),
        (DropError("held"), False),
        (PackError("nothing was taken in"), False),
    ],
)
def test_what_a_person_must_mend_is_not_tried_again(reason: Exception, is_retried: bool) -> None:
    longest = orchestration.DEFAULT_ARGS["max_retry_delay"]
    assert (orchestration.find_retry_time(reason) > longest) is is_retried
    assert isinstance(reason, orchestration.PERMANENT) is not is_retried


def test_a_drop_that_a_person_must_look_at_fails_its_task() -> None:
    for status in ("loaded", "unchanged", "missing", "waiting"):
        orchestration.check_drop_taken({"landlord": "one", "status": status})
    with pytest.raises(DropError, match="one: the drop was refused"):
        orchestration.check_drop_taken({"landlord": "one", "status": "refused"})
    with pytest.raises(DropError, match="batch 7 is held for a person: far fewer rows"):
        held = {"landlord": "one", "status": "held", "batch_id": 7, "why": "far fewer rows"}
        orchestration.check_drop_taken(held)


def test_the_watch_fails_where_a_data_owner_could_not_be_told() -> None:
    orchestration.check_all_told({"told": 1, "untold": {}})
    with pytest.raises(MailError, match="one: its settings are wrong"):
        orchestration.check_all_told({"told": 0, "untold": {"one": "its settings are wrong"}})
