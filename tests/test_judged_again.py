"""A recorded run is judged again by the texts it rested on and the records known then, whatever became of the files."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from due_regard.config.settings import Settings
from due_regard.packs import record_issue
from due_regard.register import load_drop, reading, upgrade_register, writing
from due_regard.register.findings.recorded_runs import list_recorded_runs
from due_regard.register.findings.used_texts import find_text_faults
from due_regard.register.schema.pack_tables import PackRow
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.judge_run_again import Verdict, judge_run_again
from tests.packs.known import INCLUDE
from tests.register.drops import accepted, appeal, drop, restriction
from tests.register.past_guards import pass_guards

L = "queens_cross"
"""It has a policy, a duty to report and a calendar of its nation."""

DAY = date(2026, 6, 15)


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """An installation with files of its own, which a test may edit, over shipped ones that are a copy."""
    own, include = tmp_path / "own", tmp_path / "include"
    for part in ("policies", "landlords", "calendars", "codes", "reports"):
        shutil.copytree(INCLUDE / part, include / part)
    shutil.copytree(INCLUDE / "policies" / L, own / "policies" / L)
    (own / "codes").mkdir()
    role = "name: roles\nwords:\n  lead: {meaning: Leads a team., counts_as: manager}\n"
    (own / "codes" / "roles.yaml").write_text(role, encoding="utf-8")
    return Settings(own_dir=own, include_dir=include, var_dir=tmp_path / "var", landlords=(L,))


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    """A register with one drop of June, judged on its day."""
    found = upgrade_register(settings.register())
    load_drop(found, drop(accepted("appeals", [appeal("A1"), appeal("A2")]), landlord=L), now=at(DAY, 7))
    load_drop(found, drop(accepted("restrictions", [restriction("R1")]), landlord=L), now=at(DAY, 7))
    assess_landlord(settings, L, as_at=DAY, now=at(DAY))
    yield found
    found.dispose()


def judge(engine: Engine, settings: Settings) -> dict[int, tuple[Verdict, str]]:
    proofs = [judge_run_again(engine, settings, run) for run in list_recorded_runs(engine, L)]
    return {proof.run.id: (proof.verdict, proof.says) for proof in proofs}


PROVED = (Verdict.PROVED, "")


def test_every_text_that_a_run_rests_on_is_kept_once(engine: Engine, settings: Settings) -> None:
    assess_landlord(settings, L, as_at=DAY + timedelta(days=1), now=at(DAY + timedelta(days=1)))
    with reading(engine, L) as connection:
        kept = {row.name: row for row in connection.execute(text("SELECT * FROM used_texts"))}
        assert list(find_text_faults(connection, L)) == []
    first, second = (run.used_texts for run in list_recorded_runs(engine, L))
    (policy,) = (settings.own_dir / "policies" / L).glob("*.yaml")  # type: ignore[operator]
    assert first == second == {name: row.sha256 for name, row in kept.items()}
    assert set(kept) == {
        f"own/policies/{L}/{policy.name}", f"include/landlords/{L}.yaml", "include/calendars/scotland.yaml",
        "own/codes/roles.yaml",
        *(f"include/reports/packs/{file.name}" for file in (INCLUDE / "reports" / "packs").glob("*.yaml")),
        "register/first_issues", "program/due_regard",
        *(f"include/codes/{file.name}" for file in (INCLUDE / "codes").glob("*.yaml")),
    }  # fmt: skip
    assert kept[f"own/policies/{L}/{policy.name}"].text.encode() == policy.read_bytes()
    assert {row.kind for row in kept.values()} == {
        "policies", "landlords", "calendars", "codes", "reports", "register", "program"
    }  # fmt: skip


@pytest.mark.parametrize(
    ("place", "old", "new"),
    [
        ("own/policies/{L}/*.yaml", "working_days: 3", "working_days: 4"),
        ("include/calendars/scotland.yaml", "2026-05-04", "2026-05-05"),
        ("include/landlords/{L}.yaml", "packs:", "closure_days: [2026-06-03]\npacks:"),
        ("include/reports/packs/health_and_safety_committee.yaml", 'clause: "12"', 'clause: "13"'),
        ("own/policies/{L}/*.yaml", "duties:", "duties: ["),
    ],
    ids=["policy", "calendar", "settings", "pack", "no policy any more"],
)
def test_a_file_edited_after_the_run_changes_no_proof(
    engine: Engine, settings: Settings, place: str, old: str, new: str
) -> None:
    day = date(2026, 7, 6)  # the duty to report of a quarter is judged, too
    assess_landlord(settings, L, as_at=day, now=at(day))
    (file,) = (settings.var_dir.parent).glob(place.format(L=L))
    before = file.read_text(encoding="utf-8")
    assert old in before
    file.write_text(before.replace(old, new), encoding="utf-8")
    assert judge(engine, settings) == {1: PROVED, 2: PROVED}


def test_a_pack_issued_later_changes_no_earlier_run(engine: Engine, settings: Settings) -> None:
    day = date(2026, 10, 5)
    assess_landlord(settings, L, as_at=day, now=at(day))
    with writing(engine, L) as connection:
        connection.execute(
            PackRow.__table__.insert().values(
                id=1, landlord=L, pack="health_and_safety_committee", quarter="2026-Q2", edition="confidential",
                built_at=at(day), sha256="ab", files={}, ingredients={}, figures={},
            )
        )  # fmt: skip
        assert record_issue(connection, L, 1, how="by hand", now=at(day, 10))
    assess_landlord(settings, L, as_at=day, now=at(day, 11))
    runs = list_recorded_runs(engine, L)
    assert runs[0].sha256 != runs[1].sha256, "the issue is news"
    assert judge(engine, settings) == {1: PROVED, 2: PROVED, 3: PROVED}
    # A run that kept no text of it is judged by what was known at its instant.
    with writing(engine, L) as connection:
        pass_guards(connection)
        connection.execute(text("UPDATE assessment_runs SET used_texts = NULL"))
    assert judge(engine, settings) == {1: PROVED, 2: PROVED, 3: PROVED}


def test_a_run_of_an_earlier_revision_says_why_it_cannot_be_proved(engine: Engine, settings: Settings) -> None:
    with writing(engine, L) as connection:
        pass_guards(connection)
        connection.execute(text("UPDATE assessment_runs SET used_texts = NULL"))
    assert judge(engine, settings) == {1: PROVED}
    (file,) = (settings.var_dir.parent).glob(f"own/policies/{L}/*.yaml")
    file.write_text(file.read_text(encoding="utf-8").replace("working_days: 3", "working_days: 4"), encoding="utf-8")
    ((verdict, says),) = judge(engine, settings).values()
    assert verdict is Verdict.UNPROVED
    assert says.startswith("its policy text was not kept; ")


def test_another_version_of_the_program_may_judge_otherwise(
    engine: Engine, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from due_regard.services import judge_run_again as module

    monkeypatch.setattr(module, "__version__", "99.0")
    assert judge(engine, settings) == {1: PROVED}
    with writing(engine, L) as connection:
        pass_guards(connection)
        connection.execute(text("UPDATE assessment_runs SET sha256 = 'ab'"))
    ((verdict, says),) = judge(engine, settings).values()
    assert (verdict, "by version 99.0" in says) == (Verdict.UNPROVED, True)


TAMPERINGS = {
    "a run's digest": "UPDATE assessment_runs SET sha256 = 'ab'",
    "a run's day": "UPDATE assessment_runs SET as_at = '2026-06-10'",
    "what a run knew": "UPDATE assessment_runs SET known_at = '2026-06-15 06:00:00.000000'",
    "a run's policy": "UPDATE assessment_runs SET policy_version = '2019-01-01'",
    "a run's rows": "UPDATE assessment_runs SET rows = rows + 1",
    "a text": "UPDATE used_texts SET text = replace(text, 'working_days: 3', 'working_days: 4')",
    "a text's digest": "UPDATE used_texts SET sha256 = 'ab' WHERE kind = 'policies'",
    "a text that is gone": "DELETE FROM used_texts WHERE kind = 'calendars'",
    "a list without texts": "UPDATE assessment_runs SET used_texts = '{}'",
    "a list of another file": """UPDATE assessment_runs SET used_texts =
        replace(CAST(used_texts AS TEXT), 'include/landlords', '../../landlords')""",
    "a list that is none": "UPDATE assessment_runs SET used_texts = '[1]'",
    "a record's cell": "UPDATE appeals SET received_on = '2026-06-09' WHERE appeal_ref = 'A1'",
    "a record's cell that is no date": "UPDATE appeals SET received_on = 'x' WHERE appeal_ref = 'A1'",
    "a record that is gone": "DELETE FROM appeals WHERE appeal_ref = 'A1'",
    "since when a record is known": "UPDATE appeals SET known_from = '2027-01-01 00:00:00.000000'",
    "a column that was carried": "DELETE FROM carried_columns WHERE column_name = 'received_on'",
}


@pytest.mark.parametrize("statement", TAMPERINGS.values(), ids=TAMPERINGS.keys())
def test_a_run_is_not_proved_over_what_was_tampered_with(engine: Engine, settings: Settings, statement: str) -> None:
    with engine.begin() as connection:
        pass_guards(connection)
        assert connection.execute(text(statement)).rowcount > 0
    ((verdict, says),) = judge(engine, settings).values()
    assert verdict is not Verdict.PROVED
    assert "2026" not in says, "no cell is said"
