"""One entity's rows as a duty looks at them: which absent fields count as blank, and how "and" is read."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from due_regard.assessment.records_as_at import ColumnCells, RecordsAsAt


@dataclass(frozen=True)
class DutyView:
    """One entity's rows as a duty looks at them.

    Attributes:
        as_blank: fields that count as blank, not as unknown, where the source lacks them.
        strict: "and" needs every column (a check's requirement).
    """

    records: RecordsAsAt
    entity: str
    as_blank: frozenset[str] = frozenset()
    strict: bool = False

    @property
    def size(self) -> int:
        """Number of rows."""
        return self.records.count_rows(self.entity)

    def find_cells(self, path: str) -> ColumnCells:
        """Cells of a field, with absent counted as blank where the duty says so."""
        found = self.records.find_cells(self.entity, path)
        return replace(found, unknown=np.zeros_like(found.unknown)) if path in self.as_blank else found
