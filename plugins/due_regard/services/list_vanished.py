"""Records that no longer come with the export: those that wait for a person, and those that were withdrawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from due_regard.config.settings import Settings
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.page_context import load_page_context
from due_regard.services.result import Result, make_json_value
from due_regard.services.result_page import PAGE_ROWS, describe_page, find_offset
from due_regard.services.visible_rules import list_restricted_rules

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from due_regard.register.linked_records import RecordName

VanishedState = Literal["waiting", "withdrawn"]

_SAID = ("entity", "ref", "noticed_at", "at", "actor", "why", "open_findings")


def list_vanished(
    settings: Settings, landlord: str, state: VanishedState, *, page: int | None, sees_restricted: bool
) -> Result:
    """One page of a landlord's vanished records, or every one (`page` None); those with most open findings first.

    Returns:
        landlord, landlord_name, is_delivered (whether anything of it was ever taken in), state, waiting and withdrawn
        (how many of each), total, page, pages, records: entity, ref, open_findings (that this reader may hear of),
        linked (entity, ref, has_vanished of each record that hangs on it), still_come (how many of these are no
        vanished ones); of one that waits noticed_at, of a withdrawn one at, actor and why.

    Raises:
        UnknownReference: there is no such page.
    """
    from due_regard.register import reading, vanished_records
    from due_regard.register.stored_records import find_newest_load

    known = load_page_context(settings, landlord).known
    hidden = () if sees_restricted else list_restricted_rules(known.history)
    read = {"waiting": vanished_records.list_waiting_records, "withdrawn": vanished_records.list_withdrawn_records}
    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        counts = {
            "waiting": vanished_records.count_waiting_records(connection, landlord),
            "withdrawn": vanished_records.count_withdrawn_records(connection, landlord),
        }
        newest = find_newest_load(connection, landlord)[0]
        shown = describe_page(counts[state], page or 1)
        rows = read[state](
            connection,
            landlord,
            hidden=hidden,
            limit=None if page is None else PAGE_ROWS,
            offset=0 if page is None else find_offset(page),
        )
        linked = _list_linked(connection, landlord, [(row["entity"], row["ref"]) for row in rows])
    said: Result = {"landlord": landlord, "landlord_name": known.landlord.name, "is_delivered": newest is not None}
    said |= {"state": state} | counts | shown
    return said | {"records": [_describe_row(row) | linked[row["entity"], row["ref"]] for row in rows]}


def _describe_row(row: dict[str, Any]) -> Result:
    return {name: make_json_value(row[name]) for name in _SAID if name in row}


def _list_linked(connection: Connection, landlord: str, records: list[RecordName]) -> dict[RecordName, Result]:
    """Of each record those that hang on it, and how many of them still come."""
    from due_regard.register.linked_records import find_linked_records, find_vanished

    linked = find_linked_records(connection, landlord, records)
    vanished = find_vanished(connection, landlord, {one for found in linked.values() for one in found})
    return {
        record: {
            "linked": [{"entity": one[0], "ref": one[1], "has_vanished": one in vanished} for one in found],
            "still_come": sum(one not in vanished for one in found),
        }
        for record, found in linked.items()
    }
