"""Appeals: received, acknowledged and decided in time, days taken, outcome, independence, effect.

Counts are of the records; whether a date was kept is the assessments' word.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from due_regard.packs.measures.figure import Figure, count_cases, make_missing_figure, make_missing_figures
from due_regard.packs.measures.quarter_snapshot import (
    NOT_MEASURED,
    NOTHING_TO_MEASURE,
    QuarterSnapshot,
    mark_among,
    mark_not_known,
)
from due_regard.packs.measures.restrictions import is_measured
from due_regard.packs.measures.timeliness import measure_kept

_COUNTS = {"received": "Appeals received in the {period}", "decided": "Appeals decided in the {period}"}
_OUTCOMES = {
    "upheld": "Decision upheld", "varied": "Decision changed", "quashed": "Decision quashed",
}  # fmt: skip
_NO_OUTCOME = {"no_outcome": "Outcome not recorded"}
_UNKNOWN_OUTCOME = {"outcome_not_known": "Outcome not known: a word that no code list has"}
_DAYS = {
    "middle_days": "Middle (median) working days to decide",
    "longest_days": "Longest working days to decide",
}
_NOT_INDEPENDENT = ("not_independent", "Decided by the person who made the decision appealed")
_NOT_GIVEN_EFFECT = (
    "quashed_not_given_effect",
    "Quashed, but the restriction still in force at the end of the {period}",
)
_PROMISES = {
    "acknowledgements": "Acknowledgements",
    "decisions": "Decisions",
    "answers": "Answers to the customer",
    "notices": "Notices of the decision",
}
"""Dated promises on an appeal: the figure a duty feeds, and what falls due."""


def select_decided_appeals(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Appeals decided in the quarter, with `working_days` from receipt to decision."""
    frame = snapshot.records["appeals"]
    frame = frame[snapshot.mark_in_quarter(frame["decided_on"]) & (frame["received_on"] <= snapshot.end)]
    after, to = (frame[column].to_numpy("datetime64[D]") for column in ("received_on", "decided_on"))
    return frame.assign(working_days=np.asarray(snapshot.count_days(after, to), dtype="int64"))


def measure_appeals(snapshot: QuarterSnapshot) -> list[Figure]:
    """Received, each promised date kept or not, decided, days taken, outcome, independence, effect."""
    kept = [figure for name, what in _PROMISES.items() for figure in measure_kept(snapshot, name, what)]
    if not snapshot.has_columns("appeals", "decided_on"):
        last = dict((_NOT_INDEPENDENT, _NOT_GIVEN_EFFECT))
        first = make_missing_figures(_COUNTS | _OUTCOMES | _NO_OUTCOME | _DAYS, NOT_MEASURED)
        return [*first, *kept, *make_missing_figures(last, NOT_MEASURED)]
    frame = snapshot.records["appeals"]
    received = frame.loc[snapshot.mark_in_quarter(frame["received_on"]), "appeal_ref"]
    done = select_decided_appeals(snapshot)
    return [
        count_cases("received", _COUNTS["received"], received),
        count_cases("decided", _COUNTS["decided"], done["appeal_ref"]),
        *_count_outcomes(done, snapshot.records["appeals"]),
        *_measure_days(done),
        *kept,
        _measure_independence(snapshot, done),
        _count_not_given_effect(snapshot),
    ]


def _count_outcomes(done: pd.DataFrame, every: pd.DataFrame) -> list[Figure]:
    """Appeals decided, by outcome; a word that is not known has a line where the landlord's appeals hold any."""
    if "outcome" not in done.columns:
        return make_missing_figures(_OUTCOMES | _NO_OUTCOME, NOT_MEASURED)
    unread, outcome = mark_not_known(done, "outcome"), done["outcome"]
    masks = {code: outcome == code for code in _OUTCOMES}
    masks |= {"outcome_not_known": unread} if mark_not_known(every, "outcome").any() else {}
    masks["no_outcome"] = outcome.isna() & ~unread
    labels, refs = _OUTCOMES | _UNKNOWN_OUTCOME | _NO_OUTCOME, done["appeal_ref"]
    return [count_cases(name, labels[name], refs[mask], refs, "decided") for name, mask in masks.items()]


def _measure_days(done: pd.DataFrame) -> list[Figure]:
    if not len(done):
        return make_missing_figures(_DAYS, NOTHING_TO_MEASURE)
    days = done.set_index("appeal_ref")["working_days"]
    values = (float(days.median()), float(days.max()))
    return [
        Figure(name, label, value, len(done), "decided", "working days", whole=done["appeal_ref"], days=days)
        for (name, label), value in zip(_DAYS.items(), values, strict=True)
    ]


def _measure_independence(snapshot: QuarterSnapshot, done: pd.DataFrame) -> Figure:
    """Of the appeals decided in the quarter that could be assessed, those decided by someone who made the decision."""
    if why := snapshot.explain_absence("independence"):
        return make_missing_figure(*_NOT_INDEPENDENT, why)
    rows = snapshot.select_figure("independence")
    rows = rows[mark_among(rows["subject_ref"], done["appeal_ref"]) & rows["state"].isin(["met", "breach"])]
    refs = rows["subject_ref"].rename("appeal_ref")
    return count_cases(*_NOT_INDEPENDENT, refs[rows["state"] == "breach"], refs, "judged_independent", is_judged=True)


def _count_not_given_effect(snapshot: QuarterSnapshot) -> Figure:
    """Appeals quashed by the quarter's end whose restriction is still in force then."""
    if not (is_measured(snapshot) and snapshot.has_columns("appeals", "outcome")):
        return make_missing_figure(*_NOT_GIVEN_EFFECT, NOT_MEASURED)
    frame = snapshot.records["appeals"]
    quashed = frame[(frame["outcome"] == "quashed") & (frame["decided_on"] <= snapshot.end)]
    current = snapshot.in_force["restriction_ref"]
    still = mark_among(quashed["restriction_ref"], current)
    return count_cases(*_NOT_GIVEN_EFFECT, quashed.loc[still, "appeal_ref"], quashed["appeal_ref"], "quashed_ever")


def count_days_to_decide(snapshots: tuple[QuarterSnapshot, ...]) -> pd.DataFrame:
    """Appeals decided, by quarter and working days taken, with the policy's limit.

    Columns Quarter, Working days to decide ("[z]" in a quarter without any), Appeals, Limit in working days ("[z]"
    where the policy sets none). The limit is that of deciding, else that of answering the customer, which deciding
    must keep too. No rows where none was decided in any quarter.
    """
    limit = _find_day_limit(snapshots[0])
    rows: list[tuple[str, int | str, int, int | str]] = []
    for snapshot in reversed(snapshots):
        if snapshot.has_columns("appeals", "decided_on"):
            counts = select_decided_appeals(snapshot)["working_days"].value_counts().sort_index()
            found = [(snapshot.quarter.months, int(str(days)), int(n), limit) for days, n in counts.items()]
            rows += found or [(snapshot.quarter.months, "[z]", 0, limit)]
    some = rows if any(count for _, _, count, _ in rows) else []
    return pd.DataFrame(some, columns=["Quarter", "Working days to decide", "Appeals", "Limit in working days"])


def list_days_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The numbers of `count_days_to_decide` of one quarter, each with the appeals it counts."""
    done = select_decided_appeals(snapshot)
    if done.empty:
        return [count_cases("none_decided", "Appeals decided", done["appeal_ref"])]
    return [
        count_cases(f"in_{days}_days", f"Appeals decided in {days} working days", rows["appeal_ref"])
        for days, rows in done.groupby("working_days")
    ]


def _find_day_limit(snapshot: QuarterSnapshot) -> int | str:
    days = snapshot.duties.set_index("feeds")["working_days"]
    for figure in ("decisions", "answers"):
        if figure in days.index and pd.notna(days[figure]):
            return int(days[figure])
    return "[z]"
