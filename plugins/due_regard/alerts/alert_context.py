"""What all alerts of one landlord and day share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts.told_before import SentHistory
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import AlertSettings, Landlord
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.mail.wording import MailWording
from due_regard.policy import PolicyHistory


@dataclass(frozen=True)
class AlertContext:
    """What all alerts of one landlord and day share.

    Attributes:
        history: the landlord's policy, for labels, clauses and who may be told of what.
        sent_history: what the mode in which mails leave now remembers.
        is_summary: whether the day is that of the weekly summary.
        mode: in which mails leave now.
    """

    landlord: Landlord
    history: PolicyHistory = field(repr=False)
    calendar: WorkingCalendar
    wording: MailWording = field(repr=False)
    sent_history: SentHistory
    as_at: date
    is_summary: bool = False
    mode: MailMode = LIVE_MODE

    @property
    def settings(self) -> AlertSettings:
        """The landlord's settings of alerts."""
        return self.landlord.alerts
