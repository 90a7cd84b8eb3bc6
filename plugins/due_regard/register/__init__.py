"""The register: what every landlord's records said, since when we knew it, and what became of each finding.

SQLAlchemy 2 on SQLite or PostgreSQL, migrated by Alembic. Rows are versions; nothing is changed in place by a load.
Add reads of records to stored_records.py, of findings to findings/; keep policy and files out.
"""

from due_regard.register.audit import append_audit, find_basis_head, read_audit_head, verify_audit
from due_regard.register.backup import restore_backup, write_backup
from due_regard.register.case_records import read_case_records
from due_regard.register.engines import reading, writing
from due_regard.register.findings.assessment_runs import RunReport, record_assessment
from due_regard.register.findings.decisions import (
    comment_on_finding,
    dispute_finding,
    hand_over_finding,
    resolve_finding,
    silence_finding,
    undo_decision,
)
from due_regard.register.findings.foreseen_findings import foresee_open_findings
from due_regard.register.findings.judged_days import (
    DutyCounts,
    JudgedDay,
    count_duties_on,
    find_judged_day,
    list_judged_days,
    list_judged_landlords,
    read_findings_open_on,
    read_new_owners_on,
)
from due_regard.register.findings.open_findings import (
    list_silences,
    read_finding,
    read_finding_life,
    read_open_findings,
    read_open_findings_on,
)
from due_regard.register.knowledge_marks import find_knowledge_mark
from due_regard.register.loading.disappearances import list_missing_records
from due_regard.register.loading.held_drops import hold_drop, is_released, list_drops, release_drop
from due_regard.register.loading.load import hash_drop, load_drop
from due_regard.register.loading.record_counts import list_record_counts
from due_regard.register.moving import move_register
from due_regard.register.opening import open_register, upgrade_register
from due_regard.register.schema.column_types import EVER
from due_regard.register.sealing.seals import seal_groups
from due_regard.register.sealing.verification import DeepReport, verify_rows
from due_regard.register.stored_records import (
    find_newest_file,
    find_record_origin,
    find_record_origin_on,
    find_record_origins,
    read_known_refs,
    read_records,
)
from due_regard.register.view_digests import seal_views
from due_regard.register.viewed_records import record_view
from due_regard.register.withdrawals import undo_withdrawal, withdraw_record

__all__ = [
    "EVER",
    "DeepReport",
    "DutyCounts",
    "JudgedDay",
    "RunReport",
    "append_audit",
    "comment_on_finding",
    "count_duties_on",
    "dispute_finding",
    "find_basis_head",
    "find_judged_day",
    "find_knowledge_mark",
    "find_newest_file",
    "find_record_origin",
    "find_record_origin_on",
    "find_record_origins",
    "foresee_open_findings",
    "hand_over_finding",
    "hash_drop",
    "hold_drop",
    "is_released",
    "list_drops",
    "list_judged_days",
    "list_judged_landlords",
    "list_missing_records",
    "list_record_counts",
    "list_silences",
    "load_drop",
    "move_register",
    "open_register",
    "read_audit_head",
    "read_case_records",
    "read_finding",
    "read_finding_life",
    "read_findings_open_on",
    "read_known_refs",
    "read_new_owners_on",
    "read_open_findings",
    "read_open_findings_on",
    "read_records",
    "reading",
    "record_assessment",
    "record_view",
    "release_drop",
    "resolve_finding",
    "restore_backup",
    "seal_groups",
    "seal_views",
    "silence_finding",
    "undo_decision",
    "undo_withdrawal",
    "upgrade_register",
    "verify_audit",
    "verify_rows",
    "withdraw_record",
    "write_backup",
    "writing",
]
