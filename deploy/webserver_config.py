"""How people sign in: through Microsoft Entra ID where its settings are given, else with a password (docs/sign-in.md).

FAB runs this file when the server starts ([fab] config_file) and takes the names in capitals. No secret stands here:
AIRFLOW_ENTRA_TENANT, AIRFLOW_ENTRA_CLIENT_ID, AIRFLOW_ENTRA_CLIENT_SECRET and AIRFLOW_ENTRA_GROUPS come from .env.
"""

import json
import os

from airflow.configuration import conf
from flask_appbuilder.const import AUTH_DB, AUTH_OAUTH

from due_regard.errors import SettingsError
from due_regard.services.orchestration import list_landlords
from due_regard.web.roles import map_role_keys

_MICROSOFT = "https://login.microsoftonline.com"
_NAMES = ("AIRFLOW_ENTRA_TENANT", "AIRFLOW_ENTRA_CLIENT_ID", "AIRFLOW_ENTRA_CLIENT_SECRET")


def _read_entra() -> list[str] | None:
    values = [os.environ.get(name, "") for name in _NAMES]
    if any(values) and not all(values):
        missing = ", ".join(name for name, value in zip(_NAMES, values, strict=True) if not value)
        raise SettingsError(f"signing in through Entra ID needs {missing}, too; or leave all three out")
    return values if all(values) else None


def _make_provider(tenant: str, client: str, secret: str) -> dict[str, object]:
    oauth = f"{_MICROSOFT}/{tenant}/oauth2/v2.0"
    return {
        "name": "azure",
        "icon": "fa-windows",
        "token_key": "access_token",
        "remote_app": {
            "client_id": client,
            "client_secret": secret,
            "access_token_url": f"{oauth}/token",
            "authorize_url": f"{oauth}/authorize",
            "jwks_uri": f"{_MICROSOFT}/{tenant}/discovery/v2.0/keys",
            # FAB takes no token that another tenant issued, or that Microsoft did not sign.
            "client_kwargs": {"scope": "openid profile email", "tenant_id": tenant, "verify_signature": True},
        },
    }


def _map_groups(roles: dict[str, list[str]]) -> dict[str, list[str]] | None:
    """Object id of a group -> roles in Airflow, where AIRFLOW_ENTRA_GROUPS gives ids their keys."""
    if not (given := os.environ.get("AIRFLOW_ENTRA_GROUPS", "").strip()):
        return None
    try:
        groups = {group: [keys] if isinstance(keys, str) else keys for group, keys in json.loads(given).items()}
        return {group: [role for key in keys for role in roles[key]] for group, keys in groups.items()}
    except (ValueError, TypeError, AttributeError):
        raise SettingsError('AIRFLOW_ENTRA_GROUPS must read {"<object id>": "<landlord>.<role>"}') from None
    except KeyError as key:
        raise SettingsError(f"AIRFLOW_ENTRA_GROUPS names {key}; there are {', '.join(sorted(roles))}") from None


# Where people come in over https, no cookie may leave over http.
SESSION_COOKIE_SECURE = conf.get("api", "base_url", fallback="").startswith("https://")
SESSION_COOKIE_SAMESITE = "Lax"

AUTH_TYPE = AUTH_DB
if _entra := _read_entra():
    AUTH_TYPE = AUTH_OAUTH
    OAUTH_PROVIDERS = [_make_provider(*_entra)]
    AUTH_ROLES_MAPPING = map_role_keys(list_landlords())
    if _groups := _map_groups(AUTH_ROLES_MAPPING):
        AUTH_ROLES_MAPPING = _groups
        AUTH_OAUTH_ROLE_KEYS = {"azure": "groups"}
    # Whoever the tenant lets in gets an account; without a role of ours it opens nothing.
    AUTH_USER_REGISTRATION = True
    AUTH_USER_REGISTRATION_ROLE = "Public"
    # Roles follow Entra at each login: who left a group there has lost the role here.
    AUTH_ROLES_SYNC_AT_LOGIN = True
