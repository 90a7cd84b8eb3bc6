"""References of mended rows that changed on their way: a spreadsheet program makes 45 of 00045."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from due_regard.intake.column_mapping import CandidateTable
from due_regard.intake.text_tables import MISFIT, REFS_APART, describe_refs
from due_regard.records.canonical import ENTITY


def find_changed_refs(candidate: CandidateTable, rows: pd.DataFrame) -> list[tuple[int, str, str]]:
    """Row, column and reason of mended rows that no longer bear the references they were handed back under.

    Loaded, they would be new records, or another person's. Who meant it clears the cell that says what was sent.
    """
    sent = candidate.table.sent_refs
    if not sent:
        return []
    told = [sent.get(int(number), "").split(REFS_APART) for number in candidate.table.row_numbers]
    misfits = [(row, "", "ragged_row") for row, parts in enumerate(told) if parts == [MISFIT]]
    return misfits + _find_other_records(candidate.entity, rows, told) + _find_lost_zeros(candidate.entity, rows, told)


def _find_other_records(entity: str, rows: pd.DataFrame, told: Sequence[list[str]]) -> list[tuple[int, str, str]]:
    key = ENTITY[entity].key
    return [
        (row, key, "changed_reference")
        for row, (parts, ref) in enumerate(zip(told, rows[key], strict=True))
        if any(part.startswith(f"{entity} ") for part in parts) and describe_refs({entity: ref}) not in parts
    ]


def _find_lost_zeros(entity: str, rows: pd.DataFrame, told: Sequence[list[str]]) -> list[tuple[int, str, str]]:
    """References to other records that lost their zeros; any other change of them may be what was to be mended."""
    found = []
    for row, parts in enumerate(told):
        for name, _, sent in (part.partition(" ") for part in parts):
            owner, _, column = name.partition(".")
            if owner == entity and column in rows and rows[column].iloc[row] == sent.lstrip("0") != sent:
                found.append((row, column, "changed_reference"))
    return found
