"""`audit verify --deep` proves all that a register holds, names what does not hold, and says what nobody can prove."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.register import (
    comment_on_finding,
    hand_over_finding,
    load_drop,
    open_register,
    silence_finding,
    undo_decision,
    upgrade_register,
)
from due_regard.services.act_on_pack import PackAct, approve_pack, record_handover
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.move_register import move_landlord_register
from due_regard.services.verify_register import verify_register
from tests.packs.known import example_drop
from tests.register.engines import new_postgresql, postgresql_url  # noqa: F401 - fixtures
from tests.register.past_guards import pass_guards

L, PACK = "queens_cross", "health_and_safety_committee"
FIRST = date(2026, 6, 29)


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


@dataclass(frozen=True)
class Kept:
    """A register of a landlord that has lived, with its installation."""

    settings: Settings
    engine: Engine

    def verify(self, **more: Any) -> dict[str, Any]:
        return verify_register(self.settings, L, **more)

    def change(self, *statements: str) -> None:
        """Tamper by SQL, past every trigger."""
        with self.engine.begin() as connection:
            pass_guards(connection)
            for statement in statements:
                assert connection.execute(text(statement)).rowcount != 0, statement


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A var folder: one example taken in, judged on two days, decisions on findings, one pack built and handed over."""
    var = tmp_path_factory.mktemp("lived") / "var"
    settings = Settings(var_dir=var, landlords=(L,))
    engine = upgrade_register(settings.register())
    load_drop(engine, example_drop(L), now=at(FIRST, 6))
    assess_landlord(settings, L, as_at=FIRST, now=at(FIRST))
    said = {"actor": "cli:officer", "why": "with the ombudsman", "now": at(FIRST, 10)}
    silence_finding(engine, "F-000001", until=FIRST + timedelta(days=30), **said)
    comment_on_finding(engine, "F-000002", **said)
    hand_over_finding(engine, "F-000003", to_ref="S1", **said)
    undo_decision(engine, "F-000003", **said)
    day = date(2026, 7, 3)
    build_packs(settings, L, quarter="2026-Q2", pack=PACK, now=at(day))
    act = PackAct(L, "2026-Q2", PACK, "confidential", "cli:clerk", "sent by hand")
    approve_pack(settings, act, now=at(day, 9))
    record_handover(settings, act, now=at(day, 10))
    assess_landlord(settings, L, as_at=day, now=at(day, 11))
    engine.dispose()
    return var


@pytest.fixture
def kept(lived: Path, tmp_path: Path) -> Iterator[Kept]:
    """A copy of it on SQLite."""
    shutil.copytree(lived, tmp_path / "var")
    settings = Settings(var_dir=tmp_path / "var", landlords=(L,))
    engine = upgrade_register(settings.register())
    yield Kept(settings, engine)
    engine.dispose()


def test_a_register_that_nobody_touched_is_proved_whole(kept: Kept) -> None:
    result = kept.verify()
    assert result["faults"] == []
    assert result["unproved"] == []
    assert result["holds"] is True
    assert (result["proved"]["runs"], result["proved"]["packs"], result["runs_left"]) == (2, 1, 0)
    assert result["proved"]["groups of rows"] > 30
    (folder,) = (kept.settings.var_dir / "packs" / L).iterdir()
    assert result["proved"]["files"] == len([file for file in folder.iterdir() if file.is_file()]) > 2


ATTACKS: dict[str, tuple[str, str]] = {
    "a text": ("used_texts", "UPDATE used_texts SET text = replace(text, 'working_days: 3', 'working_days: 4')"),
    "a text of no run": (
        "used_texts",
        "INSERT INTO used_texts SELECT landlord, 'ab', kind, name, text, first_used_at FROM used_texts LIMIT 1",
    ),
    "a text removed": ("used_texts", "DELETE FROM used_texts WHERE kind = 'landlords'"),
    "a text's kind": ("used_texts", "UPDATE used_texts SET kind = 'codes' WHERE kind = 'landlords'"),
    "a text's name": ("used_texts", "UPDATE used_texts SET name = 'own/landlords/x.yaml' WHERE kind = 'landlords'"),
    "since when a text is used": (
        "used_texts",
        "UPDATE used_texts SET first_used_at = '2020-01-01 00:00:00.000000' WHERE kind = 'landlords'",
    ),
    "a run's digest": ("assessment_runs", "UPDATE assessment_runs SET sha256 = 'ab' WHERE id = 1"),
    "a run's day": ("assessment_runs", "UPDATE assessment_runs SET as_at = '2026-06-28' WHERE id = 1"),
    "what a run knew": (
        "assessment_runs",
        "UPDATE assessment_runs SET known_at = '2026-06-29 05:00:00.000000' WHERE id = 1",
    ),
    "a run's policy": ("assessment_runs", "UPDATE assessment_runs SET policy_version = '2000-01-01' WHERE id = 1"),
    "a run's count": ("assessment_runs", "UPDATE assessment_runs SET opened = opened + 1 WHERE id = 1"),
    "when a run was recorded": (
        "assessment_runs",
        "UPDATE assessment_runs SET recorded_at = '2026-06-29 08:00:00.000000' WHERE id = 1",
    ),
    "a run put in": (
        "assessment_runs",
        "INSERT INTO assessment_runs (landlord, as_at, recorded_at, known_at, policy_version, rows, sha256, moved, "
        "used_texts, opened, seen, escalated, resolved, reopened, open_after) SELECT landlord, as_at, recorded_at, "
        "known_at, policy_version, rows, sha256, moved, used_texts, 0, 0, 0, 0, 0, 0 FROM assessment_runs WHERE id = 1",
    ),
    "a run's list of texts": ("assessment_runs", "UPDATE assessment_runs SET used_texts = NULL WHERE id = 2"),
    "a list that is no JSON": ("assessment_runs", "UPDATE assessment_runs SET used_texts = 'x' WHERE id = 2"),
    "a record": ("assessment_runs", "UPDATE appeals SET received_on = '2026-05-05'"),
    "an open finding's date": ("findings", "UPDATE findings SET due_on = '2026-01-01' WHERE id = 4"),
    "an open finding's clause": ("findings", "UPDATE findings SET clause = '99' WHERE id = 4"),
    "a finding removed": (
        "findings",
        "DELETE FROM finding_events WHERE finding_id = 4; DELETE FROM findings WHERE id = 4",
    ),
    "a pack's files": ("packs", "UPDATE packs SET files = replace(CAST(files AS TEXT), 'a', 'b')"),
    "a pack's digest": ("packs", "UPDATE packs SET sha256 = 'ab'"),
    "a pack's quarter": ("packs", "UPDATE packs SET quarter = '2026-Q1'"),
    "a pack's figures": ("packs", "UPDATE packs SET figures = '{}'"),
    "what went into a pack": ("packs", "UPDATE packs SET ingredients = '{}'"),
    "when a pack was issued": ("pack_issues", "UPDATE pack_issues SET issued_on = '2026-01-01'"),
    "who issued a pack": ("pack_issues", "UPDATE pack_issues SET issued_why = 'none'"),
    "a pack removed": ("packs", "DELETE FROM pack_events; DELETE FROM pack_issues; DELETE FROM packs"),
    "a reason": ("finding_events", "UPDATE finding_events SET why = 'none' WHERE why IS NOT NULL"),
    "who decided": ("finding_events", "UPDATE finding_events SET actor = 'cli:other' WHERE actor IS NOT NULL"),
    "until when": ("finding_events", "UPDATE finding_events SET until = '2027-01-01' WHERE until IS NOT NULL"),
    "to whom": ("finding_events", "UPDATE finding_events SET to_ref = 'S2' WHERE to_ref IS NOT NULL"),
    "a hash's key": ("finding_events", "UPDATE finding_events SET nonce = 'ab' WHERE nonce IS NOT NULL"),
    "a decision removed": ("finding_events", "DELETE FROM finding_events WHERE event = 'commented'"),
    "a decision put in": (
        "finding_events",
        "INSERT INTO finding_events (landlord, finding_id, at, event, state, actor, why, nonce) "
        "SELECT landlord, finding_id, at, event, state, actor, why, nonce FROM finding_events WHERE actor IS NOT NULL",
    ),
}
"""What is done by SQL to a register -> the table that is named, and the statements."""


@pytest.mark.parametrize(("table", "statements"), ATTACKS.values(), ids=ATTACKS.keys())
def test_what_is_tampered_with_is_found_and_named(kept: Kept, table: str, statements: str) -> None:
    kept.change(*statements.split("; "))
    result = kept.verify()
    assert table in {fault["table"] for fault in result["faults"]}
    assert result["holds"] is False
    assert "ombudsman" not in json.dumps(result)


def test_it_is_found_on_postgresql_as_well(
    kept: Kept,
    new_postgresql: Callable[[], str],  # noqa: F811
) -> None:
    target = new_postgresql()
    move_landlord_register(kept.settings, target, L, now=at(date(2026, 7, 4)))
    settings = kept.settings.model_copy(update={"register_url": target})
    moved = Kept(settings, open_register(target))
    result = moved.verify()
    assert (result["faults"], result["unproved"], result["proved"]["runs"]) == ([], [], 2)
    attacks = ("a text", "a run's policy", "a pack's figures", "a reason", "an open finding's clause")
    moved.change(*(ATTACKS[name][1] for name in attacks))
    found = {fault["table"] for fault in moved.verify()["faults"]}
    assert found == {"used_texts", "assessment_runs", "packs", "finding_events", "findings"}


def test_a_file_of_a_pack_that_was_changed_is_found_and_one_that_is_gone_is_said(kept: Kept) -> None:
    (folder,) = (kept.settings.var_dir / "packs" / L).iterdir()
    first, second, *_ = sorted(file for file in folder.iterdir() if file.is_file())
    second.unlink()
    result = kept.verify()
    assert result["faults"] == []
    ((what, why),) = [(one["key"], one["why"]) for one in result["unproved"]]
    assert (what, "not in the folder of packs" in why) == ("1 packs", True)
    first.write_bytes(b"another")
    (fault,) = kept.verify()["faults"]
    assert (fault["table"], fault["key"], first.name in fault["why"]) == ("packs", "pack 1", True)


def test_a_broken_chain_hides_no_other_fault(kept: Kept) -> None:
    triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'audit'"
    with kept.engine.begin() as connection:
        for name in connection.execute(text(triggers)).scalars().all():
            connection.execute(text(f"DROP TRIGGER {name}"))
    kept.change("UPDATE audit SET subject = 'x' WHERE seq = 3", "UPDATE packs SET sha256 = 'ab'")
    result = kept.verify()
    assert {"audit", "packs"} <= {fault["table"] for fault in result["faults"]}
    assert result["head"] == ""


def test_a_head_that_is_gone_is_a_fault(kept: Kept) -> None:
    head = kept.verify()["head"]
    assert kept.verify(head=head)["holds"] is True
    ((name, seq, digest),) = [part.split(":") for part in head.split(",")]
    (fault,) = kept.verify(head=f"{name}:{int(seq) + 1}:{digest}")["faults"]
    assert (fault["table"], "tail removed" in fault["why"]) == ("audit", True)


Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(kept: Kept, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs `audit verify`; gives exit code, stdout and stderr."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(kept.settings.var_dir))

    def command(*words: object) -> tuple[int, str, str]:
        code = main([*(str(word) for word in words if word == "--json"), "audit", "verify", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def test_the_command_says_what_holds_and_ends_with_0(run: Run) -> None:
    code, out, _ = run("--deep")
    assert code == 0
    assert "2 runs" in out and "\nbeyond proof: " in out
    assert out.splitlines()[-1] == "everything that can be proved holds"


def test_the_command_names_what_does_not_hold_and_ends_with_5(run: Run, kept: Kept) -> None:
    kept.change("UPDATE assessment_runs SET sha256 = 'ab' WHERE id = 1")
    code, out, _ = run("--deep", "--runs", 1)
    assert code == 5
    assert f"WRONG    {L} assessment_runs run 1: changed (" in out
    assert "not judged again: 1 older runs" in out


@pytest.mark.parametrize(
    "words", [["--runs", "3"], ["--deep", "--runs", "-1"], ["--deep", "--runs", "x"]], ids=" ".join
)
def test_wrong_usage_ends_with_2(run: Run, words: list[str]) -> None:
    try:
        code, _, err = run(*words)
    except SystemExit as left:
        code, err = int(str(left.code)), ""
    assert code == 2
    assert "Traceback" not in err


def test_the_register_of_a_newer_program_is_said_to_be_one(run: Run, kept: Kept) -> None:
    kept.change("UPDATE alembic_version SET version_num = '9999_later'")
    code, _, err = run("--deep")
    assert code == 5
    assert "newer version of this program" in err
