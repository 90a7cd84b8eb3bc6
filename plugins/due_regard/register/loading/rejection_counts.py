"""How many rows of a file were rejected, or loaded with a note, for which reason: counted as the file is loaded."""

from __future__ import annotations

from sqlalchemy import Connection, insert

from due_regard.records.validated_drop import AcceptedFile, LoadNote, Rejection
from due_regard.register.schema.drop_tables import RejectionCount


def count_rejections(connection: Connection, landlord: str, file_id: int, part: AcceptedFile) -> None:
    """Write the counts of a file, one a column and reason; never a value."""
    rows: dict[tuple[str, str, str], set[int]] = {}
    items: list[tuple[str, Rejection | LoadNote]] = [("rejected", rejection) for rejection in part.rejections]
    items += [("note", note) for note in part.notes]
    for level, item in items:
        rows.setdefault((level, item.column, item.reason), set()).add(item.row_number)
    if rows:
        keys = {"landlord": landlord, "batch_file_id": file_id}
        values = [
            keys
            | {"level": level, "column_name": column, "reason": reason, "rows": len(numbers), "first_row": min(numbers)}
            for (level, column, reason), numbers in rows.items()
        ]
        connection.execute(insert(RejectionCount), values)
