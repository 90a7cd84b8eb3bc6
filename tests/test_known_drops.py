"""The same files again are not read again, and nothing shows it; whatever might make a difference has them read.

Each life is lived twice, in an installation of each road: one that knows its drops, and one that reads each of them.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from demo.place import drop_foreign_variables
from due_regard import register
from due_regard.config.settings import Settings
from due_regard.intake import drop_identity, drop_reading, rejections
from due_regard.intake.drop_reading import read_drop
from due_regard.register.findings.said_words import SaidWords
from due_regard.register.schema import revisions
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result
from due_regard.services.steps import listen_to_steps
from due_regard.services.take_in_drop import take_in_drop
from tests.intake.drops import APPEALS, CUSTOMERS, RESTRICTIONS, SOURCES, write
from tests.register.older import write_older_register

L, SOURCE = "hanover", "tried"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
_ORPHAN = "A9,R-NOWHERE,2026-03-02\n"
_TABLES = (
    *("batches", "batch_files", "carried_columns", "rejection_counts", "validation_results", "disappearances"),
    *("customers", "restrictions", "appeals", "withdrawals", "customer_numbers"),
)
_DRAWN = frozenset({"salt", "leaf", "nonce", "customer_no", "body"})
"""Columns that are drawn at random in each register, or rest on what is."""


@dataclass
class Installation:
    """One landlord's installation; `step` counts the days."""

    folder: Path
    knows: bool
    day: int = 0

    @property
    def settings(self) -> Settings:
        return Settings(
            var_dir=self.folder / "var", drops_dir=self.folder / "drops", own_dir=self.folder / "own", landlords=(L,)
        )

    @property
    def drop(self) -> Path:
        return self.folder / "drops" / L

    @property
    def mapping(self) -> Path:
        return self.folder / "own" / "sources" / f"{SOURCE}.yaml"

    def take(self, drop: Path | None = None, *, days: int = 1) -> tuple[Result, bool]:
        """Take the drop on the next day; what came of it, and whether it was read."""
        self.day += days
        steps: list[str] = []
        with pytest.MonkeyPatch.context() as patch, listen_to_steps(steps.append):
            if not self.knows:
                patch.setattr(drop_identity, "identify_drop", lambda *_: None)
            now = NOW + timedelta(days=self.day)
            result = take_in_drop(self.settings, L, drop=drop or self.drop, source=SOURCE, now=now)
        return result, any("reading and checking" in step for step in steps)

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that intake writes, and what stands in the folder of rows to mend."""
        tables = revisions.build_metadata().tables
        with open_landlord_register(self.settings, L) as engine, register.reading(engine, L) as conn:
            found = {
                name: [
                    {key: cell for key, cell in row.items() if key not in _DRAWN}
                    for row in conn.execute(select(tables[name]).order_by(*tables[name].primary_key)).mappings()
                ]
                for name in _TABLES
            }
            told = tables["alert_messages"]
            rows = conn.execute(select(told.c.kind, told.c.mail_on, told.c.subject).order_by(told.c.composed_at))
            audit = tables["audit"]
            own = select(audit.c.action, audit.c.subject, audit.c.at).where(audit.c.landlord == L)
            acts = conn.execute(own.order_by(audit.c.seq))
            found["mails"], found["audit"] = ([dict(row) for row in each.mappings()] for each in (rows, acts))
        files = sorted(path for path in (self.folder / "var" / "rejections").rglob("*") if path.is_file())
        found["files"] = [{"name": path.name, "bytes": path.read_bytes()} for path in files]
        return found


Life = Callable[[Installation], None]


@pytest.fixture(autouse=True)
def _without_great_expectations(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its verdict is the same and takes seconds (tests/intake)."""
    monkeypatch.setattr(drop_reading, "read_drop", partial(read_drop, great_expectations=False))


@pytest.fixture(params=[True, False], ids=["all good", "a row to mend"])
def pair(tmp_path: Path, request: pytest.FixtureRequest) -> tuple[Installation, Installation]:
    """An installation that knows its drops and one that reads them all, each with one drop taken in."""
    pair = Installation(tmp_path / "known", True), Installation(tmp_path / "read", False)
    for one in pair:
        appeals = APPEALS if request.param else APPEALS + _ORPHAN
        write(one.drop, customers=CUSTOMERS, restrictions=RESTRICTIONS, appeals=appeals)
        one.mapping.parent.mkdir(parents=True)
        text = (SOURCES / "canonical_snapshot.yaml").read_text(encoding="utf-8")
        one.mapping.write_text(text.replace("name: canonical_snapshot", f"name: {SOURCE}"), encoding="utf-8")
        assert one.take()[1]
    return pair


def live(pair: tuple[Installation, Installation], life: Life) -> bool:
    """Live the same in both, then take the drop; whether the one that knows its drops read it."""
    taken = []
    for one in pair:
        life(one)
        taken.append(one.take())
    (known, was_read), (slow, _) = taken
    names = {name: str(one.folder) for name, one in zip(("known", "slow"), pair, strict=True)}
    assert str(known).replace(names["known"], "") == str(slow).replace(names["slow"], "")
    assert pair[0].dump() == pair[1].dump()
    return was_read


def test_the_same_files_are_read_once(pair: tuple[Installation, Installation]) -> None:
    assert not live(pair, lambda _: None)
    assert not live(pair, lambda one: one.take(days=30) and None)
    assert len(pair[0].dump()["batches"]) == 4


def edit_mapping(one: Installation) -> None:
    one.mapping.write_text(one.mapping.read_text(encoding="utf-8") + "yes_words: [aye]\n", encoding="utf-8")


def move_to_another_entity(one: Installation) -> None:
    text = one.mapping.read_text(encoding="utf-8")
    one.mapping.write_text(
        text.replace("[appeals.csv, appeals.xlsx]", "[other.csv]").replace(
            "[warnings.csv, warnings.xlsx], entities: {warnings: canonical}",
            "[appeals.csv], entities: {access_requests: {request_ref: appeal_ref, customer_ref: restriction_ref, "
            "received_on: received_on}}",
        ),
        encoding="utf-8",
    )


def add_a_code(one: Installation) -> None:
    file = one.folder / "own" / "codes" / "customer_types.yaml"
    file.parent.mkdir()
    file.write_text("name: customer_types\nwords: {lodger: Lives with a tenant.}\n", encoding="utf-8")


def edit_a_cell(one: Installation) -> None:
    write(one.drop, appeals=APPEALS.replace("2026-03-02", "2026-03-03"))


def add_a_file(one: Installation) -> None:
    write(one.drop, staff="staff_ref,role\nS1,director\n")


def rename_a_file(one: Installation) -> None:
    (one.drop / "appeals.csv").rename(one.drop / "APPEALS.csv")


def add_a_manifest(one: Installation) -> None:
    (one.drop / "MANIFEST.json").write_text('{"files": []}', encoding="utf-8")


def take_another(one: Installation) -> None:
    other = shutil.copytree(one.drop, one.folder / "other", dirs_exist_ok=True)
    write(other, restrictions=RESTRICTIONS.replace("2026-02-06", "2026-02-07"))
    assert one.take(other)[0]["status"] == "loaded"


def take_one_that_lacks_a_record(one: Installation) -> None:
    other = one.folder / "lacking" / L
    # Two of a list of many, else the drop is held.
    write(other, customers=CUSTOMERS, restrictions=RESTRICTIONS, appeals=APPEALS.replace("A2,R2,2026-03-02\n", ""))
    one.mapping.write_text(one.mapping.read_text(encoding="utf-8").replace("0.2", "0.9"), encoding="utf-8")
    assert one.take(other)[0]["status"] == "unchanged"


@pytest.mark.parametrize(
    "life",
    [
        edit_mapping,
        move_to_another_entity,
        add_a_code,
        edit_a_cell,
        add_a_file,
        rename_a_file,
        add_a_manifest,
        take_another,
        take_one_that_lacks_a_record,
    ],
)
def test_what_may_make_a_difference_is_read(pair: tuple[Installation, Installation], life: Life) -> None:
    assert live(pair, life)


@pytest.mark.parametrize("library", drop_identity.LIBRARIES)
def test_a_newer_program_reads_again(
    pair: tuple[Installation, Installation], monkeypatch: pytest.MonkeyPatch, library: str
) -> None:
    real = drop_identity.version
    monkeypatch.setattr(drop_identity, "version", lambda name: "99" if name == library else real(name))
    drop_identity._digest_program.cache_clear()
    assert live(pair, lambda _: None)
    monkeypatch.undo()
    drop_identity._digest_program.cache_clear()


def test_a_withdrawn_record_is_judged_again(pair: tuple[Installation, Installation]) -> None:
    """An appeal hangs on the restriction: once that is withdrawn, its row is no row of a known restriction."""

    def withdraw(one: Installation) -> None:
        smaller = RESTRICTIONS.replace("R2,002,writing_only,2026-02-05,S1,2026-02-06\n", "")
        one.mapping.write_text(one.mapping.read_text(encoding="utf-8").replace("0.2", "0.9"), encoding="utf-8")
        write(one.drop, restrictions=smaller, appeals="appeal_ref,restriction_ref,received_on\nA1,R1,2026-03-01\n")
        one.take()
        assert one.take()[1] is not one.knows
        words = SaidWords(actor="cli:test", why="a mistake", now=NOW + timedelta(days=one.day, hours=1))
        with open_landlord_register(one.settings, L) as engine:
            register.withdraw_record(engine, L, "restrictions", "R2", words=words, with_linked=True)

    assert live(pair, withdraw)
    assert not live(pair, lambda _: None)


def test_a_register_restored_to_an_earlier_state_reads_what_it_lost(
    pair: tuple[Installation, Installation], tmp_path: Path
) -> None:
    def restore(one: Installation) -> None:
        url, kept = one.settings.register(L), one.folder / "backup"
        register.write_backup(url, kept, now=NOW + timedelta(days=one.day, hours=1))
        take_another(one)
        for file in (one.folder / "var").glob("register.db*"):
            file.unlink()
        register.restore_backup(url, kept, now=NOW + timedelta(days=one.day, hours=2))

    # What it holds is the first drop: that one it knows, and the one that was lost it reads.
    assert not live(pair, restore)
    assert all(one.take(one.folder / "other")[1] for one in pair)


@pytest.mark.parametrize("harm", ["removed", "mended in place", "never written"])
def test_rows_to_mend_are_handed_back_again(tmp_path: Path, harm: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one = Installation(tmp_path, True)
    write(one.drop, customers=CUSTOMERS, restrictions=RESTRICTIONS, appeals=APPEALS + _ORPHAN)
    one.mapping.parent.mkdir(parents=True)
    shutil.copy(SOURCES / "canonical.yaml", one.mapping)
    one.mapping.write_text(one.mapping.read_text(encoding="utf-8").replace("name: canonical", f"name: {SOURCE}"))
    if harm == "never written":
        with monkeypatch.context() as struck, pytest.raises(KeyboardInterrupt):
            struck.setattr(rejections, "write_rejections", raise_interrupt)
            one.take()
    else:
        file = next(Path(one.take()[0]["rejections"]).glob("appeals*"))
        file.unlink() if harm == "removed" else file.write_bytes(b"mended")
    again, was_read = one.take()
    assert was_read
    assert next(Path(again["rejections"]).glob("appeals*")).read_bytes().startswith(b"PK")
    assert not one.take()[1]


def raise_interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def test_a_date_too_far_ahead_is_judged_anew_on_another_day(pair: tuple[Installation, Installation]) -> None:
    def write_ahead(one: Installation) -> None:
        latest = NOW + timedelta(days=one.day + 3)
        row = f"A3,R2,{latest.replace(year=latest.year + 10):%Y-%m-%d}\n"
        write(one.drop, appeals=APPEALS + row)
        assert one.take()[0]["exit_code"] == 3

    assert live(pair, write_ahead)
    # On the day itself it is let in.
    assert live(pair, lambda _: None)
    assert pair[0].take()[0]["exit_code"] == 0


def test_an_older_drop_is_held_as_ever(pair: tuple[Installation, Installation]) -> None:
    for one in pair:
        take_another(one)
        assert one.take()[0]["status"] == "held"
        assert one.take(one.folder / "other")[1] is not one.knows


def test_a_refused_file_is_read_each_time(pair: tuple[Installation, Installation]) -> None:
    def spoil(one: Installation) -> None:
        write(one.drop, staff=b"%PDF-1.4 no export")
        assert one.take()[0]["exit_code"] == 4

    assert live(pair, spoil)


def test_a_drop_changed_while_it_was_read_stays_unknown(
    pair: tuple[Installation, Installation], monkeypatch: pytest.MonkeyPatch
) -> None:
    one = pair[0]

    def read_and_change(*args: Any, **kwargs: Any) -> Any:
        found = read_drop(*args, **kwargs | {"great_expectations": False})
        write(one.drop, appeals=APPEALS + "A8,R1,2026-03-06\n")
        return found

    write(one.drop, appeals=APPEALS + "A7,R1,2026-03-05\n")
    with monkeypatch.context() as struck:
        struck.setattr(drop_reading, "read_drop", read_and_change)
        one.take()
    assert one.take()[1]
    assert not one.take()[1]


_TAKE = """
import sys
from due_regard.__main__ import main
code = main(sys.argv[1:])
print(sorted({"great_expectations", "openpyxl", "python_calamine"} & set(sys.modules)))
sys.exit(code)
"""


@pytest.mark.parametrize("is_known", [True, False], ids=["known", "new"])
def test_a_known_drop_loads_nothing_that_reads_workbooks(tmp_path: Path, is_known: bool) -> None:
    """Those libraries take a third of the program's start."""
    drop, settings = tmp_path / "drop", Settings(var_dir=tmp_path / "var", landlords=(L,))
    write(drop, customers=CUSTOMERS, restrictions=RESTRICTIONS)
    if is_known:
        take_in_drop(settings, L, drop=drop, source="canonical", now=NOW)
    words = ("intake", "--landlord", L, "--source", "canonical", "--now", "2026-07-02T09:00:00+01:00", str(drop))
    environment = drop_foreign_variables() | {
        "DUE_REGARD_VAR_DIR": str(settings.var_dir),
        "DUE_REGARD_LANDLORDS": f'["{L}"]',
    }
    process = subprocess.run(
        [sys.executable, "-c", _TAKE, *words], env=environment, capture_output=True, text=True, check=True
    )
    loaded = process.stdout.splitlines()[-1]
    assert loaded == ("[]" if is_known else "['great_expectations', 'openpyxl', 'python_calamine']")


def test_every_library_that_reads_files_counts() -> None:
    """Whatever intake imports is of this program, of Python, or its version is part of what identifies a reading."""
    import ast

    folder = Path(drop_identity.__file__).parent
    found = set()
    for file in folder.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            found |= {name.partition(".")[0] for name in names}
    outside = found - set(sys.stdlib_module_names) - {"due_regard", "pydantic"}
    assert outside == {name.replace("-", "_") for name in drop_identity.LIBRARIES}


def test_a_register_of_the_revision_before_knows_no_drop_until_one_was_read(
    pair: tuple[Installation, Installation],
) -> None:
    one = pair[0]
    url, older = one.settings.register(L), f"sqlite:///{one.folder / 'older.db'}"
    with open_landlord_register(one.settings, L) as engine:
        write_older_register(engine, older, "0018_pack_life")
    for file in (one.folder / "var").glob("register.db*"):
        file.unlink()
    (one.folder / "older.db").replace(one.folder / "var" / "register.db")
    register.upgrade_register(url).dispose()
    again, was_read = one.take()
    assert (again["status"], was_read) == ("unchanged", True)
    assert not one.take()[1]
