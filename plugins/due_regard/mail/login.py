"""From settings to a transport: folder or mail server, password or Microsoft 365 OAuth2, and the allow-list.

An Airflow connection's fields are laid over the settings by `lay_connection_over_settings`; nothing here knows Airflow.
Secrets are read at the moment of logging in and never put into a message.
"""

from __future__ import annotations

import ipaddress
import smtplib
from collections.abc import Mapping

from pydantic import SecretStr

from due_regard.config.settings import Settings
from due_regard.config.storage import check_can_write
from due_regard.errors import MailError, SettingsError, StorageError
from due_regard.mail.mail_mode import choose_mail_mode
from due_regard.mail.redirection import RedirectTransport
from due_regard.mail.transport import (
    FolderTransport,
    Login,
    ShadowTransport,
    SmtpTransport,
    Transport,
)
from due_regard.mail.wording import load_mail_wording

OUTLOOK_SCOPE = "https://outlook.office365.com/.default"
AUTHORITY = "https://login.microsoftonline.com/"


def open_transport(settings: Settings) -> Transport:
    """The transport that the settings ask for; a folder until `mail_mode` is live.

    Raises:
        SettingsError: mail would leave over an open line, half a login is given, or an allow-list and a redirection.
        WordingError: mail is redirected, and the wording of mails is wrong.
    """
    mode = choose_mail_mode(settings)
    if mode.way == "redirect":
        wording = load_mail_wording(settings.reports_dir / "mail")
        return RedirectTransport(open_smtp_transport(settings), str(settings.mail_redirect), wording)
    inner: Transport = FolderTransport(settings.mail_dir) if mode.way == "folder" else open_smtp_transport(settings)
    return ShadowTransport(inner, mode.allowed) if mode.allowed else inner


def open_smtp_transport(settings: Settings) -> SmtpTransport:
    """The mail server of the settings.

    Raises:
        SettingsError: as `open_transport`.
    """
    if not settings.smtp_starttls and not _is_loopback(settings.smtp_host):
        raise SettingsError(
            "DUE_REGARD_SMTP_STARTTLS may be off for a mail server on this machine alone; mail is not sent in the open"
        )
    return SmtpTransport(settings.smtp_host, settings.smtp_port, settings.smtp_starttls, _find_login(settings))


def check_mail_settings(settings: Settings) -> str:
    """Try the mail settings without sending anything; says what was tried (for `doctor`).

    Raises:
        MailError: the server cannot be used, and why.
        SettingsError: as `open_transport`.
    """
    choose_mail_mode(settings)
    if settings.mail_mode == "folder":
        try:
            check_can_write(settings.mail_dir)
        except StorageError as reason:
            raise MailError(f"the mail folder {reason}") from None
        idle = "; DUE_REGARD_MAIL_REDIRECT counts once it is live" if settings.mail_redirect else ""
        return f"mail goes to the folder {settings.mail_dir}; set DUE_REGARD_MAIL_MODE=live to send{idle}"
    open_smtp_transport(settings).check_login()
    shadow = f"; only {len(settings.mail_allow)} allowed addresses are sent to" if settings.mail_allow else ""
    trial = "; every mail goes to the one address of DUE_REGARD_MAIL_REDIRECT" if settings.mail_redirect else shadow
    return f"logged in at {settings.smtp_host}:{settings.smtp_port}{trial}"


def lay_connection_over_settings(settings: Settings, connection: Mapping[str, object]) -> Settings:
    """`settings` with the host, port, login, password and extra of an Airflow connection laid over them.

    Args:
        settings: this installation's.
        connection: `host`, `port`, `login`, `password`, and in `extra` perhaps `from_email`, `oauth_tenant`,
            `oauth_client_id`, `oauth_client_secret`; what is missing or empty stays as the settings have it.
    """
    extra = connection.get("extra")
    found = {
        "smtp_host": connection.get("host"),
        "smtp_port": connection.get("port"),
        "smtp_user": connection.get("login"),
        "smtp_password": _as_secret(connection.get("password")),
    }
    if isinstance(extra, Mapping):
        found |= {
            "mail_from": extra.get("from_email"),
            "smtp_oauth_tenant": extra.get("oauth_tenant"),
            "smtp_oauth_client_id": extra.get("oauth_client_id"),
            "smtp_oauth_client_secret": _as_secret(extra.get("oauth_client_secret")),
        }
    return settings.model_copy(update={key: value for key, value in found.items() if value})


def _as_secret(value: object) -> SecretStr | None:
    return SecretStr(str(value)) if value else None


def _find_login(settings: Settings) -> Login | None:
    # A variable left empty in .env is no value.
    user, password = settings.smtp_user or None, settings.smtp_password or None
    if settings.smtp_oauth_tenant:
        return _find_oauth_login(settings)
    if (user is None) != (password is None):
        raise SettingsError("give both DUE_REGARD_SMTP_USER and DUE_REGARD_SMTP_PASSWORD, or neither")
    if user is None or password is None:
        return None
    return lambda session: session.login(user, password.get_secret_value())


def _find_oauth_login(settings: Settings) -> Login:
    user, client, secret = settings.smtp_user, settings.smtp_oauth_client_id, settings.smtp_oauth_client_secret
    if not user or not client or not secret:
        raise SettingsError(
            "OAuth2 needs DUE_REGARD_SMTP_USER (the mailbox), DUE_REGARD_SMTP_OAUTH_CLIENT_ID and "
            "DUE_REGARD_SMTP_OAUTH_CLIENT_SECRET beside DUE_REGARD_SMTP_OAUTH_TENANT"
        )

    def login(session: smtplib.SMTP) -> None:
        token = _fetch_token(str(settings.smtp_oauth_tenant), client, secret)
        words = f"user={user}\x01auth=Bearer {token}\x01\x01"
        # A challenge instead of an answer is the server's refusal in detail: an empty line makes it say so by code.
        session.auth("XOAUTH2", lambda challenge=None: words if challenge is None else "")

    return login


def _fetch_token(tenant: str, client: str, secret: SecretStr) -> str:
    try:
        import msal
    except ImportError:
        raise MailError(
            "OAuth2 needs the package msal: install it with `uv pip install 'due-regard[oauth]'`, or unset "
            "DUE_REGARD_SMTP_OAUTH_TENANT to log in with a password"
        ) from None
    app = msal.ConfidentialClientApplication(
        client, authority=AUTHORITY + tenant, client_credential=secret.get_secret_value()
    )
    answer = app.acquire_token_for_client(scopes=[OUTLOOK_SCOPE])
    if "access_token" not in answer:
        raise MailError(f"Microsoft 365 gave no token ({answer.get('error', 'no reason given')}); see the app's rights")
    return str(answer["access_token"])


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
