"""Table of the texts that judging rested on: policy versions, calendar, settings, and whatever else an answer needs.

Kept by digest when first used, so that a run can be judged again after its files were edited. No personal data: what
stands here is what a governance officer writes, with role mailboxes and no person's.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.drop_tables import Base


class UsedText(Base):
    """One text, under the name it was first used by; `assessment_runs.used_texts` says which run rests on which.

    `kind` is the folder of a file (policies, landlords, calendars, codes, reports), `register` for what was read from
    the register itself, `program` for the version of this program.
    """

    __tablename__ = "used_texts"

    landlord: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    name: Mapped[str]
    text: Mapped[str] = mapped_column(Text)
    first_used_at: Mapped[datetime]
