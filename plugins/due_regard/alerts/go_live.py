"""Whether a landlord goes live long after the day its settings say: what was then due has aged unseen meanwhile."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import Engine, exists, select

from due_regard.config.landlord import Landlord
from due_regard.mail.mail_mode import LIVE
from due_regard.mail.wording import format_day
from due_regard.register.engines import reading
from due_regard.register.schema.alert_tables import AlertMessage

LONG_BACK = timedelta(days=31)


def find_late_go_live(engine: Engine, landlord: Landlord, as_at: date) -> list[str]:
    """A sentence where go-live lies long back and no mail was ever accepted for anybody; else none."""
    accepted = exists().where(
        AlertMessage.landlord == landlord.id, AlertMessage.mode == LIVE, AlertMessage.accepted_on.is_not(None)
    )
    with reading(engine, landlord.id) as conn:
        return [] if conn.scalar(select(accepted)) else describe_late_go_live(landlord, as_at)


def describe_late_go_live(landlord: Landlord, as_at: date) -> list[str]:
    """What to say of a landlord to whom no mail was ever sent; nothing where go-live is near or to come."""
    go_live_on = landlord.alerts.go_live_on
    if as_at - go_live_on <= LONG_BACK:
        return []
    return [
        f"{landlord.id}: alerts.go_live_on is {format_day(go_live_on)}, but no mail was ever really sent: set it to "
        "the day of the first live run, or everything that went wrong since goes to its owners at once instead of the "
        "backlog list"
    ]
