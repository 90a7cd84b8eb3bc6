"""The sixth sample landlord, English and invented, lives in an own folder by files alone: no code, no shipped file."""

from __future__ import annotations

import csv
import email
import json
import zipfile
from collections import Counter
from datetime import date
from email import policy
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.assessment import assess_records
from due_regard.assessment.explanation import explain_rule
from due_regard.calendars.working_days import load_calendar
from due_regard.config.landlord import list_landlord_ids
from due_regard.config.settings import Settings
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.records.canonical import UNKNOWN_CELLS
from due_regard.register import reading
from due_regard.services.landlord_context import load_landlord_context, open_landlord_register

INCLUDE = Path(__file__).resolve().parents[2] / "include"
OWN, DROP = INCLUDE / "samples" / "own", INCLUDE / "samples" / "thornmere"
L, AS_AT = "thornmere", date(2026, 6, 30)


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(OWN))
    monkeypatch.setenv("DUE_REGARD_VAR_DIR", str(tmp_path / "var"))
    return Settings()


def test_nothing_shipped_names_it(settings: Settings) -> None:
    assert set(list_landlord_ids(settings.landlords_dir)) - set(list_landlord_ids(INCLUDE / "landlords")) == {L}
    shipped = [file for file in INCLUDE.rglob("*.yaml") if "samples" not in file.relative_to(INCLUDE).parts]
    assert not [file for file in shipped if L in file.read_text(encoding="utf-8").lower()]


def test_the_commands_of_the_readme_check_it(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["landlord", "check", L]) == 0
    assert main(["policy", "check", str(OWN / "policies" / L / "2025-04-01.yaml")]) == 0
    assert main(["policy", "show", L]) == 0
    said = capsys.readouterr().out
    assert '"external body" is housing ombudsman' in said
    assert '"considered by role" is panel or sub committee' in said
    assert main(["doctor"]) == 5
    told = capsys.readouterr().out
    assert "ok    code lists: 11 lists; own words: resident_portal, two_person_visits, resolution_lead" in told


def test_its_drop_loads_by_its_own_mapping_and_words(settings: Settings) -> None:
    source = load_source_mapping(settings.sources_dir, "thornmere_residents")
    validated = read_drop(DROP, L, source, on=AS_AT, known=lambda _: None, great_expectations=False)
    records = validated.records()
    assert validated.refused == ()
    assert "two_person_visits" in ";".join(records["restrictions"]["measure"])
    assert "resident_portal" in set(records["incidents"]["channel"])
    assert {"panel", "sub_committee"} & set(records["appeals"]["considered_by_role"])
    assert set(records["appeals"]["external_body"].dropna()) == {"housing_ombudsman"}
    assert records["incidents"][UNKNOWN_CELLS].dropna().tolist() == ["harassment"]


def test_its_policy_tells_kept_from_missed(settings: Settings) -> None:
    context = load_landlord_context(settings, L)
    source = load_source_mapping(settings.sources_dir, "thornmere_residents")
    records = read_drop(DROP, L, source, on=AS_AT, known=lambda _: None, great_expectations=False).records()
    found = assess_records(records, context.history, context.calendar, AS_AT)
    states = Counter(found["state"])
    assert states["met"] > 600
    assert min(states[state] for state in ("late", "overdue", "breach", "pending")) > 0
    deciders = records["restrictions"].set_index("restriction_ref")["decided_by_role"]
    rows = found[found["rule"] == "restriction.decider_role"].set_index("subject_ref")["state"]
    assert set(rows[deciders == "assistant_director"]) == {"met"}
    assert set(rows[deciders == "team_leader"]) <= {"breach"}
    ref = str(found.loc[found["rule"] == "appeal.signpost", "subject_ref"].iloc[0])
    lines = explain_rule(records, context.history, context.calendar, AS_AT, "appeal.signpost", ref)
    assert any('"external body": housing ombudsman' in line for line in lines)


def test_a_drop_that_names_another_body_is_told_apart(settings: Settings, tmp_path: Path) -> None:
    """The issue's case: an appeal with a body that no list has keeps its other answers."""
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "restrictions.csv").write_text(
        "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on\n"
        "R1,C1,named_contact,2026-01-12,S1,2026-01-12\n", encoding="utf-8"
    )  # fmt: skip
    (drop / "customers.csv").write_text("customer_ref,customer_type\nC1,tenant\n", encoding="utf-8")
    (drop / "appeals.csv").write_text(
        "appeal_ref,restriction_ref,received_on,acknowledged_on,decided_on,notified_on,outcome,external_body\n"
        "A1,R1,2026-06-01,,2026-06-11,2026-06-12,upheld,Ombudsperson Prudence Wibblestone\n"
        "A2,R1,2026-06-01,2026-06-02,2026-06-11,2026-06-12,upheld,housing_ombudsman\n", encoding="utf-8"
    )  # fmt: skip
    out = tmp_path / "out.csv"
    call = ["assess", "--landlord", L, "--as-at", "2026-06-30", "--drop", str(drop), "--out", str(out)]
    assert main([*call, "--source", "canonical"]) == 0
    with out.open(encoding="utf-8") as file:
        rows = {(row["rule"], row["subject_ref"]): row["state"] for row in csv.DictReader(file)}
    assert rows["appeal.signpost", "A1"] == "not_measured"
    assert rows["appeal.signpost", "A2"] == "met"
    assert rows["appeal.acknowledge", "A1"] == "overdue"


def read_unpacked(file: Path) -> bytes:
    """A file's bytes; of a workbook, those of its parts."""
    if not zipfile.is_zipfile(file):
        return file.read_bytes()
    with zipfile.ZipFile(file) as packed:
        return b"".join(packed.read(name) for name in packed.namelist())


def test_its_findings_mails_and_results_carry_no_word_that_is_not_known(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    for file in DROP.iterdir():
        (drop / file.name).write_bytes(file.read_bytes().replace(b"|HOS\n", b"|Prudence Wibblestone\n"))
    assert main(["--json", "intake", str(drop), "--landlord", L]) == 3
    said = capsys.readouterr()
    assert '"not_known"' in said.out
    assert main(["assess", "--landlord", L, "--as-at", "2026-06-30"]) == 0
    assert main(["alerts", "run", "--as-at", "2026-06-30", "--dry-run", str(tmp_path / "mails")]) == 0
    written = [file for file in tmp_path.rglob("*") if file.is_file() and drop not in file.parents]
    holding = [file.name for file in written if b"Wibblestone" in read_unpacked(file)]
    assert holding
    assert all(name.startswith("TH_appeals_") for name in holding)
    assert "Wibblestone" not in said.out + said.err + "".join(capsys.readouterr())


def test_its_data_owner_is_told_of_a_word_though_no_row_was_rejected(
    settings: Settings, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drop = tmp_path / "drop"
    drop.mkdir()
    (drop / "restrictions.csv").write_text(
        "restriction_ref,customer_ref,measure,decided_on,decided_by,starts_on,emergency_route\n"
        "R1,C1,named_contact,2026-01-12,S1,2026-01-12,Wibblestone\n", encoding="utf-8"
    )  # fmt: skip
    assert main(["--json", "intake", str(drop), "--landlord", L, "--source", "canonical"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["not_known"] == [{"entity": "restrictions", "column": "emergency_route", "cells": 1, "rows": [2]}]
    with open_landlord_register(settings, L) as engine, reading(engine, L) as connection:
        body = connection.exec_driver_sql("SELECT body FROM alert_messages WHERE kind = 'handback'").scalar_one()
        kept = connection.exec_driver_sql("SELECT level, column_name, rows FROM rejection_counts").all()
    told = email.message_from_string(body, policy=policy.default).get_body(("plain",)).get_content()
    assert "1 restrictions loaded with a word in emergency_route that is not known" in " ".join(told.split())
    assert "Wibblestone" not in told
    assert [tuple(row) for row in kept] == [("note", "emergency_route", 1)]
    assert main(["--json", "intake", str(drop), "--landlord", L, "--source", "canonical"]) == 0
    with open_landlord_register(settings, L) as engine, reading(engine, L) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM alert_messages").scalar_one() == 1


def test_its_closure_days_are_its_own(settings: Settings) -> None:
    assert not load_landlord_context(settings, L).calendar.is_working(date(2025, 12, 30))
    assert load_calendar("england_and_wales", folder=INCLUDE / "calendars").is_working(date(2025, 12, 30))
