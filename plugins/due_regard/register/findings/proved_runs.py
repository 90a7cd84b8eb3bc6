"""When a register was last proved, whether it held, and up to which recorded run: entries of the audit each night."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Engine, select

from due_regard.register.audit import append_audit
from due_regard.register.engines import REGISTER, reading, writing
from due_regard.register.schema.drop_tables import AuditRow

_ACTION = "verify"


@dataclass(frozen=True)
class NightlyProof:
    """When a register was proved, and how much of it did not hold."""

    at: datetime
    faults: int


def record_proof(engine: Engine, *, faults: int, now: datetime) -> None:
    """Note that the whole register was proved, each landlord's runs of that night among it."""
    with writing(engine, REGISTER) as connection:
        details = {"faults": faults}
        append_audit(connection, landlord=REGISTER, action=_ACTION, subject="register", details=details, at=now)


def find_last_proof(engine: Engine) -> NightlyProof | None:
    """The newest night on which the register was proved; None before the first."""
    nights = select(AuditRow.at, AuditRow.details).where(AuditRow.landlord == REGISTER, AuditRow.action == _ACTION)
    with reading(engine) as connection:
        found = connection.execute(nights.order_by(AuditRow.seq.desc()).limit(1)).one_or_none()
    return None if found is None else NightlyProof(found.at, int(json.loads(found.details)["faults"]))


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
