"""Reading records back: current, as known at an instant, where they came from, and which are known at all.

A record that is withdrawn at the instant asked about is left out. Answers are the landlord's own rows in canonical
dtypes and code-point order of their reference; as-at masking is the assessment's. Add reads of records here; set-based
reads for packs and pages belong in include/sql.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, Engine, exists, func, select

from due_regard.records.canonical import (
    ENTITIES,
    ENTITY,
    ENTITY_OF_SUBJECT,
    UNKNOWN_CELLS,
    CanonicalColumn,
    ColumnKind,
    Entity,
    Records,
)
from due_regard.register.engines import reading
from due_regard.register.loading import bulk
from due_regard.register.schema.column_types import EVER
from due_regard.register.schema.drop_tables import BatchFile, CarriedColumn, Disappearance
from due_regard.register.schema.record_tables import RECORD_TABLES
from due_regard.register.withdrawn_records import ACTS, SELECT_WITHDRAWN_REFS

_BOOLEAN = {pa.bool_(): pd.BooleanDtype()}


def read_records(
    engine: Engine, landlord: str, *, known_at: datetime | None = None, withdrawn_at: datetime | None = None
) -> Records:
    """The landlord's records as the register knows them now, or knew them at `known_at`.

    Entities never delivered and columns never carried are absent, as `Records` says. With `withdrawn_at` those are left
    out that were withdrawn at that instant, and not at `known_at`.
    """
    with reading(engine, landlord) as connection:
        return read_records_on(connection, landlord, known_at=known_at or EVER, withdrawn_at=withdrawn_at)


def read_records_on(
    connection: Connection, landlord: str, *, known_at: datetime = EVER, withdrawn_at: datetime | None = None
) -> Records:
    """`read_records` inside the caller's own transaction."""
    columns = read_carried_columns(connection, landlord, known_at=known_at)
    return {
        entity.name: read_record_frame(
            connection, landlord, entity, columns[entity.name], known_at=known_at, withdrawn_at=withdrawn_at
        )
        for entity in ENTITIES
        if entity.name in columns
    }


def read_carried_columns(
    connection: Connection, landlord: str, *, known_at: datetime = EVER
) -> dict[str, frozenset[str]]:
    """Entity -> columns that any file of it loaded by `known_at` has carried; no entry if never delivered."""
    rows = connection.execute(
        select(CarriedColumn.entity, CarriedColumn.column_name).where(
            CarriedColumn.landlord == landlord, CarriedColumn.known_from <= known_at
        )
    )
    found: dict[str, set[str]] = {}
    for entity, column in rows:
        found.setdefault(entity, set()).add(column)
    return {entity: frozenset(columns) for entity, columns in found.items()}


def read_record_frame(
    connection: Connection,
    landlord: str,
    entity: Entity,
    columns: frozenset[str],
    *,
    known_at: datetime = EVER,
    withdrawn_at: datetime | None = None,
    between: tuple[str, str] | None = None,
) -> pd.DataFrame:
    """One entity's rows as known at `known_at`, with `columns` of it, in order of their reference.

    `UNKNOWN_CELLS` is among them where a cell of any row is unknown.

    Args:
        connection: inside `reading` or `writing`.
        landlord: whose rows.
        entity: which entity.
        columns: canonical columns to read.
        known_at: the instant whose knowledge is wanted.
        withdrawn_at: what was withdrawn at this instant is left out; at `known_at` if not given.
        between: first and last reference, both included.
    """
    wanted = [column for column in entity.columns if column.name in columns]
    names = [*(column.name for column in wanted), UNKNOWN_CELLS]
    table = read_record_versions(
        connection, landlord, entity, names, known_at=known_at, withdrawn_at=withdrawn_at, between=between
    )
    frame = {column.name: _make_series(column, table[column.name].combine_chunks()) for column in wanted}
    if table[UNKNOWN_CELLS].null_count < table.num_rows:
        frame[UNKNOWN_CELLS] = table[UNKNOWN_CELLS].to_pandas()
    return pd.DataFrame(frame)


def read_record_versions(
    connection: Connection,
    landlord: str,
    entity: Entity,
    names: list[str],
    *,
    known_at: datetime = EVER,
    withdrawn_at: datetime | None = None,
    between: tuple[str, str] | None = None,
) -> pa.Table:
    """The version of each record that was the newest at `known_at`; every column as text, in order of reference.

    Without those withdrawn at `withdrawn_at`, or where it is not given at `known_at`.
    """
    key = entity.key
    latest = f"""
        SELECT {", ".join(names)} FROM {entity.name} AS latest
        WHERE landlord = :landlord {f"AND {key} BETWEEN :first AND :last" if between else ""}
        AND known_from <= :known_at AND NOT EXISTS (
            SELECT 1 FROM {entity.name} AS later WHERE later.landlord = latest.landlord
            AND later.{key} = latest.{key} AND later.version = latest.version + 1 AND later.known_from <= :known_at
        ) AND {key} NOT IN ({SELECT_WITHDRAWN_REFS}) ORDER BY {key}"""  # noqa: S608 - names of the contract alone
    parameters: dict[str, Any] = {"landlord": landlord, "known_at": known_at, "entity": entity.name}
    parameters["withdrawn_at"] = withdrawn_at or known_at
    if between:
        parameters |= {"first": between[0], "last": between[1]}
    return bulk.fetch_columns(connection, latest, parameters, names)


def _make_series(column: CanonicalColumn, values: pa.Array) -> pd.Series:
    """One column of text in its canonical dtype."""
    if column.kind is ColumnKind.DATE:
        return pd.Series(values.cast(pa.timestamp("s")).to_numpy(zero_copy_only=False))
    if column.kind is ColumnKind.YN:
        yes = pc.is_in(values, pa.array(["1", "t"]))
        return pd.Series(pc.if_else(pc.is_null(values), None, yes).to_pandas(types_mapper=_BOOLEAN.get))
    return pd.Series(values.to_pandas())


def read_known_refs(engine: Engine, landlord: str, entity: str) -> frozenset[str] | None:
    """References of every record of an entity that is not withdrawn; None if it was never delivered."""
    with reading(engine, landlord) as connection:
        if entity not in read_carried_columns(connection, landlord):
            return None
        key = ENTITY[entity].key
        first = (
            f"SELECT {key} FROM {entity} WHERE landlord = :landlord AND version = 1 "  # noqa: S608 - our own names
            f"AND {key} NOT IN ({SELECT_WITHDRAWN_REFS})"
        )
        parameters = {"landlord": landlord, "entity": entity, "withdrawn_at": EVER}
        return frozenset(bulk.fetch_columns(connection, first, parameters, [key])[key].to_pylist())


def find_newest_file(engine: Engine, landlord: str) -> int:
    """The newest file the register has taken in of a landlord (`batch_files.id`), 0 before the first."""
    with reading(engine, landlord) as connection:
        return find_newest_load(connection, landlord)[0] or 0


def find_newest_load(connection: Connection, landlord: str) -> tuple[int | None, datetime | None]:
    """The newest file taken in (`batch_files.id`), and the instant from which all is known; None before the first.

    A withdrawal is knowledge too, so that no file is known from before it.
    """
    newest = select(func.max(BatchFile.id), func.max(BatchFile.known_from))
    found = connection.execute(newest.where(BatchFile.landlord == landlord, BatchFile.status != "refused")).one()
    acts = connection.scalar(select(func.max(ACTS.c.known_from)).where(ACTS.c.landlord == landlord))
    return found[0], max(filter(None, (found[1], acts)), default=None)


def has_records(connection: Connection, landlord: str, entity: str) -> bool:
    """Whether the register has any record of an entity."""
    own = select(RECORD_TABLES[entity].c.version).where(RECORD_TABLES[entity].c.landlord == landlord)
    return connection.scalar(own.limit(1)) is not None


def find_record_origin(engine: Engine, landlord: str, subject_type: str, ref: str) -> dict[str, Any] | None:
    """Where the newest version of a finding's subject came from; None where it is no record, or there is none.

    Returns:
        entity, file, row_number, batch_id, version, known_from, and is_missing: the newest snapshot no longer has it.
    """
    with reading(engine, landlord) as connection:
        return find_record_origin_on(connection, landlord, subject_type, ref)


def find_record_origins(
    connection: Connection, landlord: str, wanted: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, Any]]:
    """(entity, reference) -> file, row_number and batch_id of the newest version, of those of `wanted` on record."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for name in sorted({entity for entity, _ in wanted}):
        table, key = RECORD_TABLES[name], RECORD_TABLES[name].c[ENTITY[name].key]
        rows = (
            select(key.label("ref"), BatchFile.file, table.c.row_number, BatchFile.batch_id)
            .join_from(table, BatchFile, BatchFile.id == table.c.batch_file_id)
            .where(table.c.landlord == landlord, key.in_(sorted(ref for entity, ref in wanted if entity == name)))
            .order_by(table.c.version)
        )
        # A later version overwrites an earlier one.
        found |= {(name, row["ref"]): dict(row) for row in connection.execute(rows).mappings()}
    return found


def find_record_origin_on(connection: Connection, landlord: str, subject_type: str, ref: str) -> dict[str, Any] | None:
    """`find_record_origin` inside the caller's own transaction."""
    entity = ENTITY_OF_SUBJECT.get(subject_type)
    if entity is None:
        return None
    table = RECORD_TABLES[entity.name]
    missing = exists().where(
        Disappearance.landlord == landlord, Disappearance.entity == entity.name, Disappearance.ref == ref,
        Disappearance.returned_file_id.is_(None),
    )  # fmt: skip
    newest = (
        select(
            BatchFile.file, table.c.row_number, BatchFile.batch_id, table.c.version, table.c.known_from,
            missing.label("is_missing"),
        )
        .join_from(table, BatchFile, BatchFile.id == table.c.batch_file_id)
        .where(table.c.landlord == landlord, table.c[entity.key] == ref)
        .order_by(table.c.version.desc())
    )  # fmt: skip
    found = connection.execute(newest.limit(1)).mappings().first()
    return None if found is None else {"entity": entity.name, **found}
