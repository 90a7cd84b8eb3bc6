"""What counts as told: each mail's mode and the day it was accepted; the same may be told again by another mail.

A mail of an earlier revision tells its mode: one written to the folder says so in its reason, one held in shadow in its
status. One still to leave is taken for what the landlord's mails before it were.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

from due_regard.register.schema.column_types import Ref

revision = "0005_told"
down_revision = "0004_access"
branch_labels = None
depends_on = None

UNIQUE = {
    "alert_told": ("landlord finding_id occasion stage recipient", "landlord message_id finding_id occasion stage"),
    "alert_dates": ("landlord finding_id recipient sequence", "landlord message_id finding_id sequence"),
    "alert_notices": ("landlord key recipient", "landlord message_id key"),
}


def upgrade() -> None:
    """Add the columns, let a telling be repeated by another mail, and work out the modes of what is there."""
    op.add_column("alert_messages", sa.Column("mode", Ref, nullable=False, server_default="live"))
    op.add_column("alert_messages", sa.Column("accepted_on", sa.Date(), nullable=True))
    op.add_column("alert_told", sa.Column("step", Ref, nullable=True))
    for name in ("message_id", "issued_by", "issued_why"):
        op.add_column("pack_issues", sa.Column(name, Ref, nullable=True))
    for table, (before, after) in UNIQUE.items():
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(_name_unique(table, before), type_="unique")
            batch.create_unique_constraint(_name_unique(table, after), after.split())
    _find_modes()
    _remember_days_by_mode()
    _find_mails_of_packs()


def _name_unique(table: str, columns: str) -> str:
    return f"uq_{table}_{columns.replace(' ', '_')}"


def _find_modes() -> None:
    op.execute("UPDATE alert_messages SET mode = 'folder' WHERE reason = 'written to the mail folder'")
    op.execute("UPDATE alert_messages SET mode = 'shadow' WHERE status = 'shadow'")
    op.execute("UPDATE alert_messages SET accepted_on = mail_on WHERE status IN ('sent', 'shadow')")
    # What a folder kept waiting must not leave for real; where nothing tells, it is live: better twice than never.
    op.execute(
        "UPDATE alert_messages SET mode = 'folder' WHERE status IN ('waiting', 'sending') AND EXISTS ("
        "SELECT 1 FROM alert_messages AS other WHERE other.landlord = alert_messages.landlord "
        "AND other.mode = 'folder') AND NOT EXISTS ("
        "SELECT 1 FROM alert_messages AS other WHERE other.landlord = alert_messages.landlord "
        "AND other.code IS NOT NULL)"
    )


def _remember_days_by_mode() -> None:
    """The day last composed belongs to the mode of the landlord's newest mail."""
    op.add_column("alert_days", sa.Column("mode", Ref, nullable=False, server_default="live"))
    op.execute(
        "UPDATE alert_days SET mode = COALESCE((SELECT m.mode FROM alert_messages AS m "
        "WHERE m.landlord = alert_days.landlord ORDER BY m.composed_at DESC, m.message_id LIMIT 1), 'live')"
    )
    with op.batch_alter_table("alert_days") as batch:
        batch.alter_column("mode", existing_type=Ref, existing_nullable=False, server_default=None)
        batch.drop_constraint("pk_alert_days", type_="primary")
        batch.create_primary_key("pk_alert_days", ["landlord", "mode"])


def _find_mails_of_packs() -> None:
    """The mail that took each issued pack: its Message-ID is made of the pack and its clerk."""
    connection = op.get_bind()
    issues = connection.execute(
        sa.text(
            "SELECT i.id, i.landlord, p.id, p.sha256 FROM pack_issues AS i JOIN packs AS p ON p.id = i.pack_id "
            "WHERE i.how = 'mail'"
        )
    ).all()
    mails = connection.execute(
        sa.text("SELECT landlord, message_id, recipient FROM alert_messages WHERE kind = 'pack'")
    ).all()
    for issue_id, landlord, pack_id, digest in issues:
        for owner, message_id, clerk in mails:
            identity = "\n".join((landlord, str(pack_id), digest, clerk))
            token = hashlib.sha256(identity.encode()).hexdigest()[:20]
            if owner == landlord and message_id.startswith(f"<due-regard.{token}@"):
                found = sa.text("UPDATE pack_issues SET message_id = :mail WHERE id = :issue")
                connection.execute(found, {"mail": message_id, "issue": issue_id})
