"""Who is told: owners, deputies, mailboxes, and what keeps a mail from its owner."""

from __future__ import annotations

import re
from datetime import date

import pytest

from due_regard.alerts.finding_lists import CARDS_SHOWN
from due_regard.alerts.mailable_addresses import is_address
from due_regard.alerts.owner_fields import OWNER_FIELDS
from due_regard.alerts.recipients import Recipient, RecipientDirectory, RecipientProblem
from due_regard.alerts.record_cells import LAST_REVIEW, READ, RecordCells
from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT
from tests.alerts.world import ALERTS, RECORDS, STAFF, World, check, due, frame, one, text, to, wording

MON, TUE, WED, THU = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2)


def directory(*, without: str = "", refused: frozenset[str] = frozenset(), **changes: object) -> RecipientDirectory:
    records = {name: frame(name, rows) for name, rows in RECORDS.items() if name != without}
    return RecipientDirectory(RecordCells(records), ALERTS.model_copy(update=changes), wording(), refused)


@pytest.mark.parametrize(
    ("role", "subject", "ref", "address", "fault"),
    [
        ("decider", "restriction", "R1", "decider@example.org", None),
        ("decider", "appeal", "A1", "decider@example.org", None),
        ("appeal_handler", "appeal", "A1", "decider@example.org", None),
        ("appeal_handler", "appeal", "A2", "appeals@example.org", None),
        ("decider", "restriction", "R3", "deputy@example.org", None),
        ("decider", "restriction", "R4", "fallback@example.org", "no usable e-mail address"),
        ("decider", "restriction", "R5", "fallback@example.org", "no active deputy"),
        ("decider", "restriction", "R6", "fallback@example.org", "not in the staff export"),
        ("request_owner", "access_request", "Q1", "decider@example.org", None),
        ("incident_manager", "incident", "I1", "deputy@example.org", None),
        ("governance", "policy", "example", "governance@example.org", None),
        ("marker_owner", "marker", "M1", "fallback@example.org", "name no mailbox"),
    ],
)
def test_owner(role: str, subject: str, ref: str, address: str, fault: str | None) -> None:
    found = directory().find_owner(role, subject, ref)
    assert found.address == address
    assert (found.problem is None) if fault is None else (found.problem and fault in found.problem.words)


def test_a_refused_address_counts_as_none_and_a_refused_fallback_goes_to_the_data_owner() -> None:
    found = directory(refused=frozenset({"decider@example.org"})).find_owner("decider", "restriction", "R1")
    assert found.address == "fallback@example.org"
    assert found.problem is not None and "refuses" in found.problem.words
    both = frozenset({"decider@example.org", "fallback@example.org"})
    assert directory(refused=both).find_owner("decider", "restriction", "R1").address == "data@example.org"


def test_without_a_staff_export_the_role_mailbox_hears_and_nothing_is_wrong() -> None:
    found = directory(without="staff").find_owner("decider", "restriction", "R1")
    assert (found.address, found.problem) == ("decisions@example.org", None)


def test_line_manager_is_that_of_the_person_named_also_while_away() -> None:
    assert directory().find_line_manager("decider", "restriction", "R1").address == "boss@example.org"
    assert directory().find_line_manager("decider", "restriction", "R3").address == "managers@example.org"


def test_deputies_in_a_ring_end_at_the_fallback() -> None:
    rows = [
        {"staff_ref": "S1", "role": "manager", "email": "a@example.org", "deputy_ref": "S2", "is_active": False},
        {"staff_ref": "S2", "role": "manager", "email": "b@example.org", "deputy_ref": "S1", "is_active": False},
    ]
    ring = directory()
    cells = RecordCells({**ring.cells.records, "staff": frame("staff", rows)})
    found = RecipientDirectory(cells, ALERTS, wording()).find_owner("decider", "restriction", "R1")
    assert found.address == "fallback@example.org"


def test_restricted_roles_have_no_stand_in() -> None:
    manager = directory().find_restricted("line_manager", "incident", "I1")
    assert isinstance(manager, Recipient) and manager.address == "decider@example.org"
    services = directory().find_restricted("services_manager", "incident", "I1")
    assert isinstance(services, Recipient) and services.address == "services@example.org"
    refused = directory(refused=frozenset({"decider@example.org"}))
    assert isinstance(refused.find_restricted("line_manager", "incident", "I1"), RecipientProblem)
    assert isinstance(
        directory(role_mailboxes={}).find_restricted("services_manager", "incident", "I1"), RecipientProblem
    )


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "a b@c.org", "a@b.org\nBcc: x@y.org", "a@b..org", "<a@b.org>", "a@b.org,c@d.org", "é@b.org", None],
)
def test_what_is_no_address(text: object) -> None:
    assert not is_address(text)


def test_a_staff_named_incident_goes_to_two_alone_each_in_a_mail_of_its_own(world: World) -> None:
    rows = [check("incident.naming_notified", "I1"), check("restriction.system_flag", "R1")]
    world.assess(rows, MON)
    mails = world.run(rows, WED)
    assert to(mails) == ["decider@example.org", "decider@example.org", "services@example.org"]
    alone = [mail for mail in mails if "F-000001" in text(mail)]
    assert len(alone) == 2
    for mail in alone:
        assert "F-000002" not in text(mail)
        assert mail["Subject"] == "F-000001 needs your attention - Example Homes"
        assert "It goes no further by mail." in text(mail)


def test_a_restricted_finding_is_in_no_digest_summary_backlog_or_escalation(world: World) -> None:
    old = RECORDS["incidents"][0] | {"incident_ref": "I0", "occurred_on": "2025-03-03"}
    world.load({"incidents": [*RECORDS["incidents"], old]}, MON, "more")
    rows = [check("incident.naming_notified", "I1"), check("incident.naming_notified", "I0")]
    world.assess(rows, MON)
    for day in [WED, date(2026, 7, 6), date(2026, 7, 8), date(2026, 7, 29), date(2026, 8, 3)]:
        world.load({"incidents": [*RECORDS["incidents"], old]}, day, f"drop {day}")
        for mail in world.run(rows, day):
            assert mail["To"] in {"decider@example.org", "services@example.org", "data@example.org"}
            if mail["To"] == "data@example.org" or "Weekly" in mail["Subject"]:
                assert "F-0000" not in text(mail)
            else:
                assert set(re.findall(r"F-\d+", text(mail))) == {"F-000001", "F-000002"}


def test_restricted_findings_are_bounded_like_all_others(world: World) -> None:
    refs = [f"N{n}" for n in range(CARDS_SHOWN + 5)]
    named = [
        RECORDS["incidents"][0] | {"incident_ref": ref, "staff_ref": "S4" if n % 5 == 0 else "S6"}
        for n, ref in enumerate(refs)
    ]
    world.load({"incidents": named}, MON, "many")
    rows = [check("incident.naming_notified", ref) for ref in refs]
    world.assess(rows, MON)
    mails = world.run(rows, WED)
    # The line manager of S6 hears of theirs, that of S4 of theirs, and the services manager of all.
    assert to(mails) == ["boss@example.org", "decider@example.org", "services@example.org"]
    all_of_them = one(mails, "services@example.org")
    assert all_of_them["Subject"] == "25 findings need your attention - Example Homes"
    assert text(all_of_them).count("How to put it right") == CARDS_SHOWN
    assert f"These are the worst {CARDS_SHOWN} of 25. All 25, counted:" in text(all_of_them)
    counted = [
        len(set(re.findall(r"F-\d+", text(one(mails, who))))) for who in ("boss@example.org", "decider@example.org")
    ]
    assert counted == [5, 20]
    assert sum(told["recipient"] == "services@example.org" for told in world.told()) == 25
    assert world.run(rows, THU) == []


def test_what_is_known_by_two_rights_comes_in_two_mails(world: World) -> None:
    world = world.settings(
        role_mailboxes=world.landlord.alerts.role_mailboxes | {"services_manager": "decider@example.org"}
    )
    other = RECORDS["incidents"][0] | {"incident_ref": "I2", "staff_ref": "S4"}
    world.load({"incidents": [other]}, MON, "other")
    rows = [check("incident.naming_notified", ref) for ref in ("I1", "I2")]
    world.assess(rows, MON)
    mails = world.run(rows, WED)
    assert to(mails) == ["boss@example.org", "decider@example.org", "decider@example.org"]
    assert all("This mail is for you alone" in text(mail) for mail in mails)


def test_nobody_to_tell_of_a_restricted_duty_is_counted_and_told_to_the_data_owner(world: World) -> None:
    mute = world.settings(role_mailboxes={"governance": "governance@example.org"})
    mute.load({"staff": [row | {"line_manager_ref": None} for row in STAFF]}, MON, "staff")
    rows = [check("incident.naming_notified", "I1")]
    mute.assess(rows, MON)
    assert mute.compose(WED).unroutable == 1
    mute.send(WED)
    mails = mute.sink.take()
    assert to(mails) == ["data@example.org"]
    assert "line manager of a restricted duty has no usable address" in text(one(mails, "data@example.org"))


def test_an_owner_that_leads_nowhere_is_told_to_the_data_owner_once(world: World) -> None:
    rows = [due("restriction.review", "R6", "2026-06-26"), due("restriction.review", "R4", "2026-06-26")]
    mails = world.run(rows, TUE)
    assert to(mails) == ["data@example.org", "fallback@example.org"]
    assert "you, in place of the manager who decided." in text(one(mails, "fallback@example.org"))
    said = text(one(mails, "data@example.org"))
    assert "the manager who decided is not in the staff export" in said
    assert world.run(rows, WED) == []


def test_a_deputy_reads_whose_deputy(world: World) -> None:
    rows = [due("restriction.review", "R3", "2026-06-19")]
    assert to(world.run(rows, date(2026, 6, 22))) == ["data@example.org", "deputy@example.org"]
    mails = world.run(rows, date(2026, 6, 26))
    assert "you, as the deputy of the manager who decided." in text(one(mails, "deputy@example.org"))
    assert "Also told: the deputy of the manager who decided." in text(one(mails, "managers@example.org"))


def test_a_new_owner_is_told_of_what_they_take_over(world: World) -> None:
    rows = [due("restriction.review", "R1", "2026-06-26")]
    assert to(world.run(rows, TUE)) == ["decider@example.org"]
    moved = [row | {"decided_by": "S4"} if row["restriction_ref"] == "R1" else row for row in RECORDS["restrictions"]]
    world.load({"restrictions": moved}, TUE, "moved")
    assert to(world.run(rows, WED)) == ["deputy@example.org"]


def test_alerts_read_no_column_that_tells_nobody_who_is_to_be_told() -> None:
    asked = {("reviews", "reviewed_on"), ("incidents", "staff_ref")}
    for fields in OWNER_FIELDS.values():
        for subject, paths in fields.items():
            for link, column in (path.rpartition(".")[::2] for path in paths):
                reached = "review" if link == LAST_REVIEW else link or subject
                asked.add((ENTITY_OF_SUBJECT[reached].name, column))
                if link and link != LAST_REVIEW:
                    asked.add((ENTITY_OF_SUBJECT[subject].name, f"{link}_ref"))
    for entity, columns in READ.items():
        if entity != "staff":
            links = {column for column in columns if column.removesuffix("_ref") in ENTITY_OF_SUBJECT}
            links.add(ENTITY[entity].key)
            assert set(columns) - links == {column for name, column in asked if name == entity} - links, entity
