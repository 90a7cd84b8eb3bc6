"""Records that a snapshot no longer has, and their return: noted for a person, never a reason to delete.

Which ones are missing is intake's finding (a rejected row is not a missing one).
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, column, select, table, update

from due_regard.records.canonical import ENTITY
from due_regard.records.validated_drop import AcceptedFile
from due_regard.register import sql_files
from due_regard.register.engines import reading
from due_regard.register.loading import bulk
from due_regard.register.loading.encoding import make_arrow_column
from due_regard.register.schema.column_types import Ref
from due_regard.register.schema.drop_tables import Base, Disappearance

_TABLE = Base.metadata.tables[Disappearance.__tablename__]


def note_disappearances(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, noticed_at: datetime
) -> int:
    """Note which records this file no longer has, and which of those noted earlier it has again; how many it noted."""
    still = [_TABLE.c.landlord == landlord, _TABLE.c.entity == part.entity, _TABLE.c.returned_file_id.is_(None)]
    missing, returned = list(connection.scalars(select(_TABLE.c.ref).where(*still))), 0
    if missing:
        here = pc.is_in(pa.array(missing), make_arrow_column(part.rows[ENTITY[part.entity].key]).cast(pa.string()))
        returned = int(pc.sum(here).as_py() or 0)
        bulk.stage_rows(connection, "returned_refs", _TABLE, {"ref": pa.array(missing).filter(here)})
        back = select(column("ref", Ref)).select_from(table("returned_refs"))
        connection.execute(update(_TABLE).where(*still, _TABLE.c.ref.in_(back)).values(returned_file_id=file_id))
    new = sorted(set(part.disappeared) - set(missing))
    if new:
        origin = {"landlord": landlord, "entity": part.entity, "batch_file_id": file_id, "noticed_at": noticed_at}
        bulk.insert_rows(connection, _TABLE, {"ref": pa.array(new)}, origin)
    return returned + len(new)


def list_missing_records(engine: Engine, landlord: str) -> pd.DataFrame:
    """Records that the newest snapshots no longer have: entity, ref, batch_file_id, noticed_at."""
    names = ("entity", "ref", "batch_file_id", "noticed_at")
    own = select(*(_TABLE.c[name] for name in names)).where(
        _TABLE.c.landlord == landlord, _TABLE.c.returned_file_id.is_(None)
    )
    with reading(engine, landlord) as connection:
        return sql_files.make_frame(connection.execute(own.order_by(_TABLE.c.entity, _TABLE.c.ref)))
