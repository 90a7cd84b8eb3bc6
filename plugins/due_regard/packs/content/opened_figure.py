"""One figure taken apart: the cases behind it, worked out again from what was known when its pack was built.

Pure: from a whole snapshot of the figure's own quarter. Where each case came from is read by life/figure_rows.py.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from due_regard.errors import UnknownReference
from due_regard.packs.content.case_order import order_cases
from due_regard.packs.content.measure_tables import SPECS
from due_regard.packs.measures import Figure, QuarterSnapshot
from due_regard.packs.measures.figure import fill_period
from due_regard.records.canonical import ENTITIES

_ENTITY_OF_KEY = {entity.key: entity.name for entity in ENTITIES}
_JUDGED = ("rule", "subject_type", "occurrence", "state", "due_on", "clause", "policy_version")


@dataclass(frozen=True)
class OpenedFigure:
    """A figure and its cases.

    Attributes:
        label: what is counted. number, out_of: the figure. unit: what the number counts.
        of: name of what it is out of.
        cases: columns kind (an entity's name, or `files`, `team`, `duty`, `policy`, `landlord`) and ref; of what a duty
            judged also `_JUDGED`; of a
            figure in days also days. In the order of content/case_order.py.
        order: that order, in words.
    """

    label: str
    number: float | None
    out_of: float | None
    unit: str
    of: str
    cases: pd.DataFrame = field(repr=False)
    order: str = ""

    @property
    def is_of_files(self) -> bool:
        """Whether it counts rows of files, and its cases are the files."""
        return bool((self.cases["kind"] == "files").any())


def open_table_figure(snapshot: QuarterSnapshot, table: str, measure: str, *, is_whole: bool) -> OpenedFigure:
    """A figure of a table, or a number of a listing, or with `is_whole` what it is out of.

    Raises:
        UnknownReference: the table has no such figure any more.
    """
    spec = SPECS.get(table)
    figures = spec.list_figures(snapshot) if spec else []
    figure = next((one for one in figures if one.measure == measure), None)
    if figure is None:
        raise UnknownReference("this program no longer has such a figure; the register keeps its number alone")
    return open_counted_figure(snapshot, figure, is_whole=is_whole)


def open_counted_figure(snapshot: QuarterSnapshot, figure: Figure, *, is_whole: bool) -> OpenedFigure:
    """A figure, or with `is_whole` what it is out of, with the cases that the snapshot has behind it."""
    parts = _choose_cases(figure, is_whole)
    cases = pd.concat([_frame_cases(refs) for refs in parts])
    if figure.is_judged and len(cases):
        cases = cases.join(snapshot.assessments.loc[cases.index, list(_JUDGED)])
    if figure.days is not None and not is_whole:
        cases = cases.assign(days=figure.days.reindex(cases["ref"].to_numpy()).to_numpy())
    label = fill_period(figure.label, snapshot.quarter.word) + (": out of" if is_whole else "")
    number, out_of = (figure.denominator, None) if is_whole else (figure.numerator, figure.denominator)
    ordered, order = order_cases(cases, snapshot.records)
    return OpenedFigure(
        label, _as_number(number), _as_number(out_of), "count" if is_whole else figure.unit, figure.of, ordered, order,
    )  # fmt: skip


def _frame_cases(refs: pd.Series) -> pd.DataFrame:
    kind = _ENTITY_OF_KEY.get(str(refs.name), str(refs.name))
    return pd.DataFrame({"kind": kind, "ref": refs.astype("int64" if str(refs.dtype) == "int64" else "str")})


def _choose_cases(figure: Figure, is_whole: bool) -> tuple[pd.Series, ...]:
    """The references behind a figure; of a middle or longest time, every case that it is taken of."""
    own = (figure.whole, figure.counted_whole) if is_whole else (figure.cases, figure.counted)
    if figure.days is not None:
        own = (figure.whole, None)
    found = next((one for one in own if one is not None), None)
    parts = found if isinstance(found, tuple) else (found,)
    # One without cases names no column: it is of no kind.
    return tuple(part for part in parts if part is not None and len(part)) or (pd.Series(dtype="str", name=""),)


def _as_number(value: float | None) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
