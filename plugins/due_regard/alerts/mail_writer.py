"""Turning drafts into mails in one landlord's name, and writing them with what they tell.

What a draft says is planning's; how a mail is built is message's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import Connection

from due_regard.alerts import sent_history
from due_regard.alerts.calendar_files import build_calendars
from due_regard.alerts.finding_wording import format_day
from due_regard.alerts.freshness import Freshness
from due_regard.alerts.mail_plan import MailDraft, MailPlan
from due_regard.alerts.message import build_letter_message, make_message_id
from due_regard.calendars.quarters import find_london_day
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import Landlord
from due_regard.config.layered_folders import Folder
from due_regard.config.storage import make_folder, write_file
from due_regard.mail import outbox
from due_regard.mail.mime import ComposedMail
from due_regard.mail.transport import name_eml_file
from due_regard.register import append_audit

MAY_LEAVE_FOR = 10
"""Working days after its own on which a mail that could not be handed over may still leave."""

HEADERS = SMTP.clone(max_line_length=200)
"""The library folds a long subject before its first word, which some mail programs then show with a leading blank."""


@dataclass(frozen=True)
class MailWriter:
    """Turns drafts into mails in one landlord's name and day."""

    landlord: Landlord
    policy_title: str
    drop: Freshness
    sender: str
    templates: Folder
    as_at: date
    now: datetime
    calendar: WorkingCalendar

    def post(self, conn: Connection, plan: MailPlan) -> None:
        """Write every draft, what it tells and the day into the register."""
        landlord = self.landlord.id
        sent_history.record_composed_day(conn, landlord, as_at=self.as_at, now=self.now)
        for draft in plan.drafts:
            self._post_one(conn, draft)
        details = {"as_at": self.as_at.isoformat(), "mails": len(plan.drafts), "held_back": plan.held_back}
        append_audit(
            conn, landlord=landlord, action="mail_compose", subject=self.as_at.isoformat(), details=details, at=self.now
        )

    def _post_one(self, conn: Connection, draft: MailDraft) -> None:
        content, landlord = draft.content, self.landlord.id
        identity = make_message_id(content, landlord, self.sender)
        title, body = self.mail(draft)
        outgoing = ComposedMail(
            message_id=identity,
            kind=content.kind,
            mail_on=content.mail_on,
            sender=self.sender,
            recipient=content.recipient,
            subject=title,
            body=body,
            send_days=self._send_days(),
        )
        outbox.put_mail(conn, landlord, outgoing, now=self.now)
        sent_history.record_sent_notices(
            conn,
            landlord,
            content.recipient,
            identity,
            as_at=self.as_at,
            told=draft.told,
            entries=draft.entries,
            notices=draft.notices,
        )

    def _send_days(self) -> list[date]:
        today = find_london_day(self.now)
        return [today, *(self.calendar.shift(today, n) for n in range(1, MAY_LEAVE_FOR + 1))]

    def show(self, folder: Path, plan: MailPlan) -> None:
        """Write every draft as an .eml file."""
        make_folder(folder)
        for draft in plan.drafts:
            identity = make_message_id(draft.content, self.landlord.id, self.sender)
            write_file(folder, name_eml_file(self.landlord.id, identity), self.mail(draft)[1])

    def mail(self, draft: MailDraft) -> tuple[str, bytes]:
        """Subject and bytes of one mail."""
        domain = self.sender.rpartition("@")[2]
        calendars = build_calendars(
            draft.entries, landlord=self.landlord.id, organizer=self.sender, domain=domain, now=self.now
        )
        mail = build_letter_message(
            draft.content,
            self.landlord,
            sender=self.sender,
            data_as_at=f"Judged as at {format_day(self.as_at)}, on the {self.drop.words}.",
            policy_title=self.policy_title,
            calendars=calendars,
            templates=self.templates,
            now=self.now,
        )
        return str(mail["Subject"]), mail.as_bytes(policy=HEADERS)
