"""`landlord check` and `doctor` find what is well written and yet points nowhere, with file and line."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.records.canonical import ENTITY
from due_regard.services.check_installation import CheckResult, check_installation
from due_regard.services.landlord_checks import LandlordCheck, check_landlord_files
from tests.config.test_own_folder import SHIPPED, lay

L, TODAY = "clydebank", date(2026, 4, 20)
"""Soon after go-live: later, that nothing was ever sent is a warning of its own."""
FILE, POLICY = f"landlords/{L}.yaml", f"policies/{L}/2023-08-29.yaml"


def check() -> LandlordCheck:
    return check_landlord_files(Settings(), L, today=TODAY)


@pytest.mark.parametrize("landlord", sorted(file.stem for file in (SHIPPED / "landlords").iterdir()))
def test_a_shipped_landlord_is_in_order(landlord: str) -> None:
    found = check_landlord_files(Settings(), landlord, today=TODAY)
    assert (found.wrong, found.warnings) == ((), ())


WRONG: list[tuple[str, str, str, str]] = [
    (FILE, "    committee: c", "    comittee: c", "no role 'comittee', did you mean committee?"),
    (FILE, "    services_manager: s", "    service_manager: s", "no mailbox for services_manager, who alone is told"),
    (FILE, "name: senior_management\n", "name: senior_managment\n", "no pack 'senior_managment', did you mean s"),
    (FILE, "name: senior_management_team\n", "name: senior_management\n", "senior_management is switched on twice"),
    (FILE, "source: sheet_per_entity", "source: sheet_per_entitty", "did you mean sheet_per_entity?"),
    (FILE, "go_live_on: 2026-04-01", "go_live_on: 2062-04-01", "go_live_on is 2062-04-01: more than 1 year ahead"),
    (FILE, "closure_days: []", "closure_days: [2026-12-24, 2206-12-24]", "closure day 2206-12-24: more than 3 years"),
    (FILE, "closure_days: []", "closure_days: [0202-12-24]", "before 1990"),
    (FILE, "  - name: senior_management\n", "  - name: senior_management\n    meets_on: [2062-05-01]\n",
     "the meeting of 2062-05-01"),
    (FILE, "drop_folder: clydebank", "drop_folder: hanover/", "drop_folder hanover/ is hanover's too"),
    (FILE, "reporting_year_starts: 4", "reporting_year_starts: 4\nconfirmed_readings: {incident.polise: x}",
     "incident.polise has no reading in the policy"),
    (POLICY, "due: 2026-07-31", "due: 2207-07-31", "due 2207-07-31: more than 15 years ahead"),
    (POLICY, "approved_on: 2023-08-29", "approved_on: 2032-01-01", "approved_on is 2032-01-01, still to come"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), WRONG, ids=[told for *_, told in WRONG])
def test_what_points_nowhere_is_wrong_and_says_file_and_line(
    own: Path, file: str, old: str, new: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lay(own, file, (old, new))
    (line,) = [words for words in check().wrong if told in words]
    place = re.match(rf"{re.escape(str(own / file))}:(\d+): ", line)
    assert place, line
    text = (own / file).read_text(encoding="utf-8").splitlines()[int(place[1]) - 1]
    slip = re.search(r"'(\w+)'|(\d{4}-\d\d-\d\d)", told)
    assert slip is None or next(filter(None, slip.groups())) in text
    assert main(["landlord", "check", L]) == 2
    assert told in capsys.readouterr().out


@pytest.mark.parametrize(
    ("name", "told"),
    [("2062-01-01", "more than 2 years ahead"), ("0202-01-01", "before 1990")],
)
def test_a_policy_of_a_year_nobody_means_is_wrong(own: Path, name: str, told: str) -> None:
    lay(own, POLICY, as_name=f"policies/{L}/{name}.yaml")
    (line,) = check().wrong
    assert line == f"{own}/policies/{L}/{name}.yaml:2: in force from {name}, as its name says: {told}; a slip?"


MEANT: list[tuple[str, str, str, str]] = [
    (FILE, "go_live_on: 2026-04-01", "go_live_on: 2026-09-01", "go_live_on is 2026-09-01: what is overdue before it"),
    (FILE, "    director: director@clydebank.example\n", "",
     "no mailbox for director: 10 working days after a due date (alerts.ladder) the fallback mailbox is told"),
    (FILE, "    reviewer: contact-reviews@clydebank.example\n", "", "no mailbox for reviewer: where a record names"),
    (FILE, "closure_days: []", "closure_days: [2026-12-26]", "2026-12-26 is a Saturday"),
]  # fmt: skip


@pytest.mark.parametrize(("file", "old", "new", "told"), MEANT, ids=[told for *_, told in MEANT])
def test_what_may_be_meant_is_a_warning(own: Path, file: str, old: str, new: str, told: str) -> None:
    lay(own, file, (old, new))
    found = check()
    assert found.wrong == ()
    assert [told in words for words in found.warnings] == [True]
    assert re.match(rf"{re.escape(str(own / file))}:\d+: ", found.warnings[0])


def test_a_pack_behind_a_link_needs_the_address_of_the_pages(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lay(own, FILE, ("name: senior_management\n", "name: senior_management\n    deliver: link\n"))
    (words,) = check().warnings
    assert "the pack senior_management is delivered as a link, and DUE_REGARD_BASE_URL is not set" in words
    place = re.match(rf"{re.escape(str(own / FILE))}:(\d+): ", words)
    assert place and "deliver: link" in (own / FILE).read_text(encoding="utf-8").splitlines()[int(place[1]) - 1]
    monkeypatch.setenv("DUE_REGARD_BASE_URL", "https://airflow.example")
    assert check().warnings == ()


def test_doctor_warns_of_live_mail_without_links(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert doctor()("mail links") == []
    monkeypatch.setenv("DUE_REGARD_MAIL_MODE", "live")
    (found,) = doctor()("mail links")
    assert (found.ok, found.is_warning) == (True, True) and "DUE_REGARD_BASE_URL is not set" in found.says
    monkeypatch.setenv("DUE_REGARD_BASE_URL", "https://airflow.example")
    assert doctor()("mail links") == []


def test_a_version_to_come_is_a_warning_that_says_what_holds_until_then(own: Path) -> None:
    lay(own, POLICY, as_name=f"policies/{L}/2026-09-01.yaml")
    found = check()
    assert found.wrong == ()
    assert found.warnings[0].endswith("not yet in force: from 2026-09-01; until then 2023-08-29 holds")


def doctor(now: str = "2026-07-01") -> Callable[[str], list[CheckResult]]:
    from datetime import UTC, datetime

    found = check_installation(Settings(), now=datetime.fromisoformat(now).replace(tzinfo=UTC))
    return lambda what: [item for item in found if item.what == what]


def test_doctor_says_the_same(own: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lay(own, FILE, ("    committee: c", "    comittee: c"))
    lay(own, "landlords/hanover.yaml", ("closure_days: []", "closure_days: [2026-12-26]"))
    ask = doctor()
    wrong, *_ = ask(L)
    assert not wrong.ok
    assert "comittee" in wrong.says
    first, *warnings = ask("hanover")
    assert (first.ok, first.is_warning) == (True, False)
    assert [(item.ok, item.is_warning) for item in warnings if "a Saturday" in item.says] == [(True, True)]
    main(["doctor"])
    assert "WARN  hanover: " in capsys.readouterr().out
    main(["--json", "doctor"])
    assert any(item["is_warning"] for item in json.loads(capsys.readouterr().out)["checks"])


def test_doctor_finds_files_that_nobody_reads(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [item.ok for item in doctor()("unread files")] == [True]
    lay(own, POLICY, as_name="policies/clydebnak/2023-08-29.yaml")
    lay(own, FILE, as_name="landlords/seventh.yml")
    (unread,) = doctor()("unread files")
    assert not unread.ok
    assert "clydebnak" in unread.says
    assert "seventh.yml" in unread.says
    monkeypatch.setenv("DUE_REGARD_LANDLORDS", L)
    assert ["hanover" in item.says for item in doctor()("landlords")] == [True]


def test_what_landlord_new_writes_is_in_order_but_for_its_policy(own: Path) -> None:
    assert main(["landlord", "new", "seventh"]) == 0
    lay(own, POLICY, (f"landlord: {L}", "landlord: seventh"), as_name="policies/seventh/2023-08-29.yaml")
    found = check_landlord_files(Settings(), "seventh", today=TODAY)
    assert found.wrong == (
        f"{own}/landlords/seventh.yaml:19: no mailbox for services_manager, who alone is told of a duty of the policy",
    )
    roles = {words.split(": ")[1].removeprefix("no mailbox for ") for words in found.warnings}
    assert roles <= {"decider", "appeal_handler", "reviewer", "incident_manager", "marker_owner", "request_owner"}


def say_queries(own: Path, source: str, *entities: str) -> None:
    said = "fetch:\n  kind: sql\n  connection: housing\n  queries:\n"
    said += "".join(f"    {entity}: reporting.v_{entity}\n" for entity in entities)
    lay(own, FILE, ("source: sheet_per_entity\n", f"source: {source}\n{said}"))


def test_a_query_that_no_mapping_reads_is_wrong_and_what_no_query_brings_is_told(own: Path) -> None:
    say_queries(own, "canonical", "customers", "staf")
    found = check()
    (wrong,) = found.wrong
    assert "fetch: source canonical reads no staf.csv, so that nothing is fetched, did you mean staff?" in wrong
    place = re.match(rf"{re.escape(str(own / FILE))}:(\d+): ", wrong)
    assert place and "staf:" in (own / FILE).read_text(encoding="utf-8").splitlines()[int(place[1]) - 1]
    (told,) = [words for words in found.warnings if "fetch" in words]
    assert "no query for access_requests, appeals, incidents" in told and "staff" in told and "customers" not in told
    assert main(["landlord", "check", L]) == 2


def test_queries_that_bring_all_that_is_mapped_are_in_order(own: Path) -> None:
    say_queries(own, "canonical", *ENTITY)
    found = check()
    assert [words for words in (*found.wrong, *found.warnings) if "fetch" in words] == []


def test_a_mapping_of_workbooks_reads_no_query(own: Path) -> None:
    """The files of a query are called by its entity and end in .csv, whatever the vendor's are called."""
    say_queries(own, "sheet_per_entity", "customers")
    assert any("sheet_per_entity reads no customers.csv" in words for words in check().wrong)
