"""Customers and restrictions: in force, new, ended, by measure and length, continuous time, what they lack.

A restriction is in force from the later of its decision and its start to the day before it ended; passing its stated
end does not end it (contract: Assessment). Opening plus new less ended is closing, by construction and by test.
"""

from __future__ import annotations

from functools import reduce
from operator import or_

import numpy as np
import pandas as pd

from due_regard.packs.measures.figure import (
    Figure,
    count_bands,
    count_cases,
    list_band_labels,
    make_missing_figure,
    make_missing_figures,
)
from due_regard.packs.measures.quarter_snapshot import (
    NOT_MEASURED,
    NOTHING_TO_MEASURE,
    QuarterSnapshot,
    count_days_since,
    mark_not_known,
    select_in_force,
)

LENGTHS = (
    ("up_to_3_months", "Up to 3 months (91 days)", 91),
    ("up_to_6_months", "Over 3, up to 6 months (182 days)", 182),
    ("up_to_1_year", "Over 6 months, up to 1 year (365 days)", 365),
    ("up_to_2_years", "Over 1, up to 2 years (730 days)", 730),
    ("over_2_years", "Over 2 years", np.inf),
)

MEASURE_LABELS = {
    "named_contact": "One named contact",
    "third_party": "Through a third party",
    "set_times": "Set times only",
    "appointment_only": "By appointment only",
    "writing_only": "In writing only",
    "channel_limited": "Some channels closed",
    "issues_limited": "Some issues closed",
    "complaints_limited": "Complaints limited",
    "no_contact": "No direct contact",
}


def is_measured(snapshot: QuarterSnapshot) -> bool:
    """Whether restrictions came with the day they ended: without it none could be distinguished from a past one."""
    return snapshot.has_columns("restrictions", "ended_on")


def measure_flow(snapshot: QuarterSnapshot) -> list[Figure]:
    """Customers restricted, and restrictions at the start, new, ended and at the end of the quarter."""
    names = {
        "customers_restricted": "Customers under restriction at the end of the {period}",
        "customers_new": "Customers who had a restriction put in place in the {period}",
        "opening": "Restrictions in force at the start of the {period}",
        "new": "New restrictions that began in the {period}",
        "ended": "Restrictions that ended in the {period}",
        "in_force": "Restrictions in force at the end of the {period}",
    }
    if not is_measured(snapshot):
        return make_missing_figures(names, NOT_MEASURED)
    found = snapshot.spans
    closing = snapshot.in_force
    flow = {
        "opening": select_in_force(found, snapshot.start - pd.Timedelta(days=1)),
        "new": found[snapshot.mark_in_quarter(found["begins"])],
        "ended": found[snapshot.mark_in_quarter(found["ends"])],
        "in_force": closing,
    }
    # All customers of the register, where the landlord has ever delivered them.
    people = snapshot.records["customers"]["customer_ref"] if snapshot.has_columns("customers") else None
    whole = "people" if people is not None else ""
    restricted, new = (rows["customer_ref"].drop_duplicates() for rows in (closing, flow["new"]))
    return [
        count_cases("customers_restricted", names["customers_restricted"], restricted, people, whole),
        count_cases("customers_new", names["customers_new"], new),
        *(count_cases(name, names[name], rows["restriction_ref"]) for name, rows in flow.items()),
    ]


def count_lacking(snapshot: QuarterSnapshot) -> list[Figure]:
    """Restrictions in force that lack an end date, letter, emergency route or adjustments, or have no review by choice.

    A blank counts as lacking; a column that the export does not carry is not measured.
    """
    wanted = {
        "no_end_date": ("Without an end date", "expires_on"),
        "no_letter": ("Without a written notice to the customer", "notified_on"),
        "no_emergency_route": ("Without a way to reach us in an emergency", "emergency_route"),
        "no_adjustments": ("Without adjustments for the customer considered", "adjustments_considered"),
        "no_review_by_choice": ("With no review, by recorded choice", "no_review_reason"),
    }
    if not is_measured(snapshot):
        return make_missing_figures({name: label for name, (label, _) in wanted.items()}, NOT_MEASURED)
    current = snapshot.in_force
    return [
        figure
        for name, (label, column) in wanted.items()
        for figure in _count_lack(current, name, label, column, snapshot.records["restrictions"])
    ]


def _count_lack(current: pd.DataFrame, name: str, label: str, column: str, every: pd.DataFrame) -> list[Figure]:
    """Restrictions that lack something, out of those of which it is known; those of which it is not apart."""
    if column not in current.columns:
        return [make_missing_figure(name, label, NOT_MEASURED)]
    columns = (column, "notice_in_writing") if name == "no_letter" else (column,)
    unread = _mark_any_not_known(current, columns)
    refs, lacking = current["restriction_ref"], _mark_without(current, name, column)
    if not _mark_any_not_known(every, columns).any():
        return [count_cases(name, label, refs[lacking], refs, "in_force")]
    return [
        count_cases(name, label, refs[lacking & ~unread], refs[~unread], f"{name}_known"),
        count_cases(f"{name}_not_known", f"{label}: not known", refs[unread], refs, "in_force"),
    ]


def _mark_any_not_known(frame: pd.DataFrame, columns: tuple[str, ...]) -> pd.Series:
    return reduce(or_, (mark_not_known(frame, column) for column in columns))


def _mark_without(current: pd.DataFrame, name: str, column: str) -> pd.Series:
    values = current[column]
    held = values.fillna(False).astype(bool) if values.dtype == "boolean" else values.notna()
    if name == "no_letter" and "notice_in_writing" in current.columns:
        held &= current["notice_in_writing"].fillna(False).astype(bool)
    return held if name == "no_review_by_choice" else ~held


def count_by_measure(snapshot: QuarterSnapshot) -> list[Figure]:
    """Restrictions in force by what they limit; one may carry several measures, so the rows add up to more."""
    if not is_measured(snapshot):
        return make_missing_figures(MEASURE_LABELS, NOT_MEASURED)
    current = snapshot.in_force
    refs, carried = current["restriction_ref"], current["measure"].str.split(";").explode()
    holders = {name: refs.loc[codes.index.unique()] for name, codes in carried.groupby(carried)}
    figures = [
        count_cases(name, label, holders.get(name, refs[:0]), refs, "in_force")
        for name, label in MEASURE_LABELS.items()
    ]
    if not _is_shipped(snapshot.records["restrictions"]["measure"]).all():
        own = refs[~_is_shipped(current["measure"])]
        figures.append(count_cases("own_words", "Another, in the landlord's own words", own, refs, "in_force"))
    return figures


def _is_shipped(measures: pd.Series) -> pd.Series:
    """Whether each list of measures holds shipped words alone."""
    shipped = {codes: set(codes.split(";")) <= set(MEASURE_LABELS) for codes in measures.unique()}
    return measures.map(shipped).astype(bool)


def describe_measure(code: str) -> str:
    """What a restriction limits, in words; a landlord's own word as it stands."""
    return MEASURE_LABELS.get(code, code.replace("_", " ").capitalize())


def count_by_length(snapshot: QuarterSnapshot) -> list[Figure]:
    """Restrictions in force by days in force at the quarter's end."""
    if not is_measured(snapshot):
        return make_missing_figures(list_band_labels(LENGTHS), NOT_MEASURED)
    current = snapshot.in_force
    days = count_days_since(snapshot.end, current["begins"])
    return count_bands(days, LENGTHS, "in_force", current["restriction_ref"])


def measure_continuous_time(snapshot: QuarterSnapshot) -> list[Figure]:
    """Customers restricted by their continuous time under restriction, the middle and the longest of it in days."""
    names = {"middle_days": "Middle (median) time of a customer", "longest_days": "Longest time of a customer"}
    if not is_measured(snapshot):
        return make_missing_figures(list_band_labels(LENGTHS) | names, NOT_MEASURED)
    days = count_days_since(snapshot.end, find_restricted_since(snapshot))
    whole = count_bands(days, LENGTHS, "customers_restricted", days.index.to_series())
    if not len(days):
        return whole + make_missing_figures(names, NOTHING_TO_MEASURE)
    values = (float(days.median()), float(days.max()))
    return whole + [
        Figure(name, label, value, len(days), "customers_restricted", "days", whole=days.index.to_series(), days=days)
        for (name, label), value in zip(names.items(), values, strict=True)
    ]


def find_restricted_since(snapshot: QuarterSnapshot) -> pd.Series:
    """Customer now restricted -> first day of the unbroken time under restriction.

    A new reference that begins no later than the day after the last one ended carries the time on.
    """
    found = snapshot.spans
    found = found[found["begins"] <= snapshot.end].sort_values(["customer_ref", "begins"], kind="stable")
    beyond = snapshot.end + pd.Timedelta(days=1)
    until = found["ends"].fillna(beyond).groupby(found["customer_ref"]).cummax()
    before = until.groupby(found["customer_ref"]).shift()
    stretch = (
        (before.isna() | (found["begins"] > before + pd.Timedelta(days=1))).groupby(found["customer_ref"]).cumsum()
    )
    keys = [found["customer_ref"], stretch]
    whole = pd.DataFrame({
        "begins": found["begins"].groupby(keys).min(),
        "until": until.groupby(keys).max(),
    }).reset_index()
    return whole[whole["until"] >= beyond].set_index("customer_ref")["begins"]
