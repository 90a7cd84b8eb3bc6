"""What the data owner must mend so that owners can be told: whom the export names wrongly, with file, row and column.

The same as the mails to the data owner say, as of the last run. Rows that intake rejected are the drops' page's.
"""

from __future__ import annotations

from typing import Any

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.result import Result, make_json_value

SHOWN = 50
"""Problems on the page, those that hinder most findings first; more are only counted."""


def list_owner_problems(settings: Settings, landlord: str, *, sees_restricted: bool) -> Result:
    """What keeps owners of open findings from being mailed.

    Returns:
        landlord, as_at, total, problems: words, staff_ref, findings (how many it concerns), remedy, places (entity,
        ref, column, file, row_number, batch_id), more_places.
    """
    from due_regard.register import find_record_origins, reading
    from due_regard.register.findings import work_list

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        as_at = work_list.find_last_judged_day(connection, landlord)
        rows, total = work_list.read_owner_problems(connection, landlord, limit=SHOWN, restricted=sees_restricted)
        wanted = {(cell[0], cell[1]) for row in rows for cell in row["cells"]}
        origins = find_record_origins(connection, landlord, wanted)
    problems = [
        {
            "words": row["words"],
            "staff_ref": row["staff_ref"],
            "findings": row["findings"],
            "remedy": row["remedy"],
            "places": [_describe_place(cell, origins) for cell in row["cells"]],
            "more_places": row["more_cells"],
        }
        for row in rows
    ]
    return {"landlord": landlord, "as_at": make_json_value(as_at), "total": total, "problems": problems}


def _describe_place(cell: list[str], origins: dict[tuple[str, str], dict[str, Any]]) -> dict[str, Any]:
    """A cell, and the file and row that brought it last; these blank where no file brought the record."""
    entity, ref, column = cell
    origin = origins.get((entity, ref), {})
    place = {"entity": entity, "ref": ref, "column": column}
    return place | {name: origin.get(name) for name in ("file", "row_number", "batch_id")}
