"""Duties with a date: those due in the quarter, done on time, done late, and not done by the quarter's end.

Read from the assessments, so that a pack and a manager's mail never differ on a duty.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from due_regard.packs.measures import restrictions
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
    QuarterSnapshot,
    count_days_since,
    name_subjects,
)
from due_regard.records.canonical import REVIEW_OUTCOMES

OVERDUE_BANDS = (
    ("up_to_30", "1 to 30 days", 30),
    ("up_to_90", "31 to 90 days", 90),
    ("up_to_180", "91 to 180 days", 180),
    ("up_to_365", "181 to 365 days", 365),
    ("over_365", "Over 365 days", np.inf),
)
LATENESS = ("On time", "Up to 5 days late", "6 to 20 days late", "Over 20 days late", "Not done by the quarter's end")
_LATE_EDGES = (-1, 5, 20, np.inf)


def select_due_in_quarter(snapshot: QuarterSnapshot, rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of a dated duty whose due date lies in the quarter, less those not measured."""
    return rows[
        snapshot.mark_in_quarter(rows["due_on"]) & rows["state"].isin(["met", "late", "overdue", "due_soon", "pending"])
    ]


def measure_kept(snapshot: QuarterSnapshot, figure: str, what: str) -> list[Figure]:
    """Due in the quarter, and of these on time, late, not done by its end (which add up to the first).

    Counted on the duty that feeds `figure`. One due on the quarter's last day and not yet done counts as not done by
    its end.
    """
    labels = {
        "due": f"{what} due in the quarter",
        "on_time": f"{what} done on time",
        "late": f"{what} done late, in the quarter",
        "lapsed": f"{what} not done by the quarter's end",
    }
    if why := snapshot.explain_absence(figure):
        return make_missing_figures({f"{figure}_{name}": label for name, label in labels.items()}, why)
    rows = select_due_in_quarter(snapshot, snapshot.select_figure(figure))
    refs, states = name_subjects(rows), rows["state"]
    parts = {"on_time": states == "met", "late": states == "late", "lapsed": ~states.isin(["met", "late"])}
    return [
        count_cases(f"{figure}_due", labels["due"], refs),
        *(
            count_cases(f"{figure}_{name}", labels[name], refs[mask], refs, f"{figure}_due")
            for name, mask in parts.items()
        ),
    ]


def measure_reviews(snapshot: QuarterSnapshot) -> list[Figure]:
    """Reviews of restrictions: due, on time, late, lapsed; held in the quarter, by outcome."""
    held = {"retain": "Held: kept as it was", "vary": "Held: changed", "lift": "Held: lifted"}
    due = measure_kept(snapshot, "reviews", "Reviews")
    if not snapshot.has_columns("reviews"):
        names = {"reviews_held": "Reviews held in the quarter", **{f"held_{code}": held[code] for code in held}}
        return due + make_missing_figures(names, NOT_MEASURED)
    frame = snapshot.records["reviews"]
    frame = frame[snapshot.mark_in_quarter(frame["reviewed_on"])]
    refs = frame["review_ref"]
    return [
        *due,
        count_cases("reviews_held", "Reviews held in the quarter", refs),
        *(
            count_cases(f"held_{code}", held[code], refs[frame["outcome"] == code], refs, "reviews_held")
            for code in REVIEW_OUTCOMES
        ),
    ]


def count_overdue_reviews(snapshot: QuarterSnapshot) -> list[Figure]:
    """Reviews overdue at the quarter's end, by calendar days overdue."""
    label = "Reviews overdue at the end of the quarter"
    if why := snapshot.explain_absence("reviews"):
        return make_missing_figures({"overdue": label, **list_band_labels(OVERDUE_BANDS)}, why)
    rows = snapshot.select_figure("reviews")
    rows = rows[rows["state"] == "overdue"]
    refs, days = name_subjects(rows), count_days_since(snapshot.end, rows["due_on"])
    return [count_cases("overdue", label, refs), *count_bands(days, OVERDUE_BANDS, "overdue", refs)]


def count_lateness(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Each dated duty of the policy: how many fell due in the quarter, by how late each was done.

    Columns: Duty, the five of `LATENESS`, Due in the quarter (their sum). Days are the duty's own: working days where
    it is set in these. A duty with none due, or not measured, has no row; nor has the customer's own time to appeal.
    """
    found = []
    dated = snapshot.duties[
        snapshot.duties["kind"].isin(["deadline", "review"]) & (snapshot.duties["severity"] != "info")
    ]
    for duty in dated.sort_values("rule").itertuples():
        rows = select_due_in_quarter(snapshot, snapshot.select_rule(str(duty.rule)))
        if len(rows):
            found.append([duty.label, *_count_late(rows), len(rows)])
    return pd.DataFrame(found, columns=["Duty", *LATENESS, "Due in the quarter"])


def _count_late(rows: pd.DataFrame) -> list[int]:
    late = rows.loc[rows["state"] == "late", "days_overdue"]
    bands = pd.cut(late, list(_LATE_EDGES)).value_counts(sort=False)
    on_time = int((rows["state"] == "met").sum())
    return [on_time, *(int(count) for count in bands), len(rows) - on_time - len(late)]


def count_safeguards(snapshot: QuarterSnapshot) -> list[Figure]:
    """Each safeguard of the policy: cases that lack it at the quarter's end, out of those that were measured.

    Safeguards of a restriction are counted on restrictions in force alone; all others on every case of the register.
    """
    checks = snapshot.duties[snapshot.duties["kind"] == "check"].sort_values("rule")
    is_known = restrictions.is_measured(snapshot)
    current = restrictions.select_in_force(snapshot.spans, snapshot.end)["restriction_ref"] if is_known else None
    return [
        _count_safeguard(snapshot, str(duty.rule), f"Missing: {duty.label}", current) for duty in checks.itertuples()
    ]


def _count_safeguard(snapshot: QuarterSnapshot, rule: str, label: str, current: pd.Series | None) -> Figure:
    name = rule.replace(".", "_")
    if why := snapshot.explain_absence(rule):
        return make_missing_figure(name, label, why)
    of = f"{name}_judged"
    subject = rule.split(".")[0]
    if subject in {"restriction", "appeal"}:
        rows = snapshot.select_rule(rule)
        is_current = rows["subject_ref"].isin(current) if subject == "restriction" and current is not None else True
        rows = rows[rows["state"].isin(["met", "breach"]) & is_current]
        refs = name_subjects(rows)
        return count_cases(name, label, refs[rows["state"] == "breach"], refs, of)
    states = snapshot.count_states(rule)
    met, lacking = states.get("met", 0), states.get("breach", 0)
    return Figure(name, label, lacking, met + lacking, of)
