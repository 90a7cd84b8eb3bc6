"""Who may log in to a demo that stays up: a user for each role, whose passwords no repository knows."""

from __future__ import annotations

import csv
import json
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

import demo.users
from demo.errors import DemoError
from demo.place import REPOSITORY, DemoPlace, build_environment
from demo.users import LANDLORD, DemoUser, describe_users, list_administrators, list_users
from due_regard.web.roles import name_role

LANDLORDS = ("queens_cross", "hanover")


@pytest.fixture
def place(tmp_path: Path) -> DemoPlace:
    place = DemoPlace(tmp_path / "out", REPOSITORY / "include")
    place.home.mkdir(parents=True)
    return place


def test_there_is_a_user_for_each_role_and_an_administrator(place: DemoPlace) -> None:
    users = [*list_administrators(place), *list_users(place, LANDLORDS)]
    assert {user.last_name: user.roles for user in users} == {
        "Administrator": ("Admin",),
        "Manager": (name_role(LANDLORD, "Manager"),),
        "Governance": tuple(name_role(each, "Governance") for each in LANDLORDS),
        "Data team": tuple(name_role(each, "Data team") for each in LANDLORDS),
        "Auditor": tuple(name_role(each, "Auditor") for each in LANDLORDS),
    }


def tell(place: DemoPlace, *recipients: str) -> None:
    """A register in which these were told of findings of their own, once for each time they are named."""
    place.out.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(place.out / "register.db")) as register, register:
        register.execute("CREATE TABLE alert_told (landlord, step, recipient)")
        rows = [(LANDLORD, "ahead", each) for each in recipients] + [(LANDLORD, "second", "director.1@x.example")] * 9
        register.executemany("INSERT INTO alert_told VALUES (?, ?, ?)", rows)


def find_manager(place: DemoPlace) -> str:
    return next(user.email for user in list_users(place, LANDLORDS) if user.last_name == "Manager")


def test_the_manager_is_whom_most_findings_wait_for(place: DemoPlace) -> None:
    few, many = "team.leader.2@queens-cross.example", "leadership.team.3@queens-cross.example"
    tell(
        place, "somebody@elsewhere.example", "somebody@elsewhere.example", "somebody@elsewhere.example", few, many, many
    )
    assert find_manager(place) == many


def test_where_nothing_waits_the_manager_is_one_of_the_export(place: DemoPlace) -> None:
    with (place.drops / LANDLORD / "staff.csv").open(encoding="utf-8-sig", newline="") as file:
        (row,) = [row for row in csv.DictReader(file) if row["email"].strip() == find_manager(place)]
    assert (row["role"], row["is_active"].lower()[0]) == ("manager", "y")


def test_passwords_are_fresh_kept_and_their_owners_alone(
    place: DemoPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(demo.users, "run_module", lambda *_: "")
    users = [*list_administrators(place), *list_users(place, LANDLORDS)]
    other = DemoPlace(tmp_path / "other", place.include)
    assert len({user.password for user in users}) == len(users)
    assert min(len(user.password) for user in users) >= 16
    assert {user.password for user in users}.isdisjoint(user.password for user in list_users(other, LANDLORDS))
    demo.users.create_users(place, {}, users[:1])
    demo.users.create_users(place, {}, users[1:])
    assert [*list_administrators(place), *list_users(place, LANDLORDS)] == users
    assert json.loads(place.people.read_text()) == {user.username: user.password for user in users}
    assert stat.S_IMODE(place.people.stat().st_mode) == 0o600


def test_an_export_without_an_active_manager_is_said(place: DemoPlace, tmp_path: Path) -> None:
    drop = tmp_path / "include" / "samples" / LANDLORD
    drop.mkdir(parents=True)
    (drop / "staff.csv").write_text("staff_ref,role,email,is_active\nS1,manager,a@b.example,no\n", encoding="utf-8")
    with pytest.raises(DemoError, match="no active manager"):
        list_users(DemoPlace(place.out, tmp_path / "include"), LANDLORDS)


def test_each_user_is_told_with_password_once() -> None:
    user = DemoUser("a@b.example", "a@b.example", "Demo", "Auditor", (), "word")
    assert describe_users([user], with_passwords=True) == ["  a@b.example  word  Auditor"]
    assert describe_users([user], with_passwords=False) == ["  a@b.example  Auditor"]


def test_only_what_stays_up_asks_people_to_log_in_with_roles(place: DemoPlace) -> None:
    alone, up = build_environment(place, 5000), build_environment(place, 5000, with_users=True)
    assert "AIRFLOW__CORE__AUTH_MANAGER" not in alone
    assert "SimpleAuthManager" not in str(up) and "SIMPLE_AUTH" not in str(up)
    assert up["AIRFLOW__CORE__AUTH_MANAGER"].endswith("FabAuthManager")
    assert Path(up["AIRFLOW__FAB__CONFIG_FILE"]).is_file()
