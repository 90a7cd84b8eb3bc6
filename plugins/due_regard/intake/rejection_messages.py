"""The message of a rejected row: its place, what is wrong and how to mend it; never a cell's value.

Add a reason here when a check gains one. The message of a refused file is written where the file is refused.
"""

from __future__ import annotations

from due_regard.intake.source_mapping import ColumnMap, SourceMapping
from due_regard.intake.text_tables import MENDING_HEADERS
from due_regard.records.canonical import ENTITY, CanonicalColumn, ColumnKind

_ORDER = {
    "iso": "year-month-day (2026-12-31)",
    "dmy": "day/month/year (31/12/2026)",
    "mdy": "month/day/year (12/31/2026)",
}
_REMEDY = {
    "required": "is blank; fill it in",
    "unknown_code": "holds a word that is not known here; use one of: {codes}",
    "unreadable_yes_no": "is neither yes nor no; write yes or no, or leave it blank",
    "unreadable_date": "is no date in the order {order}; write it so",
    "date_out_of_range": "is before 1990 or more than ten years ahead; correct the year",
    "month_first_column": "is in a column with month-first dates where {order} is declared; correct the column",
    "day_first_column": "is in a column with day-first dates where {order} is declared; correct the column",
    "swapped_dates": "is in a column where a spreadsheet program may have swapped day and month: its real dates lie "
    "before the 13th, those typed as text after the 12th; export it again and do not open it before sending, or "
    "write every date of the column as text, {order} (the doubtful ones come back with a question mark)",
    "unreadable_cell": "shows an error, a formula without a stored value, a character that is no text or a number that "
    "its format changes; open the file, mend it (a reference: as text) and save it",
    "date_as_reference": "is a date or a time where a reference belongs, as spreadsheet programs make of references "
    "such as 3-1; write the reference as text",
    "conflicting_duplicate": "is the reference of another row with other values; keep the right one",
    "changed_reference": f"is not the reference under which this row was handed back (a spreadsheet program may have "
    f"taken its leading zeros); write it as in the column {MENDING_HEADERS[2]!r}, or, if it is right now, clear the "
    "cell of that column",
    "orphan": "points to a record of {target} that is neither in this drop nor in the register; send that record too, "
    "or correct the reference",
    "order": "lies before {after}; check both dates",
    "ragged_row": "the row has more or fewer cells than the header; check its quotation marks and separators",
}


def describe_fault(
    reason: str,
    entity: str,
    column: str,
    header: str,
    source: SourceMapping,
    column_map: ColumnMap | None,
    after: str = "",
) -> str:
    """The sentence for one fault of a row; `header` and `after` are columns' names in the landlord's file."""
    remedy = _REMEDY[reason]
    if not column:
        return remedy
    spec = ENTITY[entity].by_name[column]
    order = (column_map.date_order if column_map else None) or source.date_order
    reading = _ORDER[order] if spec.kind is ColumnKind.DATE else ""
    target = dict(ENTITY[entity].links).get(column, "")
    codes = _list_choices(spec, source, column_map)
    return f"{header} {remedy.format(codes=codes, order=reading, target=target, after=after)}"


def _list_choices(column: CanonicalColumn, source: SourceMapping, column_map: ColumnMap | None) -> str:
    """Codes as this landlord writes them."""
    if column_map is not None and column_map.codes:
        listed = source.codes[column_map.codes] if isinstance(column_map.codes, str) else column_map.codes
        return ", ".join(listed)
    return ", ".join(column.codes)
