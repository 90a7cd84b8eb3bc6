"""What is to be done, by whom, and one finding: on a landlord's own policy, taken in and judged for real."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine, event

from due_regard.config.settings import Settings
from due_regard.errors import SettingsError, UnknownReference
from due_regard.register import load_drop, open_register
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.decide_on_finding import Decision, decide_on_finding
from due_regard.services.list_backlog import list_backlog
from due_regard.services.list_landlord_silences import list_landlord_silences
from due_regard.services.list_landlords_work import list_landlords_work
from due_regard.services.list_owner_problems import list_owner_problems
from due_regard.services.list_work import list_work
from due_regard.services.show_finding import show_finding
from due_regard.services.visitor_posts import Visitors, list_mailboxes
from due_regard.services.work_question import WorkQuestion
from tests.register.drops import accepted, drop
from tests.register.engines import sqlite_template  # noqa: F401 - a fixture
from tests.web.visitors import open_pages

L = "clydebank"
AS_AT, NOW = date(2026, 7, 1), datetime(2026, 7, 1, 9, tzinfo=UTC)
RESTRICTED = "incident.naming_notified"
ANNA, NOBODY = Visitors("ANNA@Clydebank.example "), Visitors("stranger@clydebank.example")
STAFF: list[dict[str, object]] = [
    {"staff_ref": "S1", "role": "manager", "email": "anna@clydebank.example", "team": "North", "is_active": True},
    {"staff_ref": "S2", "role": "manager", "email": "ben@clydebank.example", "team": "North", "is_active": True},
    {"staff_ref": "S3", "role": "manager", "email": "gone@clydebank.example", "is_active": False, "deputy_ref": "S1"},
]


def restriction(ref: str, customer: str, by: str, on: str) -> dict[str, object]:
    return {
        "restriction_ref": ref, "customer_ref": customer, "measure": "no_contact", "decided_on": on, "starts_on": on,
        "decided_by": by, "incident_ref": None, "decided_by_role": "manager", "notified_on": None,
    }  # fmt: skip


RECORDS: dict[str, list[dict[str, object]]] = {
    "customers": [{"customer_ref": f"C{n}", "customer_type": "tenant"} for n in (1, 2)],
    "staff": STAFF,
    "incidents": [
        {
            "incident_ref": "I/1 a", "customer_ref": "C1", "occurred_on": "2026-05-05", "category": "harassment",
            "channel": "social_media", "staff_named_publicly": True, "staff_ref": "S2", "manager_ref": "S2",
        }
    ],
    "restrictions": [
        restriction("R1", "C1", "S1", "2026-05-06"), restriction("R2", "C2", "S3", "2026-05-06"),
        restriction("R3", "C2", "S99", "2026-05-06"), restriction("R4", "C2", "S2", "2025-01-06"),
    ],
    "appeals": [{"appeal_ref": "A1", "restriction_ref": "R1", "received_on": "2026-06-11", "handled_by": "S2"}],
}  # fmt: skip


def write_policy(own: Path) -> None:
    """The landlord's own policy, with another's duty counted in working days beside its restricted ones."""
    policies = Settings().include_dir / "policies"
    (file,) = (policies / L).glob("*.yaml")
    (other,) = (policies / "queens_cross").glob("*.yaml")
    policy = yaml.safe_load(file.read_text(encoding="utf-8"))
    duties = yaml.safe_load(other.read_text(encoding="utf-8"))["duties"]
    policy["duties"] += [duty for duty in duties if duty["rule"] == "appeal.acknowledge"]
    (own / "policies" / L).mkdir(parents=True)
    (own / "policies" / L / file.name).write_text(yaml.safe_dump(policy, sort_keys=False), encoding="utf-8")


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Path:  # noqa: F811
    """A var folder whose landlord was taken in and judged. Copy it, never write to it."""
    var = tmp_path_factory.mktemp("judged") / "var"
    var.mkdir()
    write_policy(var / "own")
    shutil.copy(sqlite_template, var / "register.db")
    settings = Settings(var_dir=var, landlords=(L,), own_dir=var / "own")
    engine = open_register(settings.register(L))
    files = [accepted(entity, rows) for entity, rows in RECORDS.items()]
    load_drop(engine, drop(*files, landlord=L), now=NOW)
    engine.dispose()
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    return var


@pytest.fixture
def settings(judged: Path, tmp_path: Path) -> Settings:
    shutil.copytree(judged, tmp_path / "var")
    return Settings(var_dir=tmp_path / "var", landlords=(L,), own_dir=tmp_path / "var" / "own")


def work(settings: Settings, visitor: Visitors = NOBODY, *, restricted: bool = True, **asked: str) -> dict[str, Any]:
    found = list_work(settings, L, WorkQuestion(**asked), visitor, sees_restricted=restricted, now=NOW)
    json.dumps(found)
    return found


def subjects(found: dict[str, Any]) -> set[str]:
    return {each["subject_ref"] for each in found["findings"]}


def find(settings: Settings, rule: str, ref: str) -> str:
    every = work(settings)["findings"]
    return next(each["register_ref"] for each in every if (each["rule"], each["subject_ref"]) == (rule, ref))


def test_the_most_urgent_and_longest_waiting_come_first(settings: Settings) -> None:
    found = work(settings)
    order = ["overdue", "due", "coming", "noted"]
    keys = [(order.index(each["urgency"]), each["since_on"]) for each in found["findings"]]
    assert keys == sorted(keys) and len({key[0] for key in keys}) > 1
    assert found["as_at"] == "2026-07-01"
    assert found["counts"]["total"] == len(keys) == sum(found["counts"][word] for word in order)
    assert found["counts"]["overdue"] == sum(key[0] == 0 for key in keys) > 0


def test_mine_is_what_the_export_gives_me_and_a_leavers_work_is_the_deputys(settings: Settings) -> None:
    found = work(settings, ANNA, owner="me")
    assert {each["owner"]["staff_ref"] for each in found["findings"]} == {"S1"}
    deputised = {each["subject_ref"] for each in found["findings"] if each["owner"]["is_deputy"]}
    assert deputised == {"R2"} and "R1" in subjects(found)
    assert found["whose"]["me"] == found["counts"]["total"] < found["whose"]["all"]
    team = work(settings, ANNA, owner="my_team")
    assert {each["owner"]["staff_ref"] for each in team["findings"]} == {"S1", "S2"}
    gone = work(settings, Visitors("gone@clydebank.example"), owner="me")
    assert (gone["findings"], gone["is_somebody"]) == ([], False)


def test_a_role_of_the_sign_in_gives_its_mailbox(settings: Settings) -> None:
    governance = Visitors(None, (f"due regard: {L}: Governance", "Viewer"))
    found = work(settings, governance, owner="me")
    every = work(settings)["findings"]
    mine = {each["register_ref"] for each in every if each["owner"]["role"] == "governance"}
    reached = {each["register_ref"] for each in every if each["owner"]["is_unreachable"]}
    assert mine
    assert {each["register_ref"] for each in found["findings"]} in (mine, mine | reached)
    assert list_mailboxes(L, ("Due Regard: other: Governance", "Due Regard", f"Due Regard: {L}:")) == ()
    assert list_mailboxes(L, (f"Due Regard: {L}: Incident  Manager",)) == ("incident_manager",)


def test_what_is_restricted_is_hidden_from_lists_counts_and_searches(settings: Settings) -> None:
    every, fewer = work(settings), work(settings, restricted=False)
    hidden = [each for each in every["findings"] if each["rule"].startswith("incident.naming")]
    assert hidden
    assert fewer["counts"]["total"] == every["counts"]["total"] - len(hidden)
    assert fewer["whose"]["all"] == fewer["counts"]["total"]
    assert "naming" not in json.dumps(fewer)
    assert sum(group["findings"] for group in fewer["by_owner"]) == fewer["counts"]["total"]
    for asked in (hidden[0]["register_ref"], "I/1 a", "C1"):
        assert "naming" not in json.dumps(work(settings, restricted=False, q=asked))
    with pytest.raises(SettingsError, match="no such rule") as refused:
        work(settings, restricted=False, rule=RESTRICTED)
    assert RESTRICTED not in str(refused.value)
    with pytest.raises(UnknownReference):
        show_finding(settings, hidden[0]["register_ref"], now=NOW, landlord=L, sees_restricted=False)
    counts = [list_landlords_work(settings, {L: sees}, NOBODY, now=NOW)["landlords"][0] for sees in (False, True)]
    assert sum(counts[1][w] - counts[0][w] for w in ("overdue", "due", "coming", "noted")) == len(hidden)


@pytest.mark.parametrize(
    ("asked", "refs"),
    [
        ("R1", {"R1", "A1"}),
        ("r1", {"R1", "A1"}),
        ("A1", {"A1"}),
        ("C1", {"R1", "A1", "I/1 a"}),
        ("C2", {"R2", "R3", "R4"}),
        ("I/1 a", {"I/1 a"}),
        ("nobody's", set()),
        ("%", set()),
    ],
)
def test_a_reference_finds_what_belongs_to_it(settings: Settings, asked: str, refs: set[str]) -> None:
    assert subjects(work(settings, q=asked)) == refs


def test_a_register_reference_is_found_however_it_is_written(settings: Settings) -> None:
    ref = find(settings, "appeal.acknowledge", "A1")
    for written in (ref, ref.lower(), f"f{int(ref[2:])}"):
        assert [each["register_ref"] for each in work(settings, q=written)["findings"]] == [ref]


def test_a_closed_finding_is_still_found(settings: Settings) -> None:
    ref = find(settings, "appeal.acknowledge", "A1")
    engine = open_register(settings.register(L))
    mended = {**RECORDS["appeals"][0], "acknowledged_on": "2026-07-01"}
    load_drop(engine, drop(accepted("appeals", [mended]), landlord=L, name="b"), now=NOW)
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    engine.dispose()
    found = work(settings, q=ref)
    assert (found["findings"], [each["register_ref"] for each in found["closed"]]) == ([], [ref])
    assert show_finding(settings, ref, now=NOW, landlord=L)["status"] == "resolved"


def test_each_filter_keeps_what_it_names(settings: Settings) -> None:
    every = work(settings)["findings"]
    for name, of in (("rule", "rule"), ("stage", "stage"), ("state", "state")):
        for value in {each[of] for each in every}:
            assert work(settings, **{name: value})["findings"] == [each for each in every if each[of] == value]
    for value in {each["owner"]["role"] for each in every}:
        assert work(settings, owner=value)["findings"] == [e for e in every if e["owner"]["role"] == value]
    assert work(settings, age="100")["findings"] == [each for each in every if each["age_days"] >= 100]
    assert {each["owner"]["team"] for each in work(settings, team="North")["findings"]} == {"North"}
    assert {each["owner"]["staff_ref"] for each in work(settings, staff="S2")["findings"]} == {"S2"}
    assert work(settings, page="99")["page"] == 1


@pytest.mark.parametrize(
    "asked", [{"owner": "boss"}, {"stage": "x"}, {"state": "met"}, {"rule": "a.b"}, {"age": "-1"}, {"page": "0"}]
)
def test_a_word_that_is_none_is_named(settings: Settings, asked: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=next(iter(asked))):
        work(settings, **asked)


def test_what_is_handed_over_is_the_new_owners_at_once(settings: Settings) -> None:
    ref = find(settings, "appeal.acknowledge", "A1")
    ben = Visitors("ben@clydebank.example")

    def whose(visitor: Visitors) -> bool:
        return ref in {each["register_ref"] for each in work(settings, visitor, owner="me")["findings"]}

    def decide(verb: Any, **more: Any) -> None:
        decision = Decision("fab:7", "they know the case", **more)
        decide_on_finding(settings, ref, verb, decision, now=NOW, landlord=L, sees_restricted=True, may_govern=True)

    assert (whose(ben), whose(ANNA)) == (True, False)
    decide("hand-over", to="S1")
    assert (whose(ben), whose(ANNA)) == (False, True)
    assert work(settings, state="handed_over")["findings"][0]["owner"]["team"] == "North"
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    assert (whose(ben), whose(ANNA)) == (False, True)
    decide("undo")
    assert (whose(ben), whose(ANNA)) == (True, False)


def test_a_silence_is_listed_and_no_longer_waits_for_me(settings: Settings) -> None:
    ref = find(settings, "appeal.acknowledge", "A1")
    ben = Visitors("ben@clydebank.example")

    def waiting() -> int:
        return int(list_landlords_work(settings, {L: True}, ben, now=NOW)["landlords"][0]["waiting"])

    before = waiting()
    decision = Decision("fab:7", "agreed with the customer", until=date(2026, 7, 20))
    decide_on_finding(settings, ref, "silence", decision, now=NOW, landlord=L, sees_restricted=True, may_govern=False)
    assert waiting() == before - 1
    listed = list_landlord_silences(settings, L, sees_restricted=False, now=NOW)
    assert [(one["register_ref"], one["why"]) for one in listed["silences"]] == [(ref, "agreed with the customer")]
    assert [each["register_ref"] for each in work(settings, state="silenced")["findings"]] == [ref]


def test_the_backlog_is_what_was_wrong_before_go_live(settings: Settings) -> None:
    found = list_backlog(settings, L, WorkQuestion(), sees_restricted=True, now=NOW)
    assert {each["subject_ref"] for each in found["findings"]} == {"R4"}
    assert all(each["newest_event"] for each in found["findings"])
    assert sum(group["findings"] for group in found["by_owner"]) == found["total"]
    some = found["findings"][0]["register_ref"]
    decision = Decision("fab:7", "yours", to="S1")
    decide_on_finding(settings, some, "hand-over", decision, now=NOW, landlord=L, sees_restricted=True, may_govern=True)
    left = list_backlog(settings, L, WorkQuestion(), sees_restricted=True, now=NOW)
    assert left["total"] == found["total"] - 1


def test_the_data_owner_reads_whom_the_export_names_wrongly_and_where(settings: Settings) -> None:
    found = list_owner_problems(settings, L, sees_restricted=False)
    unknown = next(each for each in found["problems"] if each["staff_ref"] == "S99")
    assert unknown["findings"] == sum(each["owner"]["staff_ref"] == "S99" for each in work(settings)["findings"])
    assert unknown["places"] == [
        {"entity": "restrictions", "ref": "R3", "column": "decided_by", "file": "restrictions.csv", "row_number": 4,
         "batch_id": 1}
    ]  # fmt: skip
    assert unknown["remedy"]


def test_a_finding_counts_its_days_by_date_and_names_the_holiday(settings: Settings) -> None:
    found = show_finding(settings, find(settings, "appeal.acknowledge", "A1"), now=NOW, landlord=L)
    count = found["working_days"]
    assert (count["start_on"], count["due_on"]) == ("2026-06-11", found["due_on"])
    assert [day["number"] for day in count["days"] if day["number"]] == list(range(1, count["working_days"] + 1))
    monday = next(day for day in count["days"] if day["on"] == "2026-06-15")
    assert monday == {"on": "2026-06-15", "number": None, "holiday": monday["holiday"]}
    assert "World Cup" in monday["holiday"]
    assert {(each["of"], each["ref"]) for each in found["references"]} == {
        ("appeal", "A1"), ("restriction", "R1"), ("customer", "C1"),
    }  # fmt: skip
    assert found["newest_event"] == found["life"][-1]["id"]
    assert found["life"][0]["words"] == "Opened"


def count_queries(ask: Any) -> int:
    sent: list[str] = []

    def note(_conn: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        ask()
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    return len(sent)


def test_more_findings_take_no_more_queries(settings: Settings) -> None:
    few = count_queries(lambda: work(settings, ANNA, owner="me", rule="restriction.review", restricted=True))
    assert count_queries(lambda: work(settings, ANNA, restricted=True)) == few


def test_the_pages_say_what_the_services_say(settings: Settings) -> None:
    ref = find(settings, "appeal.acknowledge", "A1")
    browser = open_pages(settings, L, "governance")
    for path in ("/", f"/{L}/work", f"/{L}/work?owner=my_team&q=R1&age=7", f"/{L}/backlog", f"/{L}/silences",
                 f"/{L}/mend", f"/{L}/findings/{ref}"):  # fmt: skip
        page = browser.get(path)
        assert page.status_code == 200, (path, page.text)
        assert page.text.count("<h1>") == 1
        told = browser.get(path, headers={"accept": "application/json"})
        assert told.headers["content-type"] == "application/json"
    told = browser.get(f"/{L}/findings/{ref}", headers={"accept": "application/json"}).json()
    ours = show_finding(settings, ref, now=datetime.now(UTC), landlord=L)
    assert told == json.loads(json.dumps(ours))
    page = browser.get(f"/{L}/findings/{ref}").text
    for words in ("World Cup", "A1", "C1", "appeals.csv", 'name="expected_event"', "working day 1"):
        assert words in page, words
    reader = open_pages(settings, L, "reader").get(f"/{L}/findings/{ref}").text
    assert "<form" not in reader and "World Cup" in reader


@pytest.mark.parametrize(
    ("path", "status", "says"),
    [
        ("findings/F-999999", 404, "no finding of this landlord has that reference"),
        ("findings/%3Cb%3E", 404, "no finding of this landlord"),
        ("work?owner=boss", 422, "no such owner"),
        ("work?page=x", 422, "page is a number"),
    ],
)
def test_what_cannot_be_answered_is_a_page_that_says_what_to_do(
    settings: Settings, path: str, status: int, says: str
) -> None:
    page = open_pages(settings, L, "reader").get(f"/{L}/{path}")
    assert page.status_code == status
    assert says in page.text.lower() or says in page.text
    assert "<b>" not in page.text


def test_a_restricted_finding_is_answered_as_one_that_is_not_there(settings: Settings) -> None:
    hidden = find(settings, RESTRICTED, "I/1 a")
    manager = open_pages(settings, L, "manager")
    seen, none = (manager.get(f"/{L}/findings/{ref}") for ref in (hidden, "F-999999"))
    assert (seen.status_code, seen.text) == (none.status_code, none.text)


def test_hostile_words_are_shown_as_words(settings: Settings) -> None:
    page = open_pages(settings, L, "reader").get(f"/{L}/work", params={"q": "<script>alert(1)</script>"})
    assert "<script>" not in page.text and "&lt;script&gt;" in page.text


def test_a_landlord_never_judged_says_so(tmp_path: Path, sqlite_template: Path) -> None:  # noqa: F811
    (tmp_path / "var").mkdir()
    shutil.copy(sqlite_template, tmp_path / "var" / "register.db")
    settings = Settings(var_dir=tmp_path / "var", landlords=(L,))
    found = work(settings)
    assert (found["as_at"], found["findings"]) == (None, [])
    for path, words in (("work", "never judged"), ("backlog", "never judged"), ("mend", "never judged")):
        assert words in open_pages(settings, L, "governance").get(f"/{L}/{path}").text
    assert "Never judged" in open_pages(settings, L, "reader").get("/").text


def test_a_register_that_is_away_is_said_beside_the_others(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path, landlords=(L,))
    (row,) = list_landlords_work(settings, {L: False}, NOBODY, now=NOW)["landlords"]
    assert "there is no register" in row["trouble"]


def test_the_first_page_names_dags_that_do_not_run_by_themselves(tmp_path: Path) -> None:
    settings = Settings(var_dir=tmp_path / "var", landlords=(L,))
    switches = {f"{L}.daily": "off", f"{L}.committee_packs": "unknown"}
    page = open_pages(settings, L, "reader", switches=switches).get("/").text
    assert f"<strong>Switched off in Airflow:</strong> {L}.daily." in page
    assert f"<strong>Not known to Airflow:</strong> {L}.committee_packs." in page
    page = open_pages(settings, L, "reader").get("/").text
    assert "Switched off" not in page and "Not known" not in page
    # Nothing is said of a landlord that one may not see.
    assert "Switched off" not in open_pages(settings, L, "nobody", switches=switches).get("/").text
