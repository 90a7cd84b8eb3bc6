"""Table of withdrawals: that a vanished record was entered by mistake, by whom and why, and what ended it.

Rows are acts, added and never changed or deleted; the record itself keeps every version. Which records are withdrawn at
an instant is withdrawn_records.py's to say.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from due_regard.register.schema.column_types import RowId
from due_regard.register.schema.drop_tables import Base


class Withdrawal(Base):
    """One act: a person withdrew a record, a person took that back, or a file brought the record again.

    `event`: withdrawn, undone, returned. The act holds from `known_from`, which lies after every run recorded before:
    these stay rebuildable. `ends_id` is the withdrawal that the act ends, `with_id` the act of the record on which this
    one hangs and with which it was withdrawn or taken back. `batch_file_id` is the file that brought the record again.
    `actor` and `why` are what a person said; `nonce` keys the hash of it that the audit holds.
    """

    __tablename__ = "withdrawals"
    __table_args__ = (Index(None, "landlord", "entity", "ref"), Index(None, "ends_id"))

    id: Mapped[int] = mapped_column(RowId, primary_key=True)
    landlord: Mapped[str]
    entity: Mapped[str]
    ref: Mapped[str]
    event: Mapped[str]
    at: Mapped[datetime]
    known_from: Mapped[datetime]
    actor: Mapped[str | None]
    why: Mapped[str | None] = mapped_column(Text)
    nonce: Mapped[str | None]
    ends_id: Mapped[int | None] = mapped_column(RowId)
    with_id: Mapped[int | None] = mapped_column(RowId)
    batch_file_id: Mapped[int | None] = mapped_column(RowId)
