"""What does not hold in a register, as one value: which table, which row, and what is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

What = Literal["changed", "missing", "put in"]


@dataclass(frozen=True)
class ProofFault:
    """What does not hold: which table, which row or group of rows (`key`), and how. Never a cell.

    `why` says how it is known.
    """

    landlord: str
    table: str
    key: str
    what: What
    why: str
