"""What did not run is told to the data owner, once: work that was killed or failed, and a day not assessed in time."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import text

from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import PolicyError, RegisterError
from due_regard.register import reading, verify_audit
from due_regard.register.task_runs import RunKey, list_overdue_runs
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.check_installation import check_installation
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.page_views import record_page_view
from due_regard.services.record_run import record_run
from due_regard.services.report_failure import watch_landlords
from tests.register.engines import sqlite_template  # noqa: F401 - a fixture

ONE, TWO = "hanover", "clydebank"
ROOT = Path(__file__).resolve().parents[1]
MONDAY = datetime(2026, 6, 1, 5, tzinfo=UTC)  # 06:00 in London
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


@pytest.fixture
def settings(tmp_path: Path, sqlite_template: Path) -> Settings:  # noqa: F811
    """An installation of two landlords, whose files may be changed."""
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "register.db")
    for name in ("landlords", "policies"):
        shutil.copytree(ROOT / "include" / name, tmp_path / "own" / name)
    return Settings(var_dir=tmp_path / "var", own_dir=tmp_path / "own", landlords=(ONE, TWO))


def work(
    settings: Settings,
    at: datetime,
    *,
    landlord: str = ONE,
    verb: str = "load",
    run: str = "1",
    fails: BaseException | None = None,
    retried_within: timedelta = timedelta(),
) -> None:
    """One task's work at an instant, as a DAG does it."""
    with record_run(
        settings,
        RunKey(landlord, f"{landlord}.daily", verb, run),
        load_mail_settings=lambda: settings,
        clock=lambda: at,
        longest=HOUR,
        retried_within=lambda _: retried_within,
    ):
        if fails is not None:
            raise fails


def be_killed(settings: Settings, at: datetime, *, landlord: str = ONE, run: str = "1") -> None:
    """Work that begins and is never heard of again: no code of ours runs after a kill -9."""
    running = record_run(
        settings,
        RunKey(landlord, f"{landlord}.daily", "load", run),
        load_mail_settings=lambda: settings,
        clock=lambda: at,
        longest=HOUR,
        retried_within=lambda _: timedelta(),
    )
    running.__enter__()
    _KILLED.append(running)  # kept, for Python would end it on collecting it


_KILLED: list[object] = []


@pytest.fixture(autouse=True)
def forget_killed() -> Iterator[None]:
    """Let go of what was killed only after the test."""
    yield
    _KILLED.clear()


def mails(settings: Settings) -> list[EmailMessage]:
    files = sorted((settings.var_dir / "mail").glob("*.eml"))
    return [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]


def told(settings: Settings) -> list[tuple[str, str]]:
    return sorted((str(mail["To"]), str(mail["Subject"]).split(": ")[1]) for mail in mails(settings))


def test_the_next_run_of_any_landlord_tells_of_one_that_was_killed_once(settings: Settings) -> None:
    be_killed(settings, MONDAY)
    work(settings, MONDAY + HOUR / 2, landlord=TWO)
    assert mails(settings) == []
    for verb in ("load", "assess", "send"):
        work(settings, MONDAY + 2 * HOUR, landlord=TWO, verb=verb)
    owner = load_landlord(settings.landlords_dir, ONE).alerts.data_owner
    assert told(settings) == [(owner, "hanover.daily did not end")]


def test_the_watch_tells_of_one_that_was_killed(settings: Settings) -> None:
    be_killed(settings, MONDAY)
    assert watch_landlords(settings, now=MONDAY + 2 * HOUR)["told"] == 1
    assert watch_landlords(settings, now=MONDAY + 3 * HOUR)["told"] == 0


def test_the_watch_seals_the_views_of_each_day_that_is_over_once(settings: Settings) -> None:
    for landlord in (ONE, TWO):
        record_page_view(
            settings, landlord, actor="fab:7", used_right="can_read", kind="finding", ref="F-1", now=MONDAY
        )
    sealed = []
    for hours in (1, 25, 26):
        watch_landlords(settings, now=MONDAY + hours * HOUR)
        with open_landlord_register(settings, ONE) as engine:
            verify_audit(engine)
            with reading(engine) as connection:
                days = connection.execute(text("SELECT landlord, subject FROM audit WHERE action = 'views'"))
                sealed.append(sorted(map(tuple, days)))
    both = [(TWO, "2026-06-01"), (ONE, "2026-06-01")]
    assert sealed == [[], both, both]


def test_what_failed_for_good_is_told_by_the_task_that_follows(settings: Settings) -> None:
    with pytest.raises(PolicyError):
        work(settings, MONDAY, fails=PolicyError("line 3"))
    work(settings, MONDAY + timedelta(seconds=5), verb="assess")
    assert [title for _, title in told(settings)] == ["hanover.daily failed"]


def test_what_is_tried_again_and_succeeds_is_told_to_nobody(settings: Settings) -> None:
    with pytest.raises(RegisterError):
        work(settings, MONDAY, fails=RegisterError("away"), retried_within=HOUR / 6)
    work(settings, MONDAY + HOUR / 12)
    work(settings, MONDAY + HOUR, verb="assess")
    assert mails(settings) == []


def test_work_that_mails_nobody_needs_no_mail_settings(settings: Settings) -> None:
    def find_no_connection() -> Settings:
        raise LookupError("no such connection")

    be_killed(settings, MONDAY)
    key = RunKey(TWO, f"{TWO}.daily", "load", "1")
    later = MONDAY + 2 * HOUR
    with record_run(
        settings,
        key,
        load_mail_settings=find_no_connection,
        clock=lambda: later,
        longest=HOUR,
        retried_within=lambda _: HOUR,
    ):
        pass
    with open_landlord_register(settings, TWO) as engine:
        assert [run.key.landlord for run in list_overdue_runs(engine, now=later + DAY)] == [ONE]


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), SystemExit(143), TimeoutError()])
def test_every_way_to_end_badly_is_seen(settings: Settings, ending: BaseException) -> None:
    with pytest.raises(type(ending)):
        work(settings, MONDAY, fails=ending)
    with open_landlord_register(settings, ONE) as engine:
        assert [run.has_failed for run in list_overdue_runs(engine, now=MONDAY + HOUR)] == [True]


def test_a_landlords_faulty_settings_hide_no_other_landlords_failure(settings: Settings) -> None:
    be_killed(settings, MONDAY, landlord=ONE)
    be_killed(settings, MONDAY, landlord=TWO)
    assert settings.own_dir is not None
    (settings.own_dir / "landlords" / f"{TWO}.yaml").write_text("id: [", encoding="utf-8")
    found = watch_landlords(settings, now=MONDAY + 2 * HOUR)
    assert set(found["untold"]) == {TWO}
    owner = load_landlord(settings.landlords_dir, ONE).alerts.data_owner
    assert {to for to, _ in told(settings)} == {owner}


def test_a_broken_policy_is_what_failed_and_the_data_owner_hears(settings: Settings) -> None:
    assert settings.own_dir is not None
    for file in (settings.own_dir / "policies" / ONE).glob("*.yaml"):
        file.write_text("duties: nonsense", encoding="utf-8")
    with pytest.raises(PolicyError):
        work(settings, MONDAY, fails=PolicyError("line 1"))
    work(settings, MONDAY + HOUR, landlord=TWO)
    assert [title for _, title in told(settings)] == ["hanover.daily failed"]


@pytest.mark.parametrize(
    ("assessed_at", "watched_at", "late"),
    [
        (None, MONDAY + DAY + 2 * HOUR, ["02 June"]),
        (None, MONDAY + DAY + HOUR, []),  # 07:00
        (MONDAY + DAY + HOUR, MONDAY + DAY + 2 * HOUR, []),
        (MONDAY + DAY + 4 * HOUR, MONDAY + DAY + 5 * HOUR, ["02 June"]),
        (None, MONDAY + 7 * DAY, ["05 June"]),  # the installation was off for a week: Friday is the latest of its days
    ],
    ids=["never", "not yet", "in time", "too late", "off"],
)
def test_a_working_day_not_assessed_by_half_past_seven_is_told_once(
    settings: Settings, assessed_at: datetime | None, watched_at: datetime, late: list[str]
) -> None:
    assess_landlord(settings, ONE, as_at=date(2026, 6, 1), now=MONDAY)
    if assessed_at is not None:
        assess_landlord(settings, ONE, as_at=assessed_at.date(), now=assessed_at)
    for _ in range(2):
        watch_landlords(settings, now=watched_at)
    titles = [str(mail["Subject"]) for mail in mails(settings)]
    found = {day for day in ("02 June", "05 June") for title in titles if day.lstrip("0") in title}
    assert sorted(found) == late
    assert len(titles) == len(late)


def test_a_landlord_that_nobody_ever_ran_is_not_waited_for(settings: Settings) -> None:
    assert watch_landlords(settings, now=MONDAY + 20 * DAY) == {"told": 0, "untold": {}, "late": {}, "silent": {}}


def test_the_landlords_own_closed_day_is_no_working_day(settings: Settings) -> None:
    assert settings.own_dir is not None
    file = settings.own_dir / "landlords" / f"{ONE}.yaml"
    text = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"closure_days: .*", "closure_days: [2026-06-02]", text), encoding="utf-8")
    assert load_landlord(settings.landlords_dir, ONE).closure_days == (date(2026, 6, 2),)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 1), now=MONDAY)
    watch_landlords(settings, now=MONDAY + DAY + 5 * HOUR)
    assert mails(settings) == []


def test_doctor_names_what_was_left_open_until_a_later_run_succeeds(settings: Settings) -> None:
    def find_runs() -> list[tuple[bool, str]]:
        return [(each.ok, each.says) for each in check_installation(settings, now=MONDAY + DAY) if each.what == "runs"]

    be_killed(settings, MONDAY)
    ((ok, says),) = find_runs()
    assert not ok
    assert "hanover.daily load" in says
    work(settings, MONDAY + 2 * HOUR, run="2")
    assert [ok for ok, _ in find_runs()] == [True]


def test_a_run_leaves_no_personal_value_and_an_audit_that_holds(settings: Settings) -> None:
    be_killed(settings, MONDAY)
    watch_landlords(settings, now=MONDAY + 2 * HOUR)
    with open_landlord_register(settings, ONE) as engine:
        assert verify_audit(engine).rows >= 0
        with engine.connect() as connection:
            (row,) = connection.exec_driver_sql("SELECT * FROM runs WHERE dag_id <> 'watch'").all()
            watches = connection.exec_driver_sql("SELECT landlord, run_id, outcome FROM runs WHERE dag_id = 'watch'")
            assert set(watches.all()) == {(ONE, "airflow", "succeeded"), (TWO, "airflow", "succeeded")}
    assert {str(value) for value in row} >= {ONE, "hanover.daily", "load", "1", "running"}
    assert not any("@" in str(value) for value in row)
