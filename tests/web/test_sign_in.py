"""deploy/webserver_config.py, loaded by FAB itself: passwords by default, Entra ID where its settings are given.

No real tenant of Entra was asked: tokens are made here, in the form of Microsoft's documents, and go through FAB's own
checks and mapping.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from demo import processes
from demo.place import REPOSITORY, DemoPlace, build_environment
from demo.users import create_users
from due_regard.web.roles import name_role
from tests.web.fab_sign_in import CLIENT, TENANT

pytestmark = pytest.mark.timeout(600)
CONFIG = REPOSITORY / "deploy" / "webserver_config.py"
PROGRAM = Path(__file__).with_name("fab_sign_in.py")
LANDLORD, OTHER = "queens_cross", "hanover"
GROUP = "99999999-0000-0000-0000-000000000001"
ENTRA = {"AIRFLOW_ENTRA_TENANT": TENANT, "AIRFLOW_ENTRA_CLIENT_ID": CLIENT, "AIRFLOW_ENTRA_CLIENT_SECRET": "a secret"}
PUBLIC = "Public"
AUTH_DB, AUTH_OAUTH = 1, 4


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a migrated Airflow with each landlord's roles, people coming in over https."""
    folder = tmp_path_factory.mktemp("sign_in")
    place = DemoPlace(folder / "out", REPOSITORY / "include")
    place.home.mkdir(parents=True)
    env = build_environment(place, 8080, with_users=True)
    env["AIRFLOW__API__BASE_URL"] = "https://register.landlord.example"
    processes.run_once(place, env, "db", "migrate")
    create_users(place, env, [])
    return env


def run_fab(env: dict[str, str], *tokens: dict[str, Any], **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(PROGRAM), json.dumps(tokens)]
    known = {**env, **settings}
    return subprocess.run(command, env=known, capture_output=True, text=True, check=False, timeout=200)


def ask_fab(env: dict[str, str], *tokens: dict[str, Any], **settings: str) -> dict[str, Any]:
    done = run_fab(env, *tokens, **settings)
    assert done.returncode == 0, done.stderr[-3000:]
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_without_settings_of_entra_people_sign_in_with_a_password(env: dict[str, str]) -> None:
    found = ask_fab(env)
    assert (found["AUTH_TYPE"], found["page"], found["asks_for_password"]) == (AUTH_DB, 200, True)
    assert (found["SESSION_COOKIE_SECURE"], found["SESSION_COOKIE_SAMESITE"]) == (True, "Lax")


@pytest.fixture(scope="module")
def by_roles(env: dict[str, str]) -> dict[str, Any]:
    """What app roles come to, one sign-in after the other of the same person, then tokens that must be refused."""
    tokens = [
        {"roles": [f"{LANDLORD}.manager", f"{OTHER}.auditor"]},
        {"roles": [f"{LANDLORD}.governance", "somebody.else"]},
        {},
        {"iss": "https://login.microsoftonline.com/66666666-0000-0000-0000-000000000000/v2.0"},
        {"aud": "another client"},
        {"exp": 1},
        {"oid": "an-administrator", "email": "admin@x.example", "roles": ["administrator"]},
    ]
    return ask_fab(env, *tokens, **ENTRA)


def test_the_login_leads_to_the_tenant_and_back_over_https(by_roles: dict[str, Any]) -> None:
    assert (by_roles["AUTH_TYPE"], by_roles["asks_for_password"]) == (AUTH_OAUTH, False)
    start = urlsplit(by_roles["start"])
    asked = parse_qs(start.query)
    assert (start.netloc, start.path) == ("login.microsoftonline.com", f"/{TENANT}/oauth2/v2.0/authorize")
    assert asked["redirect_uri"] == ["https://register.landlord.example/auth/oauth-authorized/azure"]
    assert asked["client_id"] == [CLIENT]
    assert {"state", "nonce"} <= set(asked)
    assert ENTRA["AIRFLOW_ENTRA_CLIENT_SECRET"] not in by_roles["start"]


def test_app_roles_become_roles_here_at_each_sign_in(by_roles: dict[str, Any]) -> None:
    first, second, third = (each["roles"] for each in by_roles["logins"][:3])
    assert first == sorted([name_role(LANDLORD, "Manager"), name_role(OTHER, "Auditor"), PUBLIC])
    assert second == sorted([name_role(LANDLORD, "Governance"), PUBLIC])
    assert third == [PUBLIC]
    assert by_roles["logins"][6]["roles"] == sorted(["Admin", PUBLIC])


def test_the_mail_address_is_kept_by_which_the_staff_export_knows_them(by_roles: dict[str, Any]) -> None:
    assert by_roles["logins"][0]["email"] == "ada.sample@landlord.example"


@pytest.mark.parametrize("number", [3, 4, 5], ids=["another tenant", "another application", "expired"])
def test_a_token_that_is_not_for_us_is_refused(by_roles: dict[str, Any], number: int) -> None:
    assert set(by_roles["logins"][number]) == {"refused"}


def test_groups_become_roles_where_they_are_given_keys(env: dict[str, str]) -> None:
    groups = json.dumps({GROUP: f"{OTHER}.data_team", "another": [f"{OTHER}.manager", f"{LANDLORD}.manager"]})
    tokens = [{"oid": "two", "email": "two@x.example", "groups": [GROUP, "unknown"], "roles": ["administrator"]}]
    found = ask_fab(env, *tokens, **ENTRA, AIRFLOW_ENTRA_GROUPS=groups)
    assert found["logins"][0]["roles"] == sorted([name_role(OTHER, "Data team"), PUBLIC])


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"AIRFLOW_ENTRA_TENANT": TENANT}, "AIRFLOW_ENTRA_CLIENT_ID, AIRFLOW_ENTRA_CLIENT_SECRET"),
        ({**ENTRA, "AIRFLOW_ENTRA_GROUPS": "no json"}, "AIRFLOW_ENTRA_GROUPS must read"),
        ({**ENTRA, "AIRFLOW_ENTRA_GROUPS": '["a"]'}, "AIRFLOW_ENTRA_GROUPS must read"),
        ({**ENTRA, "AIRFLOW_ENTRA_GROUPS": '{"x": "nobody.manager"}'}, "nobody.manager"),
    ],
)
def test_half_a_setting_stops_the_server_and_is_named(env: dict[str, str], settings: dict[str, str], said: str) -> None:
    """Passwords in place of Entra, unasked, would let people in whom the directory has shut out."""
    done = subprocess.run(
        [sys.executable, str(CONFIG)], env={**env, **settings}, capture_output=True, text=True, check=False, timeout=100
    )
    assert done.returncode == 1
    assert said in done.stderr.splitlines()[-1]
    assert "a secret" not in done.stderr


def test_no_secret_stands_in_the_file() -> None:
    tree = ast.parse(CONFIG.read_text(encoding="utf-8"))
    words = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    assert not [word for word in words if TENANT in word or (len(word) > 30 and " " not in word and "/" not in word)]
