"""Each night proves the registers within bounds, tells the data owner of what does not hold, and fails."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from due_regard.config.settings import Settings
from due_regard.errors import AuditError, RegisterError
from due_regard.register import load_drop, reading, upgrade_register
from due_regard.register.findings.recorded_runs import RecordedRun
from due_regard.services import orchestration
from due_regard.services.assess_landlord import assess_landlord
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
    assert {landlord: json.loads(details)["faults"] for landlord, details in nights} == {ONE: 0, TWO: 0}


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
