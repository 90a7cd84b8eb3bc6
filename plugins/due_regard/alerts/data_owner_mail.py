"""Mails to the landlord's data owner alone: rows of a drop to mend, a task that failed.

They carry counts, names of files, columns and tasks, and no cell's value or exception's text. Nothing is put into the
outbox here: that is the caller's, in its transaction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from due_regard.alerts.message import load_mail_templates
from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder
from due_regard.mail.mime import ComposedMail, fix_mime_boundaries

MAY_LEAVE_FOR = 5
"""Working days, from the day it is composed, on which the mail may still leave."""


def build_data_owner_mail(
    landlord: Landlord,
    calendar: WorkingCalendar,
    *,
    kind: str,
    topic: str,
    title: str,
    lines: Sequence[str],
    sender: str,
    templates: Folder,
    now: datetime,
) -> ComposedMail:
    """A mail to the data owner; the same kind and topic always have the same Message-ID, so that it is told once.

    Args:
        landlord: whose matter it is; names the data owner.
        calendar: its working days: the mail leaves on one.
        kind: `handback` or `failure`.
        topic: what within the kind it is about, e.g. a batch or a run.
        title: its subject, after the landlord's name.
        lines: what it says; a line that begins with two spaces is set in.
        sender: address it is sent from.
        templates: folder of `data_owner.txt.j2` and `data_owner.html.j2`.
        now: for the Date header and the first day it may leave.
    """
    token = hashlib.sha256(f"{kind}\n{landlord.id}\n{topic}".encode()).hexdigest()[:20]
    domain = sender.rpartition("@")[2]
    headers = {
        "From": f"Due Regard <{sender}>",
        "To": landlord.alerts.data_owner,
        "Subject": f"{landlord.name}: {title}",
        "Date": format_datetime(now),
        "Message-ID": f"<due-regard.{token}@{domain}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"Due Regard data <data.{landlord.id.replace('_', '-')}.{domain}>",
        "Content-Language": "en-GB",
    }
    leaves = calendar.next_working(find_london_day(now))
    days = (leaves, *(calendar.shift(leaves, place) for place in range(1, MAY_LEAVE_FOR + 1)))
    body = _render_body(headers, lines, templates)
    return ComposedMail(headers["Message-ID"], kind, leaves, sender, headers["To"], headers["Subject"], body, days)


def _render_body(headers: dict[str, str], lines: Sequence[str], templates: Folder) -> bytes:
    mail = EmailMessage(policy=SMTP)
    for name, value in headers.items():
        mail[name] = value
    view = {"title": headers["Subject"], "lines": lines}
    letters = load_mail_templates(templates)
    mail.set_content(letters.get_template("data_owner.txt.j2").render(view), cte="quoted-printable")
    html = letters.get_template("data_owner.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    fix_mime_boundaries(mail, headers["Message-ID"])
    return mail.as_bytes()
