"""Table of seal keys: one a landlord, drawn at random when something of theirs is first sealed."""

from __future__ import annotations

from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.drop_tables import Base


class SealKey(Base):
    """What keys a landlord's seals: without it nobody can try a reference or an address against the audit's digests."""

    __tablename__ = "seal_keys"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str]
