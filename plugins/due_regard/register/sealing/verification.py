"""Proving the whole register: the audit's chain first, then every row against the seals that the chain holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Engine

from due_regard.register.audit import verify_audit_on
from due_regard.register.engines import reading
from due_regard.register.sealing.finding_fold import find_finding_faults
from due_regard.register.sealing.kept_seals import read_kept_seals
from due_regard.register.sealing.row_faults import ProofFault, find_row_faults, sort_faults


@dataclass(frozen=True)
class UnprovedRows:
    """Rows of a rule that are sealed only since `before`: what they were earlier cannot be proved."""

    landlord: str
    rule: str
    before: datetime


@dataclass(frozen=True)
class DeepReport:
    """What was proved: the chain's rows and head, how many groups of rows, and all that does not hold."""

    rows: int
    head: str
    groups: int
    faults: tuple[ProofFault, ...]
    unproved: tuple[UnprovedRows, ...]


def verify_rows(engine: Engine, head: str | None = None) -> DeepReport:
    """Prove every row that the session may see against the audit.

    Args:
        engine: the register.
        head: as `verify_audit` takes it.

    Raises:
        AuditError: the chain itself does not hold; nothing can be proved by it then.
    """
    with reading(engine) as connection:
        return verify_rows_on(connection, head)


def verify_rows_on(connection: Connection, head: str | None = None) -> DeepReport:
    """`verify_rows` inside the caller's own transaction."""
    chain = verify_audit_on(connection, head)
    kept = read_kept_seals(connection)
    faults = sort_faults([*find_row_faults(connection, kept), *find_finding_faults(connection, kept)])
    unproved = tuple(UnprovedRows(*where, before) for where, before in sorted(kept.unproved_before.items()))
    return DeepReport(chain.rows, chain.head, len(kept.groups), faults, unproved)
