"""The mail that takes a pack to the committee's clerk: attached or behind a link, before the meeting if one is set.

Nothing is put into the outbox here: pack_records.record_mailing does so, beside the record that the pack is on its way.
The mail names no customer.
"""

from __future__ import annotations

from datetime import date, timedelta

from due_regard.calendars.quarters import Quarter
from due_regard.config.landlord import PackSwitch
from due_regard.config.layered_folders import Folder
from due_regard.errors import PackError
from due_regard.mail.builder import LARGEST_MAIL, Attachment, ComposedMail, MailContent, MailContext, build_mail
from due_regard.packs.content.pack_content import describe_basis
from due_regard.packs.content.pack_definition import PackDefinition, load_pack_definition
from due_regard.packs.life.filing import PackReport
from due_regard.register.audit import make_verify_command

_TEXT_SIZE = 20_000
"""More than the words of a pack's mail take."""

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_DOCX = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")
_KINDS = {".xlsx": _XLSX, ".pdf": ("application", "pdf"), ".docx": _DOCX}


def build_pack_mail(
    report: PackReport, context: MailContext, *, reports: Folder, head: str, attempt: int = 0
) -> ComposedMail:
    """The mail of one pack to its clerk, with the audit's head; its definition lies in the folder `reports`.

    `attempt` counts earlier mails of the same pack that reached nobody: each has a Message-ID of its own.

    Raises:
        PackError: the landlord has not switched the pack on.
    """
    landlord = context.landlord
    switch = next((one for one in landlord.packs if one.name == report.name), None)
    if switch is None:
        raise PackError(f"{landlord.id} has not switched {report.name} on; name its clerk in the settings file")
    content = _build_content(report, context, switch, load_pack_definition(reports, report.name), head, attempt)
    wanted = max(context.today, find_leaving_day(switch, Quarter.parse(report.quarter)))
    leaves_on = context.calendar.next_working(wanted)
    return build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)


def find_leaving_day(switch: PackSwitch, quarter: Quarter) -> date:
    """The day a quarter's pack should leave: so many days before the first meeting after the quarter, else at once."""
    meeting = switch.find_meeting(quarter.ends_on)
    if meeting is None:
        return quarter.ends_on + timedelta(days=1)
    return max(meeting - timedelta(days=switch.days_before_meeting), quarter.ends_on + timedelta(days=1))


def _build_content(
    report: PackReport, context: MailContext, switch: PackSwitch, definition: PackDefinition, head: str, attempt: int
) -> MailContent:
    landlord, wording, quarter = context.landlord, context.wording, Quarter.parse(report.quarter)
    files = [file for file in report.files if file.suffix in _KINDS and "action_list" not in file.name]
    contents = [file.read_bytes() for file in files] if switch.deliver == "attachment" else []
    # In a mail a file takes four thirds of its size, and a line break after each 76 characters.
    is_too_large = sum(len(data) for data in contents) * 1.37 > LARGEST_MAIL - _TEXT_SIZE
    is_link = switch.deliver == "link" or is_too_large
    view = {
        "audience": definition.audience,
        "pack_title": definition.title,
        "landlord": landlord.name,
        "quarter": f"{quarter.label(landlord.reporting_year_starts)} ({quarter.months})",
        "basis": describe_basis(definition, landlord.id),
        "files": [file.name for file in files],
        "is_attached": not is_link,
        "link": context.pages.link_pack(report.quarter, report.name) if is_link else "",
        "open_link": wording.page.open_pack,
        "files_kept": wording.page.files_kept.format(
            folder=report.files[0].parent.resolve(),
            post=wording.name_post("data_owner"),
            address=landlord.alerts.data_owner,
        ),
        "is_too_large": is_too_large,
        "contact": landlord.alerts.role_mailboxes.get("governance", landlord.alerts.fallback_mailbox),
        "checksum": report.sha256,
        "audit_head": head,
        "head_command": make_verify_command(landlord.id, head),
    }
    return MailContent(
        kind="pack",
        recipient=switch.clerk,
        subject=wording.subject.pack.format(
            title=definition.title, audience=definition.audience, months=quarter.months
        ),
        identity=(landlord.id, str(report.pack_id), report.sha256, switch.clerk, *([str(attempt)] if attempt else [])),
        view=view,
        attachments=[]
        if is_link
        else [Attachment(file.name, data, *_KINDS[file.suffix]) for file, data in zip(files, contents, strict=True)],
    )
