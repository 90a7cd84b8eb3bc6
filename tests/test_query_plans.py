"""What the register is asked stays linear: no statement walks all rows once a row, no path asks once a finding.

Measured in steps of SQLite's virtual machine and in statements, which no other work on the machine disturbs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from benchmarks.pages import LANDLORD, list_pages
from due_regard import register
from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.register import upgrade_register
from due_regard.register.write_guards import remove_guards
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from due_regard.services.run_alerts import run_alerts
from tests.alerts.test_bounds import judge, restriction, staff
from tests.alerts.world import World
from tests.contract_examples import CONTRACT
from tests.query_plans import find_nested_walks, watch_statements

L = LANDLORD
PACK = "health_and_safety_committee"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
EXPLAINED = {
    "AS anon_1 \nWHERE runs.landlord = anon_1.landlord": "successes are gathered once, into an index",
}
"""Part of a statement -> why its walk within a loop cannot grow with the square of the rows."""


def test_a_walk_within_a_loop_is_told_from_one_before_it() -> None:
    inner = [(3, 0, "SEARCH a USING PRIMARY KEY (landlord=?)"), (8, 0, "SCAN b")]
    assert find_nested_walks(inner) == ["SCAN b"]
    assert find_nested_walks([(3, 0, "SCAN b"), (8, 0, "SEARCH a USING PRIMARY KEY (landlord=? AND ref=?)")]) == []
    assert find_nested_walks([(3, 0, "SCAN b"), (8, 0, "SEARCH a USING PRIMARY KEY (landlord=?)")]) != []
    once = [(3, 0, "SEARCH a USING PRIMARY KEY (landlord=?)"), (8, 0, "LIST SUBQUERY 1"), (9, 8, "SCAN b")]
    assert find_nested_walks(once) == []
    each = [(3, 0, "SCAN a"), (8, 0, "CORRELATED SCALAR SUBQUERY 1"), (9, 8, "SCAN b")]
    assert find_nested_walks(each) == ["SCAN b"]


def test_the_join_that_was_quadratic_is_found(tmp_path: Path) -> None:
    upgrade_register(f"sqlite:///{tmp_path / 'r.db'}").dispose()
    joined = (
        "SELECT restriction_ref, max(batch_file_id) FROM restrictions, gone_subjects WHERE landlord = 'x' "
        "AND restriction_ref = subject_ref GROUP BY restriction_ref"
    )
    with watch_statements() as watch:
        engine = create_engine(f"sqlite:///{tmp_path / 'r.db'}")
        with engine.begin() as connection:
            connection.exec_driver_sql("CREATE TEMP TABLE gone_subjects (subject_ref)")
            connection.exec_driver_sql(joined)
        engine.dispose()
    assert watch.nested[joined] == ["SCAN gone_subjects"]


def test_no_statement_of_the_whole_pipeline_walks_all_rows_once_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Drops with corrections and disappearances, findings that close and return, decisions, mails, packs."""
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("DUE_REGARD_DROPS_DIR", str(tmp_path / "drops"))
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", L)
    settings = Settings()
    folder = tmp_path / "drops" / L
    shutil.copytree(CONTRACT / "examples" / L / "exports", folder)
    with open_landlord_register(settings, L, upgrade=True):
        pass
    with watch_statements() as watch:
        for day, lost in enumerate((0, 3, 0)):
            now = NOW + timedelta(days=day)
            take(settings, folder, now, lost)
            assess_landlord(settings, L, as_at=now.date(), now=now)
            refs = list_findings(settings, as_at=now.date()).rows["register_ref"].tolist()
            decide(settings, refs[day], now)
            run_alerts(settings, as_at=now.date(), now=now)
            build_packs(settings, L, quarter="2026-Q2", pack=PACK, out=tmp_path / "out", now=now)
        ask_everything(settings, refs)
    assert len(watch.asked) > 150, "the pipeline was not watched"
    nested = {
        statement: walks
        for statement, walks in watch.nested.items()
        if walks and not any(part in statement for part in EXPLAINED)
    }
    assert nested == {}


def ask_everything(settings: Settings, refs: list[str]) -> None:
    """The questions of the command line, and every page."""
    for words in (
        *(["findings", "--as-at", "2026-07-02"], ["finding", "show", refs[0]], ["silences"], ["drop", "list"]),
        *(["drop", "missing", "--landlord", L], ["doctor"], ["audit", "verify"], ["landlord", "check", L]),
    ):
        assert main([*words, "--json"]) in {0, 5}, words
    for page in list_pages(settings, refs).values():
        for call in range(4):
            page(call)


def decide(settings: Settings, ref: str, now: datetime) -> None:
    """One decision of each kind that needs no other member of staff."""
    silent = Decision("post", "words", until=date(2026, 8, 1))
    said = Decision("post", "words")
    more = {"now": now, "sees_restricted": True, "may_govern": True}
    decide_on_finding(settings, ref, "silence", silent, **more)
    for verb in ("resolve", "dispute", "comment", "undo"):
        decide_on_finding(settings, ref, verb, said, **more)


def test_moving_findings_stays_linear(tmp_path: Path) -> None:
    small, large = (count_moves(tmp_path / f"{n}.db", n) for n in (1_000, 4_000))
    hold_linear(small, large, 4)


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="long form: 110,000 findings moved four times")
def test_moving_100_000_findings_stays_linear(tmp_path: Path) -> None:
    small, large = (count_moves(tmp_path / f"{n}.db", n) for n in (10_000, 100_000))
    hold_linear(small, large, 10)


def test_alerts_stay_linear(tmp_path: Path) -> None:
    small, large = (count_moves(tmp_path / f"{n}.db", n, is_mailed=True) for n in (2_000, 8_000))
    hold_linear(small, large, 4, more_statements=1.3)


def test_guards_cost_a_load_nothing_and_an_update_little(tmp_path: Path) -> None:
    guarded = count_moves(tmp_path / "guarded.db", 1_000)
    bare = count_moves(tmp_path / "bare.db", 1_000, is_guarded=False)
    for name, (steps, statements) in guarded.items():
        assert statements == bare[name][1], name
        assert steps <= bare[name][0] * (1.01 if name in {"load", "open"} else 1.6) + 2, name


def hold_linear(
    small: dict[str, tuple[int, int]], large: dict[str, tuple[int, int]], growth: int, more_statements: float = 1.0
) -> None:
    """Steps grow as the rows do (with room for sorting and for one more batch), statements do not."""
    for name, (steps, statements) in large.items():
        assert steps <= 1.2 * growth * (small[name][0] + 20), name
        assert statements <= more_statements * small[name][1] + 6, name


def count_moves(
    file: Path, findings: int, *, is_mailed: bool = False, is_guarded: bool = True
) -> dict[str, tuple[int, int]]:
    """Act -> thousands of steps and statements it took, for so many findings that open, stay, close and return."""
    engine = upgrade_register(f"sqlite:///{file}")
    if not is_guarded:
        with engine.begin() as connection:
            remove_guards(connection)
    engine.dispose()
    records = {
        "staff": staff(),
        "customers": [{"customer_ref": "C1", "customer_type": "tenant"}],
        "restrictions": [restriction(n) for n in range(findings // 2)],
    }
    rows, counts = judge(findings // 2), {}
    acts = (("open", rows), ("stay", rows), ("close", []), ("return", rows))
    with watch_statements() as watch:
        engine = upgrade_register(f"sqlite:///{file}")
        world = World(engine).patient()

        def count(name: str, act: Callable[[], object]) -> None:
            steps, asked = watch.steps, watch.asked.total()
            act()
            counts[name] = (watch.steps - steps, watch.asked.total() - asked)

        count("load", lambda: world.load(records, date(2026, 6, 1)))
        for number, (name, found) in enumerate(acts, start=1):
            day = date(2026, 6, number)
            count(name, partial(world.assess, found, day))
            if is_mailed:
                count(f"mails when they {name}", partial(world.compose, day))
        engine.dispose()
    return counts


def take(settings: Settings, folder: Path, now: datetime, lost: int) -> None:
    """Take the drop in, without the last `lost` rows of each file, as a snapshot has them."""
    drop = folder.with_name(f"{now:%d}")
    shutil.copytree(folder, drop)
    for file in drop.glob("*.csv"):
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = max(len(lines) - lost, 2)
        file.write_text("".join(lines[:kept]), encoding="utf-8")
    source = load_source_mapping(settings.sources_dir, "canonical")
    with open_landlord_register(settings, L) as engine:
        known = partial(register.read_known_refs, engine, L)
        validated = read_drop(drop, L, source, on=now.date(), known=known, great_expectations=False)
        register.load_drop(engine, validated, now=now)
