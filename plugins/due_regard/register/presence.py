"""Records that a snapshot no longer has, and their return: noted for a person, never a reason to delete.

Which ones are missing is intake's finding (a rejected row is not a missing one).
"""

from __future__ import annotations

from datetime import datetime

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, column, select, table, update

from due_regard.batch import AcceptedFile
from due_regard.contract import ENTITY
from due_regard.register import bulk, sql
from due_regard.register.encoding import arrow
from due_regard.register.engines import reading
from due_regard.register.tables import Base, Disappearance
from due_regard.register.types import Ref

_TABLE = Base.metadata.tables[Disappearance.__tablename__]


def note_presence(
    connection: Connection, landlord: str, part: AcceptedFile, file_id: int, noticed_at: datetime
) -> None:
    """Note which records this file no longer has, and which of those noted earlier it has again."""
    still = [_TABLE.c.landlord == landlord, _TABLE.c.entity == part.entity, _TABLE.c.returned_file_id.is_(None)]
    missing = list(connection.scalars(select(_TABLE.c.ref).where(*still)))
    if missing:
        here = pc.is_in(pa.array(missing), arrow(part.rows[ENTITY[part.entity].key]).cast(pa.string()))
        bulk.stage(connection, "returned_refs", _TABLE, {"ref": pa.array(missing).filter(here)})
        back = select(column("ref", Ref)).select_from(table("returned_refs"))
        connection.execute(update(_TABLE).where(*still, _TABLE.c.ref.in_(back)).values(returned_file_id=file_id))
    new = sorted(set(part.disappeared) - set(missing))
    if new:
        origin = {"landlord": landlord, "entity": part.entity, "batch_file_id": file_id, "noticed_at": noticed_at}
        bulk.insert(connection, _TABLE, {"ref": pa.array(new)}, origin)


def missing_records(engine: Engine, landlord: str) -> pd.DataFrame:
    """Records that the newest snapshots no longer have: entity, ref, batch_file_id, noticed_at."""
    names = ("entity", "ref", "batch_file_id", "noticed_at")
    own = select(*(_TABLE.c[name] for name in names)).where(
        _TABLE.c.landlord == landlord, _TABLE.c.returned_file_id.is_(None)
    )
    with reading(engine, landlord) as connection:
        return sql.frame(connection.execute(own.order_by(_TABLE.c.entity, _TABLE.c.ref)))
