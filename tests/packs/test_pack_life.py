"""Where a pack stands: draft, commented, approved, issued, corrected; who may do what, and what each act leaves."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DatabaseError

from due_regard import packs
from due_regard.errors import DecisionError, DecisionOvertaken, NotAllowed, PackError, SettingsError
from due_regard.packs import PackKey, PackLife
from due_regard.packs.life.issued_figures import read_issued_figures
from due_regard.packs.life.pack_records import record_pack
from due_regard.packs.life.provenance import digest_commentary
from due_regard.register import reading, verify_audit, writing
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.schema.drop_tables import AuditRow
from tests.packs.registers import BUILT, NAME, PACK

KEY = PackKey(PACK, "2026-Q2", "confidential")


def keep(engine: Engine, sha: str = "a" * 64, *, key: PackKey = KEY, **more: Any) -> int:
    """A build on record."""
    with writing(engine, NAME) as connection:
        life = packs.read_pack_life(connection, NAME, key)
        said = {name: one.words for name, one in life.commentary.items()}
        values: dict[str, Any] = {"known_at": None, "files": {}, "figures": {}, "published": None, **more}
        made = {"commentary": digest_commentary(said), "run": 1}
        place = {"pack": key.pack, "quarter": key.quarter, "edition": key.edition, "version": life.version}
        return record_pack(connection, NAME, at=BUILT, **place, sha256=sha, ingredients=made, **values)


def do(engine: Engine, act: Any, *more: Any, by: str = "cli:anna", why: str = "so", key: PackKey = KEY) -> Any:
    with writing(engine, NAME) as connection:
        life = packs.read_pack_life(connection, NAME, key)
        return act(connection, NAME, life, *more, SaidWords(by, why, BUILT))


def comment(engine: Engine, section: str, why: str, by: str = "cli:anna") -> None:
    do(engine, packs.record_comment, section, by=by, why=why)


def life(engine: Engine, key: PackKey = KEY) -> PackLife:
    with reading(engine, NAME) as connection:
        return packs.read_pack_life(connection, NAME, key)


def state(engine: Engine, version: int = 1) -> str:
    return life(engine).name_state(version)


def hand_over(engine: Engine, pack_id: int) -> None:
    with writing(engine, NAME) as connection:
        packs.record_issue(connection, NAME, pack_id, how="by hand", now=BUILT)


def test_a_pack_goes_from_draft_to_corrected(register: Engine) -> None:
    first = keep(register)
    assert state(register) == "draft"
    comment(register, "restrictions", "Two more.")
    assert state(register) == "commented"
    second = keep(register, "b" * 64)
    assert do(register, packs.record_approval, by="cli:ben")["id"] == second != first
    assert state(register) == "approved"
    keep(register, "c" * 64)
    assert life(register).find_own_build(1)["id"] == second, "a later build takes no approved one's place"  # type: ignore[index]
    hand_over(register, second)
    assert state(register) == "issued"
    assert do(register, packs.record_correction, why="A late row.") == 2
    assert (state(register, 1), state(register, 2)) == ("issued", "commented")
    third = keep(register, "d" * 64)
    do(register, packs.record_approval, by="cli:ben")
    hand_over(register, third)
    assert (state(register, 1), state(register, 2)) == ("corrected", "issued")
    said = life(register).describe_correction(2)
    assert "replaces version 1, issued on 3 July 2026: A late row." in said
    verify_audit(register)


def test_what_is_no_draft_is_not_approved(register: Engine) -> None:
    with pytest.raises(PackError, match="build it first"):
        do(register, packs.record_approval)
    keep(register)
    with pytest.raises(PackError, match=r"never issued \(version 1 is draft\)"):
        do(register, packs.record_correction)
    do(register, packs.record_approval)
    for act, more in ((packs.record_approval, ()), (packs.record_rejection, ()), (packs.record_comment, ("reviews",))):
        with pytest.raises(PackError, match="approved already"):
            do(register, act, *more)
    assert [event["event"] for event in life(register).events] == ["approved"]


def test_nobody_approves_commentary_that_they_alone_wrote(register: Engine) -> None:
    keep(register)
    comment(register, "restrictions", "Mine.")
    keep(register, "b" * 64)
    for name in ("cli:anna", "cli: ANNA ", "cli:Anna"):
        with pytest.raises(NotAllowed, match="somebody else must approve"):
            do(register, packs.record_approval, by=name)
    comment(register, "reviews", "Another's.", by="cli:ben")
    keep(register, "c" * 64)
    do(register, packs.record_approval)
    assert state(register) == "approved"


def test_a_draft_without_the_newest_commentary_is_not_approved(register: Engine) -> None:
    keep(register)
    comment(register, "restrictions", "New words.")
    with pytest.raises(PackError, match="lacks the newest commentary"):
        do(register, packs.record_approval, by="cli:ben")


def test_another_draft_than_the_one_looked_at_is_not_approved(register: Engine) -> None:
    keep(register)
    keep(register, "b" * 64)
    with writing(register, NAME) as connection, pytest.raises(DecisionOvertaken, match="another draft"):
        found = packs.read_pack_life(connection, NAME, KEY)
        packs.record_approval(connection, NAME, found, SaidWords("cli:ben", "so", BUILT), seen="a" * 64)


def test_a_rejection_keeps_the_draft_with_its_reason(register: Engine) -> None:
    keep(register)
    do(register, packs.record_rejection, why="Say what is asked.")
    found = life(register)
    assert (found.name_state(1), found.find_rejection(1)["why"]) == ("draft", "Say what is asked.")  # type: ignore[index]
    do(register, packs.record_approval)
    assert life(register).find_rejection(1) is None


def test_an_approval_is_taken_back_until_the_mail_is_on_its_way(register: Engine) -> None:
    first = keep(register)
    with pytest.raises(PackError, match="no approval to take back"):
        do(register, packs.record_undoing)
    do(register, packs.record_approval)
    do(register, packs.record_undoing, by="cli:ben", why="The date is wrong.")
    assert (state(register), life(register).find_approval(1)) == ("draft", None)
    keep(register, "b" * 64)
    second = do(register, packs.record_approval)["id"]
    assert life(register).find_own_build(1)["id"] == second != first  # type: ignore[index]
    hand_over(register, second)
    with pytest.raises(PackError, match=r"issued already.*pack correct"):
        do(register, packs.record_undoing)
    assert [event["event"] for event in life(register).events] == ["approved", "undone", "approved"]
    verify_audit(register)


def test_commentary_is_replaced_and_taken_out(register: Engine) -> None:
    keep(register)
    comment(register, "reviews", "First.")
    comment(register, "reviews", "Second.", by="cli:ben")
    assert {one.words for one in life(register).commentary.values()} == {"Second."}
    do(register, packs.record_comment_removal, "reviews")
    assert not life(register).commentary
    with pytest.raises(PackError, match="no commentary"):
        do(register, packs.record_comment_removal, "reviews")


def test_each_edition_has_a_life_of_its_own(register: Engine) -> None:
    public = PackKey(PACK, "2026-Q2", "publishable")
    keep(register)
    keep(register, "b" * 64, key=public)
    do(register, packs.record_approval, key=public)
    assert (state(register), life(register, public).name_state(1)) == ("draft", "approved")
    with pytest.raises(SettingsError, match="no edition"):
        packs.make_pack_key(PACK, "2026-Q2", "secret")


def test_a_draft_that_needs_approval_is_not_issued(register: Engine) -> None:
    keep(register)
    with pytest.raises(PackError, match="is a draft: nothing was mailed"):
        packs.check_may_be_issued(life(register), needs_approval=True)
    assert packs.check_may_be_issued(life(register), needs_approval=False)["sha256"] == "a" * 64


@pytest.mark.parametrize(("by", "why"), [(" ", "x"), ("cli:a", " "), ("cli:a", "x" * 2001), ("cli:a", "x\0")])
def test_an_act_says_who_and_why(register: Engine, by: str, why: str) -> None:
    keep(register)
    with pytest.raises(DecisionError):
        do(register, packs.record_approval, by=by, why=why)
    assert not life(register).events


def test_the_audit_holds_a_keyed_hash_and_no_word(register: Engine) -> None:
    keep(register)
    comment(register, "reviews", "a canary of words", by="cli:a canary of names")
    with reading(register, NAME) as connection:
        rows = [*connection.execute(select(AuditRow.action, AuditRow.details).where(AuditRow.action == "pack_comment"))]
    assert len(rows) == 1 and "said_sha256" in rows[0].details and "canary" not in rows[0].details
    for statement in ("UPDATE pack_events SET why = 'x'", "DELETE FROM pack_events"):
        with pytest.raises(DatabaseError, match="rows are never changed or deleted"), register.begin() as connection:
            connection.execute(text(statement))


def test_figures_are_frozen_as_the_audience_was_last_given_them(register: Engine) -> None:
    def read(**more: Any) -> Any:
        with reading(register, NAME) as connection:
            return read_issued_figures(connection, NAME, pack=PACK, edition="confidential", **more).figures

    first = keep(register, figures={"restrictions/new/2026-Q2": [3, None]})
    assert read() == {}, "before anything was issued nothing is revised"
    hand_over(register, first)
    later = PackKey(PACK, "2026-Q3", "confidential")
    second = keep(register, "b" * 64, key=later, figures={"restrictions/new/2026-Q2": [4, None]})
    assert read() == {"restrictions/new/2026-Q2": (3, None)}
    hand_over(register, second)
    assert read() == {"restrictions/new/2026-Q2": (4, None)}
    assert read(known_at=BUILT - timedelta(days=1)) == {}


def test_files_of_a_build_outlive_the_next_one(tmp_path: Path) -> None:
    (tmp_path / "a.xlsx").write_bytes(b"approved")
    packs.keep_files(tmp_path, "f" * 64, [tmp_path / "a.xlsx"])
    digest = "7d2dd80e5ea60a0de4dfdd87bb1d65d0fdd7d2a1bbee04cb6ad7d0b1ad9a1d9f"
    (tmp_path / "a.xlsx").write_bytes(b"a later build")
    (kept,) = (tmp_path / "kept").rglob("a.xlsx")
    assert kept.read_bytes() == b"approved"
    with pytest.raises(PackError, match="not kept"):
        packs.find_kept_files(tmp_path, "f" * 64, {"a.xlsx": digest})
