"""The mail that takes a pack to the committee's clerk: an attachment or a link, before the meeting if one is set.

Composes only: who puts it into the outbox does so in the transaction that records the pack as issued (kept.issue), so a
pack is never issued twice nor mailed without being on record. Names no customer: the pack itself is the attachment.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from due_regard.calendars.quarters import LONDON, Quarter
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord, PackSwitch
from due_regard.config.layered_folders import Folder, list_layers
from due_regard.errors import PackError
from due_regard.mail.mime import ComposedMail, fix_mime_boundaries
from due_regard.packs.content.pack_content import describe_basis
from due_regard.packs.content.pack_definition import load_pack_definition
from due_regard.packs.life.filing import PackReport

MAY_LEAVE_FOR = 10
"""Working days, from the day it should leave, on which a mail may still leave."""

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_KINDS = {".xlsx": _XLSX, ".pdf": ("application", "pdf")}


def build_pack_mail(
    report: PackReport,
    landlord: Landlord,
    calendar: WorkingCalendar,
    *,
    sender: str,
    reports: Folder,
    now: datetime,
    link: str | None = None,
) -> ComposedMail:
    """The mail of one pack to its clerk.

    Args:
        report: the pack built.
        landlord: its settings; the pack must be switched on there.
        calendar: its working days: a mail leaves on one.
        sender: address it is sent from.
        reports: folder of definitions and of `paper/mail.txt.j2` and `paper/mail.html.j2`.
        now: for the Date header, and the earliest day it may leave.
        link: address of the folder the files lie in, where they are delivered as a link; the folder itself if None.

    Raises:
        PackError: the landlord has not switched the pack on.
    """
    switch = next((one for one in landlord.packs if one.name == report.name), None)
    if switch is None:
        raise PackError(f"{landlord.id} has not switched {report.name} on; name its clerk in the settings file")
    leaves = calendar.next_working(
        max(now.astimezone(LONDON).date(), find_leaving_day(switch, Quarter.parse(report.quarter)))
    )
    days = (leaves, *(calendar.shift(leaves, place) for place in range(1, MAY_LEAVE_FOR + 1)))
    mail = _build_pack_message(report, landlord, switch, sender, reports, now, link)
    return ComposedMail(
        str(mail["Message-ID"]), "pack", leaves, sender, switch.clerk, str(mail["Subject"]), mail.as_bytes(), days
    )


def find_leaving_day(switch: PackSwitch, quarter: Quarter) -> date:
    """The day a quarter's pack should leave: so many days before the first meeting after the quarter, else at once."""
    meetings = sorted(day for day in switch.meets_on if day > quarter.ends_on)
    if not meetings:
        return quarter.ends_on + timedelta(days=1)
    return max(meetings[0] - timedelta(days=switch.days_before_meeting), quarter.ends_on + timedelta(days=1))


def _build_pack_message(
    report: PackReport,
    landlord: Landlord,
    switch: PackSwitch,
    sender: str,
    reports: Folder,
    now: datetime,
    link: str | None,
) -> EmailMessage:
    definition = load_pack_definition(reports, report.name)
    quarter = Quarter.parse(report.quarter)
    files = [file for file in report.files if file.suffix in _KINDS and "action_list" not in file.name]
    place = link or report.files[0].parent.resolve().as_uri()
    view = {
        "title": definition.title,
        "audience": definition.audience,
        "landlord": landlord.name,
        "quarter": f"{quarter.label(landlord.reporting_year_starts)} ({quarter.months})",
        "basis": describe_basis(definition, landlord.id),
        "files": [file.name for file in files],
        "link": place if switch.deliver == "link" else None,
        "checksum": report.sha256,
    }
    identity = hashlib.sha256(f"{landlord.id}\n{report.pack_id}\n{report.sha256}\n{switch.clerk}".encode()).hexdigest()
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f"Due Regard <{sender}>"
    mail["To"] = switch.clerk
    mail["Subject"] = f"{definition.title}: report to the {definition.audience}, {quarter.months}"
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = f"<due-regard.{identity[:20]}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail["Content-Language"] = "en-GB"
    environment = Environment(
        loader=FileSystemLoader(list_layers(reports / "paper")), undefined=StrictUndefined,
        autoescape=select_autoescape(("html", "html.j2")), trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    mail.set_content(environment.get_template("mail.txt.j2").render(view), cte="quoted-printable")
    html = environment.get_template("mail.html.j2").render(view)
    mail.add_alternative(html, subtype="html", cte="quoted-printable")
    if switch.deliver == "attachment":
        for file in files:
            mail.add_attachment(file.read_bytes(), *_KINDS[file.suffix], filename=file.name)
    fix_mime_boundaries(mail, identity)
    return mail
