"""How a mail leaves: into a folder of .eml files, or to a mail server over STARTTLS; shadow running before either.

A transport hands over one mail to one recipient and says what became of it. sending.py notes that in the outbox;
redirection.py sends all to one address; login.py opens the transport that the settings ask for.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Protocol

from due_regard.config.storage import StoredPath, write_file
from due_regard.errors import MailError, StorageError
from due_regard.mail.mail_mode import FOLDER, LIVE_MODE, MailMode
from due_regard.mail.outbox import Delivery, OutboxMail

Login = Callable[[smtplib.SMTP], object]
"""Authenticates a connected session; raises MailError where the server will not have us."""

TIMEOUT_SECONDS = 60


class Transport(Protocol):
    """Hands over mails.

    `mode` is how its mails leave: only mails composed for that mode are handed to it. `deliver_mail` raises MailError
    where nothing at all can be handed over now (no connection, login refused).
    """

    @property
    def mode(self) -> MailMode:
        """How its mails leave."""

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        """Hand over one mail."""

    def close_session(self) -> None:
        """End the session, if there is one."""


@dataclass(frozen=True)
class FolderTransport:
    """Writes each mail as an .eml file that any mail program opens; the same mail again is the same file."""

    folder: StoredPath

    @property
    def mode(self) -> MailMode:
        """A trial: nobody is told."""
        return MailMode(FOLDER)

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        """Write the file whole or not at all."""
        try:
            write_file(self.folder, name_eml_file(outgoing.landlord, outgoing.message_id), outgoing.body)
        except StorageError as reason:
            raise MailError(f"the mail folder {reason}") from None
        return Delivery("sent", reason="written to the mail folder")

    def close_session(self) -> None:
        """Nothing to end."""


@dataclass(frozen=True)
class ShadowTransport:
    """Lets mail through to an allow-list alone; of the rest it says "would have sent"."""

    inner: Transport
    allowed: frozenset[str]

    @property
    def mode(self) -> MailMode:
        """A trial, but for those on the list."""
        return MailMode(self.inner.mode.way, self.allowed)

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        """Hand over, or note."""
        if outgoing.recipient.lower() in self.allowed:
            return self.inner.deliver_mail(outgoing)
        return Delivery("shadow", reason="would have sent: the recipient is not on the allow-list")

    def close_session(self) -> None:
        """End the inner session."""
        self.inner.close_session()


@dataclass
class SmtpTransport:
    """A mail server; STARTTLS is required unless switched off for a loopback relay.

    Attributes:
        login: authenticates, or None for a relay that asks for nothing.
        context: TLS settings; the system's certificates by default.
    """

    host: str
    port: int
    starttls: bool = True
    login: Login | None = None
    context: ssl.SSLContext | None = None
    _session: smtplib.SMTP | None = field(default=None, repr=False)

    @property
    def mode(self) -> MailMode:
        """The real thing."""
        return LIVE_MODE

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        """Hand over one mail; a session that the server closed meanwhile is opened anew, once."""
        for _ in range(2):
            session = self._open_session()
            try:
                return self._offer_mail(session, outgoing)
            except (OSError, smtplib.SMTPException):
                self._drop_session()
        return Delivery("later", reason="the connection to the mail server broke")

    def check_login(self) -> None:
        """Connect and log in without sending anything.

        Raises:
            MailError: says what to mend.
        """
        self._open_session().noop()
        self.close_session()

    def close_session(self) -> None:
        """End the session with the server, if there is one."""
        if self._session is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._session.quit()
        self._session = None

    def _open_session(self) -> smtplib.SMTP:
        if self._session is None:
            self._session = self._start_session()
        return self._session

    def _start_session(self) -> smtplib.SMTP:
        where = f"{self.host}:{self.port}"
        try:
            session = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT_SECONDS)
        except (OSError, smtplib.SMTPException) as reason:
            raise MailError(f"the mail server {where} cannot be reached ({type(reason).__name__})") from None
        try:
            if self.starttls:
                session.starttls(context=self.context or ssl.create_default_context())
            session.ehlo_or_helo_if_needed()
            if self.login is not None:
                _require_login_offer(session, where)
                self.login(session)
        except (OSError, smtplib.SMTPException, MailError) as reason:
            session.close()
            raise _explain_failure(reason, where) from None
        return session

    def _drop_session(self) -> None:
        if self._session is not None:
            self._session.close()
        self._session = None

    def _offer_mail(self, session: smtplib.SMTP, outgoing: OutboxMail) -> Delivery:
        code, _ = session.mail(outgoing.sender)
        if code >= 500:
            self.close_session()
            raise MailError(f"the mail server refuses the sender's address (code {code}); see DUE_REGARD_MAIL_FROM")
        if code != 250:
            return self._put_off(session, code)
        code, _ = session.rcpt(outgoing.recipient)
        if code >= 500:
            self._reset_session(session)
            return Delivery("refused", code, "the mail server refused the recipient's address", is_address_refused=True)
        return self._hand_over_body(session, outgoing) if code in {250, 251} else self._put_off(session, code)

    def _hand_over_body(self, session: smtplib.SMTP, outgoing: OutboxMail) -> Delivery:
        try:
            code, _ = session.data(outgoing.body)
        except smtplib.SMTPDataError as reason:
            code = reason.smtp_code
        except (OSError, smtplib.SMTPException):
            # The mail may or may not have been taken: nobody can say.
            self._drop_session()
            return Delivery("uncertain", reason="handed over, but the mail server did not answer")
        if code == 250:
            return Delivery("sent", code)
        if code >= 500:
            self._reset_session(session)
            return Delivery("refused", code, "the mail server refused this mail")
        return self._put_off(session, code)

    def _put_off(self, session: smtplib.SMTP, code: int) -> Delivery:
        self._reset_session(session)
        if code == 421:
            self._drop_session()
        return Delivery("later", code, "the mail server put this mail off")

    def _reset_session(self, session: smtplib.SMTP) -> None:
        with suppress(smtplib.SMTPException, OSError):
            session.rset()


def _require_login_offer(session: smtplib.SMTP, where: str) -> None:
    """Refuse a server that offers no login: smtplib would blame it on nothing, or (OAuth2) go on without one."""
    if not session.esmtp_features.get("auth", "").strip():
        raise MailError(
            f"the mail server {where} offers no login (AUTH) on this port; use its port for submission (often 587), or "
            "unset DUE_REGARD_SMTP_USER, and what stands with it, for a server that asks for none"
        )


def _explain_failure(reason: Exception, where: str) -> MailError:
    """What went wrong before any mail was handed over, in words that help and betray no secret."""
    match reason:
        case MailError():
            return reason
        case smtplib.SMTPNotSupportedError():
            return MailError(f"the mail server {where} does not offer STARTTLS; mail is not sent over an open line")
        case ssl.SSLError():
            return MailError(f"TLS with the mail server {where} failed: {reason.reason or 'see its certificate'}")
        case smtplib.SMTPAuthenticationError():
            return MailError(f"the mail server {where} refused the login (code {reason.smtp_code})")
        case smtplib.SMTPException() if type(reason) is smtplib.SMTPException:
            # smtplib raises the bare class here alone: none of the server's ways to log in is known to it.
            return MailError(
                f"the mail server {where} offers no way to log in by user and password; see the OAuth2 settings"
            )
    return MailError(f"the session with the mail server {where} failed ({type(reason).__name__})")


def name_eml_file(landlord: str, message_id: str) -> str:
    """File name of a mail in a folder: by landlord, then by what its Message-ID says."""
    return f"{landlord}-{hashlib.sha256(message_id.encode()).hexdigest()[:16]}.eml"
