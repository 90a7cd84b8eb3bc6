"""The team that each open duty is with: of the record itself, or of the member of staff whom the record names.

Only teams are read here, no reference of a person: an action list names posts and teams.
"""

from __future__ import annotations

import pandas as pd

from due_regard.packs.measures.quarter_snapshot import mark_among
from due_regard.records.canonical import ENTITY_OF_SUBJECT, Records

NOT_RECORDED = "Not recorded"
_NAMED = {"incident": "manager_ref", "restriction": "decided_by", "appeal": "considered_by"}
"""Subject type -> the column of its record that names a member of staff."""


def find_teams(rows: pd.DataFrame, records: Records) -> pd.Series:
    """The team of each row (columns subject_type, subject_ref), by its index; `NOT_RECORDED` where no record says."""
    found = pd.Series(NOT_RECORDED, index=rows.index, dtype="str")
    for subject, mine in rows.groupby(rows["subject_type"].astype("str")):
        teams = _map_teams(str(subject), set(mine["subject_ref"]), records)
        told = [teams.get(ref, NOT_RECORDED) for ref in mine["subject_ref"]]
        found.loc[mine.index] = pd.Series(told, index=mine.index, dtype="str")
    return found


def _map_teams(subject: str, refs: set[str], records: Records) -> dict[str, str]:
    """Reference -> team, as far as there is one: of the record, else of whom it names, else of its restriction."""
    entity = ENTITY_OF_SUBJECT.get(subject)
    frame = records.get(entity.name) if entity else None
    if entity is None or frame is None:
        return {}
    mine = frame[mark_among(frame[entity.key], refs)]
    found: dict[str, str] = {}
    if subject != "restriction" and "restriction_ref" in frame.columns:
        held = _pair_columns(mine, entity.key, "restriction_ref")
        teams = _map_teams("restriction", set(held.values()), records)
        found |= {ref: teams[restriction] for ref, restriction in held.items() if restriction in teams}
    named, staff = _pair_columns(mine, entity.key, _NAMED.get(subject, "")), records.get("staff")
    if named and staff is not None:
        teams = _pair_columns(staff, "staff_ref", "team")
        found |= {ref: teams[person] for ref, person in named.items() if person in teams}
    return found | _pair_columns(mine, entity.key, "team")


def _pair_columns(frame: pd.DataFrame, key: str, column: str) -> dict[str, str]:
    """Key -> what stands in `column`, where something does."""
    if column not in frame.columns:
        return {}
    some = frame.dropna(subset=[column])
    return dict(zip(some[key].astype("str"), some[column].astype("str"), strict=True))
