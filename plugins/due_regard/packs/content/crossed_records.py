"""Customers who are not there but might be: copies of a landlord's records with what they say dealt out anew.

Disclosure control asks whether another register would print the same page. With these beside the real customers it has
more of them to choose from, and hides less. The measures count them as they count anybody, so nobody impossible by the
measures' own rules comes of it.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from due_regard.records.canonical import ENTITIES, UNKNOWN_CELLS, ColumnKind, Entity, Records

MARK = "~crossed"
"""In every reference of a customer, or a case, who is not there."""
COPIES = 10
MOST_CASES = 3_000
"""Above this many incidents and restrictions the real customers differ enough, and copies would take long."""

_DEALT = {ColumnKind.CODE, ColumnKind.YN, ColumnKind.LIST, ColumnKind.TEXT}
_SHARE_BLANK = 0.3


def add_crossed_records(records: Records) -> Records:
    """`records` and the copies; the same records give the same copies."""
    cases = sum(len(records[name]) for name in ("incidents", "restrictions") if name in records)
    if cases > MOST_CASES:
        return records
    chance = np.random.default_rng(0)
    copies = [_cross_records(records, chance, f"{MARK}{number}", is_alone=bool(number % 2)) for number in range(COPIES)]
    return {name: pd.concat([frame, *(copy[name] for copy in copies)], ignore_index=True)
            for name, frame in records.items()}  # fmt: skip


def _cross_records(
    records: Records, chance: np.random.Generator, mark: str, *, is_alone: bool
) -> Mapping[str, pd.DataFrame]:
    """One copy; with `is_alone` each incident and restriction has a customer of its own."""
    found = {
        entity.name: _cross_frame(entity, records[entity.name], chance, mark)
        for entity in ENTITIES
        if entity.name in records
    }
    if is_alone:
        for name, key in (("incidents", "incident_ref"), ("restrictions", "restriction_ref")):
            if name in found:
                # An incident, a restriction and a customer may well have the same number.
                alone = (found[name][key] + f"~{name}").astype(found[name]["customer_ref"].dtype)
                found[name] = found[name].assign(customer_ref=alone)
        if "customers" in found:
            found["customers"] = _list_owners(found)
    return found


def _cross_frame(entity: Entity, frame: pd.DataFrame, chance: np.random.Generator, mark: str) -> pd.DataFrame:
    changed = {}
    for name in frame.columns:
        values = frame[name]
        if name == UNKNOWN_CELLS:
            # What stands in a cell was dealt out anew: none is unknown.
            changed[name] = values.where(pd.Series(False, index=values.index))
            continue
        column = entity.by_name[name]
        if name in {entity.key, "customer_ref", "restriction_ref", "incident_ref"} and entity.name != "staff":
            changed[name] = (values + mark).astype(values.dtype)
        elif column.kind in _DEALT and entity.name != "staff":
            changed[name] = values.take(chance.permutation(len(values))).set_axis(values.index)
        elif column.kind is ColumnKind.DATE and not column.required:
            changed[name] = values.mask(chance.random(len(values)) < _SHARE_BLANK)
    crossed = frame.assign(**changed)
    return crossed.iloc[:0] if entity.name == "staff" else crossed


def _list_owners(found: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The customers of a copy, and one for each incident and restriction that has its own."""
    customers = found["customers"]
    new = [found[name]["customer_ref"] for name in ("incidents", "restrictions") if name in found]
    alone = pd.concat(new) if new else customers["customer_ref"].iloc[:0]
    some = customers.take(np.arange(len(alone)) % len(customers)) if len(customers) else customers
    more = some.assign(customer_ref=alone.to_numpy()[: len(some)]).astype(customers.dtypes)
    return pd.concat([customers, more], ignore_index=True)
