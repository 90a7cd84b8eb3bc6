"""Duties with a date: those due in the quarter, done on time, done late, and not done by the quarter's end.

Read from the assessments, so that a pack and a manager's mail can never judge the same duty differently.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from due_regard.contract import REVIEW_OUTCOMES
from due_regard.packs.measures import restrictions
from due_regard.packs.measures.figure import Figure, missing
from due_regard.packs.measures.snapshot import NOT_MEASURED, Snapshot, since

OVERDUE_BANDS = (
    ("up_to_30", "1 to 30 days", 30),
    ("up_to_90", "31 to 90 days", 90),
    ("up_to_180", "91 to 180 days", 180),
    ("up_to_365", "181 to 365 days", 365),
    ("over_365", "Over 365 days", np.inf),
)
LATENESS = ("On time", "Up to 5 days late", "6 to 20 days late", "Over 20 days late", "Not done by the quarter's end")
_LATE_EDGES = (-1, 5, 20, np.inf)


def due_in_quarter(snapshot: Snapshot, rule: str) -> pd.DataFrame:
    """Rows of a deadline rule whose due date lies in the quarter, less those it does not measure."""
    rows = snapshot.rule(rule)
    return rows[snapshot.within(rows["due_on"]) & rows["state"].isin(["met", "late", "overdue", "due_soon", "pending"])]


def kept(snapshot: Snapshot, rule: str, prefix: str, what: str) -> list[Figure]:
    """Due in the quarter, and of these on time, late, not done by its end (which add up to the first).

    One due on the quarter's last day and not yet done counts as not done by its end.
    """
    labels = {
        "due": f"{what} due in the quarter",
        "on_time": f"{what} done on time",
        "late": f"{what} done late, in the quarter",
        "lapsed": f"{what} not done by the quarter's end",
    }
    if why := snapshot.why_no(rule):
        return [missing(f"{prefix}_{name}", label, why) for name, label in labels.items()]
    states = due_in_quarter(snapshot, rule)["state"]
    counts = {"on_time": int((states == "met").sum()), "late": int((states == "late").sum())}
    counts["lapsed"] = len(states) - counts["on_time"] - counts["late"]
    parts = [
        Figure(f"{prefix}_{name}", labels[name], count, len(states), f"{prefix}_due") for name, count in counts.items()
    ]
    return [Figure(f"{prefix}_due", labels["due"], len(states)), *parts]


def reviews(snapshot: Snapshot) -> list[Figure]:
    """Reviews of restrictions: due, on time, late, lapsed; held in the quarter, by outcome."""
    held = {"retain": "Held: kept as it was", "vary": "Held: changed", "lift": "Held: lifted"}
    due = kept(snapshot, "restriction.review", "reviews", "Reviews")
    if not snapshot.carries("reviews"):
        names = [("reviews_held", "Reviews held in the quarter"), *((f"held_{k}", v) for k, v in held.items())]
        return due + [missing(name, label, NOT_MEASURED) for name, label in names]
    frame = snapshot.records["reviews"]
    outcomes = frame.loc[snapshot.within(frame["reviewed_on"]), "outcome"]
    return [
        *due,
        Figure("reviews_held", "Reviews held in the quarter", len(outcomes)),
        *(
            Figure(f"held_{code}", held[code], int((outcomes == code).sum()), len(outcomes), "reviews_held")
            for code in REVIEW_OUTCOMES
        ),
    ]


def overdue_reviews(snapshot: Snapshot) -> list[Figure]:
    """Reviews overdue at the quarter's end, by calendar days overdue."""
    if why := snapshot.why_no("restriction.review"):
        return [missing("overdue", "Reviews overdue at the end of the quarter", why)] + [
            missing(name, label, why) for name, label, _ in OVERDUE_BANDS
        ]
    rows = snapshot.rule("restriction.review")
    days = since(snapshot.end, rows.loc[rows["state"] == "overdue", "due_on"])
    counts = pd.cut(days, [0, *(longest for _, _, longest in OVERDUE_BANDS)]).value_counts(sort=False)
    return [
        Figure("overdue", "Reviews overdue at the end of the quarter", len(days)),
        *(
            Figure(name, label, int(count), len(days), "overdue")
            for (name, label, _), count in zip(OVERDUE_BANDS, counts, strict=True)
        ),
    ]


def lateness(snapshot: Snapshot) -> pd.DataFrame:
    """Each dated duty of the policy: how many fell due in the quarter, by how late each was done.

    Columns: Duty, the five of `LATENESS`, Due in the quarter (their sum). Days are the duty's own: working days where
    it is set in these. A duty with none due, or not measured, has no row; nor has the customer's own time to appeal.
    """
    found = []
    dated = snapshot.duties[
        snapshot.duties["kind"].isin(["deadline", "review"]) & (snapshot.duties["severity"] != "info")
    ]
    for duty in dated.sort_values("rule").itertuples():
        rows = due_in_quarter(snapshot, str(duty.rule))
        if len(rows):
            found.append([duty.label, *_late_counts(rows), len(rows)])
    return pd.DataFrame(found, columns=["Duty", *LATENESS, "Due in the quarter"])


def _late_counts(rows: pd.DataFrame) -> list[int]:
    late = rows.loc[rows["state"] == "late", "days_overdue"]
    bands = pd.cut(late, list(_LATE_EDGES)).value_counts(sort=False)
    on_time = int((rows["state"] == "met").sum())
    return [on_time, *(int(count) for count in bands), len(rows) - on_time - len(late)]


def safeguards(snapshot: Snapshot) -> list[Figure]:
    """Each safeguard of the policy: cases that lack it at the quarter's end, out of those it could be told of.

    Safeguards of a restriction are counted on restrictions in force alone; all others on every case of the register.
    """
    checks = snapshot.duties[snapshot.duties["kind"] == "check"].sort_values("rule")
    is_told = restrictions.is_measured(snapshot)
    current = restrictions.in_force(snapshot.spans, snapshot.end)["restriction_ref"] if is_told else None
    return [_safeguard(snapshot, str(duty.rule), f"Missing: {duty.label}", current) for duty in checks.itertuples()]


def _safeguard(snapshot: Snapshot, rule: str, label: str, current: pd.Series | None) -> Figure:
    name = rule.replace(".", "_")
    if why := snapshot.why_no(rule):
        return missing(name, label, why)
    states = snapshot.states(rule)
    if rule.startswith("restriction.") and current is not None:
        rows = snapshot.rule(rule)
        counts = rows.loc[rows["subject_ref"].isin(current), "state"].value_counts()
        states = {str(state): int(count) for state, count in counts.items()}
    met, lacking = int(states.get("met", 0)), int(states.get("breach", 0))
    return Figure(name, label, lacking, met + lacking, f"{name}_judged")
