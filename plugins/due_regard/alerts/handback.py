"""The mail that tells the data owner which rows and files of a drop were not taken, and where they lie.

Carries intake's one-page summary, which holds counts, files and columns and no cell's value; the rows themselves stay
in the rejections folder. Puts nothing into the outbox: who loads the drop does.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from pathlib import Path

from due_regard.alerts.drops import london_day
from due_regard.alerts.message import environment, fix_boundaries
from due_regard.alerts.outbox import Outgoing
from due_regard.landlords import Landlord
from due_regard.working_days import WorkingCalendar

MAY_LEAVE_FOR = 5
"""Working days, from the day it is composed, on which the mail may still leave."""


def handback_mail(
    landlord: Landlord,
    calendar: WorkingCalendar,
    *,
    batch_id: int,
    summary: str,
    folder: str,
    sender: str,
    templates: Path,
    now: datetime,
) -> Outgoing:
    """The mail of one batch to the landlord's data owner; the same batch always has the same Message-ID.

    Args:
        landlord: whose drop it was; names the data owner.
        calendar: its working days: the mail leaves on one.
        batch_id: the batch as `due-regard drop list` shows it.
        summary: intake's page of what was not taken.
        folder: where the rejected rows lie, as the data team knows it.
        sender: address it is sent from.
        templates: folder of `handback.txt.j2` and `handback.html.j2`.
        now: for the Date header and the first day it may leave.
    """
    token = hashlib.sha256(f"handback\n{landlord.id}\n{batch_id}".encode()).hexdigest()[:20]
    domain = sender.rpartition("@")[2]
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Due Regard <{sender}>"
    mail["To"] = landlord.alerts.data_owner
    mail["Subject"] = f"{landlord.name}: rows to mend in batch {batch_id}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<due-regard.{token}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "All"
    mail["List-Id"] = f"Due Regard data <data.{landlord.id.replace('_', '-')}.{domain}>"
    mail["Content-Language"] = "en-GB"
    view = {"title": mail["Subject"], "lines": summary.rstrip().splitlines(), "folder": folder, "batch": batch_id}
    letters = environment(templates)
    mail.set_content(letters.get_template("handback.txt.j2").render(view), cte="quoted-printable")
    html = letters.get_template("handback.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    fix_boundaries(mail, str(mail["Message-ID"]))
    leaves = calendar.next_working(london_day(now))
    days = (leaves, *(calendar.shift(leaves, place) for place in range(1, MAY_LEAVE_FOR + 1)))
    recipient = landlord.alerts.data_owner
    subject = str(mail["Subject"])
    return Outgoing(str(mail["Message-ID"]), "handback", leaves, sender, recipient, subject, mail.as_bytes(), days)
