"""What the two-page paper is made of, once it is composed: what PDF and Word print, and what it rests on.

Values alone. What they say is paper_content's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

if TYPE_CHECKING:
    from due_regard.packs.charts import DrawnChart


@dataclass(frozen=True)
class PrintedPoint:
    """A point as it is printed."""

    number: int
    title: str
    says: tuple[str, ...]
    change: str
    standard: str
    where: str
    commentary: tuple[str, ...] = ()


@dataclass(frozen=True)
class PaperContent:
    """Everything a paper says, in the order it says it."""

    title: str
    landlord: str
    subtitle: str
    particulars: tuple[tuple[str, str], ...]
    to_complete: str
    correction: str
    asked_heading: str
    asked: tuple[str, ...]
    key_figure: str
    key: str
    points_heading: str
    points: tuple[PrintedPoint, ...]
    rest: tuple[str, ...]
    commentary: tuple[str, ...]
    chart: DrawnChart | None = field(repr=False)
    chart_where: str
    actions_heading: str
    action_columns: tuple[str, ...]
    actions: tuple[tuple[str, ...], ...]
    actions_line: str
    measured_heading: str
    measured: str
    made_heading: str
    made: tuple[str, ...]
    footer: str
    dated: int


@dataclass(frozen=True)
class PaperSources:
    """What a paper rests on beside its pack's content.

    Attributes:
        duties: `measures.DUTY_COLUMNS` of the policy in force.
        found: `select_open_duties` at the quarter's end.
        act_by: the day that actions are proposed for.
    """

    duties: pd.DataFrame = field(repr=False)
    found: pd.DataFrame = field(repr=False)
    act_by: date
