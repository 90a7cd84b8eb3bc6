"""Handing over to a real mail server on loopback: TLS, logins, and every kind of answer."""

from __future__ import annotations

import ssl
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from pydantic import SecretStr

from due_regard.config.settings import Settings
from due_regard.errors import MailError, SettingsError
from due_regard.mail.login import check_mail_settings, lay_connection_over_settings, open_smtp_transport, open_transport
from due_regard.mail.outbox import OutboxMail
from due_regard.mail.transport import FolderTransport, ShadowTransport, SmtpTransport
from tests.alerts.mail_server import Mailbox, make_certificate, serving

BODY = b"From: a@example.org\r\nTo: b@example.org\r\nMessage-ID: <1@x>\r\n\r\n.a line that begins with a dot\r\nend\r\n"


def outgoing(recipient: str = "b@example.org") -> OutboxMail:
    return OutboxMail("example", "<1@x>", "a@example.org", recipient, BODY, 1, 0)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_certificate(tmp_path_factory.mktemp("tls") / "server.pem")


def open_line(port: int) -> SmtpTransport:
    return SmtpTransport("127.0.0.1", port, starttls=False)


@pytest.mark.parametrize(
    ("stage", "answer", "outcome", "code", "is_address"),
    [
        ("rcpt", "550 no such user", "refused", 550, True),
        ("rcpt", "451 try later", "later", 451, False),
        ("data", "554 too odd", "refused", 554, False),
        ("data", "452 full", "later", 452, False),
        ("data", "hang up", "uncertain", None, False),
        ("data", "250 taken", "sent", 250, False),
    ],
)
def test_answers(stage: str, answer: str, outcome: str, code: int | None, is_address: bool) -> None:
    mailbox = Mailbox()
    (mailbox.at_rcpt if stage == "rcpt" else mailbox.at_data)["b@example.org"] = answer
    with serving(mailbox) as port:
        transport = open_line(port)
        found = transport.deliver_mail(outgoing())
        assert (found.outcome, found.code, found.is_address_refused) == (outcome, code, is_address)
        assert "b@example.org" not in found.reason
        assert transport.deliver_mail(outgoing("c@example.org")).outcome == "sent"
        transport.close_session()
    assert mailbox.kept[-1] == ("c@example.org", BODY)


@pytest.mark.parametrize("login", ["password", "oauth"])
def test_a_server_without_a_login_is_told_from_one_without_starttls(
    certificate: Path, monkeypatch: pytest.MonkeyPatch, login: str
) -> None:
    monkeypatch.setitem(sys.modules, "msal", fake_msal({"access_token": "GOOD"}))
    mailbox = Mailbox()
    # Without TLS it offers none, as relays do; port 587 of the same server would.
    with serving(mailbox) as port:
        given = OAUTH if login == "oauth" else {"smtp_password": SecretStr("right")}
        with pytest.raises(MailError, match=r"offers no login \(AUTH\) on this port") as caught:
            check_mail_settings(live(port, certificate, monkeypatch, smtp_starttls=False, **given))
    assert "STARTTLS" not in str(caught.value) and mailbox.logins == []


def test_a_server_whose_ways_to_log_in_are_unknown_says_so(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Mailbox(), certificate=certificate, auth=True, without=["LOGIN", "PLAIN"]) as port:
        settings = live(port, certificate, monkeypatch, smtp_password=SecretStr("right"))
        with pytest.raises(MailError, match="no way to log in by user and password"):
            check_mail_settings(settings)


def test_a_session_the_server_ended_is_opened_again() -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        transport = open_line(port)
        transport.deliver_mail(outgoing())
        assert transport._session is not None
        transport._session.docmd("QUIT")
        assert transport.deliver_mail(outgoing()).outcome == "sent"
        transport.close_session()
    assert len(mailbox.kept) == 2


def test_no_server_is_said_plainly() -> None:
    with serving(Mailbox()) as port:
        pass
    with pytest.raises(MailError, match=f"127.0.0.1:{port} cannot be reached"):
        open_line(port).deliver_mail(outgoing())


def test_starttls_is_required(certificate: Path) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port, pytest.raises(MailError, match="does not offer STARTTLS"):
        SmtpTransport("127.0.0.1", port).deliver_mail(outgoing())
    with serving(mailbox, certificate=certificate) as port:
        trusted = SmtpTransport("127.0.0.1", port, context=ssl.create_default_context(cafile=certificate))
        assert trusted.deliver_mail(outgoing()).outcome == "sent"
        trusted.close_session()
        with pytest.raises(MailError, match="TLS with the mail server 127"):
            SmtpTransport("127.0.0.1", port).deliver_mail(outgoing())
    assert len(mailbox.kept) == 1


def live(port: int, certificate: Path, monkeypatch: pytest.MonkeyPatch, **changes: object) -> Settings:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    values = {"mail_mode": "live", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_user": "alerts@example.org"}
    return Settings(_env_file=None, **values | changes)  # type: ignore[arg-type]


@pytest.mark.parametrize("given", ["right", "wrong"])
def test_user_and_password(certificate: Path, monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    mailbox = Mailbox()
    with serving(mailbox, certificate=certificate, auth=True) as port:
        settings = live(port, certificate, monkeypatch, smtp_password=SecretStr(given))
        if given == "right":
            assert "logged in" in check_mail_settings(settings)
            transport = open_transport(settings)
            assert transport.deliver_mail(outgoing()).outcome == "sent"
            transport.close_session()
        else:
            with pytest.raises(MailError, match=r"refused the login \(code 535\)") as caught:
                check_mail_settings(settings)
            assert "wrong" not in str(caught.value)
    assert len(mailbox.kept) == (given == "right")


def fake_msal(answer: dict[str, str]) -> ModuleType:
    def client(_id: str, *, authority: str, client_credential: str) -> SimpleNamespace:
        assert authority == "https://login.microsoftonline.com/tenant" and client_credential == "secret"
        return SimpleNamespace(acquire_token_for_client=lambda scopes: answer)

    module = ModuleType("msal")
    module.ConfidentialClientApplication = client  # type: ignore[attr-defined]
    return module


OAUTH = {
    "smtp_oauth_tenant": "tenant",
    "smtp_oauth_client_id": "client",
    "smtp_oauth_client_secret": SecretStr("secret"),
}


@pytest.mark.parametrize("bearer", ["GOOD", "BAD"])
def test_microsoft_365(certificate: Path, monkeypatch: pytest.MonkeyPatch, bearer: str) -> None:
    mailbox = Mailbox()
    monkeypatch.setitem(sys.modules, "msal", fake_msal({"access_token": bearer}))
    with serving(mailbox, certificate=certificate, auth=True) as port:
        settings = live(port, certificate, monkeypatch, **OAUTH)
        if bearer == "GOOD":
            assert "logged in" in check_mail_settings(settings)
        else:
            with pytest.raises(MailError, match="refused the login"):
                check_mail_settings(settings)
    assert mailbox.logins[0][0] == "XOAUTH2"


def test_microsoft_365_without_a_token_or_without_msal(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(Mailbox(), certificate=certificate, auth=True) as port:
        settings = live(port, certificate, monkeypatch, **OAUTH)
        monkeypatch.setitem(sys.modules, "msal", fake_msal({"error": "invalid_client"}))
        with pytest.raises(MailError, match="gave no token \\(invalid_client\\)"):
            check_mail_settings(settings)
        monkeypatch.setitem(sys.modules, "msal", None)
        with pytest.raises(MailError, match="needs the package msal"):
            check_mail_settings(settings)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"smtp_host": "mail.example.org", "smtp_starttls": False}, "SMTP_STARTTLS may be off"),
        ({"smtp_user": "x"}, "give both"),
        ({"smtp_user": "x", "smtp_oauth_tenant": "t"}, "OAuth2 needs"),
    ],
)
def test_settings_that_would_not_work(changes: dict[str, object], words: str) -> None:
    with pytest.raises(SettingsError, match=words):
        open_smtp_transport(Settings(_env_file=None, mail_mode="live", **changes))  # type: ignore[arg-type]


def test_a_folder_until_live_and_an_allow_list_in_front(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, var_dir=tmp_path)  # type: ignore[call-arg]
    assert open_transport(settings) == FolderTransport(tmp_path / "mail")
    assert "set DUE_REGARD_MAIL_MODE=live" in check_mail_settings(settings)
    shadow = open_transport(settings.model_copy(update={"mail_allow": ("Me@Example.org",)}))
    assert shadow == ShadowTransport(FolderTransport(tmp_path / "mail"), frozenset({"me@example.org"}))


def test_an_airflow_connection_goes_over_the_settings() -> None:
    plain = Settings(_env_file=None, smtp_host="here", smtp_port=25, smtp_user="me")  # type: ignore[call-arg]
    found = lay_connection_over_settings(
        plain,
        {"host": "there", "port": None, "login": "", "password": "p", "extra": {"oauth_tenant": "t"}},
    )
    assert (found.smtp_host, found.smtp_port, found.smtp_user, found.smtp_oauth_tenant) == ("there", 25, "me", "t")
    assert found.smtp_password is not None and found.smtp_password.get_secret_value() == "p"
    assert "'p'" not in repr(found)
