"""What all alerts of one landlord and day share."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts.sent_history import SentHistory
from due_regard.calendars.working_days import WorkingCalendar
from due_regard.config.landlord import AlertSettings, Landlord
from due_regard.mail.wording import MailWording
from due_regard.policy import PolicyHistory


@dataclass(frozen=True)
class AlertContext:
    """What all alerts of one landlord and day share.

    Attributes:
        history: the landlord's policy, for labels, clauses and who may be told of what.
        is_summary: whether the day is that of the weekly summary.
    """

    landlord: Landlord
    history: PolicyHistory = field(repr=False)
    calendar: WorkingCalendar
    wording: MailWording = field(repr=False)
    sent_history: SentHistory
    as_at: date
    is_summary: bool = False

    @property
    def settings(self) -> AlertSettings:
        """The landlord's settings of alerts."""
        return self.landlord.alerts
