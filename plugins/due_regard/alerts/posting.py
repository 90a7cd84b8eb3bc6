"""Turning drafts into mails in one landlord's name, and writing them with what they tell.

What a draft says is planning's; how a mail is built is message's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from email.policy import SMTP
from pathlib import Path

from sqlalchemy import Connection

from due_regard.alerts import memory, outbox
from due_regard.alerts.calendar_files import build_calendars
from due_regard.alerts.drops import DropState, london_day
from due_regard.alerts.message import build_message, message_id
from due_regard.alerts.planning import Draft, Plan
from due_regard.alerts.transport import eml_name
from due_regard.alerts.wording import day
from due_regard.landlords import Landlord
from due_regard.mime import Outgoing
from due_regard.register import audit_append
from due_regard.working_days import WorkingCalendar

MAY_LEAVE_FOR = 10
"""Working days after its own on which a mail that could not be handed over may still leave."""

HEADERS = SMTP.clone(max_line_length=200)
"""The library folds a long subject before its first word, which some mail programs then show with a leading blank."""


@dataclass(frozen=True)
class Bureau:
    """Turns drafts into mails in one landlord's name and day."""

    landlord: Landlord
    policy_title: str
    drop: DropState
    sender: str
    templates: Path
    as_at: date
    now: datetime
    calendar: WorkingCalendar

    def post(self, conn: Connection, plan: Plan) -> None:
        """Write every draft, what it tells and the day into the register."""
        landlord = self.landlord.id
        memory.remember_day(conn, landlord, as_at=self.as_at, now=self.now)
        for draft in plan.drafts:
            self._post_one(conn, draft)
        details = {"as_at": self.as_at.isoformat(), "mails": len(plan.drafts), "held_back": plan.held_back}
        audit_append(
            conn, landlord=landlord, action="mail_compose", subject=self.as_at.isoformat(), details=details, at=self.now
        )

    def _post_one(self, conn: Connection, draft: Draft) -> None:
        letter, landlord = draft.letter, self.landlord.id
        identity = message_id(letter, landlord, self.sender)
        title, body = self.mail(draft)
        outgoing = Outgoing(
            message_id=identity,
            kind=letter.kind,
            mail_on=letter.mail_on,
            sender=self.sender,
            recipient=letter.recipient,
            subject=title,
            body=body,
            send_days=self._send_days(),
        )
        outbox.put(conn, landlord, outgoing, now=self.now)
        memory.remember(
            conn,
            landlord,
            letter.recipient,
            identity,
            as_at=self.as_at,
            told=draft.told,
            entries=draft.entries,
            notices=draft.notices,
        )

    def _send_days(self) -> list[date]:
        today = london_day(self.now)
        return [today, *(self.calendar.shift(today, n) for n in range(1, MAY_LEAVE_FOR + 1))]

    def show(self, folder: Path, plan: Plan) -> None:
        """Write every draft as an .eml file."""
        folder.mkdir(parents=True, exist_ok=True)
        for draft in plan.drafts:
            identity = message_id(draft.letter, self.landlord.id, self.sender)
            (folder / eml_name(self.landlord.id, identity)).write_bytes(self.mail(draft)[1])

    def mail(self, draft: Draft) -> tuple[str, bytes]:
        """Subject and bytes of one mail."""
        domain = self.sender.rpartition("@")[2]
        calendars = build_calendars(
            draft.entries, landlord=self.landlord.id, organizer=self.sender, domain=domain, now=self.now
        )
        mail = build_message(
            draft.letter,
            self.landlord,
            sender=self.sender,
            data_as_at=f"Judged as at {day(self.as_at)}, on the {self.drop.words}.",
            policy_title=self.policy_title,
            calendars=calendars,
            templates=self.templates,
            now=self.now,
        )
        return str(mail["Subject"]), mail.as_bytes(policy=HEADERS)
