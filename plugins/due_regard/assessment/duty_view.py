"""One entity's rows as a duty looks at them: which absent fields count as blank, and how "and" is read."""

from __future__ import annotations

from dataclasses import dataclass

from due_regard.assessment.column_cells import ColumnCells
from due_regard.assessment.records_as_at import RecordsAsAt


@dataclass(frozen=True)
class DutyView:
    """One entity's rows as a duty looks at them.

    Attributes:
        as_blank: fields that count as blank, not as unknown, where the source lacks them.
        strict: "and" needs every column (a check's requirement).
        ignores_unread: words that are not known count as blank, so that only what is absent is unknown.
    """

    records: RecordsAsAt
    entity: str
    as_blank: frozenset[str] = frozenset()
    strict: bool = False
    ignores_unread: bool = False

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.records.count_rows(self.entity)

    def find_cells(self, path: str) -> ColumnCells:
        """Cells of a field, with absent counted as blank where the duty says so."""
        found = self.records.find_cells(self.entity, path)
        found = found.leave_absence_out() if path in self.as_blank else found
        return found.leave_unread_out() if self.ignores_unread else found
