"""The register as first shipped: batches, records and their current view, runs, findings, audit, access."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import choose_view_options, protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0001_register"
down_revision = None
branch_labels = None
depends_on = None

# One line an entity: column:kind, "!" = required. Frozen here; later columns come by later revisions.
RECORDS = {
    "customers": "customer_ref:text! customer_type:text! receives_support_service:yn",
    "staff": "staff_ref:text! role:text! email:text line_manager_ref:text deputy_ref:text team:text is_active:yn",
    "incidents": "incident_ref:text! customer_ref:text! occurred_on:date! category:text! channel:text! violence:text "
    "harassment:yn discriminatory:yn manager_informed_on:date police_reported_on:date police_decision_by_role:text "
    "committee_reported_on:date debrief_held_on:date staff_named_publicly:yn line_manager_notified_on:date "
    "services_manager_notified_on:date smt_informed_on:date staff_ref:text manager_ref:text team:text",
    "warnings": "warning_ref:text! customer_ref:text! incident_ref:text issued_on:date! issued_by:text "
    "policy_enclosed:yn",
    "restrictions": "restriction_ref:text! customer_ref:text! incident_ref:text decision_stage:text measure:text! "
    "channels_restricted:text decided_on:date! decided_by:text! decided_by_role:text approved_by:text "
    "approved_by_role:text notified_on:date notice_in_writing:yn notice_reasons:yn notice_duration:yn "
    "notice_review_date:yn notice_appeal_right:yn starts_on:date! expires_on:date duration_reason:text "
    "review_due_on:date no_review_reason:text ended_on:date adjustments_considered:yn emergency_route:yn "
    "mandate_signed_on:date system_flag_on:date register_entry_on:date care_inspectorate_notified_on:date "
    "evidence_ref:text restorative_ref:text restorative_not_possible_reason:text",
    "reviews": "review_ref:text! restriction_ref:text! reviewed_on:date! reviewed_by:text reviewed_by_role:text "
    "outcome:text! explanation_recorded:yn next_review_on:date customer_notified_on:date",
    "appeals": "appeal_ref:text! restriction_ref:text! received_on:date! acknowledged_on:date handled_by:text "
    "considered_by:text considered_by_role:text decided_on:date outcome:text notified_on:date external_body:text",
    "markers": "marker_ref:text! customer_ref:text! restriction_ref:text incident_ref:text marker_type:text "
    "placed_on:date! review_due_on:date reviewed_on:date removed_on:date owner_ref:text",
    "access_requests": "request_ref:text! customer_ref:text! received_on:date! responded_on:date owner_ref:text",
}
KINDS: dict[str, Any] = {"text": Ref, "date": sa.Date(), "yn": sa.Boolean()}

AUDIT_TRIGGERS = {
    "sqlite": (
        "CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        "CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
        # REPLACE deletes without asking the trigger above.
        "CREATE TRIGGER audit_no_replace BEFORE INSERT ON audit "
        "WHEN EXISTS (SELECT 1 FROM audit WHERE landlord = NEW.landlord AND seq = NEW.seq) "
        "BEGIN SELECT RAISE(ABORT, 'audit is append-only'); END",
    ),
    "postgresql": (
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'audit is append-only'; END $$",
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE ON audit "
        "FOR EACH ROW EXECUTE FUNCTION audit_is_append_only()",
        "CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()",
    ),
}

# Whose rows a session may see: the landlords granted to the role that logged in, narrowed to the one a run works for.
ACCESS_FUNCTION = """
CREATE FUNCTION register_landlords() RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER
SET search_path FROM CURRENT AS $$
    SELECT CASE WHEN scope = '' THEN granted.landlord ELSE scope END
    FROM landlord_access AS granted
    JOIN pg_roles AS held ON held.rolname = granted.role_name AND pg_has_role(session_user, held.oid, 'MEMBER'),
         (SELECT coalesce(current_setting('due_regard.landlord', true), '') AS scope) AS session
    WHERE scope = '' OR granted.landlord IN ('*', scope)
$$
"""


def upgrade() -> None:
    """Create the whole schema."""
    _access()
    _batches()
    for entity, line in RECORDS.items():
        _records(entity, line)
    _findings()
    _audit()


def _batches() -> None:
    op.create_table(
        "batches",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("source", Ref, nullable=False),
        sa.Column("drop_name", Ref, nullable=False),
        sa.Column("drop_sha256", Ref, nullable=False),
        sa.Column("received_at", Instant(), nullable=False),
        sa.Column("status", Ref, nullable=False),
        sa.Column("why", sa.Text()),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_loaded", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("files_refused", sa.Integer(), nullable=False),
        sa.Column("released_at", Instant()),
        sa.Column("released_by", Ref),
        sa.Column("released_why", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="pk_batches"),
    )
    op.create_index("ix_batches_landlord_received_at", "batches", ["landlord", "received_at"])
    op.create_table(
        "batch_files",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("batch_id", RowId, nullable=False),
        sa.Column("file", Ref, nullable=False),
        sa.Column("sha256", Ref, nullable=False),
        sa.Column("entity", Ref),
        sa.Column("status", Ref, nullable=False),
        sa.Column("code", Ref),
        sa.Column("rows_sha256", Ref),
        sa.Column("delivery", Ref),
        sa.Column("columns", sa.JSON(), nullable=False),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("rows_loaded", sa.Integer(), nullable=False),
        sa.Column("rows_unchanged", sa.Integer(), nullable=False),
        sa.Column("rows_rejected", sa.Integer(), nullable=False),
        sa.Column("rows_vanished", sa.Integer(), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_batch_files"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_batch_files_batch_id"),
    )
    op.create_index("ix_batch_files_batch_id", "batch_files", ["batch_id"])
    op.create_index("ix_batch_files_landlord_entity_id", "batch_files", ["landlord", "entity", "id"])
    op.create_table(
        "carried_columns",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("entity", Ref, nullable=False),
        sa.Column("column_name", Ref, nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("batch_file_id", RowId, nullable=False),
        sa.PrimaryKeyConstraint("landlord", "entity", "column_name", name="pk_carried_columns"),
    )
    op.create_table(
        "rejection_counts",
        sa.Column("batch_file_id", RowId, nullable=False),
        sa.Column("level", Ref, nullable=False),
        sa.Column("column_name", Ref, nullable=False),
        sa.Column("reason", Ref, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("first_row", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("batch_file_id", "level", "column_name", "reason", name="pk_rejection_counts"),
        sa.ForeignKeyConstraint(["batch_file_id"], ["batch_files.id"], name="fk_rejection_counts_batch_file_id"),
    )
    op.create_table(
        "validation_results",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("batch_id", RowId, nullable=False),
        sa.Column("result", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_validation_results"),
        sa.ForeignKeyConstraint(["batch_id"], ["batches.id"], name="fk_validation_results_batch_id"),
    )
    op.create_index("ix_validation_results_batch_id", "validation_results", ["batch_id"])
    protect_tables(op, "batches", "batch_files", "carried_columns", "rejection_counts", "validation_results")


def _records(entity: str, line: str) -> None:
    own: list[sa.Column[Any]] = []
    for word in line.split():
        name, _, kind = word.partition(":")
        own.append(sa.Column(name, KINDS[kind.rstrip("!")], nullable=not kind.endswith("!")))
    key = own[0].name
    op.create_table(
        entity,
        sa.Column("landlord", Ref, nullable=False),
        own[0],
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("known_from", Instant(), nullable=False),
        sa.Column("batch_file_id", RowId, nullable=False),
        sa.Column("row_number", sa.Integer(), nullable=False),
        sa.Column("row_hash", sa.BigInteger(), nullable=False),
        *own[1:],
        sa.PrimaryKeyConstraint("landlord", key, "version", name=f"pk_{entity}"),
        sqlite_with_rowid=False,
    )
    op.execute(
        f"CREATE VIEW current_{entity} {choose_view_options(op)} AS SELECT * FROM {entity} AS latest "  # noqa: S608
        f"WHERE NOT EXISTS (SELECT 1 FROM {entity} AS later WHERE later.landlord = latest.landlord "
        f"AND later.{key} = latest.{key} AND later.version = latest.version + 1)"
    )
    protect_tables(op, entity)


def _findings() -> None:
    op.create_table(
        "assessment_runs",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("as_at", sa.Date(), nullable=False),
        sa.Column("recorded_at", Instant(), nullable=False),
        sa.Column("known_at", Instant(), nullable=False),
        sa.Column("policy_version", Ref, nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("sha256", Ref, nullable=False),
        sa.Column("moved", sa.Boolean(), nullable=False),
        sa.Column("last_batch_file_id", RowId),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("seen", sa.Integer(), nullable=False),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column("resolved", sa.Integer(), nullable=False),
        sa.Column("reopened", sa.Integer(), nullable=False),
        sa.Column("open_after", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_assessment_runs"),
    )
    op.create_index("ix_assessment_runs_landlord_as_at", "assessment_runs", ["landlord", "as_at"])
    op.create_table(
        "assessment_counts",
        sa.Column("run_id", RowId, nullable=False),
        sa.Column("rule", Ref, nullable=False),
        sa.Column("state", Ref, nullable=False),
        sa.Column("severity", Ref, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "rule", "state", "severity", name="pk_assessment_counts"),
        sa.ForeignKeyConstraint(["run_id"], ["assessment_runs.id"], name="fk_assessment_counts_run_id"),
    )
    op.create_table(
        "findings",
        sa.Column("id", RowId, autoincrement=False, nullable=False),
        sa.Column("register_ref", Ref, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("rule", Ref, nullable=False),
        sa.Column("subject_type", Ref, nullable=False),
        sa.Column("subject_ref", Ref, nullable=False),
        sa.Column("occurrence", sa.Integer(), nullable=False),
        sa.Column("status", Ref, nullable=False),
        sa.Column("state", Ref, nullable=False),
        sa.Column("due_on", sa.Date()),
        sa.Column("done_on", sa.Date()),
        sa.Column("days_overdue", sa.Integer(), nullable=False),
        sa.Column("severity", Ref, nullable=False),
        sa.Column("clause", Ref, nullable=False),
        sa.Column("owner_role", Ref, nullable=False),
        sa.Column("policy_version", Ref),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("opened_at", Instant(), nullable=False),
        sa.Column("first_seen_as_at", sa.Date(), nullable=False),
        sa.Column("last_as_at", sa.Date(), nullable=False),
        sa.Column("last_run_id", RowId, nullable=False),
        sa.Column("times_seen", sa.Integer(), nullable=False),
        sa.Column("times_opened", sa.Integer(), nullable=False),
        sa.Column("resolved_on", sa.Date()),
        sa.Column("resolved_at", Instant()),
        sa.Column("resolved_state", Ref),
        sa.Column("resolved_file_id", RowId),
        sa.Column("silenced_until", sa.Date()),
        sa.Column("silenced_at", Instant()),
        sa.Column("awaiting_since", Instant()),
        sa.Column("awaiting_file_id", RowId),
        sa.PrimaryKeyConstraint("id", name="pk_findings"),
        sa.UniqueConstraint("register_ref", name="uq_findings_register_ref"),
        sa.UniqueConstraint(
            "landlord",
            "rule",
            "subject_type",
            "subject_ref",
            "occurrence",
            name="uq_findings_landlord_rule_subject_type_subject_ref_occurrence",
        ),
    )
    op.create_index("ix_findings_landlord_status", "findings", ["landlord", "status"])
    if op.get_bind().dialect.name == "postgresql":
        op.execute("CREATE SEQUENCE finding_numbers")
    op.create_table(
        "finding_events",
        sa.Column("id", RowId, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("finding_id", RowId, nullable=False),
        sa.Column("run_id", RowId),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("as_at", sa.Date()),
        sa.Column("event", Ref, nullable=False),
        sa.Column("state", Ref, nullable=False),
        sa.Column("actor", Ref),
        sa.Column("why", sa.Text()),
        sa.Column("until", sa.Date()),
        sa.Column("file_id", RowId),
        sa.Column("nonce", Ref),
        sa.PrimaryKeyConstraint("id", name="pk_finding_events"),
        sa.ForeignKeyConstraint(["finding_id"], ["findings.id"], name="fk_finding_events_finding_id"),
    )
    op.create_index("ix_finding_events_finding_id", "finding_events", ["finding_id"])
    op.create_index("ix_finding_events_landlord_as_at", "finding_events", ["landlord", "as_at"])
    protect_tables(op, "assessment_runs", "assessment_counts", "findings", "finding_events")


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("seq", RowId, autoincrement=False, nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("action", Ref, nullable=False),
        sa.Column("subject", Ref, nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("prev_hash", Ref, nullable=False),
        sa.Column("hash", Ref, nullable=False),
        sa.PrimaryKeyConstraint("landlord", "seq", name="pk_audit"),
    )
    for statement in AUDIT_TRIGGERS[op.get_bind().dialect.name]:
        op.execute(statement)
    protect_tables(op, "audit")


def _access() -> None:
    op.create_table(
        "landlord_access",
        sa.Column("role_name", Ref, nullable=False),
        sa.Column("landlord", Ref, nullable=False),
        sa.PrimaryKeyConstraint("role_name", "landlord", name="pk_landlord_access"),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(ACCESS_FUNCTION)
