"""The drill: back up, restore on either engine, verify the chain, go on working; refuse what is damaged."""

from __future__ import annotations

import re
import stat
import zipfile
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import Engine, text

from due_regard.errors import AuditError, RegisterError
from due_regard.records.canonical import ENTITIES, ColumnKind
from due_regard.register import (
    append_audit,
    hold_drop,
    list_drops,
    load_drop,
    read_finding_life,
    read_open_findings,
    read_records,
    reading,
    record_assessment,
    restore_backup,
    silence_finding,
    upgrade_register,
    verify_audit,
    write_backup,
    writing,
)
from due_regard.register.engines import make_engine
from due_regard.register.schema import revisions
from tests.code_words import list_codes
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop, frame

NOW, LATER = at("2026-06-01 08:00"), at("2026-06-08 08:00:00.000001")
DAY = date(2026, 6, 8)


def url_of(register: Engine) -> str:
    return register.url.render_as_string(hide_password=False)


@pytest.fixture
def filled(register: Engine) -> Engine:
    """A register with every entity, every kind of cell, corrections, findings, decisions and two landlords."""
    samples = {
        ColumnKind.DATE: "2026-02-28",
        ColumnKind.YN: False,
        ColumnKind.REF: "00123",
        ColumnKind.TEXT: 'é "q", \\N;\n=1',
    }
    for now, flag in ((NOW, False), (LATER, True)):
        rows = [
            {
                c.name: list_codes(c)[-1] if list_codes(c) else flag if c.kind is ColumnKind.YN else samples[c.kind]
                for c in entity.columns
            }
            for entity in ENTITIES
        ]
        files = [accepted(entity.name, frame(entity.name, [row])) for entity, row in zip(ENTITIES, rows, strict=True)]
        load_drop(register, drop(*files), now=now)
    load_drop(register, drop(accepted("appeals", [appeal("A1")]), landlord=OTHER), now=NOW)
    record(register, "A1")
    silence_finding(register, "F-000001", actor="an officer", why="a reason", until=date(2026, 7, 1), now=LATER)
    hold_drop(register, landlord=LANDLORD, source="s", drop="d", sha256="ab", why="shrank", now=LATER)
    return register


def record(register: Engine, ref: str) -> None:
    rows = assessments([{"rule": "appeal.decide", "subject_ref": ref, "state": "overdue", "due_on": "2026-06-01"}])
    record_assessment(register, LANDLORD, rows, as_at=DAY, now=LATER, policy_version="2024-01-01")


@pytest.fixture(params=["sqlite", "postgresql"])
def elsewhere(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of a database without any table, on each engine in turn."""
    if request.param == "postgresql":
        new: Callable[[], str] = request.getfixturevalue("new_postgresql")
        return new()
    return f"sqlite:///{tmp_path}/restored/register.db"


def assert_equal(one: Engine, other: Engine) -> None:
    for landlord in (LANDLORD, OTHER):
        for known_at in (None, NOW, LATER):
            here, there = (read_records(e, landlord, known_at=known_at) for e in (one, other))
            assert list(here) == list(there)
            for name in here:
                pd.testing.assert_frame_equal(here[name], there[name])
    pd.testing.assert_frame_equal(read_open_findings(one, as_at=DAY), read_open_findings(other, as_at=DAY))
    pd.testing.assert_frame_equal(read_finding_life(one, "F-000001"), read_finding_life(other, "F-000001"))
    pd.testing.assert_frame_equal(list_drops(one), list_drops(other))


def test_a_register_is_restored_on_either_engine_and_goes_on(filled: Engine, elsewhere: str, tmp_path: Path) -> None:
    report = write_backup(url_of(filled), tmp_path / "kept", now=LATER)
    assert report.file.name == "register-20260608T080000Z.zip"
    assert stat.S_IMODE(report.file.stat().st_mode) == 0o600
    restored = restore_backup(elsewhere, tmp_path / "kept", now=LATER)
    assert restored.head == report.head
    there = upgrade_register(elsewhere)
    with reading(there) as connection:
        assert connection.scalar(text("SELECT action FROM audit WHERE landlord = '-'")) == "restore"
    assert_equal(filled, there)
    verify_audit(there, report.head)
    for engine in (filled, there):
        load_drop(engine, drop(accepted("appeals", [appeal("A1"), appeal("A2")]), landlord=OTHER), now=LATER)
        record(engine, "A2")
        assert len(read_open_findings(engine, as_at=DAY)) == 1
    assert_equal(filled, there)
    there.dispose()


def test_a_backup_of_an_earlier_revision_is_restored_and_brought_up(elsewhere: str, tmp_path: Path) -> None:
    old = f"sqlite:///{tmp_path}/old.db"
    engine = make_engine(old)
    with writing(engine, LANDLORD) as connection:
        revisions.upgrade_schema(connection, "0001_register")
        append_audit(connection, landlord=LANDLORD, action="try", subject="s", details={"n": 1}, at=NOW)
    from due_regard.register.backup import write_archive

    file = tmp_path / "register-old.zip"
    with file.open("wb") as sink, reading(engine) as connection:
        write_archive(connection, sink, NOW)
    engine.dispose()
    assert restore_backup(elsewhere, file).rows == 1
    there = upgrade_register(elsewhere)
    with reading(there) as connection:
        assert revisions.read_revisions(connection) == [revisions.HEAD]
    there.dispose()


def test_a_register_that_holds_anything_is_not_restored_over(filled: Engine, tmp_path: Path) -> None:
    report = write_backup(url_of(filled), tmp_path, now=LATER)
    before = verify_audit(filled)
    with pytest.raises(RegisterError, match="not empty"):
        restore_backup(url_of(filled), report.file)
    assert verify_audit(filled) == before


def edited(file: Path, change: Callable[[dict[str, bytes]], object]) -> Path:
    """A copy of a backup with members changed."""
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    other = file.with_name("register-edited.zip")
    with zipfile.ZipFile(other, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return other


def manifest(old: str, new: str) -> Callable[[dict[str, bytes]], None]:
    """Rewrites the manifest where `old` matches."""
    return lambda members: members.update({
        "manifest.json": re.sub(old.encode(), new.encode(), members["manifest.json"])
    })


DAMAGE: dict[str, Callable[[dict[str, bytes]], object]] = {
    "is damaged": lambda members: members.update({"appeals.parquet": members["restrictions.parquet"]}),
    "not a whole backup": lambda members: members.pop("findings.parquet"),
    "newer version": manifest('"00', '"99'),
    "backup's rows": manifest(r'"appeals": (\d)', r'"appeals": 1\1'),
    "tail removed": manifest("sample_landlord:", "sample_landlord:9"),
}


@pytest.mark.parametrize("register_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("words", DAMAGE)
def test_a_damaged_backup_restores_nothing(filled: Engine, tmp_path: Path, words: str) -> None:
    elsewhere = f"sqlite:///{tmp_path}/restored/register.db"
    file = edited(write_backup(url_of(filled), tmp_path, now=LATER).file, DAMAGE[words])
    with pytest.raises((RegisterError, AuditError), match=words):
        restore_backup(elsewhere, file)
    there = upgrade_register(elsewhere)
    assert read_records(there, LANDLORD) == {}
    assert verify_audit(there).rows == 0
    there.dispose()


def test_no_backup_and_no_zip_are_refused(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new.db"
    with pytest.raises(RegisterError, match="no backup"):
        restore_backup(url, tmp_path)
    (tmp_path / "register-1.zip").write_text("Dear Sir")
    with pytest.raises(RegisterError, match="not a whole backup"):
        restore_backup(url, tmp_path)
    with pytest.raises(RegisterError, match="not a whole backup"):
        restore_backup(url, tmp_path / "absent.zip")
