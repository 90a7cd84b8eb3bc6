"""The tables a pack may show: which measures fill each, which of its figures add up, and what its notes say.

Add a table here and name it in a pack definition (include/reports/packs). How a table is printed is workbook's and
paper's; which tables a pack has, in what order and words, is the definition's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from due_regard.packs.measures import (
    FIGURE_COLUMNS,
    Figure,
    Snapshot,
    appeals,
    incidents,
    restrictions,
    tidy,
    timeliness,
    trends,
    upkeep,
)

COLUMNS_SHOWN = 5
"""Quarters a table of figures shows: the reported one and the four before, the last being the same a year ago."""


@dataclass(frozen=True)
class Sum:
    """Figures that add up: `total` = sum of `plus` less sum of `minus`, in every quarter."""

    total: str
    plus: tuple[str, ...]
    minus: tuple[str, ...] = ()


@dataclass(frozen=True)
class Spec:
    """How one table is made: from figures a quarter at a time, or as one listing of the reported quarter.

    `is_publishable` is False for a listing of single cases, or one that repeats counts of other tables by which a
    hidden one could be told.
    """

    title: str
    figures: Callable[[Snapshot], list[Figure]] | None = None
    listing: Callable[[tuple[Snapshot, ...]], pd.DataFrame] | None = None
    sums: tuple[Sum, ...] = ()
    notes: tuple[str, ...] = ()
    is_publishable: bool = True


@dataclass(frozen=True)
class Table:
    """One table filled: tidy `figures` (`FIGURE_COLUMNS`) or a `listing` whose columns are its headings."""

    name: str
    title: str
    notes: tuple[str, ...] = ()
    sums: tuple[Sum, ...] = ()
    is_publishable: bool = True
    figures: pd.DataFrame | None = field(default=None, repr=False)
    listing: pd.DataFrame | None = field(default=None, repr=False)


def _names(bands: Sequence[tuple[str, str, float]]) -> tuple[str, ...]:
    return tuple(name for name, _, _ in bands)


def _kept(prefix: str) -> Sum:
    return Sum(f"{prefix}_due", tuple(f"{prefix}_{part}" for part in ("on_time", "late", "lapsed")))


def _latest(measure: Callable[[Snapshot], pd.DataFrame]) -> Callable[[tuple[Snapshot, ...]], pd.DataFrame]:
    return lambda snapshots: measure(snapshots[0])


_IN_FORCE = (
    "A restriction is in force from its start until the day it is recorded as ended; passing its planned end does not "
    "end it."
)
_SEVERAL = "One restriction may limit several things, so these rows add up to more than the restrictions in force."
_KEPT = "On time, late, and not done by the quarter's end add up to what fell due in the quarter."
_BLANK = "A cell left blank in the export counts as lacking."

SPECS: Mapping[str, Spec] = {
    "restrictions": Spec(
        "Customers and restrictions",
        figures=restrictions.flow,
        sums=(Sum("in_force", ("opening", "new"), ("ended",)),),
        notes=(_IN_FORCE, "The number at the start, plus new, less ended, is the number at the end."),
    ),
    "restrictions_by_measure": Spec("Restrictions by kind", figures=restrictions.by_measure, notes=(_SEVERAL,)),
    "restrictions_by_length": Spec(
        "Restrictions by length",
        figures=restrictions.by_length,
        sums=(Sum("in_force", _names(restrictions.LENGTHS)),),
    ),
    "continuous_time": Spec(
        "Customers by unbroken time",
        figures=restrictions.continuous,
        sums=(Sum("customers_restricted", _names(restrictions.LENGTHS)),),
        notes=("A new restriction that begins by the day after the last one ended carries a customer's time on.",),
    ),
    "lacking": Spec("What restrictions lack", figures=restrictions.lacking, notes=(_BLANK,)),
    "no_review_by_choice": Spec(
        "No review, by recorded choice",
        listing=_latest(restrictions.no_review_by_choice),
        is_publishable=False,
    ),
    "reviews": Spec(
        "Reviews of restrictions",
        figures=timeliness.reviews,
        sums=(_kept("reviews"), Sum("reviews_held", ("held_retain", "held_vary", "held_lift"))),
        notes=(_KEPT,),
    ),
    "overdue_reviews": Spec(
        "Overdue reviews by age",
        figures=timeliness.overdue_reviews,
        sums=(Sum("overdue", _names(timeliness.OVERDUE_BANDS)),),
        notes=("Days are calendar days from the date the review was due to the end of the quarter.",),
    ),
    "appeals": Spec(
        "Appeals",
        figures=appeals.appeals,
        sums=(
            Sum("decided", ("upheld", "varied", "quashed", "no_outcome")),
            *(_kept(prefix) for prefix in ("acknowledgements", "decisions", "answers", "notices")),
        ),
        notes=(_KEPT, "Working days count from the day after an appeal was received to the day it was decided."),
    ),
    "days_to_decide": Spec("Working days to decide", listing=appeals.days_to_decide, is_publishable=False),
    "incidents": Spec("Incidents", figures=incidents.incidents),
    "incidents_by_category": Spec(
        "Incidents by behaviour",
        figures=incidents.by_category,
        sums=(Sum("incidents", (*incidents.CATEGORY_LABELS, "not_recorded")),),
    ),
    "incidents_by_channel": Spec(
        "Incidents by channel",
        figures=incidents.by_channel,
        sums=(Sum("incidents", (*incidents.CHANNEL_LABELS, "not_recorded")),),
    ),
    "incidents_by_violence": Spec(
        "Incidents by violence",
        figures=incidents.by_violence,
        sums=(Sum("incidents", (*incidents.VIOLENCE_LABELS, "not_recorded")),),
    ),
    "incidents_by_team": Spec(
        "Incidents by team",
        figures=incidents.by_team,
        notes=("A team with none is listed: no report is not the same as no incident.",),
    ),
    "incidents_by_month": Spec("Incidents by month", listing=_latest(incidents.by_month), is_publishable=False),
    "lateness": Spec(
        "Duties due, by lateness",
        listing=_latest(timeliness.lateness),
        is_publishable=False,
        notes=("Days late are working days where the duty is set in working days, else calendar days.",),
    ),
    "safeguards": Spec(
        "Safeguards missing",
        figures=timeliness.safeguards,
        notes=(
            _BLANK,
            "Safeguards of a restriction are counted on restrictions in force, others on every case of the register.",
        ),
    ),
    "markers": Spec("Markers on records", figures=upkeep.markers),
    "in_force_over_time": Spec(
        "Restrictions over 12 quarters",
        listing=_latest(trends.in_force_over_time),
        notes=(_SEVERAL,),
        is_publishable=False,
    ),
    "policy_review": Spec("The policy's own review", listing=_latest(upkeep.policy_review)),
    "not_measured": Spec("Duties not measured, and why", listing=_latest(upkeep.not_measured)),
    "readings": Spec(
        "Our readings of the policy",
        listing=_latest(upkeep.readings),
        notes=("A reading stands until a named officer of the landlord confirms or changes it.",),
    ),
    "data_quality": Spec(
        "Rows of the exports",
        figures=upkeep.data_quality,
        notes=("Files of the reported quarter include those that came after its end, up to this pack.",),
        sums=(Sum("read", ("loaded", "unchanged", "rejected")),),
    ),
}


def build_table(name: str, snapshots: tuple[Snapshot, ...], title: str = "") -> Table:
    """Table `name`, filled from `snapshots`, the reported quarter first."""
    spec = SPECS[name]
    make = partial(Table, name, title or spec.title, spec.notes, spec.sums, spec.is_publishable)
    if spec.listing is not None:
        return make(listing=spec.listing(snapshots))
    assert spec.figures is not None  # noqa: S101 - a spec has one of the two, as its test says
    parts = [tidy(spec.figures(snapshot), str(snapshot.quarter)) for snapshot in snapshots]
    return make(figures=pd.concat(parts, ignore_index=True)[list(FIGURE_COLUMNS)])
