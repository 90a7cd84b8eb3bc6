"""Each night proves the registers within bounds, tells the data owner of what does not hold, and fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, RegisterError
from due_regard.register import load_drop, reading, upgrade_register, verify_audit
from due_regard.register.findings.recorded_runs import RecordedRun
from due_regard.register.task_runs import RunKey, find_first_sign, open_run
from due_regard.services import orchestration
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.check_installation import check_installation
from due_regard.services.check_result import CheckResult
from due_regard.services.record_run import record_run
from due_regard.services.report_failure import watch_landlords
from due_regard.services.verify_nightly import NEWEST, check_registers_hold, choose_in_turn, verify_registers
from tests.register.drops import accepted, appeal, drop
from tests.register.past_guards import pass_guards

ONE, TWO = "queens_cross", "hanover"
TUESDAY = datetime(2026, 6, 16, 2, 30, tzinfo=UTC)
DAY = timedelta(days=1)


def make_runs(count: int) -> list[RecordedRun]:
    """Runs of one landlord, the newest first."""
    day = date(2026, 1, 1)
    return [RecordedRun(n, ONE, day + n * DAY, TUESDAY, "2022-01-01", 0, "ab", True, None) for n in range(count, 0, -1)]


@pytest.mark.parametrize("count", [0, 3, NEWEST, NEWEST + 1, 26, 250])
def test_in_a_month_each_run_is_judged_again_though_nine_nights_are_missed(count: int) -> None:
    last, judged = None, Counter[int]()
    for _ in range(21):
        chosen = choose_in_turn(make_runs(count), last)
        assert chosen[:NEWEST] == make_runs(count)[:NEWEST]
        assert len(chosen) <= NEWEST + 1 + count // 21
        last = chosen[-1].id if chosen else None
        judged.update(run.id for run in chosen)
    assert set(judged) == set(range(1, count + 1))


def test_runs_that_come_meanwhile_leave_none_out() -> None:
    last, judged = None, set[int]()
    for night in range(30):
        chosen = choose_in_turn(make_runs(100 + night), last)
        last = chosen[-1].id
        judged |= {run.id for run in chosen}
    assert judged >= set(range(1, 101))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(var_dir=tmp_path / "var", landlords=(ONE, TWO))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A register of two landlords, each judged on a day."""
    found = upgrade_register(settings.register())
    for name in (ONE, TWO):
        load_drop(found, drop(accepted("appeals", [appeal("A1")]), landlord=name), now=TUESDAY - DAY)
        assess_landlord(settings, name, as_at=(TUESDAY - DAY).date(), now=TUESDAY - DAY)
    yield found
    found.dispose()


def read_mails(settings: Settings) -> list[str]:
    files = sorted((settings.var_dir / "mail").glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=policy.default) for file in files]
    return [f"{mail['to']}\n{mail['subject']}\n{mail.get_body(('plain',)).get_content()}" for mail in mails]  # type: ignore[union-attr]


def test_a_night_on_which_all_holds_tells_nobody_and_is_noted(engine: Engine, settings: Settings) -> None:
    result = verify_registers(settings, now=TUESDAY)
    check_registers_hold(result)
    assert (result["told"], result["failed"], read_mails(settings)) == (0, {}, [])
    assert result["registers"][0]["proved"]["runs"] == 2
    with reading(engine) as connection:
        nights = connection.execute(text("SELECT landlord, details FROM audit WHERE action = 'verify'")).all()
    assert {landlord: json.loads(details)["faults"] for landlord, details in nights} == {ONE: 0, TWO: 0, "-": 0}
    verify_audit(engine)


def test_what_does_not_hold_is_told_once_a_day_to_its_data_owner_alone_and_fails(
    engine: Engine, settings: Settings
) -> None:
    with engine.begin() as connection:
        pass_guards(connection)
        connection.execute(text(f"UPDATE appeals SET received_on = '2026-05-07' WHERE landlord = '{ONE}'"))
    for _ in range(2):
        result = verify_registers(settings, now=TUESDAY)
        with pytest.raises(AuditError, match=f"does not hold: {ONE}: .*assessment_runs"):
            check_registers_hold(result)
    (mail,) = read_mails(settings)
    assert "the register does not hold" in mail
    assert "assessment_runs (1)" in mail
    assert f"--landlord {ONE}" in mail
    assert "A1" not in mail.replace("A1@", "") and "2026-05-07" not in mail
    assert verify_registers(settings, now=TUESDAY + DAY)["told"] == 1
    assert AuditError in orchestration.PERMANENT, "no retry mends it"


def test_a_register_that_is_away_keeps_no_other_from_being_proved(tmp_path: Path) -> None:
    settings = Settings(
        var_dir=tmp_path / "var", register_url=f"sqlite:///{tmp_path}/{{landlord}}.db", landlords=(ONE, TWO)
    )
    (tmp_path / f"{ONE}.db").mkdir()
    result = verify_registers(settings, now=TUESDAY)
    assert list(result["failed"]) == [ONE]
    assert [register["landlords"] for register in result["registers"]] == [[TWO]]
    with pytest.raises(RegisterError, match=ONE):
        check_registers_hold(result)


def record(settings: Settings, name: str, *, at: datetime = TUESDAY) -> AbstractContextManager[None]:
    """As the DAG's task does it."""
    return record_run(
        settings, RunKey(name, "verify", "prove", f"night of {at:%d}"), load_mail_settings=lambda: settings,
        clock=lambda: at, longest=timedelta(hours=2), retried_within=lambda _: timedelta(),
    )  # fmt: skip


def test_a_killed_night_is_told_to_the_data_owners_of_its_register_once(engine: Engine, settings: Settings) -> None:
    for name in (ONE, TWO):
        key = RunKey(name, "verify", "prove", "the night of which nothing came back")
        open_run(engine, key, now=TUESDAY, must_end_by=TUESDAY + timedelta(hours=2))
    assert watch_landlords(settings, now=TUESDAY + timedelta(minutes=119))["told"] == 0
    for _ in range(2):
        watch_landlords(settings, now=TUESDAY + timedelta(hours=3))
    mails = [mail for mail in read_mails(settings) if "was not proved on Tue 16 June 2026" in mail]
    assert len(mails) == 2 and all("figures and mails" not in mail for mail in mails)
    assert any("verify prove" in one.says for one in check_proof(settings, "runs", TUESDAY + DAY))


def test_a_night_that_could_not_prove_a_register_is_told_and_one_that_did_is_not(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    verify_registers(settings, now=TUESDAY, record=partial(record, settings))
    watch_landlords(settings, now=TUESDAY + timedelta(hours=3))
    assert not [mail for mail in read_mails(settings) if "was not proved" in mail]

    def fail(*_: object, **__: object) -> None:
        raise RegisterError("the database is away")

    monkeypatch.setattr("due_regard.services.verify_nightly.prove_register", fail)
    result = verify_registers(settings, now=TUESDAY + DAY, record=partial(record, settings, at=TUESDAY + DAY))
    assert set(result["failed"]) == {ONE, TWO}
    watch_landlords(settings, now=TUESDAY + DAY + timedelta(hours=3))
    assert len([mail for mail in read_mails(settings) if "was not proved on Wed 17 June 2026" in mail]) == 2


def test_a_landlord_that_is_only_proved_is_not_waited_for(settings: Settings) -> None:
    upgrade_register(settings.register()).dispose()
    verify_registers(settings, now=TUESDAY, record=partial(record, settings))
    with upgrade_register(settings.register()).connect() as connection:
        assert find_first_sign(connection, ONE) is None


def check_proof(settings: Settings, what: str, now: datetime) -> list[CheckResult]:
    return [one for one in check_installation(settings, now=now) if one.what == what]


def test_the_doctor_says_when_each_register_was_proved_and_whether_it_held(engine: Engine, settings: Settings) -> None:
    (never,) = check_proof(settings, "nightly proof", TUESDAY)
    assert never.is_warning and "none yet" in never.says
    verify_registers(settings, now=TUESDAY)
    (fresh,) = check_proof(settings, "nightly proof", TUESDAY + 2 * DAY)
    assert fresh.ok and not fresh.is_warning and "48 hours ago" in fresh.says
    (old,) = check_proof(settings, "nightly proof", TUESDAY + 4 * DAY)
    assert not old.ok and "DAG `verify`" in old.says
    with engine.begin() as connection:
        pass_guards(connection)
        connection.execute(text(f"UPDATE appeals SET received_on = '2026-05-07' WHERE landlord = '{ONE}'"))
    verify_registers(settings, now=TUESDAY + 4 * DAY)
    (wrong,) = check_proof(settings, "nightly proof", TUESDAY + 4 * DAY)
    assert not wrong.ok and "did not hold on 2026-06-20" in wrong.says
    assert ONE not in wrong.says and "A1" not in wrong.says
