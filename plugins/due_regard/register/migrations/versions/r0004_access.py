"""Surrogate customer numbers, the reports' views without customer references, and who may see which landlord.

Also what disappears from a landlord's snapshots, which is noted and never deletes a record.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from due_regard.register.migrations.protection import protect_tables
from due_regard.register.schema.column_types import Instant, Ref, RowId

revision = "0004_access"
down_revision = ("0002_alerts", "0003_packs")
branch_labels = None
depends_on = None

OF_CUSTOMERS = ("customers", "incidents", "warnings", "restrictions", "markers", "access_requests")

# What reports may show of each entity: no customer_ref, no e-mail, and of reasons only whether there is one ("?").
REPORTED = {
    "customers": "customer_type receives_support_service",
    "staff": "staff_ref role line_manager_ref deputy_ref team is_active",
    "incidents": "incident_ref occurred_on category channel violence harassment discriminatory manager_informed_on "
    "police_reported_on police_decision_by_role committee_reported_on debrief_held_on staff_named_publicly "
    "line_manager_notified_on services_manager_notified_on smt_informed_on staff_ref manager_ref team",
    "warnings": "warning_ref incident_ref issued_on issued_by policy_enclosed",
    "restrictions": "restriction_ref incident_ref decision_stage measure channels_restricted decided_on decided_by "
    "decided_by_role approved_by approved_by_role notified_on notice_in_writing notice_reasons notice_duration "
    "notice_review_date notice_appeal_right starts_on expires_on review_due_on ended_on adjustments_considered "
    "emergency_route mandate_signed_on system_flag_on register_entry_on care_inspectorate_notified_on "
    "?duration_reason ?no_review_reason ?evidence_ref ?restorative_ref ?restorative_not_possible_reason",
    "reviews": "review_ref restriction_ref reviewed_on reviewed_by reviewed_by_role outcome explanation_recorded "
    "next_review_on customer_notified_on",
    "appeals": "appeal_ref restriction_ref received_on acknowledged_on handled_by considered_by considered_by_role "
    "decided_on outcome notified_on external_body",
    "markers": "marker_ref restriction_ref incident_ref marker_type placed_on review_due_on reviewed_on removed_on "
    "owner_ref",
    "access_requests": "request_ref received_on responded_on owner_ref",
}

# A view runs with its owner's rights, past row-level security: it has to hold the rule itself.
VISIBLE = "(r.landlord = ANY (ARRAY(SELECT register_landlords())) OR '*' = ANY (ARRAY(SELECT register_landlords())))"


def upgrade() -> None:
    """Number the customers known already, and add the views, the disappearances and the migrating role's access."""
    op.create_table(
        "customer_numbers",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("customer_ref", Ref, nullable=False),
        sa.Column("customer_no", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("landlord", "customer_ref", name="pk_customer_numbers"),
        sa.UniqueConstraint("landlord", "customer_no", name="uq_customer_numbers_landlord_customer_no"),
    )
    refs = " UNION ".join(f"SELECT landlord, customer_ref FROM {entity}" for entity in OF_CUSTOMERS)  # noqa: S608
    op.execute(
        "INSERT INTO customer_numbers (landlord, customer_ref, customer_no) "  # noqa: S608 - our own names
        f"SELECT landlord, customer_ref, row_number() OVER (PARTITION BY landlord ORDER BY random()) FROM ({refs}) AS c"
    )
    op.create_table(
        "disappearances",
        sa.Column("landlord", Ref, nullable=False),
        sa.Column("entity", Ref, nullable=False),
        sa.Column("ref", Ref, nullable=False),
        sa.Column("batch_file_id", RowId, nullable=False),
        sa.Column("noticed_at", Instant(), nullable=False),
        sa.Column("returned_file_id", RowId),
        sa.PrimaryKeyConstraint("landlord", "entity", "ref", "batch_file_id", name="pk_disappearances"),
    )
    protect_tables(op, "customer_numbers", "disappearances")
    is_postgresql = op.get_bind().dialect.name == "postgresql"
    for entity, line in REPORTED.items():
        _report(entity, line, is_postgresql=is_postgresql)
    if is_postgresql:
        op.execute("INSERT INTO landlord_access (role_name, landlord) VALUES (current_user, '*')")


def _report(entity: str, line: str, *, is_postgresql: bool) -> None:
    names = [f"(r.{w[1:]} IS NOT NULL) AS has_{w[1:]}" if w[0] == "?" else f"r.{w}" for w in line.split()]
    join = ""
    if entity in OF_CUSTOMERS:
        names.insert(0, "n.customer_no")
        join = "JOIN customer_numbers AS n ON n.landlord = r.landlord AND n.customer_ref = r.customer_ref"
    options, visible = ("WITH (security_barrier = true)", VISIBLE) if is_postgresql else ("", "true")
    key = "customer_ref" if entity == "customers" else line.split()[0]
    op.execute(
        # Not from current_<entity>: that view asks for its reader's rights even inside this one.
        f"CREATE VIEW report_{entity} {options} AS SELECT r.landlord, {', '.join(names)} "  # noqa: S608 - our own names
        f"FROM {entity} AS r {join} WHERE {visible} AND NOT EXISTS (SELECT 1 FROM {entity} AS later "
        f"WHERE later.landlord = r.landlord AND later.{key} = r.{key} AND later.version = r.version + 1)"
    )
