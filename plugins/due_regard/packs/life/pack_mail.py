"""The mail that takes a pack to the clerk, those that ask for its approval, and the one that says it is withheld.

A pack is attached or behind a link, and leaves before the meeting if one is set. Nothing is put into the outbox here:
whoever calls does so, beside the record that the pack is on its way or was asked for. Neither mail names a customer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from due_regard.calendars.reporting_years import Period, parse_period
from due_regard.config.landlord import PackSwitch
from due_regard.config.layered_folders import Folder
from due_regard.errors import PackError
from due_regard.mail.builder import LARGEST_MAIL, Attachment, ComposedMail, MailContent, MailContext, build_mail
from due_regard.mail.wording import format_day
from due_regard.packs.content.pack_content import describe_basis
from due_regard.packs.content.pack_definition import PackDefinition, load_pack_definition
from due_regard.packs.life.annual_offer import AnnualOffer
from due_regard.packs.life.filing import PackReport
from due_regard.packs.life.report_duties import OwedReport
from due_regard.register.audit import make_verify_command

_TEXT_SIZE = 20_000
"""More than the words of a pack's mail take."""

_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_DOCX = ("application", "vnd.openxmlformats-officedocument.wordprocessingml.document")
_KINDS = {".xlsx": _XLSX, ".pdf": ("application", "pdf"), ".docx": _DOCX}

_ORDER = (".pdf", ".docx", ".xlsx")
"""What is put before the meeting first."""


def build_pack_mail(
    report: PackReport, context: MailContext, *, reports: Folder, head: str, attempt: int = 0
) -> ComposedMail:
    """The mail of one pack to its clerk, with the audit's head; its definition lies in the folder `reports`.

    `attempt` counts earlier mails of the same pack that reached nobody: each has a Message-ID of its own.

    Raises:
        PackError: the landlord has not switched the pack on.
    """
    landlord = context.landlord
    switch = landlord.find_switch(report.name)
    if switch is None:
        raise PackError(f"{landlord.id} has not switched {report.name} on; name its clerk in the settings file")
    definition = load_pack_definition(reports, report.name)
    content = _build_content(report, context, switch, definition, head, attempt)
    leaves_on = find_posting_day(switch, parse_period(report.quarter), context)
    return build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)


@dataclass(frozen=True)
class DraftNotice:
    """What a mail about a draft says: it waits (`asked`), it still waits (`reminded`), or its report is owed (`owed`).

    Attributes:
        stage: each is told once a round.
        round: how often the version was rejected, or its approval taken back, so far.
        rejected: of these, how often it was rejected.
        waits_since: of the later stages, the day from which it waits.
        owed: until when, and by which clause, the report is owed, where one asks for it by a day.
    """

    stage: Literal["asked", "reminded", "owed"] = "asked"
    round: int = 0
    rejected: int = 0
    waits_since: date | None = None
    owed: OwedReport | None = None


def build_approval_mail(
    report: PackReport, context: MailContext, notice: DraftNotice, *, reports: Folder
) -> ComposedMail:
    """The mail that asks governance to approve a pack's draft, reminds of it, or tells the data owner what is owed.

    Each is the same mail, by its Message-ID, however often it is built in a stage and round.
    """
    landlord, wording = context.landlord, context.wording
    definition = load_pack_definition(reports, report.name)
    quarter = parse_period(report.quarter)
    options = f"--landlord {landlord.id} --quarter {report.quarter} --pack {report.name} --edition {report.edition}"
    governance = landlord.alerts.governance_mailbox
    view = _describe_report(report, context, definition) | {
        "link": context.pages.link_pack(report.quarter, report.name, report.edition),
        "command": f"due-regard pack approve {options} --by POST --why …",
        "rejected": notice.rejected,
        "stage": notice.stage,
        "waits_since": format_day(notice.waits_since) if notice.waits_since else "",
        "owed_on": format_day(notice.owed.due_on) if notice.owed else "",
        "clause": notice.owed.clause if notice.owed else "",
        "governance": governance,
    }
    subjects = {
        "asked": wording.subject.pack_approval, "reminded": wording.subject.pack_reminder,
        "owed": wording.subject.pack_owed,
    }  # fmt: skip
    place = (landlord.id, "approval", report.name, report.quarter, report.edition)
    told = f"{report.version} {notice.rejected}" if notice.stage == "asked" else _name_round(report, notice)
    content = MailContent(
        kind="pack_approval",
        recipient=landlord.alerts.data_owner if notice.stage == "owed" else governance,
        subject=subjects[notice.stage].format(title=definition.title, months=quarter.months),
        identity=(*place, told),
        view=view,
    )
    leaves_on = context.calendar.next_working(context.today)
    return build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)


def build_withheld_mail(
    report: PackReport, context: MailContext, *, reports: Folder, annual: AnnualOffer | None
) -> ComposedMail:
    """The mail that tells governance that nothing of an edition is published, once a version; `annual` is offered."""
    landlord, wording = context.landlord, context.wording
    definition, period = load_pack_definition(reports, report.name), parse_period(report.quarter)
    view = _describe_report(report, context, definition) | {
        "withheld": report.withheld,
        "annual": annual,
        "link": context.pages.link_pack(report.quarter, report.name, report.edition),
    }
    content = MailContent(
        kind="pack_withheld",
        recipient=landlord.alerts.governance_mailbox,
        subject=wording.subject.pack_withheld.format(title=definition.title, months=period.months),
        identity=(landlord.id, "withheld", report.name, report.quarter, report.edition, str(report.version)),
        view=view,
    )
    leaves_on = context.calendar.next_working(context.today)
    return build_mail(content, context, mail_on=leaves_on, leaves_on=leaves_on)


def _name_round(report: PackReport, notice: DraftNotice) -> str:
    """What a later stage is told once of: a round, or, of what is owed, the pack."""
    return notice.stage if notice.stage == "owed" else f"{report.version} {notice.round} {notice.stage}"


def _describe_report(report: PackReport, context: MailContext, definition: PackDefinition) -> dict[str, Any]:
    """What both mails say of a pack."""
    landlord, quarter = context.landlord, parse_period(report.quarter)
    return {
        "audience": definition.audience,
        "pack_title": definition.title,
        "landlord": landlord.name,
        "quarter": f"{quarter.label(landlord.reporting_year_starts)} ({quarter.months})",
        "open_link": context.wording.page.open_pack,
        "is_publishable": report.edition == "publishable",
        "correction": report.correction,
    }


def find_leaving_day(switch: PackSwitch, quarter: Period) -> date:
    """The day a quarter's pack should leave: so many days before the first meeting after the quarter, else at once."""
    meeting = switch.find_meeting(quarter.ends_on)
    if meeting is None:
        return quarter.ends_on + timedelta(days=1)
    return max(meeting - timedelta(days=switch.days_before_meeting), quarter.ends_on + timedelta(days=1))


def find_posting_day(switch: PackSwitch, quarter: Period, context: MailContext) -> date:
    """The next day on which the pack's mail may leave."""
    return context.calendar.next_working(max(context.today, find_leaving_day(switch, quarter)))


def _build_content(
    report: PackReport, context: MailContext, switch: PackSwitch, definition: PackDefinition, head: str, attempt: int
) -> MailContent:
    landlord, wording, quarter = context.landlord, context.wording, parse_period(report.quarter)
    files = [file for file in report.files if file.suffix in _KINDS and "action_list" not in file.name]
    files.sort(key=lambda file: _ORDER.index(file.suffix))
    contents = [file.read_bytes() for file in files] if switch.deliver == "attachment" else []
    # In a mail a file takes four thirds of its size, and a line break after each 76 characters.
    is_too_large = sum(len(data) for data in contents) * 1.37 > LARGEST_MAIL - _TEXT_SIZE
    is_link = switch.deliver == "link" or is_too_large
    title = wording.subject.pack_correction if report.correction else wording.subject.pack
    view = _describe_report(report, context, definition) | {
        "basis": describe_basis(definition, landlord.id, quarter),
        "files": [(file.name, report.sums.get(file.name, "")) for file in files],
        "is_attached": not is_link,
        "link": context.pages.link_pack(report.quarter, report.name, report.edition) if is_link else "",
        "files_kept": wording.page.files_kept.format(
            folder=report.files[0].parent.resolve(),
            post=wording.name_post("data_owner"),
            address=landlord.alerts.data_owner,
        ),
        "is_too_large": is_too_large,
        "contact": landlord.alerts.governance_mailbox,
        "checksum": report.sha256,
        "run": report.run,
        "audit_head": head,
        "head_command": make_verify_command(landlord.id, head),
    }
    return MailContent(
        kind="pack",
        recipient=switch.clerk,
        subject=title.format(title=definition.title, audience=definition.audience, months=quarter.months),
        identity=(landlord.id, str(report.pack_id), report.sha256, switch.clerk, *([str(attempt)] if attempt else [])),
        view=view,
        attachments=[]
        if is_link
        else [Attachment(file.name, data, *_KINDS[file.suffix]) for file, data in zip(files, contents, strict=True)],
    )
