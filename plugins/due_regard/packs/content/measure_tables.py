"""The tables a pack may show: which measures fill each, which of its figures add up, and what its notes say.

Add a table here and name it in a pack definition (include/reports/packs). How a table is printed is workbook's and
paper's; which tables a pack has, in what order and words, is the definition's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from due_regard.packs.content.table_forms import TableSpec, TableSum
from due_regard.packs.measures import (
    QuarterSnapshot,
    appeals,
    incident_months,
    incidents,
    restricted_customers,
    restrictions,
    timeliness,
    trends,
    upkeep,
)
from due_regard.packs.measures.figure import list_band_labels
from due_regard.packs.measures.quarter_snapshot import NOT_MEASURED


def _need_columns(entity: str, *columns: str) -> Callable[[QuarterSnapshot], str]:
    return lambda snapshot: "" if snapshot.has_columns(entity, *columns) else NOT_MEASURED


def _name_kept_measures(prefix: str) -> TableSum:
    return TableSum(f"{prefix}_due", tuple(f"{prefix}_{part}" for part in ("on_time", "late", "lapsed")))


def _take_latest(
    measure: Callable[[QuarterSnapshot], pd.DataFrame],
) -> Callable[[tuple[QuarterSnapshot, ...]], pd.DataFrame]:
    return lambda snapshots: measure(snapshots[0])


_IN_FORCE = (
    "A restriction is in force from its start until the day it is recorded as ended; passing its planned end does not "
    "end it."
)
_SEVERAL = "One restriction may limit several things, so these rows add up to more than the restrictions in force."
_KEPT = "On time, late, and not done by the {period}'s end add up to what fell due in the {period}."
_BLANK = "A cell left blank in the export counts as lacking."

_OTHER_WORDS = ("own_words", "not_known", "not_recorded")

SPECS: Mapping[str, TableSpec] = {
    "restrictions": TableSpec(
        "Customers and restrictions",
        figures=restrictions.measure_flow,
        sums=(TableSum("in_force", ("opening", "new"), ("ended",)),),
        links=((("opening", 0, 1), ("in_force", 1, -1)), (("people", 0, 1), ("people", 1, -1))),
        notes=(
            _IN_FORCE,
            "A customer who had one restriction put in place and was under another counts among both.",
            "The number at the start, plus new, less ended, is the number at the end.",
        ),
    ),
    "restrictions_by_measure": TableSpec(
        "Restrictions by kind", figures=restrictions.count_by_measure, notes=(_SEVERAL,)
    ),
    "restrictions_by_length": TableSpec(
        "Restrictions by length",
        figures=restrictions.count_by_length,
        sums=(TableSum("in_force", tuple(list_band_labels(restrictions.LENGTHS))),),
    ),
    "continuous_time": TableSpec(
        "Customers by unbroken time",
        figures=restrictions.measure_continuous_time,
        sums=(TableSum("customers_restricted", tuple(list_band_labels(restrictions.LENGTHS))),),
        notes=("A new restriction that begins by the day after the last one ended carries a customer's time on.",),
    ),
    "lacking": TableSpec("What restrictions lack", figures=restrictions.count_lacking, notes=(_BLANK,)),
    "no_review_by_choice": TableSpec(
        "No review, by recorded choice",
        listing=_take_latest(restricted_customers.list_no_review_by_choice),
        counted=restricted_customers.list_no_review_figures,
        absence=_need_columns("restrictions", "ended_on", "no_review_reason"),
        is_publishable=False,
    ),
    "duties_kept": TableSpec(
        "Duties with a date",
        figures=timeliness.count_kept,
        sums=(TableSum("due", ("on_time", "late", "lapsed")),),
        notes=(_KEPT,),
    ),
    "reviews": TableSpec(
        "Reviews of restrictions",
        figures=timeliness.measure_reviews,
        sums=(_name_kept_measures("reviews"), TableSum("reviews_held", ("held_retain", "held_vary", "held_lift"))),
        notes=(_KEPT,),
    ),
    "overdue_reviews": TableSpec(
        "Overdue reviews by age",
        figures=timeliness.count_overdue_reviews,
        sums=(TableSum("overdue", tuple(list_band_labels(timeliness.OVERDUE_BANDS))),),
        notes=("Days are calendar days from the date the review was due to the end of the {period}.",),
    ),
    "quarterly_reviews": TableSpec(
        "Quarterly reviews",
        listing=_take_latest(restricted_customers.list_quarterly_reviews),
        counted=restricted_customers.list_restricted_figures,
        absence=_need_columns("restrictions", "ended_on"),
        notes=(
            "Whose each is stands in the register, on the page of restrictions; no customer is named here on purpose.",
        ),
        is_publishable=False,
    ),
    "overdue_appeals": TableSpec(
        "Overdue appeals by age",
        figures=timeliness.count_overdue_appeals,
        sums=(TableSum("overdue", tuple(list_band_labels(timeliness.OVERDUE_BANDS))),),
        notes=(
            "An appeal counts once, however many of its steps are overdue: by calendar days since the first was due.",
        ),
    ),
    "appeals": TableSpec(
        "Appeals",
        figures=appeals.measure_appeals,
        sums=(
            TableSum("decided", ("upheld", "varied", "quashed", "outcome_not_known", "no_outcome")),
            *(_name_kept_measures(prefix) for prefix in ("acknowledgements", "decisions", "answers", "notices")),
        ),
        links=((("quashed_ever", 0, 1), ("quashed_ever", 1, -1), ("quashed", 0, -1)),),
        notes=(_KEPT, "Working days count from the day after an appeal was received to the day it was decided."),
    ),
    "days_to_decide": TableSpec(
        "Working days to decide",
        listing=appeals.count_days_to_decide,
        counted=appeals.list_days_figures,
        is_by_quarter=True,
        absence=_need_columns("appeals", "decided_on"),
        is_publishable=False,
    ),
    "incidents": TableSpec(
        "Incidents",
        figures=incidents.measure_incidents,
        notes=("Staff are those of the newest staff export, so only the reported {period} has a rate.",),
    ),
    "named_staff": TableSpec(
        "Staff named in public",
        listing=_take_latest(incidents.list_named_staff),
        counted=incidents.list_named_figures,
        absence=_need_columns("incidents", "staff_named_publicly"),
        is_publishable=False,
    ),
    "incidents_by_category": TableSpec(
        "Incidents by behaviour",
        figures=partial(incidents.count_by_code, column="category", labels=incidents.CATEGORY_LABELS),
        sums=(TableSum("incidents", (*incidents.CATEGORY_LABELS, *_OTHER_WORDS)),),
    ),
    "incidents_by_channel": TableSpec(
        "Incidents by channel",
        figures=partial(incidents.count_by_code, column="channel", labels=incidents.CHANNEL_LABELS),
        sums=(TableSum("incidents", (*incidents.CHANNEL_LABELS, *_OTHER_WORDS)),),
    ),
    "incidents_by_violence": TableSpec(
        "Incidents by violence",
        figures=partial(incidents.count_by_code, column="violence", labels=incidents.VIOLENCE_LABELS),
        sums=(TableSum("incidents", (*incidents.VIOLENCE_LABELS, *_OTHER_WORDS)),),
    ),
    "incidents_by_team": TableSpec(
        "Incidents by team",
        figures=incidents.count_by_team,
        notes=("A team with none is listed: no report is not the same as no incident.",),
    ),
    "incidents_by_month": TableSpec(
        "Incidents by month",
        listing=_take_latest(incident_months.count_by_month),
        counted=incident_months.list_month_figures,
        absence=_need_columns("incidents"),
        is_publishable=False,
        notes=(
            "The baseline is the middle (median) month of the first four whole quarters on record, and stays where it "
            "is. Seven or more months in a row on one side of it are a change, not chance (the rule of NHS England's "
            "Making Data Count).",
        ),
    ),
    "lateness": TableSpec(
        "Duties due, by lateness",
        listing=_take_latest(timeliness.count_lateness),
        counted=timeliness.list_lateness_figures,
        is_publishable=False,
        notes=("Days late are counted as the duty's clause sets it: in working days, or in calendar days.",),
    ),
    "safeguards": TableSpec(
        "Safeguards missing",
        figures=timeliness.count_safeguards,
        notes=(
            _BLANK,
            "Safeguards are counted on the cases opened in the {period}, out of those that could be measured. Apart "
            "from them, those of a restriction are counted on all in force, and others on older cases that lack it "
            "still.",
        ),
    ),
    "markers": TableSpec("Markers on records", figures=upkeep.measure_markers),
    "in_force_over_time": TableSpec(
        "Restrictions over 12 quarters",
        listing=_take_latest(trends.count_in_force_over_time),
        counted=trends.list_in_force_figures,
        absence=_need_columns("restrictions", "ended_on"),
        notes=(_SEVERAL,),
        is_publishable=False,
    ),
    "policy_review": TableSpec(
        "The policy's own review",
        listing=_take_latest(upkeep.list_policy_reviews),
        counted=upkeep.list_policy_review_figures,
    ),
    "not_measured": TableSpec(
        "Duties not measured, and why",
        listing=_take_latest(upkeep.list_not_measured),
        counted=upkeep.list_not_measured_figures,
    ),
    "readings": TableSpec(
        "Our readings of the policy",
        listing=_take_latest(upkeep.list_readings),
        notes=("A reading stands until a named officer of the landlord confirms or changes it.",),
    ),
    "data_quality": TableSpec(
        "Rows of the exports",
        figures=upkeep.measure_data_quality,
        notes=("Files of the reported {period} include those that came after its end, up to this pack.",),
        sums=(TableSum("read", ("loaded", "unchanged", "rejected")),),
    ),
}
