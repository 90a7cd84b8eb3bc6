"""Who may log in to an Airflow that stays up: one user for each role on the sample landlords, and the demo's own.

Passwords are generated, told once and kept beside Airflow's database, readable by its owner alone. As `python -m
demo.users` it makes the users that it reads from standard input, through FAB, in a process of its own.
"""

from __future__ import annotations

import csv
import json
import secrets
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing, redirect_stdout
from dataclasses import asdict, dataclass
from typing import Any

from demo.errors import DemoError
from demo.place import LOGIN, DemoPlace
from demo.processes import run_module
from due_regard.config.storage import write_file
from due_regard.services.orchestration import list_landlords
from due_regard.web.roles import create_roles, name_role

LANDLORD = "queens_cross"
"""Whose manager, with findings of their own, can log in; its sample export is in the canonical columns."""

_YES = frozenset({"yes", "y", "true", "1"})


@dataclass(frozen=True)
class DemoUser:
    """One person who may log in; the e-mail address is also the username."""

    username: str
    email: str
    first_name: str
    last_name: str
    roles: tuple[str, ...]
    password: str


def list_users(place: DemoPlace, landlords: Sequence[str]) -> list[DemoUser]:
    """One user for each role, with a password: the one kept, else a fresh one.

    Raises:
        DemoError: nobody in the sample export could be the manager.
    """
    people = {
        _find_manager(place): ("Manager", [LANDLORD]),
        "governance@landlord.example": ("Governance", landlords),
        "data@landlord.example": ("Data team", landlords),
        "auditor@landlord.example": ("Auditor", landlords),
    }
    kept = _read_passwords(place)
    return [
        _make_user(email, email, role, [name_role(each, role) for each in theirs], kept)
        for email, (role, theirs) in people.items()
    ]


def list_administrators(place: DemoPlace) -> list[DemoUser]:
    """The demo's own user, with a password: the one kept, else a fresh one."""
    return [_make_user(LOGIN, f"{LOGIN}@landlord.example", "Administrator", ["Admin"], _read_passwords(place))]


def _read_passwords(place: DemoPlace) -> dict[str, str]:
    return dict(json.loads(place.people.read_text())) if place.people.exists() else {}


def _make_user(name: str, email: str, called: str, roles: Sequence[str], kept: dict[str, str]) -> DemoUser:
    return DemoUser(name, email, "Demo", called, tuple(roles), kept.get(name) or secrets.token_urlsafe(12))


def _find_manager(place: DemoPlace) -> str:
    """Whoever among the sample landlord's active staff has most to do: pages find a person's own work by e-mail."""
    with (place.drops / LANDLORD / "staff.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = [{name: cell.strip() for name, cell in row.items()} for row in csv.DictReader(file)]
    active = [row["email"] for row in rows if row["is_active"].lower() in _YES]
    managers = [row["email"] for row in rows if row["email"] in active and row["role"] == "manager"]
    for email in [*(each for each in _list_owners(place) if each in active), *managers]:
        return email
    raise DemoError(f"no active manager in the sample staff of {LANDLORD}")


def _list_owners(place: DemoPlace) -> list[str]:
    """Who was told of findings of their own, those with most first."""
    register = place.out / "register.db"
    if not register.exists():
        return []
    query = (
        "SELECT recipient FROM alert_told WHERE landlord = ? AND step = 'ahead'"
        " GROUP BY recipient ORDER BY count(*) DESC, recipient"
    )
    with closing(sqlite3.connect(f"{register.as_uri()}?mode=ro", uri=True)) as database:
        return [email for (email,) in database.execute(query, (LANDLORD,))]


def create_users(place: DemoPlace, env: Mapping[str, str], users: Sequence[DemoUser]) -> list[DemoUser]:
    """Make the roles of the landlords, and the users who are not there yet; gives those it made.

    Raises:
        DemoError: they could not be made; the log is named.
    """
    # Before the users are made: a password that nobody knows would lock the demo out.
    passwords = _read_passwords(place) | {user.username: user.password for user in users}
    write_file(place.people.parent, place.people.name, json.dumps(passwords, indent=1).encode())
    made = run_module(place, env, "demo.users", json.dumps([asdict(user) for user in users])).splitlines()
    return [user for user in users if user.username in made]


def describe_users(users: Sequence[DemoUser], *, with_passwords: bool) -> list[str]:
    """Who may log in, in lines for a person."""
    width = max(len(user.username) for user in users)
    words = {user.username: f"  {user.password}" if with_passwords else "" for user in users}
    return [f"  {user.username:{width}}{words[user.username]}  {user.last_name}" for user in users]


def _create_users(users: Sequence[dict[str, Any]]) -> list[str]:
    from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder

    made = []
    with get_application_builder() as builder:
        manager = builder.sm
        for user in users:
            if manager.find_user(username=user["username"]) is None:
                roles = [manager.find_role(name) for name in user.pop("roles")]
                manager.add_user(**user, role=roles)
                made.append(user["username"])
    return made


if __name__ == "__main__":
    # Airflow logs to standard output, which is for the names.
    with redirect_stdout(sys.stderr):
        create_roles(list_landlords())
        names = _create_users(json.load(sys.stdin))
    print("\n".join(names))
