"""The drop of the chain's benchmark: a landlord's history with every column and entity there is, as CSV files.

The history is that of `packs` (ten years; 19 duties in 20 are done in time). What it lacks is filled in here, for
hand-written SQL reads columns that it knows.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.packs import history
from due_regard.codes.code_files import load_code_lists
from due_regard.records.canonical import ENTITIES, CanonicalColumn, ColumnKind, Entity, find_dtype

STAFF = 400
_DONE, _SELDOM = 0.96, 0.02
_RARE = frozenset({"harassment", "discriminatory", "staff_named_publicly"})
"""Yes is the exception in these, and calls for more duties."""


def write_drop(folder: Path, incidents: int) -> int:
    """Write the drop of so many incidents, one CSV file an entity; how many records it has."""
    folder.mkdir(parents=True)
    frames = complete_history(incidents)
    for name, frame in frames.items():
        flags = {
            column: frame[column].map({True: "Y", False: "N"}) for column in frame if frame[column].dtype == "boolean"
        }
        frame.assign(**flags).to_csv(folder / f"{name}.csv", index=False, date_format="%Y-%m-%d")
    (folder / "READY").touch()
    return sum(map(len, frames.values()))


def complete_history(incidents: int) -> dict[str, pd.DataFrame]:
    """Every entity with every column, in canonical dtypes."""
    frames = history(incidents)
    limits, people = len(frames["restrictions"]), len(frames["customers"])
    frames["staff"] = _make_staff()
    frames["markers"] = _make_dated("marker_ref", "M", limits, people, frames, "placed_on")
    frames["access_requests"] = _make_dated("request_ref", "Q", incidents // 100, people, frames, "received_on")
    luck = np.random.default_rng(11)
    return {entity.name: _complete(luck, entity, frames[entity.name]) for entity in ENTITIES}


def _make_staff() -> pd.DataFrame:
    refs = [f"S{number:07}" for number in range(STAFF)]
    own = pd.Series(refs, dtype="str")
    return pd.DataFrame({
        "staff_ref": own,
        "role": pd.Series(["manager"] * STAFF, dtype="str"),
        "email": own.str.lower() + "@landlord.example",
        "line_manager_ref": pd.Series(refs[:10] * (STAFF // 10), dtype="str"),
        "is_active": pd.Series([True] * STAFF, dtype="boolean"),
    })


def _make_dated(
    key: str, letter: str, size: int, people: int, frames: dict[str, pd.DataFrame], opened_on: str
) -> pd.DataFrame:
    """Records of customers, opened on the days of incidents."""
    days = frames["incidents"]["occurred_on"].iloc[:size].reset_index(drop=True)
    refs = pd.Series([f"{letter}{number:07}" for number in range(size)], dtype="str")
    customers = frames["customers"]["customer_ref"].to_numpy()
    drawn = pd.Series(customers[np.arange(size) * 7 % people], dtype="str")
    found = pd.DataFrame({key: refs, "customer_ref": drawn, opened_on: days})
    return found.assign(restriction_ref=frames["restrictions"]["restriction_ref"]) if letter == "M" else found


def _complete(luck: np.random.Generator, entity: Entity, frame: pd.DataFrame) -> pd.DataFrame:
    opened = frame[entity.opened_on] if entity.opened_on else None
    columns = {
        column.name: frame[column.name] if column.name in frame else _fill(luck, column, len(frame), opened)
        for column in entity.columns
    }
    return pd.DataFrame(columns)


def _fill(luck: np.random.Generator, column: CanonicalColumn, size: int, opened: pd.Series | None) -> pd.Series:
    """What is mostly in order; words and references that no duty of the landlord asks for stay blank."""
    drawn = luck.random(size)
    if column.kind is ColumnKind.YN:
        return pd.Series(drawn < (_SELDOM if column.name in _RARE else _DONE), dtype="boolean")
    if column.kind is ColumnKind.DATE and opened is not None and column.name != "removed_on":
        later = opened + pd.to_timedelta(luck.integers(0, 3, size) + (180 if column.planned else 0), unit="D")
        return later.mask(drawn > _DONE).astype("datetime64[s]")
    if column.code_list and column.kind is ColumnKind.CODE and column.name in {"marker_type", "decision_stage"}:
        word = next(iter(load_code_lists().list_codes(column)))
        return pd.Series([word] * size, dtype="str")
    return pd.Series([None] * size, dtype=find_dtype(column))
