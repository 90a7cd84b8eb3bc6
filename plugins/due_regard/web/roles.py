"""`python -m due_regard.web.roles`: the roles of each landlord's people in Airflow, and what each may do.

Add a role or a right here; what a right lets a person do is decided where the pages ask for it. Permissions are made
through FAB's security manager: `airflow roles add-perms` refuses a resource that no view of Airflow's own has.
"""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import asdict, dataclass, field
from typing import Any

from due_regard.errors import DueRegardError, SettingsError
from due_regard.services.orchestration import LANDLORD_DAGS, list_landlords
from due_regard.web.airflow_gate import name_resource
from due_regard.web.rights import Right

Permission = tuple[str, str]
"""An action and the resource it is done to, as FAB keeps them."""

_PAGES = {
    "Manager": (Right.READ, Right.ACT),
    "Governance": (Right.READ, Right.ACT, Right.GOVERN, Right.READ_RESTRICTED),
    "Data team": (Right.READ,),
    "Auditor": (Right.READ, Right.AUDIT),
}
"""Role -> its rights on the pages of its landlord."""

_EVERYBODY = {
    ("can_read", "Website"),
    # Without it Airflow's menu does not show what plugins add.
    ("can_read", "Plugins"),
    ("can_read", "My Profile"),
    ("can_edit", "My Profile"),
    ("can_read", "My Password"),
    ("can_edit", "My Password"),
}

_DATA_TEAM = {
    ("menu_access", "DAGs"),
    ("can_read", "DAG Runs"),
    ("can_create", "DAG Runs"),
    ("can_edit", "DAG Runs"),
    ("can_read", "DAG Versions"),
    ("can_read", "Task Instances"),
    ("can_edit", "Task Instances"),
    ("can_read", "Task Logs"),
    # The list of DAGs shows which wait for a person, and is refused without it.
    ("can_read", "HITL Detail"),
}
"""What is asked for beside a right on the DAG itself; alone it opens no DAG."""

_LONGEST_NAME = 64


@dataclass
class RoleReport:
    """What was made, what an administrator has taken from a role since, whose landlord is gone or cannot be named."""

    created: list[str] = field(default_factory=list)
    completed: list[str] = field(default_factory=list)
    lacking: dict[str, list[str]] = field(default_factory=dict)
    gone: list[str] = field(default_factory=list)
    too_long: list[str] = field(default_factory=list)


def name_role(landlord: str, role: str) -> str:
    """What a landlord's role is called in Airflow."""
    return f"{name_resource(landlord)}: {role}"


def has_room(landlord: str) -> bool:
    """Whether Airflow can keep the names of the landlord's roles."""
    return all(len(name_role(landlord, role)) <= _LONGEST_NAME for role in _PAGES)


def list_role_permissions(landlord: str) -> dict[str, set[Permission]]:
    """Each of the landlord's roles by its name in Airflow, with every permission it has."""
    own = {role: {(right.value, name_resource(landlord)) for right in rights} for role, rights in _PAGES.items()}
    # Triggering asks for the right to edit the DAG, too.
    dags = {(action, f"DAG:{landlord}.{dag}") for dag in LANDLORD_DAGS for action in ("can_read", "can_edit")}
    more = {"Data team": _DATA_TEAM | dags}
    return {name_role(landlord, role): rights | _EVERYBODY | more.get(role, set()) for role, rights in own.items()}


def map_role_keys(landlords: Sequence[str]) -> dict[str, list[str]]:
    """What a directory calls a person's role (`<landlord>.<role>`) -> the role in Airflow; and the administrator's."""
    keys = {
        f"{landlord}.{role.lower().replace(' ', '_')}": [name_role(landlord, role)]
        for landlord in filter(has_room, landlords)
        for role in _PAGES
    }
    return keys | {"administrator": ["Admin"]}


def create_roles(landlords: Sequence[str], *, complete: bool = False) -> RoleReport:
    """Make each landlord's roles; a role that is there keeps what an administrator gave it and took from it.

    Args:
        landlords: their ids.
        complete: give roles that are there what they lack, too.

    Raises:
        SettingsError: Airflow does not run with FAB, or its database is not there yet.
    """
    report = RoleReport(too_long=[landlord for landlord in landlords if not has_room(landlord)])
    with _open_security_manager() as manager:
        for landlord in filter(has_room, landlords):
            for name, permissions in list_role_permissions(landlord).items():
                _create_role(manager, name, permissions, report, complete=complete)
        report.gone = sorted(_list_landlords_gone(manager, landlords))
    return report


@contextmanager
def _open_security_manager() -> Iterator[Any]:
    from airflow.configuration import conf
    from sqlalchemy.exc import DatabaseError

    # It tells of each permission it makes: dozens of lines before ours.
    logging.getLogger("airflow.providers.fab").setLevel(logging.WARNING)
    if "fab" not in conf.get("core", "auth_manager").lower():
        raise SettingsError("Airflow does not run with FAB's auth manager: set AIRFLOW__CORE__AUTH_MANAGER")
    from airflow.providers.fab.www.security_appless import ApplessAirflowSecurityManager
    from airflow.utils.session import create_session

    try:
        with create_session() as session:
            yield ApplessAirflowSecurityManager(session=session)
    except DatabaseError as reason:
        why = type(reason.orig).__name__
        raise SettingsError(f"Airflow's database cannot be asked ({why}); is it there: airflow db migrate?") from None


def _create_role(
    manager: Any, name: str, permissions: Iterable[Permission], report: RoleReport, *, complete: bool
) -> None:
    role = manager.find_role(name)
    had = {(each.action.name, each.resource.name) for each in role.permissions} if role else set()
    lacking = sorted(set(permissions) - had)
    if role and lacking and not complete:
        report.lacking[name] = [" on ".join(each) for each in lacking]
    if not lacking or (role and not complete):
        return
    found = [manager.create_permission(*each) for each in lacking]
    # In one transaction: a role of which half is there would pass for one that an administrator has changed.
    if role is None:
        role = manager.role_model(name=name, permissions=[])
        manager.session.add(role)
        report.created.append(name)
    else:
        report.completed.append(name)
    role.permissions.extend(found)
    manager.session.commit()


def _list_landlords_gone(manager: Any, landlords: Sequence[str]) -> set[str]:
    prefix = name_resource("")
    named = [role.name.removeprefix(prefix) for role in manager.get_all_roles() if role.name.startswith(prefix)]
    ours = {landlord for name in named for landlord, _, role in [name.partition(": ")] if role in _PAGES}
    return ours - set(landlords)


def describe_roles(report: RoleReport) -> list[str]:
    """What was done, in lines for a person."""
    lines = [f"{name}: made" for name in report.created] + [f"{name}: completed" for name in report.completed]
    for name, lacking in report.lacking.items():
        lines.append(f"{name}: left as it is, without {', '.join(lacking)}; --complete gives it what it lacks")
    for landlord in report.gone:
        lines.append(f"{landlord} is no landlord of this installation: its roles were left; remove them in Airflow")
    for landlord in report.too_long:
        room = _LONGEST_NAME - max(len(name_role("", role)) for role in _PAGES)
        lines.append(f"{landlord}: no role was made: Airflow has room for an id of {room} characters")
    return lines or ["Every role is there already."]


def main(words: Sequence[str] | None = None) -> int:
    """Make the roles of every landlord that this installation runs; returns the exit code."""
    parser = ArgumentParser(prog="python -m due_regard.web.roles", description="Roles of each landlord in Airflow.")
    parser.add_argument("--complete", action="store_true", help="give roles that are there what they lack, too")
    parser.add_argument("--json", action="store_true", help="machine-readable result on standard output")
    args = parser.parse_args(words)
    try:
        # Airflow logs to standard output, which belongs to our result.
        with redirect_stdout(sys.stderr):
            report = create_roles(list_landlords(), complete=args.complete)
    except DueRegardError as reason:
        print(f"roles: {reason}", file=sys.stderr)
        return reason.exit_code
    print(json.dumps(asdict(report), indent=2) if args.json else "\n".join(describe_roles(report)))
    return 5 if report.too_long else 0


if __name__ == "__main__":
    sys.exit(main())
