"""The register: what every landlord's records said, since when we knew it, and what became of each finding.

SQLAlchemy 2 on SQLite or PostgreSQL, migrated by Alembic. Rows are versions; nothing is changed in place by a load.
Add reads to records.py or findings.py, set-based ones to include/sql; keep policy and files out.
"""

from due_regard.register.audit import AuditReport, audit_append, audit_head, audit_verify
from due_regard.register.backup import BackupReport, backup, restore
from due_regard.register.decisions import resolve, silence, unsilence
from due_regard.register.drops import hold_drop, is_released, list_drops, release_drop
from due_regard.register.engines import REGISTER, open_register, reading, writing
from due_regard.register.findings import (
    finding,
    finding_flows,
    finding_life,
    findings_as_at,
    findings_on,
    open_findings,
)
from due_regard.register.load import FileLoad, LoadReport, drop_sha256, load_drop
from due_regard.register.presence import missing_records
from due_regard.register.records import known_refs, newest_file, previous_rows, read_records, record_history
from due_regard.register.runs import RunReport, assessments_sha256, record_assessment
from due_regard.register.types import EVER

__all__ = [
    "EVER",
    "REGISTER",
    "AuditReport",
    "BackupReport",
    "FileLoad",
    "LoadReport",
    "RunReport",
    "assessments_sha256",
    "audit_append",
    "audit_head",
    "audit_verify",
    "backup",
    "drop_sha256",
    "finding",
    "finding_flows",
    "finding_life",
    "findings_as_at",
    "findings_on",
    "hold_drop",
    "is_released",
    "known_refs",
    "list_drops",
    "load_drop",
    "missing_records",
    "newest_file",
    "open_findings",
    "open_register",
    "previous_rows",
    "read_records",
    "reading",
    "record_assessment",
    "record_history",
    "release_drop",
    "resolve",
    "restore",
    "silence",
    "unsilence",
    "writing",
]
