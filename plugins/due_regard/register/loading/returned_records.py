"""Withdrawn records that a file brings again: the load that returns one ends its withdrawal, by itself.

It rests on the file's rows alone: a row that says what it always said brings its record back too.
"""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, insert

from due_regard.records.canonical import ENTITY
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register.audit import append_audit
from due_regard.register.loading.encoding import make_arrow_column
from due_regard.register.sealing.seals import seal_groups
from due_regard.register.withdrawn_records import ACTS, RETURNED, list_withdrawn_refs


def return_withdrawn_records(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, *, known_from: datetime, now: datetime
) -> int:
    """End the withdrawal of each record that the file has again; how many."""
    held = {ref: act for (name, ref), act in list_withdrawn_refs(connection, landlord).items() if name == part.entity}
    if not held:
        return 0
    refs = sorted(held)
    keys = make_arrow_column(part.rows[ENTITY[part.entity].key]).cast(pa.string())
    here = pc.is_in(pa.array(refs, pa.string()), keys).to_pylist()
    origin = {"landlord": landlord, "entity": part.entity, "event": RETURNED, "at": now, "known_from": known_from}
    back = [ref for ref, is_here in zip(refs, here, strict=True) if is_here]
    if back:
        acts = [{**origin, "ref": ref, "ends_id": held[ref], "batch_file_id": file_id} for ref in back]
        ids = list(connection.scalars(insert(ACTS).returning(ACTS.c.id), acts))
        details = {"entity": part.entity, "ends": sorted(held[ref] for ref in back)}
        subject, seals = f"file {file_id}", seal_groups(connection, landlord, {"withdrawals": ids})
        append_audit(
            connection, landlord=landlord, action="return", subject=subject, details=details, at=now, seals=seals
        )
    return len(back)
