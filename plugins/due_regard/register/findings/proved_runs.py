"""Up to which recorded run the nightly proof has come: an entry of the audit a night, which is evidence of it, too."""

from __future__ import annotations

import json
from datetime import datetime

from sqlalchemy import Engine, select

from due_regard.register.audit import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.drop_tables import AuditRow

_ACTION = "verify"


def read_last_turn(engine: Engine, landlord: str) -> int | None:
    """The older run that was judged again last; None before the first night."""
    nights = select(AuditRow.details).where(AuditRow.landlord == landlord, AuditRow.action == _ACTION)
    with reading(engine, landlord) as connection:
        found = connection.scalar(nights.order_by(AuditRow.seq.desc()).limit(1))
    return None if found is None else int(json.loads(found)["last_run"])


def record_turn(engine: Engine, landlord: str, last: int, *, faults: int, now: datetime) -> None:
    """Note that a night's proof came as far as run `last`, and how much did not hold."""
    details = {"last_run": last, "faults": faults}
    with writing(engine, landlord) as connection:
        append_audit(connection, landlord=landlord, action=_ACTION, subject=f"run {last}", details=details, at=now)
