"""Sends what waits in the outbox: each mail is leased, handed over to a transport, and what became of it is noted.

outbox.py says what a mail's states mean; transport.py hands a mail over.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Engine

from due_regard.errors import MailError
from due_regard.mail import outbox
from due_regard.mail.outbox import OutboxMail
from due_regard.mail.transport import Transport

LEASE = timedelta(minutes=10)


@dataclass(frozen=True)
class SendReport:
    """What one call sent; `stopped` says why nothing more could be handed over, where that is so."""

    sent: int = 0
    refused: int = 0
    uncertain: int = 0
    shadow: int = 0
    waiting: int = 0
    stopped: str = ""


def send_waiting_mails(
    engine: Engine,
    transport: Transport,
    *,
    now: datetime,
    landlords: Sequence[str] | None = None,
    clock: Callable[[], datetime] | None = None,
    lease: timedelta = LEASE,
) -> SendReport:
    """Hand over every mail that may leave now.

    Args:
        engine: the register.
        transport: where to; closed at the end.
        now: decides what may leave.
        landlords: only theirs; all by default.
        clock: for leases and times of a long call; `now` throughout by default.
        lease: how long a mail is this sender's before another may take the sender for dead.
    """
    tick = clock or (lambda: now)
    done: Counter[str] = Counter()
    stopped = ""
    try:
        for landlord, message_id in outbox.list_due_mails(engine, now=now, landlords=landlords):
            outgoing = outbox.lease_mail(engine, landlord, message_id, now=tick(), until=tick() + lease)
            if outgoing is not None:
                done[_hand_over(engine, transport, outgoing, tick)] += 1
    except MailError as reason:
        stopped = str(reason)
    finally:
        transport.close_session()
    waiting = outbox.count_waiting_mails(engine, landlords=landlords)
    return SendReport(done["sent"], done["refused"], done["uncertain"], done["shadow"], waiting, stopped)


def _hand_over(engine: Engine, transport: Transport, outgoing: OutboxMail, tick: Callable[[], datetime]) -> str:
    try:
        delivery = transport.deliver_mail(outgoing)
    except MailError:
        outbox.release_lease(engine, outgoing)
        raise
    outbox.settle_mail(engine, outgoing, delivery, now=tick())
    return delivery.outcome
