"""Run as a process of its own: FAB's application with deploy/webserver_config.py, asked what the tests want to know.

The tokens are Entra's in form, signed with a key made here; Microsoft's published keys are the one thing replaced.
"""

import json
import sys
import time

TENANT, CLIENT = "11111111-2222-3333-4444-555555555555", "a-client"


def _make_key():
    from authlib.jose import JsonWebKey

    return JsonWebKey.generate_key("RSA", 2048, {"kid": "test"}, is_private=True)


def _sign(key, claims):
    from authlib.jose import jwt

    now = int(time.time())
    issued = {
        "iss": f"https://login.microsoftonline.com/{TENANT}/v2.0",
        "aud": CLIENT,
        "iat": now,
        "nbf": now,
        "exp": now + 600,
        "oid": "an-object-id",
        "given_name": "Ada",
        "family_name": "Sample",
        "email": "ada.sample@landlord.example",
    }
    return jwt.encode({"alg": "RS256", "kid": "test"}, issued | claims, key).decode()


def _log_in(manager, key, claims):
    """Roles of the user after one sign-in with such a token; or why there was none."""
    manager._get_microsoft_jwks = lambda *_: {"keys": [key.as_dict(is_private=False)]}
    try:
        told = manager.get_oauth_user_info("azure", {"id_token": _sign(key, claims)})
        user = manager.auth_user_oauth(told, rotate_session_id=False)
    except Exception as reason:
        return {"refused": type(reason).__name__}
    return {"email": user.email, "roles": sorted(role.name for role in user.roles)}


def main() -> None:
    """Print the settings that FAB took, where the login leads, and what each token came to."""
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from fastapi.testclient import TestClient

    application = create_app(apps="core")
    flask_app = get_auth_manager().flask_app
    with flask_app.app_context():
        manager, key = get_auth_manager().security_manager, None
        taken = ("AUTH_TYPE", "SESSION_COOKIE_SECURE", "SESSION_COOKIE_SAMESITE", "AUTH_ROLES_MAPPING")
        found = {name: flask_app.config.get(name) for name in taken}
        tokens = json.loads(sys.argv[1])
        if tokens:
            key = _make_key()
        found["logins"] = [_log_in(manager, key, claims) for claims in tokens]
    browser = TestClient(application, base_url="https://register.landlord.example", follow_redirects=False)
    page, start = browser.get("/auth/login/"), browser.get("/auth/login/azure")
    found["page"], found["start"] = page.status_code, start.headers.get("location", "")
    found["asks_for_password"] = 'type="password"' in page.text
    print(json.dumps(found))


if __name__ == "__main__":
    main()
