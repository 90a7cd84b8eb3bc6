"""Assessed by its hour on each working day, or the data owner hears: every way in which a day's run does not come."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from due_regard.__main__ import main
from due_regard.alerts.silent_watches import find_last_slot, find_silent_watches
from due_regard.calendars.quarters import LONDON
from due_regard.config.landlord import load_landlord
from due_regard.config.settings import Settings
from due_regard.errors import LandlordError, PolicyError
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.check_installation import check_installation
from due_regard.services.report_failure import watch_landlords
from due_regard.services.run_alerts import run_alerts
from due_regard.services.tell_late_days import DagSwitch
from tests.register.engines import sqlite_template
from tests.test_report_failure import DAY, HOUR, MONDAY, ONE, TWO, be_killed, forget_killed, mails, settings, work

__all__ = ["forget_killed", "settings", "sqlite_template"]

TUESDAY = MONDAY + DAY
"""06:00 in London; the day before was the first on which work was done."""


def run_first_day(settings: Settings) -> None:
    assess_landlord(settings, ONE, as_at=date(2026, 6, 1), now=MONDAY)


def set_in_file(settings: Settings, pattern: str, words: str, landlord: str = ONE) -> None:
    assert settings.own_dir is not None
    file = settings.own_dir / "landlords" / f"{landlord}.yaml"
    text, number = re.subn(pattern, words, file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert number == 1
    file.write_text(text, encoding="utf-8")


def look(settings: Settings, now: datetime, watch: str = "airflow", switch: DagSwitch | None = None) -> dict[str, Any]:
    return watch_landlords(settings, now=now, watch=watch, find_switch=lambda _: switch)


def read_late_mails(settings: Settings) -> list[str]:
    """Plain text of each mail that says which days were late."""
    return [
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for mail in mails(settings)
        if "not assessed by" in str(mail["Subject"])
    ]


def come_never(settings: Settings) -> None:
    """The scheduler was down, the queue never came, or the DAG did not parse: there is no row at all."""


def come_as_killed(settings: Settings) -> None:
    be_killed(settings, TUESDAY)


def come_as_failed(settings: Settings) -> None:
    work(settings, TUESDAY)
    with pytest.raises(PolicyError):
        work(settings, TUESDAY + HOUR / 60, verb="assess", fails=PolicyError("line 3"))


def come_in_part(settings: Settings) -> None:
    work(settings, TUESDAY)


@pytest.mark.parametrize(
    ("come", "switch", "said"),
    [
        (come_never, None, "No work of that day was ever begun."),
        (come_never, "on", "No work of that day was ever begun."),
        (come_never, "off", "The DAG hanover.daily is switched off in Airflow."),
        (come_never, "unknown", "Airflow does not know a DAG hanover.daily."),
        (come_as_killed, None, "The task load, begun at 06:00 on Tue 2 June 2026, has not ended."),
        (come_as_failed, "on", "The task assess, begun at 06:01 on Tue 2 June 2026, failed."),
        (
            come_in_part,
            None,
            "The task load, begun at 06:00 on Tue 2 June 2026, has ended, and none was begun after it.",
        ),
        (come_in_part, "off", "The DAG hanover.daily is switched off in Airflow."),
    ],
)
def test_whatever_did_not_come_is_told_once_with_its_cause(
    settings: Settings, come: Any, switch: DagSwitch | None, said: str
) -> None:
    watch = "outside" if switch is None else "airflow"  # from outside nobody asks Airflow
    run_first_day(settings)
    come(settings)
    at = TUESDAY + 1.5 * HOUR
    assert look(settings, at - HOUR / 60, watch, switch)["late"] == {}
    found = look(settings, at, watch, switch)
    assert found["late"] == {ONE: "2026-06-02"}
    (text,) = read_late_mails(settings)
    assert said in text.replace("\n", " ")
    assert "Tue 2 June 2026: not assessed yet" in text
    for hours, other in ((0, "outside"), (0, "airflow"), (5, "outside")):
        look(settings, at + hours * HOUR, other)
    assert len(read_late_mails(settings)) == 1
    owner = load_landlord(settings.landlords_dir, ONE).alerts.data_owner
    assert {str(mail["To"]) for mail in mails(settings)} == {owner}


def test_what_came_in_time_is_told_to_nobody(settings: Settings) -> None:
    run_first_day(settings)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 2), now=TUESDAY + HOUR)
    assert look(settings, TUESDAY + 3 * HOUR) == {"told": 0, "untold": {}, "late": {}, "silent": {}}


def test_a_day_assessed_late_is_closed_in_the_next_mail(settings: Settings) -> None:
    run_first_day(settings)
    look(settings, TUESDAY + 2 * HOUR)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 2), now=TUESDAY + 5 * HOUR)
    assert look(settings, TUESDAY + 6 * HOUR)["late"] == {}
    look(settings, TUESDAY + DAY + 2 * HOUR)
    first, second = sorted(read_late_mails(settings), key=len)
    assert "Tue 2 June 2026: not assessed yet" in first
    assert "Tue 2 June 2026: assessed at 11:00 on Tue 2 June 2026" in second
    assert "Wed 3 June 2026: not assessed yet" in second


def test_a_day_that_nobody_looked_at_until_it_was_assessed_is_told_as_over(settings: Settings) -> None:
    run_first_day(settings)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 2), now=TUESDAY + 5 * HOUR)
    assert look(settings, TUESDAY + 6 * HOUR)["late"] == {}
    (text,) = read_late_mails(settings)
    assert "It was assessed since" in text


@pytest.mark.parametrize(
    ("pattern", "words", "on"),
    [
        (r"closure_days: .*", "closure_days: [2026-06-02]", TUESDAY),  # the landlord's own
        (r"closure_days: .*", "closure_days: []", MONDAY - 7 * DAY),  # 25 May 2026, a bank holiday
        (r"closure_days: .*", "closure_days: []", MONDAY + 5 * DAY),  # Saturday
    ],
    ids=["closed", "bank holiday", "weekend"],
)
def test_on_closed_days_nothing_is_late(settings: Settings, pattern: str, words: str, on: datetime) -> None:
    set_in_file(settings, pattern, words)
    start = on - 6 * DAY
    for day in range(6):
        assess_landlord(settings, ONE, as_at=(start + day * DAY).date(), now=start + day * DAY)
    assert look(settings, on + 3 * HOUR)["late"] == {}
    assert read_late_mails(settings) == []


@pytest.mark.parametrize(
    ("live", "late"),
    [("2026-06-03", {}), ("2026-06-02", {ONE: "2026-06-02"}), ("2026-05-29", {ONE: "2026-06-02"}), ("2026-01-01", {})],
    ids=["to come", "today", "lately", "long back, and never run here"],
)
def test_a_landlord_is_waited_for_from_its_go_live_on(settings: Settings, live: str, late: dict[str, str]) -> None:
    set_in_file(settings, r"go_live_on: .*", f"go_live_on: {live}")
    assert look(settings, TUESDAY + 3 * HOUR)["late"] == late
    assert len(read_late_mails(settings)) == len(late)


def test_a_trial_before_go_live_is_no_sign(settings: Settings) -> None:
    set_in_file(settings, r"go_live_on: .*", "go_live_on: 2026-06-03")
    run_first_day(settings)
    assert look(settings, TUESDAY + 3 * HOUR)["late"] == {}
    assert look(settings, TUESDAY + DAY + 3 * HOUR)["late"] == {ONE: "2026-06-03"}


@pytest.mark.parametrize("words", ["09:15", "'09:15'", "10:15"])
def test_each_landlord_has_an_hour_of_its_own(settings: Settings, words: str) -> None:
    set_in_file(settings, r"^( *)go_live_on: .*", rf"\g<0>\n\1assessed_by: {words}")
    hour = load_landlord(settings.landlords_dir, ONE).alerts.assessed_by
    assert f"{hour:%H:%M}" == words.strip("'")
    for name in (ONE, TWO):
        assess_landlord(settings, name, as_at=date(2026, 6, 1), now=MONDAY)
    due = datetime.combine(date(2026, 6, 2), hour, LONDON).astimezone(UTC)
    assert set(look(settings, due - HOUR / 60)["late"]) == {TWO}
    assert set(look(settings, due)["late"]) == {ONE, TWO}
    assert any(f"was not assessed by {hour:%H:%M} on" in text for text in read_late_mails(settings))


@pytest.mark.parametrize("words", ["7", "25:00", "06:00", "20:00", "morning", "07:30:15", "630.5"])
def test_an_hour_that_is_none_is_refused_with_its_line(settings: Settings, words: str) -> None:
    set_in_file(settings, r"^( *)go_live_on: .*", rf"\g<0>\n\1assessed_by: {words}")
    with pytest.raises(LandlordError, match="assessed_by"):
        load_landlord(settings.landlords_dir, ONE)


# ---- who watches the watch


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        ("2026-06-02 07:29", "2026-06-01 19:30"),
        ("2026-06-02 07:30", "2026-06-02 07:30"),
        ("2026-06-02 12:10", "2026-06-02 11:30"),
        ("2026-06-02 23:59", "2026-06-02 19:30"),
        ("2026-06-07 12:00", "2026-06-05 19:30"),
        ("2026-06-08 00:10", "2026-06-05 19:30"),
        ("2026-03-30 07:40", "2026-03-30 07:30"),  # the clocks went forward the day before
    ],
)
def test_a_watch_looks_each_hour_of_a_weekday(now: str, slot: str) -> None:
    at = datetime.fromisoformat(now).replace(tzinfo=LONDON)
    assert find_last_slot(at) == datetime.fromisoformat(slot).replace(tzinfo=LONDON)


def test_a_watch_in_use_that_missed_its_last_look_is_silent_and_one_never_used_is_not() -> None:
    seen = datetime(2026, 6, 2, 9, 30, tzinfo=LONDON)
    assert find_silent_watches({}, now=seen) == {}
    assert find_silent_watches({"airflow": seen}, now=seen + timedelta(minutes=104)) == {}
    assert find_silent_watches({"airflow": seen}, now=seen + timedelta(minutes=106)) == {"airflow": seen}


@pytest.mark.parametrize(("dead", "alive"), [("airflow", "outside"), ("outside", "airflow")])
def test_the_other_watch_tells_once_of_one_that_died(settings: Settings, dead: str, alive: str) -> None:
    run_first_day(settings)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 2), now=TUESDAY)
    for hours in (1.5, 2.5):
        look(settings, TUESDAY + hours * HOUR, dead)
        assert look(settings, TUESDAY + hours * HOUR, alive)["silent"] == {}
    for hours in (6.5, 7.5, 8.5):
        found = look(settings, TUESDAY + hours * HOUR, alive)
        assert list(found["silent"]) == [dead]
    told = [mail for mail in mails(settings) if "nobody looks" in str(mail["Subject"])]
    # The other landlord's go-live lies long back and nothing was ever done for it: nobody waits for it.
    assert len(told) == 1
    assert "08:30 on Tue 2 June 2026" in told[0].get_body(("plain",)).get_content()  # type: ignore[union-attr]


def test_when_all_of_airflow_died_one_mail_says_both(settings: Settings) -> None:
    run_first_day(settings)
    set_in_file(settings, r"go_live_on: .*", "go_live_on: 2027-01-01", TWO)
    look(settings, MONDAY + 13.5 * HOUR, "airflow")
    look(settings, MONDAY + 13.5 * HOUR, "outside")
    for minutes in (90, 105, 200, 300):
        look(settings, TUESDAY + timedelta(minutes=minutes), "outside")
    (text,) = read_late_mails(settings)
    assert "No work of that day was ever begun." in text.replace("\n", " ")
    assert [str(mail["Subject"]) for mail in mails(settings) if "nobody looks" in str(mail["Subject"])] == []


# ---- the weekly mail, doctor and the command


def test_the_weekly_mail_says_what_was_late_and_when_somebody_looked(settings: Settings) -> None:
    run_first_day(settings)
    assess_landlord(settings, ONE, as_at=date(2026, 6, 2), now=TUESDAY + 5 * HOUR)
    for day in (2, 3, 4):
        assess_landlord(settings, ONE, as_at=(MONDAY + day * DAY).date(), now=MONDAY + day * DAY)
    look(settings, MONDAY + 4 * DAY + 13.5 * HOUR)
    monday = MONDAY + 7 * DAY
    run_alerts(settings, as_at=monday.date(), now=monday, landlords=[ONE])
    (text,) = (
        mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
        for mail in mails(settings)
        if "Working days not assessed" in mail.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    )
    text = " ".join(text.split())
    assert "not assessed by 07:30: Tue 2 June 2026: assessed at 11:00 on Tue 2 June 2026 -" in text
    assert "last looked for: from Airflow 19:30 on Fri 5 June 2026, from outside it never" in text


def test_doctor_says_who_looks_and_freshness_is_wrong_after_the_hour(settings: Settings) -> None:
    def ask(now: datetime, *, freshness: bool = False) -> dict[str, bool | None]:
        found = check_installation(settings, now=now, freshness=freshness)
        return {each.what: each.ok and not each.is_warning for each in found if "watch" in each.what}

    run_first_day(settings)
    assert ask(TUESDAY) == {"watch from airflow": False, "watch from outside Airflow": False}
    look(settings, TUESDAY + 2.5 * HOUR)
    look(settings, TUESDAY + 2.5 * HOUR, "outside")
    assert set(ask(TUESDAY + 3 * HOUR).values()) == {True}
    assert ask(TUESDAY + 6 * HOUR, freshness=True)[f"{ONE} watch from airflow"] is False
    late = [
        each.says
        for each in check_installation(settings, now=TUESDAY + 3 * HOUR, freshness=True)
        if each.what == f"{ONE} freshness"
    ]
    assert "hanover: not assessed by 07:30 on Tue 2 June 2026" in late[0]
    early = check_installation(settings, now=TUESDAY + HOUR, freshness=True)
    assert not any("not assessed by" in each.says for each in early)


@pytest.fixture
def by_command(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(settings.var_dir))
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(settings.own_dir))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", f"{ONE},{TWO}")
    return settings


def test_the_command_tells_and_ends_with_5_until_the_day_is_assessed(
    by_command: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run_first_day(by_command)
    at = (TUESDAY + 2 * HOUR).isoformat()
    assert main(["watch", "--now", at]) == 5
    assert "hanover: not assessed in time on 2026-06-02" in capsys.readouterr().out
    assert len(read_late_mails(by_command)) == 1
    assess_landlord(by_command, ONE, as_at=date(2026, 6, 2), now=TUESDAY + 2.5 * HOUR)
    assert main(["watch", "--now", (TUESDAY + 3 * HOUR).isoformat()]) == 0
    assert capsys.readouterr().out == "mails to data owners: 0\n"


def test_the_command_says_where_a_data_owner_could_not_be_told(
    by_command: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    run_first_day(by_command)
    assert by_command.own_dir is not None
    (by_command.own_dir / "landlords" / f"{TWO}.yaml").write_text("id: [", encoding="utf-8")
    assert main(["watch", "--now", (TUESDAY + 2 * HOUR).isoformat()]) == 5
    said = capsys.readouterr().out
    assert f"{TWO}: could not be looked after, or not be told: " in said
    assert len(read_late_mails(by_command)) == 1


def test_the_command_creates_no_register(by_command: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    nowhere = by_command.var_dir / "nowhere.db"
    assert main(["watch", "--register", f"sqlite:///{nowhere}"]) == 5
    assert "there is no register" in capsys.readouterr().out
    assert not nowhere.exists()
