"""Tables of packs: every pack built, what went into it, what people decided of it, and the day it was issued to whom.

Of packs and figures nothing names a person; what people said stands in `pack_events` and `pack_issues`.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base


class PackRow(Base):
    """One pack built, kept with its checksums.

    Attributes:
        known_at: what had been learnt by then went in; blank: everything known when it was built.
        sha256: over the names and checksums of its files; the same snapshot gives the same.
        files: file name -> checksum.
        ingredients: drops, policy and calendar version, counting rule, definition, run, audit head.
        figures: `table/measure/quarter` -> [numerator, denominator].
        published: figure or whole -> what a publishable edition shows, null where it hides it; blank in others.
        version: 1, or of a correction one more than what it replaces; blank in builds of earlier revisions: 1.
    """

    __tablename__ = "packs"
    __table_args__ = (Index(None, "landlord", "pack", "quarter"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    pack: Mapped[str]
    quarter: Mapped[str]
    edition: Mapped[str]
    known_at: Mapped[datetime | None]
    built_at: Mapped[datetime]
    sha256: Mapped[str]
    files: Mapped[dict[str, Any]]
    ingredients: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]]
    published: Mapped[dict[str, Any] | None]
    version: Mapped[int | None]


class PackIssue(Base):
    """A pack handed to its audience, or on its way: what the duty to report is assessed by.

    With `message_id` it is on its way by that mail of the outbox, and counts from the day the mail server accepted it
    for its clerk. Without, a person said so (`issued_by` and `issued_why`), and `issued_on` counts.
    """

    __tablename__ = "pack_issues"
    __table_args__ = (Index(None, "landlord", "pack", "quarter"), Index(None, "pack_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    pack_id: Mapped[int] = mapped_column(RowId, ForeignKey("packs.id"))
    pack: Mapped[str]
    quarter: Mapped[str]
    issued_on: Mapped[date]
    issued_at: Mapped[datetime]
    how: Mapped[str]
    message_id: Mapped[str | None]
    issued_by: Mapped[str | None]
    issued_why: Mapped[str | None]


class PackEvent(Base):
    """One act in the life of a pack, an edition on its own; never changed. Where the pack stands is their fold.

    Attributes:
        version: of the pack, whose life the act belongs to; a correction opens the next one.
        pack_id: the build it is about; blank where no build was asked for.
        event: commented, asked, approved, rejected or corrected.
        actor, why: who and what they said; blank where the program acted.
        section: the table that commentary is on, or `decision` for what the audience is asked to do.
        nonce: keys the hash of a person's words that the audit holds, so that the audit betrays none.
    """

    __tablename__ = "pack_events"
    __table_args__ = (Index(None, "landlord", "pack", "quarter"),)

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    pack: Mapped[str]
    quarter: Mapped[str]
    edition: Mapped[str]
    version: Mapped[int]
    pack_id: Mapped[int | None] = mapped_column(RowId, ForeignKey("packs.id"))
    at: Mapped[datetime]
    event: Mapped[str]
    actor: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(Text)
    section: Mapped[str | None]
    nonce: Mapped[str | None]
