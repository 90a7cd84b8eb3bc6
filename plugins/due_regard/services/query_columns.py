"""Whether the queries that an export comes from give the columns that its source mapping reads.

What intake would say of a file is said here before anything is kept; faults that are seen without a database are
fetch_checks.py's.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from due_regard.errors import FetchRefused, FileRefused

if TYPE_CHECKING:
    from due_regard.intake.source_mapping import SourceMapping


def check_query_columns(staged: Path, mapping: SourceMapping) -> None:
    """Nothing, if every query gives the columns that the source mapping knows.

    Raises:
        FetchRefused: one gives others; says the entity, and a column by its letter.
    """
    from due_regard.intake.column_mapping import check_headers
    from due_regard.intake.readers import read_file_tables

    for file in sorted(staged.iterdir()):
        with file.open("rb") as rows:
            header = rows.readline()
        try:
            for table, part in read_file_tables(file.name, header, mapping):
                check_headers(table, part, source=mapping.name)
        except FileRefused as reason:
            said = _describe_query_columns(file.stem, mapping, reason)
            raise FetchRefused(f"a query gives other columns than source {mapping.name} maps: {said}") from None


def _describe_query_columns(entity: str, mapping: SourceMapping, reason: FileRefused) -> str:
    """Intake's words, save where they speak of rows above a header: a query has its columns' names in front."""
    from due_regard.intake.column_mapping import collect_known_headers

    if reason.code == "unknown_file":
        return f"it reads no {entity}.csv; name the query as the mapping does, or leave it out"
    if reason.code == "no_header":
        needed = [name for part in mapping.parts_of(f"{entity}.csv") for name in collect_known_headers(part).required]
        return f"{entity} gives too few that are known; it needs {', '.join(needed)}"
    return str(reason)
