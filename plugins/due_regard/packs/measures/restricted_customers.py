"""Listings of restrictions in force one by one: every restricted customer, and those without a review by choice.

Numbered, longest first: a committee's paper carries no reference.
"""

from __future__ import annotations

import pandas as pd

from due_regard.packs.measures.figure import Figure, count_cases
from due_regard.packs.measures.quarter_snapshot import QuarterSnapshot, count_days_since
from due_regard.packs.measures.restrictions import (
    describe_measure,
    find_restricted_since,
    is_measured,
)


def list_quarterly_reviews(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Each customer under restriction at the quarter's end, and whether a review was held in it.

    Numbered by unbroken time, longest first: the paper carries no reference. Columns Customer, Days without a break,
    What is limited, Last review on (of any of the customer's restrictions in force), Reviewed in the quarter.
    """
    columns = ["Customer", "Days without a break", "What is limited", "Last review on", "Reviewed in the quarter"]
    found = _select_restricted(snapshot)
    if found is None:
        return pd.DataFrame(columns=columns)
    is_in = snapshot.mark_in_quarter(found["last"])
    rows = (
        [f"Customer {place}" for place in range(1, len(found) + 1)], found["days"].astype("int64").to_list(),
        found["limits"].to_list(), [day.date() if pd.notna(day) else "None held" for day in found["last"]],
        is_in.map({True: "Yes", False: "No"}).to_list(),
    )  # fmt: skip
    return pd.DataFrame(dict(zip(columns, rows, strict=True)))


def list_restricted_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The numbers of `list_quarterly_reviews`, each with whom it is of."""
    found = _select_restricted(snapshot)
    if found is None:
        return []
    refs, label = found["customer_ref"], "Customers under restriction, each to be reviewed"
    return [count_cases("rows", label, refs), *_list_day_figures("customer", refs, found["days"])]


def _list_day_figures(noun: str, refs: pd.Series, days: pd.Series) -> list[Figure]:
    """Days of each row of a listing, numbered as its rows are."""
    what = "without a break" if noun == "customer" else "in force"
    return [
        Figure(
            f"{noun}_{place}", f"{noun.capitalize()} {place}: days {what}", int(days.iloc[place - 1]), unit="days",
            counted=refs.iloc[place - 1 : place],
        )
        for place in range(1, len(refs) + 1)
    ]  # fmt: skip


def _select_restricted(snapshot: QuarterSnapshot) -> pd.DataFrame | None:
    """Customers under restriction, longest first: customer_ref, days, limits, last (review); None: not measured."""
    if not (is_measured(snapshot) and snapshot.has_columns("reviews")):
        return None
    current = snapshot.in_force
    days = count_days_since(snapshot.end, find_restricted_since(snapshot))
    limits = current["measure"].groupby(current["customer_ref"]).agg(_describe_limits)
    reviews = snapshot.records["reviews"]
    reviews = reviews[reviews["reviewed_on"] <= snapshot.end]
    held = reviews.groupby("restriction_ref")["reviewed_on"].max()
    # Not `map`: it makes floats of no reviews at all.
    last = held.reindex(current["restriction_ref"]).set_axis(current.index).groupby(current["customer_ref"]).max()
    found = pd.DataFrame({"days": days, "limits": limits, "last": last}).dropna(subset=["limits"]).reset_index()
    return found.sort_values(["days", "limits", "customer_ref"], ascending=[False, True, True])


def _describe_limits(measures: pd.Series) -> str:
    codes = dict.fromkeys(code for codes in sorted(measures) for code in codes.split(";"))
    return ", ".join(describe_measure(code) for code in codes)


def list_no_review_by_choice(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Each restriction in force without a review by recorded choice: number, days in force, what it limits.

    Numbered by length, longest first: the committee's paper carries no reference.
    """
    columns = ["Restriction", "Days in force", "What it limits"]
    if not snapshot.has_columns("restrictions", "ended_on", "no_review_reason"):
        return pd.DataFrame(columns=columns)
    current = _select_without_review(snapshot)
    words = current["measure"].map(lambda codes: ", ".join(describe_measure(code) for code in codes.split(";")))
    numbers = [f"Restriction {place}" for place in range(1, len(current) + 1)]
    return pd.DataFrame(dict(zip(columns, (numbers, current["days"].to_list(), words.to_list()), strict=True)))


def list_no_review_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The numbers of `list_no_review_by_choice`, each with what it is of."""
    current = _select_without_review(snapshot)
    refs, label = current["restriction_ref"], "Restrictions in force without a review, by recorded choice"
    return [count_cases("rows", label, refs), *_list_day_figures("restriction", refs, current["days"])]


def _select_without_review(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Restrictions in force without a review by recorded choice, with `days` in force, longest first."""
    current = snapshot.in_force
    current = current[current["no_review_reason"].notna()]
    days = count_days_since(snapshot.end, current["begins"])
    order = ["days", "measure", "restriction_ref"]
    return current.assign(days=days).sort_values(order, ascending=[False, True, True])
