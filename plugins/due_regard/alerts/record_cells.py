"""One cell of the register's records by entity, reference and field, with one step through a link.

For the few records that findings point to; whole columns are for assessment.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd
from sqlalchemy import Connection

from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT, Records
from due_regard.register.stored_records import read_carried_columns, read_record_frame

LAST_REVIEW = "last_review"
"""The link from a restriction to its latest review; other links are `<subject>_ref` columns."""


READ = {
    "staff": ("staff_ref", "email", "line_manager_ref", "deputy_ref", "team", "is_active"),
    "incidents": ("incident_ref", "occurred_on", "staff_ref", "manager_ref"),
    "warnings": ("warning_ref", "incident_ref", "issued_on", "issued_by"),
    "restrictions": ("restriction_ref", "incident_ref", "decided_on", "decided_by"),
    "reviews": ("review_ref", "restriction_ref", "reviewed_on", "reviewed_by"),
    "appeals": ("appeal_ref", "restriction_ref", "received_on", "handled_by"),
    "markers": ("marker_ref", "restriction_ref", "incident_ref", "placed_on", "owner_ref"),
    "access_requests": ("request_ref", "received_on", "owner_ref"),
}
"""What alerts read of the records: who owns a subject, and when it came to be. Nothing of what happened."""


def read_record_cells(conn: Connection, landlord: str, entities: Collection[str] | None = None) -> RecordCells:
    """The landlord's records as the register has them now (of `entities` alone, if given), in the columns of `READ`."""
    have = read_carried_columns(conn, landlord)
    return RecordCells({
        name: read_record_frame(conn, landlord, ENTITY[name], have[name] & frozenset(columns))
        for name, columns in READ.items()
        if name in have and (entities is None or name in entities)
    })


@dataclass(frozen=True)
class RecordCell:
    """Where one cell stands: what the data owner looks for."""

    entity: str
    ref: str
    column: str


@dataclass
class RecordCells:
    """Cells of one landlord's records; a column is indexed when it is first asked for."""

    records: Records
    _indexes: dict[tuple[str, str], dict[str, object]] = field(default_factory=dict, repr=False)

    def has_entity(self, entity: str) -> bool:
        """Whether the entity was ever delivered."""
        return entity in self.records

    def read_text(self, entity: str, ref: str, column: str) -> str | None:
        """The cell as text; None where it is blank, absent, or there is no such record."""
        found = self._index_column(entity, column).get(ref)
        return None if found is None else str(found)

    def is_no(self, entity: str, ref: str, column: str) -> bool:
        """Whether a yes/no cell says no (blank and absent do not)."""
        return self._index_column(entity, column).get(ref) is False

    def find_refs(self, entity: str, column: str, text: str) -> list[str]:
        """References of the records whose cell says `text`, whatever its case."""
        return sorted(
            ref
            for ref, cell in self._index_column(entity, column).items()
            if str(cell).strip().lower() == text.strip().lower()
        )

    def follow_path(self, subject_type: str, ref: str, path: str) -> str | None:
        """What stands in the cell that `path` (`decided_by`, `restriction.decided_by`) reaches from a subject."""
        cell = self.find_cell(subject_type, ref, path)
        return None if cell is None else self.read_text(cell.entity, cell.ref, cell.column)

    def find_cell(self, subject_type: str, ref: str, path: str) -> RecordCell | None:
        """The cell that `path` reaches from a subject; None where a link leads nowhere."""
        link, _, column = path.rpartition(".")
        entity = ENTITY_OF_SUBJECT[subject_type].name
        if not link:
            return RecordCell(entity, ref, column)
        is_review = link == LAST_REVIEW
        linked = self._last_reviews.get(ref) if is_review else self.read_text(entity, ref, f"{link}_ref")
        to = "reviews" if is_review else ENTITY_OF_SUBJECT[link].name
        return None if linked is None else RecordCell(to, linked, column)

    @cached_property
    def _last_reviews(self) -> dict[str, str]:
        reviews = self.records.get("reviews", pd.DataFrame(columns=["review_ref", "restriction_ref", "reviewed_on"]))
        ordered = reviews.sort_values(["reviewed_on", "review_ref"])
        return dict(zip(ordered["restriction_ref"].tolist(), ordered["review_ref"].tolist(), strict=True))

    def _index_column(self, entity: str, column: str) -> dict[str, object]:
        if (entity, column) not in self._indexes:
            self._indexes[entity, column] = self._read_by_key(entity, column)
        return self._indexes[entity, column]

    def _read_by_key(self, entity: str, column: str) -> dict[str, object]:
        frame = self.records.get(entity)
        if frame is None or column not in frame:
            return {}
        filled = frame[frame[column].notna()]
        return dict(zip(filled[ENTITY[entity].key].tolist(), filled[column].tolist(), strict=True))
