"""The seals that the audit holds: of each group of rows the newest, and since when it is bound."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select

from due_regard.register.schema.drop_tables import AuditRow

BOUND = "bind"
"""The audit's verb for sealing rows of an earlier revision; its subject is the rule."""


@dataclass
class KeptSeal:
    """The newest seal of one group: how many rows, their digest, and the entry of the audit that says so."""

    rows: int
    sha256: str
    seq: int


@dataclass
class KeptSeals:
    """What the audit seals of all landlords that the session may see.

    Attributes:
        groups: (rule, landlord, link) -> its newest seal.
        unproved_before: (landlord, rule) -> when what stood there was first sealed, long after it was written.
        said: event -> the digest of what a person said in it.
    """

    groups: dict[tuple[str, str, str], KeptSeal] = field(default_factory=dict)
    unproved_before: dict[tuple[str, str], datetime] = field(default_factory=dict)
    said: dict[tuple[str, int], str] = field(default_factory=dict)

    def list_links(self, rule: str) -> dict[tuple[str, str], KeptSeal]:
        """(landlord, link) -> the newest seal, of one rule."""
        return {(landlord, link): one for (name, landlord, link), one in self.groups.items() if name == rule}


def read_kept_seals(connection: Connection) -> KeptSeals:
    """Every seal of the audit; `verify_audit_on` says whether the audit itself holds."""
    columns = (AuditRow.landlord, AuditRow.seq, AuditRow.at, AuditRow.action, AuditRow.details)
    rows = select(*columns).order_by(AuditRow.landlord, AuditRow.seq)
    kept = KeptSeals()
    for row in connection.execute(rows, execution_options={"yield_per": 1000}):
        details = json.loads(row.details)
        if {"said_sha256", "event"} <= details.keys():
            kept.said[row.landlord, details["event"]] = details["said_sha256"]
        for rule, groups in details.get("seals", {}).items():
            if row.action == BOUND:
                kept.unproved_before.setdefault((row.landlord, rule), row.at)
            for link, one in groups.items():
                kept.groups[rule, row.landlord, link] = KeptSeal(one["rows"], one["sha256"], row.seq)
    return kept
