"""One letter as an `EmailMessage`: plain text and HTML, deterministic Message-ID, calendar files.

Same letter, same moment: same bytes. Headers that keep automatic answers and list software quiet are here; words are in
wording and the templates.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from due_regard.alerts import finding_wording
from due_regard.alerts.calendar_files import CalendarFile
from due_regard.alerts.mail_content import MailContent
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder, list_layers
from due_regard.mail.mime import fix_mime_boundaries


def make_message_id(content: MailContent, landlord: str, sender: str) -> str:
    """The same letter (landlord, kind, recipient, day, topic) always has the same Message-ID."""
    told = "\n".join((landlord, content.kind, content.recipient, content.mail_on.isoformat(), content.topic))
    return f"<due-regard.{hashlib.sha256(told.encode()).hexdigest()[:20]}@{sender.rpartition('@')[2]}>"


def build_letter_message(
    content: MailContent,
    landlord: Landlord,
    *,
    sender: str,
    data_as_at: str,
    policy_title: str,
    calendars: Sequence[CalendarFile],
    templates: Folder,
    now: datetime,
) -> EmailMessage:
    """The whole mail, ready to hand over.

    Args:
        content: what is said.
        landlord: in whose name.
        sender: address it is sent from.
        data_as_at: which export the figures rest on, in words.
        policy_title: of the landlord's document whose clauses are quoted.
        calendars: calendar files to attach.
        templates: folder of `mail.txt.j2` and `mail.html.j2`.
        now: for the Date header.
    """
    identity = make_message_id(content, landlord.id, sender)
    mail = _address_message(content, landlord, sender, identity, now)
    view = {
        "letter": content,
        "landlord": landlord.name,
        "title": mail["Subject"],
        "day": finding_wording.format_day,
        "count": finding_wording.format_count,
        "data_as_at": data_as_at,
        "policy_title": policy_title,
        "contact": landlord.alerts.role_mailboxes.get("governance", landlord.alerts.fallback_mailbox),
        "message_id": identity.strip("<>"),
        "has_calendar": any(not item.is_cancelled for item in calendars),
        "has_cancelled": any(item.is_cancelled for item in calendars),
    }
    letters = load_mail_templates(templates)
    mail.set_content(letters.get_template("mail.txt.j2").render(view), cte="quoted-printable")
    html = letters.get_template("mail.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for item in calendars:
        params = {"method": item.method, "charset": "utf-8"}
        mail.add_attachment(item.data, "text", "calendar", filename=item.filename, params=params)
    fix_mime_boundaries(mail, identity)
    return mail


def _address_message(
    content: MailContent, landlord: Landlord, sender: str, identity: str, now: datetime
) -> EmailMessage:
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Due Regard <{sender}>"
    mail["To"] = content.recipient
    mail["Subject"] = finding_wording.build_subject(content, landlord.name)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = identity
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"Due Regard alerts <alerts.{landlord.id.replace('_', '-')}.{domain}>"
    mail["Content-Language"] = "en-GB"
    return mail


@lru_cache(maxsize=4)
def load_mail_templates(templates: Folder) -> Environment:
    """The mail templates of a folder; what is not given is an error, what is HTML is escaped."""
    return Environment(
        loader=FileSystemLoader(list_layers(templates)),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
