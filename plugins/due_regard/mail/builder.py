"""Builds every mail: headers, a text and an HTML part from templates, attachments, and the days it may leave on.

The same mail of the same moment is the same bytes. A new kind of mail needs a row in `KINDS` and its two templates in
`include/reports/mail`. What a mail says, and to whom, is decided by alerts, packs and services.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder, list_layers
from due_regard.mail.mail_mode import LIVE, LIVE_MODE, MailMode, ModeWord
from due_regard.mail.page_links import PageLinks
from due_regard.mail.wording import MailWording

LARGEST_MAIL = 1_000_000
"""Bytes of a mail: more is refused by some servers, and is nothing to read. Lists and files are bounded to keep it."""


@dataclass(frozen=True)
class MailKind:
    """What the mails of one kind share.

    Attributes:
        list_name: last part of the List-Id, by which a mail program can sort.
        template: `<template>.txt.j2` and `<template>.html.j2`.
        working_days: how many working days after its first day the mail may still leave.
        line_length: headers longer than this are folded. The library folds a long subject before its first word, which
            some mail programs then show with a leading blank: 200 keeps subjects on one line.
        is_notice: it is never composed again: where it reached nobody, the same mail is handed over anew.
    """

    list_name: str
    template: str
    working_days: int
    line_length: int
    is_notice: bool = False


KINDS: Mapping[str, MailKind] = {
    "digest": MailKind("alerts", "alert", 10, 200),
    "restricted": MailKind("alerts", "alert", 10, 200),
    "calendar": MailKind("alerts", "calendar_date", 10, 200),
    "handback": MailKind("data", "data_owner", 5, 78, is_notice=True),
    "failure": MailKind("data", "data_owner", 5, 78, is_notice=True),
    "pack": MailKind("packs", "pack", 10, 200),
    "pack_approval": MailKind("packs", "pack_approval", 10, 200),
    "pack_withheld": MailKind("packs", "pack_withheld", 10, 200),
}


@dataclass(frozen=True)
class MailContext:
    """What all mails of one landlord and moment share.

    Attributes:
        landlord: in whose name. calendar: its working days.
        sender: address they are sent from.
        templates: folder of the templates and of the wording.
        now: for the Date header and the first day a mail may leave.
        mode: how mails leave now.
        base_url: where pages are reached; None: a mail links to none and says whom to ask.
    """

    landlord: Landlord
    calendar: WorkingCalendar
    sender: str
    templates: Folder
    now: datetime
    wording: MailWording = field(repr=False)
    mode: MailMode = LIVE_MODE
    base_url: str | None = None

    @property
    def today(self) -> date:
        """The London day of `now`."""
        return find_london_day(self.now)

    @property
    def pages(self) -> PageLinks:
        """Addresses of the landlord's pages."""
        return PageLinks(self.base_url, self.landlord.id)

    @property
    def domain(self) -> str:
        """The sender's domain, in which Message-IDs and list names are unique."""
        return self.sender.rpartition("@")[2]


@dataclass(frozen=True)
class Attachment:
    """A file attached to a mail; `params` are parameters of its content type."""

    filename: str
    data: bytes
    maintype: str
    subtype: str
    params: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MailContent:
    """What one mail says and to whom.

    Attributes:
        kind: a key of `KINDS`.
        identity: what makes it this mail: the same in the same mode always have the same Message-ID.
        view: what its templates are given, besides `title` (the subject) and `message_id`.
        calendar: an entry that mail programs offer to take: it stands beside the text, and as a file for those that
            look for one.
    """

    kind: str
    recipient: str
    subject: str
    identity: Sequence[str]
    view: Mapping[str, Any]
    attachments: Sequence[Attachment] = ()
    calendar: Attachment | None = None


@dataclass(frozen=True)
class ComposedMail:
    """A built mail on its way into the outbox; it may leave on `send_days` alone."""

    message_id: str
    kind: str
    mail_on: date
    sender: str
    recipient: str
    subject: str
    body: bytes
    send_days: Sequence[date]
    mode: ModeWord = LIVE


def build_mail(content: MailContent, context: MailContext, *, mail_on: date, leaves_on: date) -> ComposedMail:
    """The whole mail; `mail_on` is the day it is about, `leaves_on` the first day it may leave."""
    mode = context.mode.find_word(content.recipient)
    message_id = _make_message_id(content, mode, context)
    mail = EmailMessage(policy=SMTP)
    for name, value in _list_headers(content, context, message_id).items():
        mail[name] = value
    _add_parts(mail, content, context, message_id)
    for file in content.attachments:
        mail.add_attachment(
            file.data, file.maintype, file.subtype, filename=file.filename, params=dict(file.params) or None
        )
    name_mail_language(mail)
    _fix_mime_boundaries(mail, message_id)
    return ComposedMail(
        message_id=message_id,
        kind=content.kind,
        mail_on=mail_on,
        sender=context.sender,
        recipient=content.recipient,
        subject=content.subject,
        body=mail.as_bytes(policy=SMTP.clone(max_line_length=KINDS[content.kind].line_length)),
        send_days=list_send_days(content.kind, context.calendar, leaves_on),
        mode=mode,
    )


def _make_message_id(content: MailContent, mode: ModeWord, context: MailContext) -> str:
    """The same identity always has the same Message-ID; a trial's is not that of the real mail, except of a notice."""
    is_one = mode == LIVE or KINDS[content.kind].is_notice
    identity = content.identity if is_one else (*content.identity, mode)
    token = hashlib.sha256("\n".join(identity).encode()).hexdigest()[:20]
    return f"<due-regard.{token}@{context.domain}>"


def _list_headers(content: MailContent, context: MailContext, message_id: str) -> dict[str, str]:
    """Headers in their order; some keep automatic answers and list software quiet."""
    name = KINDS[content.kind].list_name
    return {
        "From": f"Due Regard <{context.sender}>",
        "To": content.recipient,
        "Subject": content.subject,
        "Date": format_datetime(context.now),
        "Message-ID": message_id,
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"Due Regard {name} <{name}.{context.landlord.id.replace('_', '-')}.{context.domain}>",
    }


def _add_parts(mail: EmailMessage, content: MailContent, context: MailContext, message_id: str) -> None:
    view = {"title": content.subject, "message_id": message_id.strip("<>"), **content.view}
    templates, name = _load_templates(context.templates), KINDS[content.kind].template
    mail.set_content(templates.get_template(f"{name}.txt.j2").render(view), cte="quoted-printable")
    html = templates.get_template(f"{name}.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    if content.calendar is not None:
        _add_calendar_entry(mail, content.calendar)


def _add_calendar_entry(mail: EmailMessage, entry: Attachment) -> None:
    """The entry as Outlook reads it (a third form of the mail) and as Google sends it (a file as well)."""
    mail.add_alternative(entry.data, entry.maintype, entry.subtype, params=dict(entry.params))
    mail.add_attachment(entry.data, "application", "ics", filename=entry.filename)


def name_mail_language(mail: EmailMessage) -> None:
    """Say the language of the mail and of each text: last, for the library drops it when it sets or moves content."""
    for part in mail.walk():
        if part is mail or part.get_content_type() in {"text/plain", "text/html"}:
            del part["Content-Language"]
            part["Content-Language"] = "en-GB"


def _fix_mime_boundaries(mail: EmailMessage, message_id: str) -> None:
    """Make boundaries of the Message-ID: the library's own are random."""
    for number, part in enumerate([part for part in mail.walk() if part.is_multipart()]):
        part.set_boundary(f"=={hashlib.sha256(f'{message_id}{number}'.encode()).hexdigest()[:40]}==")


def list_send_days(kind: str, calendar: WorkingCalendar, first: date) -> tuple[date, ...]:
    """`first` and the working days after it on which a mail that could not be handed over may still leave."""
    return (first, *(calendar.shift(first, n) for n in range(1, KINDS[kind].working_days + 1)))


@lru_cache(maxsize=4)
def _load_templates(folder: Folder) -> Environment:
    """The mail templates of a folder; what is not given is an error, what is HTML is escaped."""
    return Environment(
        loader=FileSystemLoader(list_layers(folder)),
        autoescape=select_autoescape(("html", "html.j2")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
