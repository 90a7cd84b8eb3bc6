"""What may change in the register after it was written: one rule a table. Everything that no rule allows is history.

The triggers of both engines (write_guards.py) are made from these rules, and the grants of include/postgresql/roles.sql
are held against them by a test. A table without a rule is history: its rows are neither changed nor deleted. Conditions
are SQL that both engines read, on `OLD` (the row as it stands) and `NEW`. A rule that changes needs a revision, though
an empty one: guards are made anew when a register is upgraded.
"""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.records.canonical import ENTITIES


@dataclass(frozen=True)
class WriteRule:
    """What may be done to the rows of one table once they are written.

    Attributes:
        table: its name.
        why: why just that.
        changing: columns that may change.
        refused_if: what refuses a change of those columns, too; blank: nothing.
        deletable: whether rows may be deleted.
        deleted_if: a row may be deleted only if this holds; blank: any, where they are `deletable`.
        is_bulk: rows come by the hundred thousand. REPLACE, by which SQLite deletes without asking, is then refused by
            no trigger: it would be asked of every row that is added.
    """

    table: str
    why: str
    changing: tuple[str, ...] = ()
    refused_if: str = ""
    deletable: bool = False
    deleted_if: str = ""
    is_bulk: bool = False

    @property
    def is_history(self) -> bool:
        """Whether a row stays as it was written."""
        return not self.changing and not self.deletable


_COUNTS = ("rows_read", "rows_loaded", "rows_unchanged", "rows_rejected")
_MOVES = ("opened", "seen", "escalated", "resolved", "reopened", "open_after")
_UNSENT = (
    "EXISTS (SELECT 1 FROM alert_messages AS m WHERE m.landlord = OLD.landlord AND m.message_id = OLD.message_id "
    "AND (m.status = 'superseded' OR (m.status = 'waiting' AND m.resends + m.orphaned = 0)))"
)
"""That the mail of a row was never handed over."""

DECIDED = (
    *("silenced_until", "silenced_at", "awaiting_since", "awaiting_file_id"),
    *("handed_to", "handed_at", "disputed_at"),
)
"""Columns of a finding that a person's decision changes."""

_FINDING = (
    *("status", "state", "due_on", "done_on", "days_overdue", "severity", "clause", "owner_role", "policy_version"),
    *("opened_on", "opened_at", "last_as_at", "last_run_id", "times_seen", "times_opened"),
    *("resolved_on", "resolved_at", "resolved_state", "resolved_file_id"),
    *DECIDED,
)

_MAIL = (
    *("mode", "body", "send_days", "status", "attempts", "resends", "orphaned", "next_attempt_at", "lease_until"),
    *("finished_at", "accepted_on", "code", "reason", "is_address_refused"),
)

_DERIVED = "each run that moves findings works it out anew"

_ARRIVALS = (
    WriteRule(
        "batches",
        "a drop goes forward only: it is being loaded and ends once, or is held and let in once",
        (*_COUNTS, "files_refused", "status", "released_at", "released_by", "released_why"),
        "OLD.status NOT IN ('loading', 'held') OR (OLD.status = 'held' AND NEW.status <> 'released') OR "
        "(OLD.status = 'loading' AND (NEW.status IN ('held', 'released') OR NEW.released_at IS NOT NULL))",
    ),
    WriteRule(
        "batch_files",
        "a file is written down before its rows are, and counted once after them",
        (*_COUNTS, "rows_vanished", "status", "rows_sha256"),
        "OLD.rows_sha256 IS NOT NULL OR OLD.status = 'refused'",
    ),
    WriteRule("carried_columns", "what a file carried"),
    WriteRule("rejection_counts", "what was rejected"),
    WriteRule("validation_results", "what validation said"),
    WriteRule("known_drops", "the newest drop takes the place of the one before", deletable=True),
    WriteRule("customer_numbers", "the number by which reports know a customer", is_bulk=True),
    WriteRule(
        "disappearances",
        "a record that comes back is noted once",
        ("returned_file_id",),
        "OLD.returned_file_id IS NOT NULL OR NEW.returned_file_id IS NULL",
        is_bulk=True,
    ),
    *(WriteRule(entity.name, "a correction is the record's next version", is_bulk=True) for entity in ENTITIES),
)

_FINDINGS = (
    WriteRule(
        "assessment_runs",
        "a run is written down before findings move, and counts their moves once after that",
        _MOVES,
        " OR ".join(f"OLD.{name} <> 0" for name in _MOVES),
    ),
    WriteRule("assessment_counts", "what a run found"),
    WriteRule("findings", "runs and decisions move it, and its events prove where it stands", _FINDING, is_bulk=True),
    WriteRule("finding_events", "the life of findings, and what people said", is_bulk=True),
    WriteRule("coming_duties", _DERIVED, deletable=True, is_bulk=True),
    WriteRule(
        "work_items",
        f"{_DERIVED}, and a hand-over changes whose it is until the next",
        ("handed_to", "handed_team", "is_deputy"),
        deletable=True,
        is_bulk=True,
    ),
    WriteRule("owner_problems", _DERIVED, deletable=True),
)

_MAILS = (
    WriteRule("alert_days", "the last day composed for", ("last_as_at", "last_run_at")),
    WriteRule(
        "alert_messages",
        "a mail is handed over, and what was really sent can only come back",
        _MAIL,
        # What a trial wrote was told to nobody: it may be handed over in earnest, under its old id and a new date.
        "(OLD.mode = 'live' AND OLD.status IN ('sent', 'bounced') AND (OLD.status = 'bounced' OR "
        "NEW.status <> 'bounced' OR NEW.accepted_on IS NULL OR NEW.accepted_on <> OLD.accepted_on)) OR "
        "(NEW.status <> 'waiting' AND (NEW.mode <> OLD.mode OR NEW.body <> OLD.body))",
    ),
    *(
        WriteRule(
            table,
            "what a mail told; one that was never handed over told nobody",
            deletable=True,
            deleted_if=_UNSENT,
            is_bulk=True,
        )
        for table in ("alert_told", "alert_dates", "alert_notices")
    ),
)

_OTHERS = (
    WriteRule("seal_keys", "without it nothing that was sealed can be proved"),
    WriteRule("used_texts", "what runs rest on, by its digest"),
    WriteRule("withdrawals", "acts of people; one that is taken back is another act"),
    WriteRule("packs", "a pack built; another build is another row"),
    WriteRule("pack_events", "acts of people on a pack; where it stands is their fold"),
    WriteRule("pack_issues", "a pack handed to its audience"),
    WriteRule("record_views", "who looked at which record"),
    WriteRule("audit", "what was done"),
    WriteRule(
        "runs",
        "a task begins, begins again and ends",
        ("started_at", "must_end_by", "ended_at", "outcome"),
    ),
    WriteRule("landlord_access", "the owner's own list of who may see whom", ("role_name", "landlord"), deletable=True),
)

WRITE_RULES: dict[str, WriteRule] = {rule.table: rule for rule in (*_ARRIVALS, *_FINDINGS, *_MAILS, *_OTHERS)}
"""Table -> its rule."""


def find_write_rule(table: str) -> WriteRule:
    """The rule of a table; of one that has none, that it is history."""
    return WRITE_RULES.get(table, WriteRule(table, "it has no rule of its own"))
