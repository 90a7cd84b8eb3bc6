"""What the data owner must mend: each notice is held to one question: could I mend it with this mail alone?"""

from __future__ import annotations

from datetime import date
from html import unescape
from typing import Any

import pytest

from due_regard.alerts.finding_lists import ROWS_SHOWN
from due_regard.mail.outbox import Delivery
from tests.alerts.world import RECORDS, STAFF, World, check, due, html, one, text

MON, TUE, WED = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)
DATA_OWNER = "data@example.org"


def read_notice(world: World, rows: list[dict[str, Any]], day: date = TUE) -> str:
    """The data owner's mail as one line, the same in text and HTML."""
    mail = one(world.run(rows, day), DATA_OWNER)
    said = " ".join(text(mail).split())
    assert said.partition("To mend in the data")[2][:60].strip(" -")[:30] in unescape(" ".join(html(mail).split()))
    return said


@pytest.mark.parametrize(
    ("ref", "said"),
    [
        (
            "R6",
            "F-000001: the manager who decided is not in the staff export (staff reference S99). See column decided_by "
            "in row 7 of restrictions.csv (batch 1), record R6. Add them to the staff export, or correct the reference",
        ),
        (
            "R4",
            "the manager who decided has no usable e-mail address in the staff export (staff reference S5). See column "
            "email in row 6 of staff.csv (batch 1). Enter their e-mail address there and send the file again.",
        ),
        (
            "R5",
            "the manager who decided is not active in the staff export and has no active deputy (staff reference S7). "
            "See column deputy_ref in row 8 of staff.csv (batch 1). Name a deputy there who is active,",
        ),
    ],
)
def test_an_owner_who_cannot_be_mailed_is_named_by_reference_file_and_row(world: World, ref: str, said: str) -> None:
    assert said in read_notice(world, [due("restriction.review", ref, "2026-06-26")])


def test_a_deputy_who_is_unknown_is_found_where_they_are_named(world: World) -> None:
    world.load({"staff": [row | {"deputy_ref": "S88"} if row["staff_ref"] == "S3" else row for row in STAFF]}, MON, "b")
    said = read_notice(world, [due("restriction.review", "R3", "2026-06-26")])
    assert "(staff reference S88). See column deputy_ref in row 4 of staff.csv (batch 2)." in said


def test_a_line_manager_who_is_unknown_is_found_in_the_staff_export(world: World) -> None:
    world.load(
        {"staff": [row | {"line_manager_ref": "S77"} if row["staff_ref"] == "S1" else row for row in STAFF]}, MON, "b"
    )
    rows = [due("restriction.review", "R1", "2026-06-19")]
    world.run(rows, date(2026, 6, 22))
    said = read_notice(world, rows)
    assert (
        "the line manager is not in the staff export (staff reference S77). See column line_manager_ref in row 2"
        in said
    )


def test_one_reference_in_many_records_names_some_and_counts_the_rest(world: World) -> None:
    many = [RECORDS["restrictions"][5] | {"restriction_ref": f"N{n}"} for n in range(1, 8)]
    world.load({"restrictions": many}, MON, "many")
    said = read_notice(world, [due("restriction.review", f"N{n}", "2026-06-26") for n in range(1, 8)])
    assert said.count("staff reference S99") == 1
    assert "row 2 of restrictions.csv (batch 2), record N1; column decided_by in row 3" in said
    assert "and 4 more cells." in said


@pytest.mark.parametrize("ref", ["Fiona Macdonald", "fiona.macdonald@example.org", "Macdonald"])
def test_a_reference_that_is_a_name_is_not_said_but_its_row_is(world: World, ref: str) -> None:
    named = [RECORDS["restrictions"][5] | {"restriction_ref": "N1", "decided_by": ref}]
    world.load({"restrictions": named}, MON, "named")
    said = read_notice(world, [due("restriction.review", "N1", "2026-06-26")])
    assert "acdonald" not in said
    assert (
        "the manager who decided is not in the staff export. See column decided_by in row 2 of restrictions.csv" in said
    )


def test_a_missing_mailbox_is_named_by_its_setting(world: World) -> None:
    said = read_notice(world.settings(role_mailboxes={}), [due("appeal.acknowledge", "A2", "2026-06-26")])
    assert "Set `role_mailboxes.appeal_handler` in the landlord's settings file to a mailbox that works." in said


@pytest.mark.parametrize(
    ("rows", "recipient", "place"),
    [
        ([due("restriction.review", "R1", "2026-06-26")], "decider@example.org", "column email in row 2 of staff.csv"),
        (
            [due("appeal.acknowledge", "A2", "2026-06-26")],
            "appeals@example.org",
            "`role_mailboxes.appeal_handler` of the",
        ),
    ],
)
def test_a_refused_mail_says_where_its_address_stands(
    world: World, rows: list[dict[str, Any]], recipient: str, place: str
) -> None:
    world.sink.answers = {recipient: [Delivery("refused", 550, "no", is_address_refused=True)]}
    world.run(rows, TUE)
    said = read_notice(world, rows, WED)
    assert f"was refused by the mail server (code 550). It went to the address in {place}" in said
    assert recipient not in said


def test_a_restricted_duty_tells_the_data_owner_no_row_that_says_who_was_named(world: World) -> None:
    world.load({"staff": [row | {"line_manager_ref": None} for row in STAFF]}, MON, "b")
    rows = [check("incident.naming_notified", "I1")]
    world.assess(rows, MON)
    said = read_notice(world, rows, WED)
    assert "`due-regard finding show` says of which record." in said
    assert "S6" not in said and "I1" not in said and ".csv" not in said.partition("To mend")[2].partition("Judged")[0]


def test_more_faults_than_a_mail_shows_follow_in_the_next_mails(world: World) -> None:
    n = ROWS_SHOWN + 5
    lost = [RECORDS["restrictions"][5] | {"restriction_ref": f"N{k}", "decided_by": f"S{500 + k}"} for k in range(n)]
    world.load({"restrictions": lost}, MON, "lost")
    rows = [due("restriction.review", f"N{k}", "2026-06-26") for k in range(n)]
    first = read_notice(world, rows)
    assert f"{n} to mend in the data" in first and "and 5 more, which the next mails name" in first
    second = read_notice(world, rows, WED)
    shown = [{k for k in range(n) if f"staff reference S{500 + k})" in said} for said in (first, second)]
    assert [len(one) for one in shown] == [ROWS_SHOWN, 5] and shown[0] | shown[1] == set(range(n))
