"""Sends every mail to one address, each with a line that says who would have got it: a trial with the real mail server.

The outbox keeps the mail as its recipient would get it; it is changed on its way out.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from due_regard.errors import MailError
from due_regard.mail.builder import name_mail_language
from due_regard.mail.mail_mode import REDIRECT, MailMode
from due_regard.mail.outbox import Delivery, OutboxMail
from due_regard.mail.transport import Transport
from due_regard.mail.wording import MailWording


@dataclass(frozen=True)
class RedirectTransport:
    """Sends every mail to one address, each with a line that says who would have got it."""

    inner: Transport
    address: str
    wording: MailWording = field(repr=False)

    @property
    def mode(self) -> MailMode:
        """A trial: those whom the mails are for are not told."""
        return MailMode(REDIRECT)

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        """Hand over to the one address; where that is refused, nothing can be handed over at all."""
        sentence = self.wording.redirected.format(recipient=outgoing.recipient)
        body = _redirect_body(outgoing.body, self.address, outgoing.recipient, sentence)
        delivery = self.inner.deliver_mail(replace(outgoing, recipient=self.address, body=body))
        if delivery.is_address_refused:
            raise MailError(f"the mail server refuses the address of DUE_REGARD_MAIL_REDIRECT (code {delivery.code})")
        return delivery

    def close_session(self) -> None:
        """End the inner session."""
        self.inner.close_session()


def _redirect_body(body: bytes, address: str, recipient: str, sentence: str) -> bytes:
    """The mail to `address` instead, with `sentence` as the first line of its text and HTML parts."""
    mail = message_from_bytes(body, _class=EmailMessage, policy=SMTP.clone(max_line_length=200))
    mail.replace_header("To", address)
    mail["X-Due-Regard-Would-Go-To"] = recipient
    plain, rich = mail.get_body(("plain",)), mail.get_body(("html",))
    if isinstance(plain, EmailMessage):
        plain.set_content(f"{sentence}\n\n{plain.get_content()}", cte="quoted-printable")
    if isinstance(rich, EmailMessage):
        line = f"<p><strong>{html.escape(sentence)}</strong></p>"
        text, found = re.subn(r"(<body[^>]*>)", lambda tag: tag[1] + line, rich.get_content(), count=1)
        rich.set_content(text if found else line + text, subtype="html", cte="quoted-printable")
    name_mail_language(mail)
    return mail.as_bytes()
