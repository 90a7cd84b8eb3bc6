"""What is to be done, chosen and counted on both engines; one case's records found among all others'."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine

from due_regard.register import load_drop, read_case_records, reading, record_assessment, writing
from due_regard.register.case_references import find_findings_by_reference, find_staff_by_email
from due_regard.register.findings import work_list
from due_regard.register.findings.work_items import hand_work_over, replace_work
from due_regard.register.findings.work_list import Owners, WorkChoice
from tests.register.drops import LANDLORD, OTHER, accepted, appeal, assessments, at, drop, restriction

AS_AT = date(2026, 7, 1)
EVERY = WorkChoice(LANDLORD, None, AS_AT)


def count_urgencies(connection: Connection, choice: WorkChoice) -> dict[int, int]:
    """How many of the chosen are of each urgency, as the rows that are listed say."""
    rows = work_list.read_work(connection, choice, offset=0, limit=1000)
    return dict(Counter(row["urgency"] for row in rows))


def item(number: int, **more: Any) -> dict[str, Any]:
    blank = {"staff_ref": None, "team": None, "handed_to": None, "handed_team": None, "is_deputy": False}
    blank |= {"has_problem": False, "is_backlog": False, "stage": "none", "owner_role": "appeal_handler"}
    blank |= {"rule": "appeal.acknowledge", "state": "breach", "urgency": 2, "since_on": pd.Timestamp(2026, 6, number)}
    return {"finding_id": number, **blank, **more}


def keep(register: Engine, items: list[dict[str, Any]]) -> None:
    """Findings 1, 2, 3 … on appeals A1, A2, A3 …, and these as work."""
    rows: list[dict[str, object]] = [
        {"rule": "appeal.acknowledge", "subject_ref": f"A{n}", "state": "breach"} for n in range(1, len(items) + 1)
    ]
    run = record_assessment(
        register, LANDLORD, assessments(rows), as_at=AS_AT, now=at("2026-07-01 09:00"), policy_version="2026-01-01"
    )
    frame = pd.DataFrame(items).astype(dict.fromkeys(("staff_ref", "team", "handed_to", "handed_team"), "str"))
    with writing(register, LANDLORD) as connection:
        replace_work(connection, LANDLORD, run.run_id, frame, [])


def test_work_is_sorted_chosen_counted_and_paged(register: Engine) -> None:
    people = {"staff_ref": "S1", "team": "North"}
    keep(
        register,
        [
            item(1, urgency=3), item(2, **people), item(3, urgency=1, **people), item(4, rule="restriction.review"),
            item(5, has_problem=True, staff_ref="S9"),
        ],
    )  # fmt: skip
    with reading(register, LANDLORD) as connection:
        rows = work_list.read_work(connection, EVERY, offset=0, limit=3)
        assert [row["finding_id"] for row in rows] == [3, 2, 4]
        assert [row["finding_id"] for row in work_list.read_work(connection, EVERY, offset=3, limit=3)] == [5, 1]
        assert count_urgencies(connection, EVERY) == {1: 1, 2: 3, 3: 1}
        seen = WorkChoice(LANDLORD, ("appeal.acknowledge",), AS_AT)
        assert count_urgencies(connection, seen) == {1: 1, 2: 2, 3: 1}
        each = [Owners(("S1",)), Owners(teams=("North",)), Owners(mailboxes=("appeal_handler",)), Owners()]
        each += [Owners(takes_unreachable=True)]
        groups = work_list.count_owners(connection, EVERY)
        assert sorted((str(one.staff_ref), one.findings, one.overdue, one.unknown) for one in groups) == [
            ("None", 2, 0, 0), ("S1", 2, 1, 0), ("S9", 1, 0, 0),
        ]  # fmt: skip
        for owners, n in zip(each, (2, 2, 2, 0, 1), strict=True):
            assert sum(one.findings for one in groups if owners.holds(one)) == n
            theirs = WorkChoice(LANDLORD, None, AS_AT, owners)
            assert sum(count_urgencies(connection, theirs).values()) == n, "SQL and Python say the same"
            assert len(work_list.read_work(connection, theirs, offset=0, limit=9)) == n
        assert work_list.count_rules(connection, EVERY) == {
            ("appeal.acknowledge", 1): 1, ("appeal.acknowledge", 2): 2, ("appeal.acknowledge", 3): 1,
            ("restriction.review", 2): 1,
        }  # fmt: skip
        assert work_list.find_last_judged_days(connection, [LANDLORD, OTHER]) == {LANDLORD: AS_AT}
        nobody = WorkChoice(OTHER, None, AS_AT)
        assert count_urgencies(connection, nobody) == {}


def test_a_hand_over_moves_the_work_and_its_team_and_back(register: Engine) -> None:
    load_drop(register, drop(accepted("staff", [{"staff_ref": "S2", "role": "manager", "team": "South"}])),
              now=at("2026-07-01 08:00"))  # fmt: skip
    keep(register, [item(1, staff_ref="S1", team="North", is_backlog=True)])
    for to_ref, staff, team, left in (("S2", "S2", "South", 0), (None, "S1", "North", 1)):
        with writing(register, LANDLORD) as connection:
            hand_work_over(connection, LANDLORD, 1, to_ref)
        with reading(register, LANDLORD) as connection:
            (row,) = work_list.read_work(connection, EVERY, offset=0, limit=5)
            assert (row["staff_ref"], row["team"]) == (staff, team)
            assert [one.staff_ref for one in work_list.count_owners(connection, EVERY)] == [staff]
            for owners in (Owners((staff,)), Owners(teams=(team,))):
                theirs = WorkChoice(LANDLORD, None, AS_AT, owners)
                assert count_urgencies(connection, theirs) == {2: 1}
            backlog = WorkChoice(LANDLORD, None, AS_AT, is_backlog=True)
            assert sum(count_urgencies(connection, backlog).values()) == left


def test_a_case_is_its_customers_records_and_nobody_elses(register: Engine) -> None:
    records = {
        "customers": [{"customer_ref": f"C{n}", "customer_type": "tenant"} for n in (1, 2)],
        "staff": [{"staff_ref": f"S{n}", "role": "manager", "line_manager_ref": f"S{n + 1}"} for n in (1, 2, 3, 9)],
        "incidents": [
            {"incident_ref": f"I{n}", "customer_ref": f"C{n}", "occurred_on": "2026-04-01", "category": "harassment",
             "channel": "phone", "manager_ref": "S1"} for n in (1, 2)
        ],
        "restrictions": [restriction("R1", customer_ref="C1", incident_ref="I1"),
                         restriction("R2", customer_ref="C2", incident_ref="I2")],
        "appeals": [appeal("A1", restriction_ref="R1"), appeal("A2", restriction_ref="R2"),
                    appeal("A3", restriction_ref="R1")],
    }  # fmt: skip
    load_drop(register, drop(*(accepted(name, rows) for name, rows in records.items())), now=at("2026-07-01 08:00"))
    with reading(register, LANDLORD) as connection:
        case = read_case_records(connection, LANDLORD, "appeal", "A1")
        assert {name: frame.iloc[:, 0].tolist() for name, frame in case.items()} == {
            "customers": ["C1"], "incidents": ["I1"], "restrictions": ["R1"], "appeals": ["A1", "A3"],
            "staff": ["S1", "S2", "S3"],
        }  # fmt: skip
        assert {
            name: frame.empty for name, frame in read_case_records(connection, LANDLORD, "report", "x").items()
        } == (dict.fromkeys(case, True))
        keep_refs = find_findings_by_reference(connection, LANDLORD, "C1")
    assert keep_refs == ()


def test_staff_are_known_by_their_address_whatever_its_case(register: Engine) -> None:
    rows: list[dict[str, object]] = [
        {"staff_ref": "S1", "role": "manager", "email": "Anna@x.example", "team": "North", "is_active": True},
        {"staff_ref": "S2", "role": "manager", "email": "gone@x.example", "is_active": False},
        {"staff_ref": "S3", "role": "manager", "email": "unsaid@x.example"},
    ]
    load_drop(register, drop(accepted("staff", rows)), now=at("2026-07-01 08:00"))
    with reading(register, LANDLORD) as connection:
        found = {
            email: [one.staff_ref for one in find_staff_by_email(connection, [LANDLORD], email)]
            for email in (" anna@X.example", "gone@x.example", "unsaid@x.example", "%")
        }
    assert list(found.values()) == [["S1"], [], ["S3"], []]
