"""What does not hold in a register, as one value: which table, which row, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RegisterFault:
    """One row that is not what was kept of it.

    Attributes:
        table: its table.
        row: which row, by ids and digests alone: no cell of a record, no name.
        says: what is wrong, in a sentence.
    """

    table: str
    row: str
    says: str

    def __str__(self) -> str:
        return f"{self.table}, {self.row}: {self.says}"
