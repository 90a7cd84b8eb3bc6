"""Which customer each case is of: a number for every customer of a register, found by any of its cases.

Disclosure control counts customers, not cases (counted_cases). Only places are kept here, never a name.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from due_regard.packs.content.crossed_records import MARK
from due_regard.packs.measures import Cases
from due_regard.records.canonical import ENTITIES, Records

Counts: TypeAlias = npt.NDArray[np.int64]


class CustomerPlaces:
    """Numbers the customers, and finds the customer of each case by the column its reference stands in."""

    def __init__(self, records: Records) -> None:
        self._of_column: dict[str, tuple[pd.Index, Counts]] = {}
        self._alone: dict[tuple[str, str], int] = {}
        customers = _map_customers(records)
        self._numbers, names = pd.factorize(pd.concat([pd.Series(dtype="str"), *customers.values()]))
        self._are_real = [MARK not in str(name) for name in names]
        start = 0
        for column, found in customers.items():
            self._of_column[column] = (pd.Index(found.index), self._numbers[start : start + len(found)])
            start += len(found)
        self._known = len(names)

    @property
    def are_real(self) -> npt.NDArray[np.bool_]:
        """Of each customer, whether they are there."""
        return np.array([*self._are_real, *(MARK not in ref for _, ref in self._alone)], dtype=bool)

    def find_places(self, cases: Cases) -> Counts:
        """The customer's number, case by case; a case whose customer is not known stands for itself."""
        if isinstance(cases, tuple):
            return np.concatenate([np.zeros(0, "int64"), *(self.find_places(part) for part in cases)])
        if not len(cases):
            return np.zeros(0, "int64")
        index, numbers = self._of_column.get(str(cases.name), (pd.Index([], dtype="str"), np.zeros(0, "int64")))
        at = index.get_indexer(pd.Index(cases))
        found = np.append(numbers, -1)[at]
        for place in np.flatnonzero(at < 0):
            key = (str(cases.name), str(cases.iloc[place]))
            found[place] = self._alone.setdefault(key, self._known + len(self._alone))
        return found


def _map_customers(records: Records) -> dict[str, pd.Series]:
    """Column of references -> reference -> customer."""
    found: dict[str, pd.Series] = {}
    of_restriction: pd.Series | None = None
    for entity in ENTITIES:
        frame = records.get(entity.name)
        if frame is None:
            continue
        if "customer_ref" in frame.columns:
            found[entity.key] = frame.set_index(entity.key, drop=False)["customer_ref"]
        elif of_restriction is not None and "restriction_ref" in frame.columns:
            found[entity.key] = frame.set_index(entity.key)["restriction_ref"].map(of_restriction).dropna()
        if entity.name == "restrictions":
            of_restriction = found[entity.key]
    return found
