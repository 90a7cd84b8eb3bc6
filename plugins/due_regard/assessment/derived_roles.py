"""Roles taken from the staff export where a source names the person but not the role (contract: Exports, last line)."""

from __future__ import annotations

import pandas as pd

from due_regard.records.canonical import ASSESSED_ENTITY, Records

_ROLE_OF = {"decided_by_role": "decided_by", "approved_by_role": "approved_by", "reviewed_by_role": "reviewed_by"}
_ROLE_OF |= {"considered_by_role": "considered_by"}


def add_derived_roles(records: Records) -> Records:
    """`records` with each role column that the source lacks and staff can tell; an unknown person's role is blank."""
    wanted = [
        (name, role)
        for name, frame in records.items()
        for role, person in _ROLE_OF.items()
        if role in ASSESSED_ENTITY[name].by_name and role not in frame and person in frame
    ]
    if "staff" not in records or not wanted:
        return records
    staff = records["staff"]
    role_of = pd.Series(staff["role"].to_numpy(), index=pd.Index(staff["staff_ref"]), dtype="str")
    found = dict(records)
    for name, role in wanted:
        person = found[name][_ROLE_OF[role]]
        found[name] = found[name].assign(**{role: person.map(role_of).astype("str")})
    return found
