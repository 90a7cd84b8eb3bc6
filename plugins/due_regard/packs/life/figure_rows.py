"""The rows behind one opened figure: where each came from, by which clause it was judged, what people decided of it.

Reads alone. Which cases a figure counts is content/opened_figure.py's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection

from due_regard.packs.content.opened_figure import OpenedFigure
from due_regard.records.canonical import ENTITY, Records
from due_regard.register.record_origins import find_origins_known_at, list_decisions_on, list_file_origins

_NO_ORIGIN = {"file": None, "row_number": None, "batch_id": None, "drop_sha256": None}
_NO_ROW = {
    "duty": "a duty of the policy",
    "landlord": "no export ever carried such records",
    "policy": "the policy file of the landlord",
}
"""What is no record, so that no row of a drop stands behind it -> where it comes from."""
_NAMING = ("restrictions", "incidents", "warnings", "markers", "access_requests", "staff")
"""Entities whose rows name a customer or a team that has no row of its own."""


def list_figure_rows(
    connection: Connection,
    landlord: str,
    figure: OpenedFigure,
    records: Records,
    *,
    known_at: datetime,
    hidden: Sequence[str] = (),
    first: int = 0,
    most: int | None = None,
) -> list[dict[str, Any]]:
    """Rows of a figure in its order (content/case_order.py), `most` from `first` on.

    Args:
        connection: inside `reading`.
        landlord: whose.
        figure: opened.
        records: as the figure's pack knew them.
        known_at: the instant whose knowledge they are.
        hidden: rules that the reader may not hear of: their decisions are left out.
        first: place of the first row.
        most: how many; all if left out.

    Returns:
        kind, ref, file, row_number, batch_id, drop_sha256, origin (in words, where no single row is it), rule, state,
        due_on, clause, policy_version, days, decisions (register_ref, event, actor, why, at).
    """
    cases = figure.cases.iloc[first : None if most is None else first + most]
    if figure.is_of_files:
        return _list_file_rows(connection, landlord, cases)
    origins: dict[tuple[str, str], dict[str, Any]] = {}
    decisions: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for kind, group in cases.groupby("kind"):
        name, refs = str(kind), [str(ref) for ref in group["ref"].unique()]
        if name in _NO_ROW:
            origins |= {(name, ref): {"origin": _NO_ROW[name]} for ref in refs}
            continue
        found = _find_origins(connection, landlord, name, refs, records, known_at)
        origins |= {(name, ref): origin for ref, origin in found.items()}
        if name in ENTITY:
            said = list_decisions_on(connection, landlord, ENTITY[name].subject, refs, hidden)
            decisions |= {(name, ref): made for ref, made in said.items()}
    places = [(str(row["kind"]), str(row["ref"]), row) for row in cases.to_dict("records")]
    return [
        _make_row(kind, row, origins.get((kind, ref), {}), decisions.get((kind, ref), [])) for kind, ref, row in places
    ]


def _find_origins(
    connection: Connection, landlord: str, kind: str, refs: Sequence[str], records: Records, known_at: datetime
) -> dict[str, dict[str, Any]]:
    """Where each came from; of a customer or team without a row of its own, the first row that names it."""
    found = find_origins_known_at(connection, landlord, kind, refs, known_at) if kind in records else {}
    column = ENTITY[kind].key if kind in ENTITY else kind
    for entity in _NAMING:
        missing = {ref for ref in refs if ref not in found}
        frame = records.get(entity)
        if not missing or frame is None or column not in frame.columns or entity == kind:
            continue
        key = ENTITY[entity].key
        naming = frame.loc[frame[column].isin(missing), [column, key]].drop_duplicates(column)
        own = find_origins_known_at(connection, landlord, entity, list(naming[key]), known_at)
        for name, ref in naming.itertuples(index=False):
            found[str(name)] = own[ref] | {"origin": f"named by {ENTITY[entity].subject} {ref}"}
    return found


def _make_row(
    kind: str, case: Mapping[Any, Any], origin: Mapping[str, Any], decisions: list[dict[str, Any]]
) -> dict[str, Any]:
    rule = case.get("rule")
    if rule is not None:
        decisions = [one for one in decisions if (one["rule"], one["occurrence"]) == (rule, case["occurrence"])]
    judged = {name: _as_plain(case.get(name)) for name in ("rule", "state", "due_on", "clause", "policy_version")}
    said = [{name: one[name] for name in ("register_ref", "event", "actor", "why", "at")} for one in decisions]
    place = {name: origin.get(name) for name in _NO_ORIGIN} | {"origin": origin.get("origin", "")}
    subject = ENTITY[kind].subject if kind in ENTITY else kind
    return {"kind": subject, "ref": str(case["ref"])} | place | judged | {
        "days": _as_plain(case.get("days")), "decisions": said,
    }  # fmt: skip


def _list_file_rows(connection: Connection, landlord: str, cases: pd.DataFrame) -> list[dict[str, Any]]:
    files = list_file_origins(connection, landlord, [int(ref) for ref in cases["ref"]])
    rows = []
    for ref in cases["ref"]:
        file = files[int(ref)]
        fared = ", ".join(f"{file[f'rows_{name}']} {name}" for name in ("read", "loaded", "unchanged", "rejected"))
        origin = {name: file.get(name) for name in _NO_ORIGIN} | {"origin": f"rows: {fared}"}
        rows.append(_make_row("file", {"ref": file["id"]}, origin, []))
    return rows


def _as_plain(value: Any) -> Any:
    if value is None or pd.isna(value):
        return None
    if isinstance(value, pd.Timestamp):
        return value.date()
    return value.item() if hasattr(value, "item") else value
