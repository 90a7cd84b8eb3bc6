"""How each table of the register is bound to the audit: one rule a group of rows, and the list of what none can prove.

Whoever adds a table adds its rule here and hands `seals=` to `append_audit` where its rows are written. A test demands
that every table stands in one of the three lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sqlalchemy import Table

from due_regard.records.canonical import ENTITIES
from due_regard.register.schema import revisions

LEAF, SALT = "leaf", "salt"
"""Columns of a record: its own digest, and what keeps that digest from being guessed."""

DECIDED = (
    "silenced_until",
    "silenced_at",
    "awaiting_since",
    "awaiting_file_id",
    "handed_to",
    "handed_at",
    "disputed_at",
)
"""Columns of a finding that people's decisions change: they are proved by folding its events."""

SENDING = (
    *("status", "attempts", "resends", "orphaned", "next_attempt_at", "lease_until", "finished_at", "accepted_on"),
    *("code", "reason", "is_address_refused"),
)
"""Columns of a mail that change while it is handed over."""

_PASSED_ON = ("handed_to", "handed_team", "is_deputy")


@dataclass(frozen=True)
class SealRule:
    """How rows of a table are sealed.

    Attributes:
        name: as the audit's entries name it: the table's, or of a part of it a name of its own.
        table: the table's name.
        link: the column by which rows are sealed together; None: all of a landlord's that the rule is about.
        group: what such rows have in common, in a word.
        without: columns that are not sealed.
        only: columns that alone are sealed; none: all but `without`.
        where: SQL that says which rows the rule is about; blank: all.
    """

    name: str
    table: str
    link: str | None
    group: str
    without: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    where: str = ""

    def find_table(self) -> Table:
        """The table itself."""
        return _read_tables()[self.table]

    def list_columns(self) -> list[str]:
        """The columns that are sealed."""
        names = self.only or tuple(column.name for column in self.find_table().c)
        return [name for name in names if name not in self.without]


@cache
def _read_tables() -> dict[str, Table]:
    return dict(revisions.build_metadata().tables)


_LOADED = (
    *(SealRule(entity.name, entity.name, "batch_file_id", "file", without=(LEAF,)) for entity in ENTITIES),
    SealRule("batch_files", "batch_files", "id", "file"),
    SealRule("carried_columns", "carried_columns", "batch_file_id", "file"),
    SealRule("rejection_counts", "rejection_counts", "batch_file_id", "file"),
    SealRule("disappearances", "disappearances", "batch_file_id", "file", without=("returned_file_id",)),
    SealRule("returned_records", "disappearances", "returned_file_id", "file", where="returned_file_id IS NOT NULL"),
    SealRule("customer_numbers", "customer_numbers", "batch_file_id", "file"),
)

FILE_RULES = tuple(rule.name for rule in _LOADED[len(ENTITIES) :])
"""Rules whose rows are read back when a file is loaded; a record's are sealed while they are written."""

_FOUND = (
    SealRule("assessment_runs", "assessment_runs", "id", "run"),
    SealRule("assessment_counts", "assessment_counts", "run_id", "run"),
    SealRule("finding_events", "finding_events", "run_id", "run", where="run_id IS NOT NULL"),
    SealRule("decisions", "finding_events", "id", "event", where="run_id IS NULL"),
    SealRule("open_findings", "findings", None, "landlord", without=DECIDED, where="status = 'open'"),
    SealRule("coming_duties", "coming_duties", None, "landlord"),
    SealRule("work_items", "work_items", None, "landlord", without=_PASSED_ON),
    SealRule(
        *("handed_work", "work_items", None, "landlord"),
        only=("landlord", "finding_id", *_PASSED_ON),
        where="handed_to IS NOT NULL",
    ),
    SealRule("owner_problems", "owner_problems", None, "landlord"),
)

STANDING_RULES = ("open_findings", "coming_duties", "work_items", "handed_work", "owner_problems")
"""Rules about where things stand: the newest run that moves findings seals them."""

_TOLD = (
    SealRule("packs", "packs", "id", "pack"),
    SealRule("pack_issues", "pack_issues", "id", "issue"),
    SealRule("pack_events", "pack_events", "id", "event"),
    SealRule("alert_messages", "alert_messages", "message_id", "mail", without=SENDING),
    SealRule(
        *("mail_ends", "alert_messages", "message_id", "mail"),
        only=("landlord", "message_id", *(name for name in SENDING if name not in {"next_attempt_at", "lease_until"})),
        where="status NOT IN ('waiting', 'sending', 'uncertain') OR (status = 'uncertain' AND resends > 0)",
    ),
    SealRule("alert_told", "alert_told", "message_id", "mail"),
    SealRule("alert_dates", "alert_dates", "message_id", "mail"),
    SealRule("alert_notices", "alert_notices", "message_id", "mail"),
    SealRule("alert_days", "alert_days", None, "landlord"),
)

MAIL_RULES = ("alert_messages", "mail_ends", "alert_told", "alert_dates", "alert_notices")
"""Rules about one mail."""

_BATCHES = (
    SealRule("batches", "batches", "id", "drop"),
    SealRule("validation_results", "validation_results", "batch_id", "drop"),
)

_WITHDRAWN = (SealRule("withdrawals", "withdrawals", "id", "act"),)

RULES: dict[str, SealRule] = {rule.name: rule for rule in (*_BATCHES, *_LOADED, *_WITHDRAWN, *_FOUND, *_TOLD)}
"""Every rule by its name."""

PROVED_OTHERWISE = {
    "audit": "each link holds the hash of the one before",
    "record_views": "the audit holds a digest of each day that is over",
    "used_texts": "each text has its own digest, by which the runs that rest on it name it, and they are sealed",
    "seal_keys": "every seal is keyed by it: with another one none would hold",
}
"""Tables that need no rule, and what proves them."""

BEYOND_PROOF = {
    "alembic_version": "it says which revision the tables are of, and nothing about anyone",
    "landlord_access": "administrators keep it by hand: who may log in is no act of this program",
    "known_drops": "it saves reading the same drop again: batches and files prove what came, nothing rests on it",
    "runs": "a task's start and end change while it runs, and rest on nothing",
    "alert_messages, before a mail's end": "attempts, leases and pauses change while it is handed over; its text, its "
    "recipient and its end are proved",
    "record_views, of days not sealed yet": "the digest of a day is taken when the day is over",
    "work_items.is_deputy, of what nobody was handed": "the next run works it out anew",
    "the audit, written anew or cut at its end": "whoever may write everything can do so with all that it seals; only "
    "a head that was kept outside the register shows it",
}
"""What no digest can prove, and why: printed by `audit verify --deep`."""
