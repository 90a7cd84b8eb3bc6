"""Tasks on several machines with disks of their own: what they share is checked, and heads are noted side by side."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert

from due_regard import packs
from due_regard.config.settings import Settings
from due_regard.config.storage import write_file
from due_regard.errors import AuditError
from due_regard.register import load_drop, read_audit_head, writing
from due_regard.register.schema.pack_tables import PackRow
from due_regard.services.audit_heads import compare_noted_heads, note_restored_heads, verify_register_audit
from due_regard.services.check_installation import check_installation
from due_regard.services.check_result import CheckResult
from due_regard.services.keep_backups import find_backup_folder
from due_regard.services.landlord_context import find_head_file, open_landlord_register
from due_regard.services.post_packs import find_quarter_folder
from tests.register.drops import accepted, appeal, drop

LANDLORD = "hanover"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
SHARED = {"files_url": "FILES_URL", "drops_dir": "DROPS_DIR", "heads_dir": "HEADS_DIR", "backup_dir": "BACKUP_DIR"}


def machine(place: Path, name: str | None, **where: object) -> Settings:
    """The settings of one machine, with a disk of its own, on a register and folders that others share."""
    shared = {setting: place / "shared" / setting for setting in ("drops_dir", "heads_dir", "backup_dir")}
    url = f"sqlite:///{place / 'register.db'}"
    given = {"files_url": str(place / "shared" / "files"), "register_url": url, **shared, **where}
    return Settings(machine=name, var_dir=place / str(name), **given)


def load(settings: Settings, *refs: str, at: datetime = NOW) -> None:
    with open_landlord_register(settings, LANDLORD, upgrade=True) as engine:
        load_drop(engine, drop(accepted("appeals", [appeal(ref) for ref in refs]), landlord=LANDLORD), now=at)


def check(settings: Settings) -> list[CheckResult]:
    return [one for one in check_installation(settings, now=NOW) if one.what == "machines"]


def test_one_machine_is_asked_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "LocalExecutor")
    assert check(machine(tmp_path, None)) == []


def test_an_executor_of_several_machines_asks_for_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW__CORE__EXECUTOR", "CeleryExecutor")
    (found,) = check(machine(tmp_path, None))
    assert not found.ok and "DUE_REGARD_MACHINE" in found.says


@pytest.mark.parametrize("setting", SHARED)
def test_what_lies_on_the_machines_own_disk_is_named(setting: str, tmp_path: Path) -> None:
    url = {"register_url": "postgresql+psycopg2://due_regard@192.0.2.1/due_regard?connect_timeout=1"}
    own = tmp_path / "one" / "here"
    (found,) = check(machine(tmp_path, "one", **(url | {setting: str(own)})))
    assert not found.ok
    assert f"DUE_REGARD_{SHARED[setting]}" in found.says
    assert found.says.count(";") == 0


def test_a_register_in_a_file_is_named(tmp_path: Path) -> None:
    (found,) = check(machine(tmp_path, "one"))
    assert not found.ok and "PostgreSQL" in found.says


def test_a_pack_that_another_machine_built_is_found_or_missed_here(tmp_path: Path) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two", files_url=str(tmp_path / "elsewhere"))
    load(one, "A1")
    quarter, body = find_quarter_folder(one, LANDLORD, "2026-Q2"), b"a paper"
    digest = hashlib.sha256(body).hexdigest()
    packs.keep_files(quarter, digest, [write_file(tmp_path / "built", "paper.pdf", body)])
    with open_landlord_register(one, LANDLORD) as engine, writing(engine, LANDLORD) as connection:
        said = {"landlord": LANDLORD, "pack": "committee", "quarter": "2026-Q2", "edition": "confidential"}
        made = {"built_at": NOW, "sha256": digest, "files": {"paper.pdf": digest}, "ingredients": {}, "figures": {}}
        connection.execute(insert(PackRow).values(**said, **made))
    assert "newest pack" not in check(one)[0].says
    assert f"the newest pack ({LANDLORD}, 2026-Q2) is not in" in check(two)[0].says


def test_each_machine_notes_in_a_file_of_its_own_and_all_are_compared(tmp_path: Path) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    load(one, "A1")
    load(two, "A1", "A2")
    load(one, "A1", "A2", "A3")
    names = [file.name.split(".")[1:] for file in sorted(one.heads.iterdir())]
    assert names == [["one", "txt"], ["two", "txt"]]
    noted = [len(find_head_file(each).read_text().splitlines()) for each in (one, two)]
    assert noted[0] > noted[1] > 0
    for each in (one, two, machine(tmp_path, "three"), machine(tmp_path, None)):
        assert verify_register_audit(each)["noted"] == sum(noted)
    assert find_backup_folder(one, LANDLORD) == find_backup_folder(two, LANDLORD)


def test_what_another_machine_noted_betrays_a_removed_tail(tmp_path: Path) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    load(one, "A1")
    load(two, "A1", "A2")
    engine = create_engine(one.register())
    with engine.begin() as connection:
        for (name,) in connection.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'trigger'").all():
            connection.exec_driver_sql(f"DROP TRIGGER {name}")
        connection.exec_driver_sql("DELETE FROM audit WHERE seq = (SELECT max(seq) FROM audit)")
    engine.dispose()
    with pytest.raises(AuditError, match="noted in"):
        verify_register_audit(one)


def test_a_restore_on_one_machine_counts_for_all(tmp_path: Path) -> None:
    one, two = machine(tmp_path, "one"), machine(tmp_path, "two")
    load(one, "A1")
    load(two, "A1", "A2")
    with open_landlord_register(one, LANDLORD) as engine:
        note_restored_heads(engine, find_head_file(one), now=NOW.replace(hour=10))
        report, noted = compare_noted_heads(engine, find_head_file(two))
        assert (noted.count, noted.restored_at) == (len(noted.heads), "2026-07-01T10:00:00Z")
        assert report.head == read_audit_head(engine)
