"""Sends what waits in the outbox: each mail is leased, handed over to a transport, and what became of it is noted.

outbox.py says what a mail's states mean; transport.py hands a mail over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Engine

from due_regard.calendars.quarters import find_london_day
from due_regard.errors import MailError
from due_regard.mail import outbox
from due_regard.mail.outbox import OutboxMail
from due_regard.mail.stop_signals import finish_before_stopping
from due_regard.mail.transport import Transport
from due_regard.mail.wording import format_count

LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class SendReport:
    """What one call sent.

    Attributes:
        waiting: mails that have still to leave. due: those of them, and those not answered for, that might leave today.
        stopped: why nothing more could be handed over, where that is so.
        had_mail_today: whether any mail was accepted today, by this call or an earlier one.
    """

    sent: int = 0
    refused: int = 0
    uncertain: int = 0
    shadow: int = 0
    waiting: int = 0
    due: int = 0
    stopped: str = ""
    had_mail_today: bool = False

    @property
    def trouble(self) -> str:
        """Why this call failed, in one line: it was stopped, or nothing of today's left. Blank where it did not."""
        if not self.stopped and (self.had_mail_today or not (self.due or self.uncertain)):
            return ""
        why = self.stopped or "the mail server took no mail today"
        done = self.sent + self.shadow
        left = f"{format_count(done, 'mail was', 'mails were')} handed over" if done else "no mail was handed over"
        return f"{why}; {left}, {self.due} still to leave today; run it again once that is mended"


def send_waiting_mails(
    engine: Engine,
    transport: Transport,
    *,
    now: datetime,
    as_at: date | None = None,
    landlords: Sequence[str] | None = None,
    clock: Callable[[], datetime] | None = None,
    lease: timedelta = LEASE,
) -> SendReport:
    """Hand over every mail of the transport's mode that may leave now.

    Args:
        engine: the register.
        transport: where to; closed at the end.
        now: decides what may leave.
        as_at: the day on which what is accepted counts as told; that of `now` by default.
        landlords: only theirs; all by default.
        clock: for leases and times of a long call; `now` throughout by default.
        lease: how long a mail is this sender's before another may take the sender for dead.
    """
    tick, day = clock or (lambda: now), as_at or find_london_day(now)
    done: Counter[str] = Counter()
    stopped, mode = "", transport.mode
    try:
        for landlord, message_id in outbox.list_due_mails(engine, now=now, mode=mode, landlords=landlords):
            # A mail that was handed over and not noted would come twice.
            with finish_before_stopping():
                outgoing = outbox.lease_mail(engine, landlord, message_id, now=tick(), until=tick() + lease)
                if outgoing is not None:
                    done[_hand_over(engine, transport, outgoing, tick, day)] += 1
    except MailError as reason:
        stopped = str(reason)
    finally:
        transport.close_session()
    left = outbox.count_outbox(engine, now=now, mode=mode, landlords=landlords)
    last = left.last_accepted_at
    return SendReport(
        done["sent"],
        done["refused"],
        done["uncertain"],
        done["shadow"],
        left.waiting,
        left.due,
        stopped,
        last is not None and find_london_day(last) == find_london_day(now),
    )


def _hand_over(
    engine: Engine, transport: Transport, outgoing: OutboxMail, tick: Callable[[], datetime], as_at: date
) -> str:
    try:
        delivery = transport.deliver_mail(outgoing)
    except MailError:
        outbox.release_lease(engine, outgoing)
        raise
    outbox.settle_mail(engine, outgoing, delivery, now=tick(), as_at=as_at)
    return delivery.outcome
