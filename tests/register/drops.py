"""Small drops and assessments for tests of the register, made of plain dictionaries."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import pandas as pd

from due_regard.records.canonical import ASSESSMENT_COLUMNS, ENTITY, find_dtype
from due_regard.records.validated_drop import ROW_NUMBER, AcceptedFile, ValidatedDrop

LANDLORD = "sample_landlord"
OTHER = "other_landlord"


def at(text: str) -> datetime:
    """An instant in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def frame(entity: str, rows: list[dict[str, object]], columns: tuple[str, ...] | None = None) -> pd.DataFrame:
    """Rows of an entity in canonical dtypes; `columns` limits what the file carries."""
    carried = [c for c in ENTITY[entity].columns if columns is None or c.name in columns]
    values = {c.name: pd.Series([row.get(c.name) for row in rows], dtype="object") for c in carried}
    return pd.DataFrame({
        c.name: (pd.to_datetime(values[c.name]) if c.kind == "date" else values[c.name]).astype(find_dtype(c))
        for c in carried
    })


def accepted(entity: str, rows: pd.DataFrame | list[dict[str, object]], **more: object) -> AcceptedFile:
    """An accepted file of an entity."""
    columns = more.pop("columns", None)
    table = frame(entity, rows, columns) if isinstance(rows, list) else rows  # type: ignore[arg-type]
    names = tuple(table.columns)
    given: dict[str, object] = {
        "file": f"{entity}.csv",
        "sha256": hashlib.sha256(table.to_csv().encode()).hexdigest(),
        "read": len(table),
        **more,
    }
    table = table.assign(**{ROW_NUMBER: range(2, len(table) + 2)})
    return AcceptedFile(entity=entity, columns=names, rows=table, **given)  # type: ignore[arg-type]


def drop(*files: AcceptedFile, landlord: str = LANDLORD, name: str = "drop") -> ValidatedDrop:
    """A validated drop of these files."""
    return ValidatedDrop(landlord, "canonical", name, files)


def appeal(ref: str, **more: object) -> dict[str, object]:
    """One appeal, received on 1 June 2026 unless said otherwise."""
    return {"appeal_ref": ref, "restriction_ref": "R1", "received_on": "2026-06-01", **more}


def restriction(ref: str, **more: object) -> dict[str, object]:
    """One restriction, decided and started on 1 May 2026 unless said otherwise."""
    return {
        "restriction_ref": ref,
        "customer_ref": f"C{ref}",
        "measure": "writing_only",
        "decided_on": "2026-05-01",
        "decided_by": "S1",
        "starts_on": "2026-05-01",
        **more,
    }


def assessments(rows: list[dict[str, object]], landlord: str = LANDLORD) -> pd.DataFrame:
    """An assessment of these rows; each needs rule, subject_ref and state."""
    blank = {
        "landlord": landlord,
        "occurrence": 1,
        "due_on": None,
        "done_on": None,
        "days_overdue": 0,
        "severity": "breach",
        "clause": "7.3",
        "owner_role": "appeal_handler",
    }
    full = [{"subject_type": str(row["rule"]).split(".")[0], **blank, **row} for row in rows]
    table = pd.DataFrame(full, columns=list(ASSESSMENT_COLUMNS))
    for name in ("due_on", "done_on"):
        table[name] = pd.to_datetime(table[name].astype("object")).astype("datetime64[s]")
    counts = {"occurrence": "int64", "days_overdue": "int64"}
    rest = {n: "str" for n in table.columns if n not in {"due_on", "done_on", *counts}}
    return table.astype(counts | rest)
