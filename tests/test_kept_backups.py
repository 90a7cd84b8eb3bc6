"""Nightly backups and the drill: written, pruned, restored elsewhere and proved; who is told where one fails."""

from __future__ import annotations

import stat
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

import pytest

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.errors import RegisterError, SettingsError
from due_regard.register import load_drop
from due_regard.register.task_runs import RunKey
from due_regard.services.check_installation import check_installation
from due_regard.services.check_result import CheckResult
from due_regard.services.keep_backups import back_up_registers, drill_backups, find_backup_folder
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.record_run import record_run
from due_regard.services.report_failure import watch_landlords
from tests.register.drops import accepted, appeal, drop
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401

ONE, OTHER = "hanover", "port_of_leith"
NIGHT = datetime(2026, 7, 1, 3, tzinfo=UTC)


def load(settings: Settings, *refs: str, landlord: str = ONE) -> None:
    with open_landlord_register(settings, landlord, upgrade=True) as engine:
        load_drop(engine, drop(accepted("appeals", [appeal(ref) for ref in refs]), landlord=landlord), now=NIGHT)


@pytest.fixture
def kept(tmp_path: Path) -> Settings:
    """An installation whose register holds something, and that keeps backups for ten days."""
    there = {"var_dir": tmp_path / "var", "backup_dir": tmp_path / "kept", "backup_keep_days": 10}
    settings = Settings(landlords=(ONE, OTHER), mail_from="due-regard@example.org", **there)
    load(settings, "A1")
    return settings


def names_in(settings: Settings) -> list[str]:
    return sorted(file.name for file in find_backup_folder(settings, ONE).iterdir())


def check(settings: Settings, what: str, now: datetime = NIGHT) -> CheckResult:
    return next(one for one in check_installation(settings, now=now) if one.what == what)


def test_each_night_adds_a_private_file_and_those_kept_long_enough_go(kept: Settings) -> None:
    for night in range(14):
        result = back_up_registers(kept, now=NIGHT + timedelta(days=night))
    assert names_in(kept) == [f"register-202607{day:02d}T030000Z.zip" for day in range(4, 15)]
    assert result["registers"][0]["removed"] == 1 and result["registers"][0]["landlords"] == [ONE, OTHER]
    folder = find_backup_folder(kept, ONE)
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}  # type: ignore[union-attr]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    back_up_registers(kept, now=NIGHT + timedelta(days=100))
    assert names_in(kept) == ["register-20261009T030000Z.zip"]


def test_what_lies_there_beside_backups_stays_and_the_newest_is_never_removed(kept: Settings) -> None:
    back_up_registers(kept, now=NIGHT)
    folder = Path(str(find_backup_folder(kept, ONE)))
    (folder / "notes.zip").write_text("mine")
    (folder / "register-20200101T000000Z.zip.txt").write_text("mine")
    from due_regard.register.kept_backups import remove_old_backups

    assert remove_old_backups(folder, before=NIGHT + timedelta(days=900)) == 0
    assert len(names_in(kept)) == 3


def test_backups_lie_on_other_storage_too(kept: Settings) -> None:
    settings = kept.model_copy(update={"backup_dir": f"memory://{uuid4().hex}/kept"})
    back_up_registers(settings, now=NIGHT)
    back_up_registers(settings, now=NIGHT + timedelta(days=20))
    assert names_in(settings) == ["register-20260721T030000Z.zip"]
    assert drill_backups(settings, now=NIGHT + timedelta(days=20))["registers"][0]["rows"] > 0


def test_registers_share_the_place_and_keep_apart(kept: Settings, tmp_path: Path) -> None:
    apart = kept.model_copy(update={"register_url": f"sqlite:///{tmp_path}/{{landlord}}.db"})
    load(apart, "A1")
    failed = back_up_registers(apart, now=NIGHT)
    assert list(failed["failed"]) == [OTHER] and failed["exit_code"] == 5, "the other has no register yet"
    load(apart, "B1", landlord=OTHER)
    result = back_up_registers(apart, now=NIGHT + timedelta(days=1))
    assert [one["landlords"] for one in result["registers"]] == [[ONE], [OTHER]]
    assert find_backup_folder(apart, ONE) != find_backup_folder(apart, OTHER)


def test_a_drill_restores_proves_and_throws_away_once_a_month(kept: Settings) -> None:
    back_up_registers(kept, now=NIGHT)
    (done,) = drill_backups(kept, now=NIGHT, only_due=True)["registers"]
    assert done["file"] == "register-20260701T030000Z.zip" and done["rows"] > 0
    assert not (kept.var_dir / "drill").exists()
    for days, held in ((1, False), (30, False), (31, True)):
        (again,) = drill_backups(kept, now=NIGHT + timedelta(days=days), only_due=True)["registers"]
        assert (again["file"] is not None) == held, days


def test_what_a_killed_drill_left_goes_with_the_next(kept: Settings) -> None:
    back_up_registers(kept, now=NIGHT)
    left = kept.var_dir / "drill" / "left"
    left.mkdir(parents=True)
    (left / "register.db").write_text("people's data")
    drill_backups(kept, now=NIGHT)
    assert not left.exists()


def damage(file: Path) -> None:
    """One byte of a table, in the middle of the file."""
    content = bytearray(file.read_bytes())
    content[len(content) // 3] ^= 1
    file.write_bytes(content)


def swap_head(file: Path) -> None:
    """A backup of another register under the name of ours: whole in itself."""
    elsewhere = Settings(var_dir=file.parent / "other", backup_dir=file.parent / "theirs", landlords=(ONE,))
    load(elsewhere, "Z1", "Z2", "Z3")
    made = back_up_registers(elsewhere, now=NIGHT)["registers"][0]["file"]
    file.write_bytes(Path(made).read_bytes())


@pytest.mark.parametrize("harm", [damage, swap_head, Path.unlink])
def test_a_backup_that_does_not_hold_fails_the_drill(kept: Settings, harm: Callable[[Path], None]) -> None:
    made = Path(back_up_registers(kept, now=NIGHT)["registers"][0]["file"])
    harm(made)
    with pytest.raises(RegisterError):
        drill_backups(kept, now=NIGHT)
    assert "none yet" in check(kept, "backup drill").says
    assert not (kept.var_dir / "drill").exists()


def record(settings: Settings, name: str, run_id: str = "night") -> AbstractContextManager[None]:
    """As a task of the DAG does it."""
    return record_run(
        settings, RunKey(name, "backup", "drill", run_id), load_mail_settings=lambda: settings,
        clock=lambda: NIGHT, longest=timedelta(hours=1), retried_within=lambda _: timedelta(),
    )  # fmt: skip


def test_a_drill_that_failed_is_told_to_the_data_owners_of_its_register(kept: Settings) -> None:
    damage(Path(back_up_registers(kept, now=NIGHT)["registers"][0]["file"]))
    with pytest.raises(RegisterError):
        drill_backups(kept, now=NIGHT, record=partial(record, kept))
    told = watch_landlords(kept, now=NIGHT + timedelta(hours=6))
    assert told["untold"] == {} and told["told"] >= 2
    mails = [file.read_text() for file in Path(str(kept.mail_dir)).rglob("*.eml")]
    said = [mail for mail in mails if "no proven backup since" in mail]
    assert len(said) == 2 and all("figures and mails" not in mail for mail in said)


def test_what_held_is_not_told(kept: Settings) -> None:
    back_up_registers(kept, now=NIGHT, record=partial(record, kept))
    drill_backups(kept, now=NIGHT, record=partial(record, kept))
    watch_landlords(kept, now=NIGHT + timedelta(hours=6))
    mails = [file.read_text() for file in Path(str(kept.mail_dir)).rglob("*.eml")]
    assert not [mail for mail in mails if "no proven backup" in mail]


def test_a_landlord_that_is_only_backed_up_is_not_waited_for(kept: Settings) -> None:
    back_up_registers(kept, now=NIGHT, record=partial(record, kept))
    assert watch_landlords(kept, now=NIGHT + timedelta(days=2, hours=6)) == {
        "told": 0,
        "untold": {},
        "late": {},
        "silent": {},
    }


def test_the_doctor_says_how_old_the_newest_is_and_when_a_drill_held(kept: Settings) -> None:
    nowhere = check(kept.model_copy(update={"backup_dir": None}), "backups")
    assert nowhere.is_warning and "DUE_REGARD_BACKUP_DIR is not set" in nowhere.says
    assert check(kept, "backups").is_warning and check(kept, "backup drill").is_warning
    back_up_registers(kept, now=NIGHT)
    drill_backups(kept, now=NIGHT)
    soon = NIGHT + timedelta(hours=30)
    assert "30 hours ago" in check(kept, "backups", soon).says and check(kept, "backups", soon).ok
    assert check(kept, "backup drill", NIGHT + timedelta(days=39)).ok
    assert not check(kept, "backups", NIGHT + timedelta(hours=37)).ok
    assert not check(kept, "backup drill", NIGHT + timedelta(days=41)).ok


def test_by_hand_as_by_the_clock(
    kept: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", ONE)
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(kept.var_dir))
    assert main(["backup"]) == 2 and "DUE_REGARD_BACKUP_DIR" in capsys.readouterr().err
    monkeypatch.setenv("DUE_REGARD_BACKUP_DIR", str(kept.backup_dir))
    assert main(["restore", "--drill"]) == 5 and "there is no backup" in capsys.readouterr().err
    assert main(["backup"]) == 0 and "wrote" in capsys.readouterr().out
    assert main(["restore", "--drill"]) == 0 and "was restored elsewhere" in capsys.readouterr().out
    for words in (["restore"], ["restore", "kept", "--drill"]):
        assert main(words) == 2 and "--drill alone" in capsys.readouterr().err


def test_a_register_on_postgresql_is_drilled_into_a_file(
    kept: Settings,
    new_postgresql: Callable[[], str],  # noqa: F811
) -> None:
    settings = kept.model_copy(update={"register_url": new_postgresql()})
    load(settings, "A1", "A2")
    back_up_registers(settings, now=NIGHT)
    (done,) = drill_backups(settings, now=NIGHT)["registers"]
    assert done["rows"] > 0
    with ZipFile(find_backup_folder(settings, ONE) / str(done["file"])) as archive:  # type: ignore[arg-type]
        assert "audit.parquet" in archive.namelist()


def test_without_a_folder_nothing_is_done(kept: Settings) -> None:
    with pytest.raises(SettingsError, match="DUE_REGARD_BACKUP_DIR"):
        back_up_registers(kept.model_copy(update={"backup_dir": None}), now=NIGHT)
