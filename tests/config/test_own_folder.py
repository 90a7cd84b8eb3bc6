"""An installation's own files laid over the shipped ones, file by file: each kind, and which one wins."""

from __future__ import annotations

import email
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from email import policy
from functools import partial
from pathlib import Path

import pytest

from due_regard import register
from due_regard.__main__ import main
from due_regard.config.landlord import list_landlord_ids, load_landlord
from due_regard.config.layered_folders import LayeredFolder, find_file, find_shipped_folder, list_files
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.policy import load_policies
from due_regard.services import orchestration
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register
from due_regard.services.run_alerts import run_alerts
from tests.approval_off import switch_approval_off
from tests.contract_examples import CONTRACT

SHIPPED = find_shipped_folder()
SIXTH = Path(__file__).parents[1] / "policies" / "sixth_landlord"
NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
L, PACK = "hanover", "audit_performance_and_risk"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command; gives exit code, stdout and stderr."""

    def command(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        said = capsys.readouterr()
        return code, said.out, said.err

    return command


def lay(own: Path, name: str, *changes: tuple[str, str], as_name: str | None = None) -> Path:
    """A copy of a shipped file in the own folder, with its text changed."""
    text = (SHIPPED / name).read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, f"{name} says nothing of {old!r}"
        text = text.replace(old, new)
    file = own / (as_name or name)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def test_the_first_layer_that_has_a_file_gives_it(tmp_path: Path) -> None:
    for name in ("top/both.yaml", "top/deep/new.yaml", "below/both.yaml", "below/only.yaml", "below/deep/old.yaml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    top, below = tmp_path / "top", tmp_path / "below"
    layers = LayeredFolder((top, tmp_path / "not_there", below))
    assert find_file(layers, "both.yaml") == top / "both.yaml"
    assert find_file(layers, "only.yaml") == below / "only.yaml"
    assert find_file(layers, "none.yaml") == top / "none.yaml"
    assert list_files(layers, "*.yaml") == [top / "both.yaml", below / "only.yaml"]
    assert list_files(layers / "deep", "*.yaml") == [top / "deep" / "new.yaml", below / "deep" / "old.yaml"]
    assert list_files(below, "*.yaml") == [below / "both.yaml", below / "only.yaml"]


def test_an_own_landlord_wins_new_ones_appear_and_shipped_ones_stay(own: Path) -> None:
    lay(own, f"landlords/{L}.yaml", ("cadence: daily", "cadence: monthly"))
    shutil.copytree(SIXTH, own, dirs_exist_ok=True)
    folder = Settings().landlords_dir
    shipped = list_landlord_ids(SHIPPED / "landlords")
    assert list_landlord_ids(folder) == tuple(sorted([*shipped, "sixth"]))
    assert load_landlord(folder, L).cadence == "monthly"
    assert load_landlord(folder, "sixth").id == "sixth"
    assert load_landlord(folder, "clydebank") == load_landlord(SHIPPED / "landlords", "clydebank")


def test_a_dag_lists_own_landlords_without_opening_a_file(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (own / "landlords").mkdir()
    (own / "landlords" / "unreadable.yaml").write_bytes(b"\xff\x00")
    include = own.parent / "include"
    (include / "landlords").mkdir(parents=True)
    (include / "landlords" / "shipped.yaml").touch()
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(include))
    assert orchestration.list_landlords() == ["shipped", "unreadable"]


def test_versions_of_a_policy_are_those_of_both_folders(own: Path) -> None:
    lay(own, f"policies/{L}/2020-01-01.yaml", ("title: ", "title: Next "), as_name=f"policies/{L}/2026-09-01.yaml")
    history = load_policies(Settings().policies_dir, L)
    assert [version.effective_from for version in history.versions] == [date(2020, 1, 1), date(2026, 9, 1)]
    assert not history.find_version(date(2026, 8, 31)).title.startswith("Next ")
    assert history.find_version(date(2026, 9, 1)).title.startswith("Next ")
    lay(own, f"policies/{L}/2020-01-01.yaml", ("title: ", "title: Own "))
    first = load_landlord_context(Settings(), L).history.versions[0]
    assert first.title.startswith("Own ")


def test_an_own_source_mapping_wins_and_a_new_one_appears(own: Path, run: Run) -> None:
    drop = CONTRACT / "examples" / L / "exports"
    assert run("source", "check", "canonical", drop)[0] == 0
    lay(own, "sources/canonical.yaml", ("files: [appeals.csv", "files: [appealed.csv"))
    lay(own, "sources/canonical.yaml", ("name: canonical\n", "name: vendor\n"), as_name="sources/vendor.yaml")
    code, said, _ = run("source", "check", "canonical", drop)
    assert (code, "appeals.csv" in said) == (4, True)
    assert run("source", "check", "vendor", drop)[0] == 0
    code, _, said = run("source", "check", "nobody", drop)
    assert code == 2
    assert "canonical, canonical_snapshot" in said
    assert "vendor" in said


def test_an_own_calendar_wins_for_its_nation_alone(own: Path, run: Run) -> None:
    lay(own, "calendars/scotland.yaml", ("2026-11-30", "2026-11-27"))
    settings = Settings()
    calendar = load_landlord_context(settings, L).calendar
    assert calendar.is_working(date(2026, 11, 30))
    assert not calendar.is_working(date(2026, 11, 27))
    assert load_landlord_context(settings, "united_welsh").calendar.last_year >= 2027


def test_a_refreshed_calendar_goes_to_the_own_folder_only_where_it_says_something_new(own: Path, run: Run) -> None:
    shipped = (SHIPPED / "calendars" / "scotland.yaml").read_bytes()
    assert run("calendar", "refresh")[0] == 0
    assert list(own.rglob("*.yaml")) == []
    lay(own, "calendars/scotland.yaml", ("2026-11-30", "2026-11-27"))
    code, said, _ = run("calendar", "refresh")
    assert code == 0
    assert "changed: 2026" in said
    assert [file.name for file in own.rglob("*.yaml")] == ["scotland.yaml"]
    assert load_landlord_context(Settings(), L).calendar.is_working(date(2026, 11, 27))
    assert (SHIPPED / "calendars" / "scotland.yaml").read_bytes() == shipped


def test_own_reports_reach_mails_packs_papers_and_the_clerk(own: Path, tmp_path: Path) -> None:
    lay(own, "reports/mail/alert.txt.j2", ("{{ title }}", "Own words\n{{ title }}"))
    lay(own, f"reports/packs/{PACK}.yaml", ("\ntitle: ", "\ntitle: Own "))
    lay(own, "reports/paper/pack.typ", ("author: pack.landlord", 'author: "Own author"'))
    lay(own, "reports/mail/pack.html.j2", ("<body", "<!-- Own page --><body"))
    switch_approval_off(own, L)
    settings = Settings(landlords=(L,))
    with open_landlord_register(settings, L, upgrade=True) as engine:
        known = partial(register.read_known_refs, engine, L)
        source = load_source_mapping(settings.sources_dir, "canonical")
        drop = CONTRACT / "examples" / L / "exports"
        validated = read_drop(drop, L, source, on=NOW.date(), known=known, great_expectations=False)
        register.load_drop(engine, validated, now=NOW)
    assess_landlord(settings, L, as_at=NOW.date(), now=NOW)
    run_alerts(settings, as_at=NOW.date(), now=NOW, dry_run=tmp_path / "dry")
    digests = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in (tmp_path / "dry").iterdir()]
    plain, page = ([mail.get_body((kind,)).get_content() for mail in digests] for kind in ("plain", "html"))
    assert digests
    assert all("Own words" in text for text in plain)
    assert all("<html" in text and "Own words" not in text for text in page)
    build_packs(settings, L, quarter="2026-Q2", pack=PACK, out=tmp_path / "packs", now=NOW, issue=True)
    (paper,) = (tmp_path / "packs").glob("*.pdf")
    assert b"Own author" in paper.read_bytes()
    sent = [email.message_from_bytes(f.read_bytes(), policy=policy.default) for f in settings.mail_dir.glob("*.eml")]
    (mail,) = [mail for mail in sent if str(mail["Subject"]).startswith("Own ")]
    assert "<!-- Own page -->" in mail.get_body(("html",)).get_content()
    assert "Own page" not in mail.get_body(("plain",)).get_content()


def test_a_sixth_landlord_lives_in_the_own_folder_by_commands_alone(own: Path, run: Run, tmp_path: Path) -> None:
    own.rmdir()
    before = {file: file.stat().st_mtime_ns for file in SHIPPED.rglob("*")}
    code, said, _ = run("landlord", "new", "sixth")
    assert code == 0
    assert f"wrote {own / 'landlords' / 'sixth.yaml'}" in said
    assert f"{own / 'policies' / 'sixth'}/<effective_from>.yaml" in said
    code, said, _ = run("landlord", "check", "sixth")
    assert (code, "no policy" in said) == (2, True)
    (own / "policies" / "sixth").mkdir(parents=True)
    policy_file = shutil.copy(SIXTH / "policies" / "sixth" / "2026-01-01.yaml", own / "policies" / "sixth")
    assert run("policy", "check", policy_file)[0] == 0
    code, said, _ = run("policy", "show", "sixth", "--on", "2026-06-01")
    assert code == 0
    assert "Clause 4.1" in said
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "restrictions.csv").write_text(
        "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on\n"
        "R1,C1,named_contact,2026-01-12,S1,2026-01-12\n",
        encoding="utf-8",
    )
    (drop / "appeals.csv").write_text(
        "appeal_ref,restriction_ref,received_on,acknowledged_on\nA1,R1,2026-06-11,\n", encoding="utf-8"
    )
    assert run("intake", drop, "--landlord", "sixth")[0] == 0
    assert run("assess", "--landlord", "sixth", "--as-at", "2026-06-30")[0] == 0
    code, said, _ = run("findings", "--as-at", "2026-06-30", "--landlord", "sixth")
    assert code == 0
    assert "appeal.acknowledge" in said
    assert {file: file.stat().st_mtime_ns for file in SHIPPED.rglob("*")} == before


def test_a_landlord_that_is_shipped_is_not_written_anew(own: Path, run: Run) -> None:
    code, _, said = run("landlord", "new", L)
    assert code == 2
    assert f"{SHIPPED / 'landlords' / L}.yaml: exists already" in said
    assert not (own / "landlords" / f"{L}.yaml").exists()


def test_a_folder_that_may_only_be_read_is_said(own: Path, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    # As root every folder of a test's may be written to; a read-only mount may not.
    monkeypatch.setattr(os, "access", lambda path, mode: (Path(path), mode) != (own, os.W_OK))
    code, _, said = run("landlord", "new", "sixth")
    assert code == 2
    assert f"cannot write to {own}; set DUE_REGARD_OWN_DIR" in said
    assert list(own.iterdir()) == []


@pytest.mark.parametrize(
    "words",
    [
        ("policy", "show", L),
        ("assess", "--landlord", L, "--as-at", "2026-06-30"),
        ("alerts", "run", "--as-at", "2026-06-30"),
        ("source", "check", "canonical", "."),
    ],
    ids=lambda words: words[0],
)
def test_a_mistyped_own_folder_is_never_passed_over(own: Path, run: Run, words: tuple[str, ...]) -> None:
    own.rmdir()
    code, _, said = run(*words)
    assert code == 2
    assert f"no folder {own}" in said
    assert "DUE_REGARD_OWN_DIR" in said


def test_the_doctor_says_which_folders_it_looked_in(own: Path, run: Run) -> None:
    (own.parent / "var" / "drops").mkdir(parents=True)
    lay(own, f"landlords/{L}.yaml")
    shutil.copytree(SIXTH, own, dirs_exist_ok=True)
    _, said, _ = run("doctor")
    assert f"ok    own folder: {own}: 4 files, in place of shipped ones: landlords/{L}.yaml" in said
    assert f"ok    include folder: {SHIPPED}" in said
    (own / "policy").mkdir()
    code, said, _ = run("doctor")
    assert code == 5
    assert f"WRONG own folder: {own}: nothing reads policy; folders: calendars, codes, landlords, policies" in said
    shutil.rmtree(own)
    code, said, _ = run("doctor")
    assert code == 5
    assert f"WRONG own folder: no folder {own}; make it" in said


def test_a_blank_setting_is_no_folder(monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path) -> None:
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", "")
    assert Settings().landlords_dir == LayeredFolder((SHIPPED / "landlords",))


def test_without_an_own_folder_the_include_folder_is_written_to(
    monkeypatch: pytest.MonkeyPatch, run: Run, tmp_path: Path
) -> None:
    monkeypatch.delenv("DUE_REGARD_OWN_DIR", raising=False)
    monkeypatch.setenv("DUE_REGARD_INCLUDE_DIR", str(tmp_path))
    assert run("landlord", "new", "sixth")[0] == 0
    assert load_landlord(tmp_path / "landlords", "sixth").id == "sixth"
    code, _, said = run("landlord", "new", "sixth")
    assert (code, "exists already" in said) == (2, True)
    assert run("landlord", "new", "Sixth HA")[0] == 2
