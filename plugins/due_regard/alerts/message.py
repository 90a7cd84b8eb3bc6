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
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from due_regard.alerts import wording
from due_regard.alerts.calendar_files import CalendarFile
from due_regard.alerts.letters import Letter
from due_regard.landlords import Landlord
from due_regard.mime import fix_boundaries


def message_id(letter: Letter, landlord: str, sender: str) -> str:
    """The same letter (landlord, kind, recipient, day, topic) always has the same Message-ID."""
    told = "\n".join((landlord, letter.kind, letter.recipient, letter.mail_on.isoformat(), letter.topic))
    return f"<due-regard.{hashlib.sha256(told.encode()).hexdigest()[:20]}@{sender.rpartition('@')[2]}>"


def build_message(
    letter: Letter,
    landlord: Landlord,
    *,
    sender: str,
    data_as_at: str,
    policy_title: str,
    calendars: Sequence[CalendarFile],
    templates: Path,
    now: datetime,
) -> EmailMessage:
    """The whole mail, ready to hand over.

    Args:
        letter: what is said.
        landlord: in whose name.
        sender: address it is sent from.
        data_as_at: which export the figures rest on, in words.
        policy_title: of the landlord's document whose clauses are quoted.
        calendars: calendar files to attach.
        templates: folder of `mail.txt.j2` and `mail.html.j2`.
        now: for the Date header.
    """
    identity = message_id(letter, landlord.id, sender)
    mail = _addressed(letter, landlord, sender, identity, now)
    view = {
        "letter": letter,
        "landlord": landlord.name,
        "title": mail["Subject"],
        "day": wording.day,
        "count": wording.count,
        "data_as_at": data_as_at,
        "policy_title": policy_title,
        "contact": landlord.alerts.role_mailboxes.get("governance", landlord.alerts.fallback_mailbox),
        "message_id": identity.strip("<>"),
        "has_calendar": any(not item.is_cancelled for item in calendars),
        "has_cancelled": any(item.is_cancelled for item in calendars),
    }
    letters = environment(templates)
    mail.set_content(letters.get_template("mail.txt.j2").render(view), cte="quoted-printable")
    html = letters.get_template("mail.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    for item in calendars:
        params = {"method": item.method, "charset": "utf-8"}
        mail.add_attachment(item.data, "text", "calendar", filename=item.filename, params=params)
    fix_boundaries(mail, identity)
    return mail


def _addressed(letter: Letter, landlord: Landlord, sender: str, identity: str, now: datetime) -> EmailMessage:
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Due Regard <{sender}>"
    mail["To"] = letter.recipient
    mail["Subject"] = wording.subject(letter, landlord.name)
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = identity
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"Due Regard alerts <alerts.{landlord.id.replace('_', '-')}.{domain}>"
    mail["Content-Language"] = "en-GB"
    return mail


@lru_cache(maxsize=4)
def environment(templates: Path) -> Environment:
    """The mail templates of a folder; what is not given is an error, what is HTML is escaped."""
    return Environment(
        loader=FileSystemLoader(templates),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
