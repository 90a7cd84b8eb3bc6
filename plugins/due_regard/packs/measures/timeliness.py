"""Duties with a date: those due in the quarter, done on time, done late, and not done by the quarter's end.

Read from the assessments, so that a pack and a manager's mail never differ on a duty.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from due_regard.packs.measures import restrictions
from due_regard.packs.measures.figure import (
    PERIOD,
    Figure,
    count_bands,
    count_cases,
    list_band_labels,
    make_missing_figure,
    make_missing_figures,
)
from due_regard.packs.measures.quarter_snapshot import (
    NO_DUTY,
    NOT_MEASURED,
    QuarterSnapshot,
    count_days_since,
    mark_among,
    name_subjects,
)

OVERDUE_BANDS = (
    ("up_to_30", "1 to 30 calendar days", 30),
    ("up_to_90", "31 to 90 calendar days", 90),
    ("up_to_180", "91 to 180 calendar days", 180),
    ("up_to_365", "181 to 365 calendar days", 365),
    ("over_365", "Over 365 calendar days", np.inf),
)
APPEAL_STEPS = ("acknowledgements", "decisions", "answers", "notices")
"""Figures of an appeal's promised steps."""
OF_PERIOD = "Missing, cases of the {period}: "
"""How the label of a safeguard begins that is counted on the cases opened in the period."""
LATENESS = ("On time", "Up to 5 days late", "6 to 20 days late", "Over 20 days late", "Not done by the quarter's end")
_LATE_NAMES = ("on_time", "up_to_5", "up_to_20", "over_20", "lapsed")
"""`LATENESS` as names of figures."""
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
        "due": f"{what} due in the {PERIOD}",
        "on_time": f"{what} done on time",
        "late": f"{what} done late, in the {PERIOD}",
        "lapsed": f"{what} not done by the {PERIOD}'s end",
    }
    if why := snapshot.explain_absence(figure):
        return make_missing_figures({f"{figure}_{name}": label for name, label in labels.items()}, why)
    rows = select_due_in_quarter(snapshot, snapshot.select_figure(figure))
    refs, states = name_subjects(rows), rows["state"]
    parts = {"on_time": states == "met", "late": states == "late", "lapsed": ~states.isin(["met", "late"])}
    return [
        count_cases(f"{figure}_due", labels["due"], refs, is_judged=True),
        *(
            count_cases(f"{figure}_{name}", labels[name], refs[mask], refs, f"{figure}_due", is_judged=True)
            for name, mask in parts.items()
        ),
    ]


def measure_reviews(snapshot: QuarterSnapshot) -> list[Figure]:
    """Reviews of restrictions: due, on time, late, lapsed; held in the quarter, by outcome."""
    held = {"retain": "Held: kept as it was", "vary": "Held: changed", "lift": "Held: lifted"}
    due = measure_kept(snapshot, "reviews", "Reviews")
    if not snapshot.has_columns("reviews"):
        names = {"reviews_held": "Reviews held in the {period}", **{f"held_{code}": held[code] for code in held}}
        return due + make_missing_figures(names, NOT_MEASURED)
    frame = snapshot.records["reviews"]
    frame = frame[snapshot.mark_in_quarter(frame["reviewed_on"])]
    refs = frame["review_ref"]
    return [
        *due,
        count_cases("reviews_held", "Reviews held in the {period}", refs),
        *(
            count_cases(f"held_{code}", held[code], refs[frame["outcome"] == code], refs, "reviews_held")
            for code in held
        ),
    ]


def count_overdue_reviews(snapshot: QuarterSnapshot) -> list[Figure]:
    """Reviews overdue at the quarter's end, by calendar days overdue."""
    label = "Reviews overdue at the end of the {period}"
    if why := snapshot.explain_absence("reviews"):
        return make_missing_figures({"overdue": label, **list_band_labels(OVERDUE_BANDS)}, why)
    rows = snapshot.select_figure("reviews")
    rows = rows[rows["state"] == "overdue"]
    refs, days = name_subjects(rows), count_days_since(snapshot.end, rows["due_on"])
    bands = count_bands(days, OVERDUE_BANDS, "overdue", refs, is_judged=True)
    return [count_cases("overdue", label, refs, is_judged=True), *bands]


def count_overdue_appeals(snapshot: QuarterSnapshot) -> list[Figure]:
    """Appeals with a promised step overdue at the quarter's end, by calendar days since the first of these was due."""
    label = "Appeals with a step overdue at the end of the {period}"
    fed = [snapshot.explain_absence(figure) for figure in APPEAL_STEPS]
    if all(fed):
        why = NOT_MEASURED if NOT_MEASURED in fed else NO_DUTY
        return make_missing_figures({"overdue": label, **list_band_labels(OVERDUE_BANDS)}, why)
    rows = pd.concat([snapshot.select_figure(figure) for figure in APPEAL_STEPS])
    rows = rows[rows["state"] == "overdue"].sort_values(["due_on", "subject_ref"], kind="stable")
    rows = rows.drop_duplicates("subject_ref")
    refs, days = name_subjects(rows), count_days_since(snapshot.end, rows["due_on"])
    bands = count_bands(days, OVERDUE_BANDS, "overdue", refs, is_judged=True)
    return [count_cases("overdue", label, refs, is_judged=True), *bands]


def count_kept(snapshot: QuarterSnapshot) -> list[Figure]:
    """All dated duties of the policy together: due in the quarter, and of these on time, late, not done by its end.

    The customer's own time to appeal is no duty of the landlord's, and is left out.
    """
    labels = {
        "due": "Duties with a date that fell due in the {period}",
        "on_time": "Done on time",
        "late": "Done late, in the {period}",
        "lapsed": "Not done by the {period}'s end",
    }
    rules = _list_dated_duties(snapshot)["rule"]
    if rules.empty:
        return make_missing_figures(labels, NO_DUTY)
    parts = [select_due_in_quarter(snapshot, snapshot.select_rule(str(rule))) for rule in rules]
    wanted: dict[str, list[str]] = {
        "on_time": ["met"], "late": ["late"], "lapsed": ["overdue", "due_soon", "pending"],
    }  # fmt: skip
    due = tuple(name_subjects(rows) for rows in parts)
    found = {
        name: tuple(refs[rows["state"].isin(states)] for refs, rows in zip(due, parts, strict=True))
        for name, states in wanted.items()
    }
    first = count_cases("due", labels["due"], due, is_judged=True)
    parts_of_it = (count_cases(name, labels[name], cases, due, "due", is_judged=True) for name, cases in found.items())
    return [first, *parts_of_it]


def _list_dated_duties(snapshot: QuarterSnapshot) -> pd.DataFrame:
    duties = snapshot.duties
    dated = duties["kind"].isin(["deadline", "review"]) & (duties["severity"] != "info")
    return duties[dated].sort_values("rule")


def count_lateness(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Each dated duty of the policy: how many fell due in the quarter, by how late each was done.

    Columns: Duty, Counted in, the five of `LATENESS`, Due in the quarter (their sum). Days are the duty's own, as its
    clause sets it; Counted in names them. A duty with none due, or not measured, has no row; nor has the customer's own
    time to appeal.
    """
    found = []
    for duty in _list_dated_duties(snapshot).itertuples():
        rows = select_due_in_quarter(snapshot, snapshot.select_rule(str(duty.rule)))
        if len(rows):
            counts = [int(mask.sum()) for mask in _mark_late(rows)]
            found.append([duty.label, duty.days_unit, *counts, len(rows)])
    return pd.DataFrame(found, columns=["Duty", "Counted in", *LATENESS, "Due in the quarter"])


def list_lateness_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The numbers of `count_lateness`, each with the rows it counts."""
    figures = []
    for duty in _list_dated_duties(snapshot).itertuples():
        rows = select_due_in_quarter(snapshot, snapshot.select_rule(str(duty.rule)))
        if rows.empty:
            continue
        name, refs = str(duty.rule).replace(".", "_"), name_subjects(rows)
        for part, label, mask in zip(_LATE_NAMES, LATENESS, _mark_late(rows), strict=True):
            words = f"{duty.label}: {label[:1].lower()}{label[1:]}"
            figures.append(count_cases(f"{name}_{part}", words, refs[mask], refs, f"{name}_due", is_judged=True))
        label = f"{duty.label}: due in the {PERIOD}"
        figures.append(count_cases(f"{name}_due", label, refs, is_judged=True))
    return figures


def _mark_late(rows: pd.DataFrame) -> list[pd.Series]:
    """A mask for each of `LATENESS`."""
    late = rows["state"] == "late"
    bands = pd.cut(rows["days_overdue"].where(late), list(_LATE_EDGES), labels=False)
    on_time = rows["state"] == "met"
    return [on_time, *(late & (bands == number) for number in range(len(_LATE_EDGES) - 1)), ~on_time & ~late]


def count_safeguards(snapshot: QuarterSnapshot) -> list[Figure]:
    """Each safeguard of the policy: cases that lack it at the quarter's end, out of those that were measured.

    All together first, on the cases of the quarter. Then each: on the cases opened in the quarter, and apart from
    them, of restrictions, on those in force, of others, on those opened before that lack it still.
    """
    checks = snapshot.duties[snapshot.duties["kind"] == "check"].sort_values("rule")
    each = [figure for duty in checks.itertuples() for figure in _count_safeguard(snapshot, str(duty.rule), duty.label)]
    return [_add_up_safeguards([one for one in each if one.label.startswith(OF_PERIOD)]), *each]


def _add_up_safeguards(each: list[Figure]) -> Figure:
    label = "Safeguards missing on the cases of the {period}, all together"
    measured = [one for one in each if one.numerator is not None]
    if not measured:
        return make_missing_figure("missing", label, each[0].why if each else NO_DUTY)
    cases = tuple(part for one in measured if isinstance(part := one.cases, pd.Series))
    whole = tuple(part for one in measured if isinstance(part := one.whole, pd.Series))
    return count_cases("missing", label, cases, whole, "judged", is_judged=True)


def _count_safeguard(snapshot: QuarterSnapshot, rule: str, label: object) -> list[Figure]:
    name, subject = rule.replace(".", "_"), rule.split(".")[0]
    if subject == "restriction":
        labels = {name: f"Missing, restrictions in force: {label}", f"{name}_new": f"{OF_PERIOD}{label}"}
        if why := snapshot.explain_absence(rule) or ("" if restrictions.is_measured(snapshot) else NOT_MEASURED):
            return make_missing_figures(labels, why)
        current = snapshot.in_force["restriction_ref"]
        opened = snapshot.list_opened_refs(subject)
        refs = {name: current, f"{name}_new": opened}
        return [_count_lacking_cases(snapshot, rule, one, labels[one], refs[one]) for one in labels]
    labels = {name: f"{OF_PERIOD}{label}", f"{name}_before": f"Missing still, from before: {label}"}
    if why := snapshot.explain_absence(rule):
        return make_missing_figures(labels, why)
    now = _count_lacking_cases(snapshot, rule, name, labels[name], snapshot.list_opened_refs(subject))
    before = snapshot.count_states(rule).get("breach", 0) - int(now.numerator or 0)
    rows = snapshot.select_rule(rule)
    lacking = name_subjects(rows[rows["state"] == "breach"])
    counted = lacking[~lacking.index.isin(now.cases.index)] if isinstance(now.cases, pd.Series) else lacking
    # Without cases: a publishable edition hides it, for with the next quarter's it would tell this quarter's.
    return [now, Figure(f"{name}_before", labels[f"{name}_before"], before, is_judged=True, counted=counted)]


def _count_lacking_cases(snapshot: QuarterSnapshot, rule: str, name: str, label: str, refs: pd.Series) -> Figure:
    """Of the cases of `refs`, those that lack a safeguard, out of those that could be measured."""
    rows = snapshot.select_rule(rule)
    rows = rows[mark_among(rows["subject_ref"], refs) & rows["state"].isin(["met", "breach"])]
    judged = name_subjects(rows)
    return count_cases(name, label, judged[rows["state"] == "breach"], judged, f"{name}_judged", is_judged=True)
