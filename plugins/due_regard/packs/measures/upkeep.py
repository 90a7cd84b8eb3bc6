"""What keeps the register itself honest: markers left on, the policy's own review, what is not measured, our readings.

And how many rows of the landlord's exports were taken in.
"""

from __future__ import annotations

import pandas as pd

from due_regard.packs.measures.figure import Figure, count_cases, make_missing_figure, make_missing_figures
from due_regard.packs.measures.quarter_snapshot import NOT_MEASURED, QuarterSnapshot, mark_among, name_subjects
from due_regard.packs.measures.restrictions import is_measured
from due_regard.records.canonical import ENTITIES, ENTITY_OF_SUBJECT, UNKNOWN_CELLS

_ENTITY_WORDS = {
    "access_requests": "requests for access to data",
    "markers": "markers (alerts on a customer's record)",
}


def measure_markers(snapshot: QuarterSnapshot) -> list[Figure]:
    """Markers in place at the quarter's end, and those left on though their restriction has ended."""
    names = {
        "markers": "Markers in place at the end of the {period}",
        "left_behind": "Left on after the restriction ended",
        "markers_overdue": "With a review date that has passed",
    }
    if not snapshot.has_columns("markers", "removed_on"):
        return make_missing_figures(names, NOT_MEASURED)
    frame = snapshot.records["markers"]
    removed = frame["removed_on"]
    placed = frame[(frame["placed_on"] <= snapshot.end) & (removed.isna() | (removed > snapshot.end))]
    return [
        count_cases("markers", names["markers"], placed["marker_ref"]),
        _count_left_on(snapshot, placed, names["left_behind"]),
        _count_review_passed(snapshot, placed, names["markers_overdue"]),
    ]


def _count_left_on(snapshot: QuarterSnapshot, placed: pd.DataFrame, label: str) -> Figure:
    if not (is_measured(snapshot) and "restriction_ref" in placed.columns):
        return make_missing_figure("left_behind", label, NOT_MEASURED)
    found = snapshot.spans
    current = snapshot.in_force["restriction_ref"]
    past = found[found["ends"].notna() & ~mark_among(found["restriction_ref"], current)]["restriction_ref"]
    refs = placed["marker_ref"]
    return count_cases("left_behind", label, refs[mark_among(placed["restriction_ref"], past)], refs, "markers")


def _count_review_passed(snapshot: QuarterSnapshot, placed: pd.DataFrame, label: str) -> Figure:
    if not {"review_due_on", "reviewed_on"} <= set(placed.columns):
        return make_missing_figure("markers_overdue", label, NOT_MEASURED)
    done = placed["reviewed_on"] <= snapshot.end
    overdue = (placed["review_due_on"] < snapshot.end) & ~done
    refs = placed["marker_ref"]
    return count_cases("markers_overdue", label, refs[overdue], refs, "markers")


def list_policy_reviews(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """The policy document's own review: columns Document, Review due on, State, Days past, Counted in."""
    columns = ["Document", "Review due on", "State", "Days past", "Counted in"]
    words = {"overdue": "Past its review", "due_soon": "Due soon", "pending": "Not yet due"}
    rows, units = snapshot.select_figure("policy_review"), snapshot.duties.set_index("rule")["days_unit"]
    found = [
        (
            "The policy itself",
            "[x]" if pd.isna(due) else due.date(),
            words.get(state, "Cannot be told: the date of approval is not known"),
            days if state == "overdue" else 0,
            units.get(rule, "[x]"),
        )
        for rule, due, state, days in zip(
            rows["rule"], rows["due_on"], rows["state"], rows["days_overdue"].to_list(), strict=True
        )
    ]
    return pd.DataFrame(found, columns=columns)


def list_policy_review_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The days of `list_policy_reviews`, each with the policy that they are of."""
    rows, units = snapshot.select_figure("policy_review"), snapshot.duties.set_index("rule")["days_unit"]
    return [
        Figure(
            f"{str(row['rule']).replace('.', '_')}_days", "Days past the policy's own review",
            int(row["days_overdue"]) if row["state"] == "overdue" else 0,
            unit="working days" if units.get(row["rule"]) == "working days" else "days", is_of_people=False,
            counted=name_subjects(rows.loc[[place]]), is_judged=True,
        )
        for place, row in rows.iterrows()
    ]  # fmt: skip


def list_not_measured(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Duties that could not be assessed: columns Duty, Clause, Cases not measured, Why."""
    columns = ["Duty", "Clause", "Cases not measured", "Why"]
    found = [
        (duty.label, str(duty.clause), count, _describe_why(snapshot, str(duty.rule)))
        for duty in snapshot.duties.sort_values("rule").itertuples()
        if (count := snapshot.count_states(str(duty.rule)).get("not_measured", 0))
    ]
    return pd.DataFrame(found, columns=columns)


def list_not_measured_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """The numbers of `list_not_measured`, each with the cases; a whole snapshot alone holds all of them."""
    duties = snapshot.duties.sort_values("rule")
    counts = {str(rule): snapshot.count_states(str(rule)).get("not_measured", 0) for rule in duties["rule"]}
    some = duties[duties["rule"].map(counts) > 0]
    every = Figure(
        "rows", "Duties that could not be measured in full", len(some), is_of_people=False,
        counted=some["rule"].rename("duty"),
    )  # fmt: skip
    return [every, *(_count_not_measured(snapshot, str(duty.rule), str(duty.label)) for duty in some.itertuples())]


def _count_not_measured(snapshot: QuarterSnapshot, rule: str, label: str) -> Figure:
    count, cases = snapshot.count_states(rule)["not_measured"], name_subjects(snapshot.select_not_measured(rule))
    return Figure(rule.replace(".", "_"), f"Not measured: {label}", count, counted=cases, is_judged=True)


def _describe_why(snapshot: QuarterSnapshot, rule: str) -> str:
    subject = rule.split(".")[0]
    if subject == "policy":
        return "The date the policy was approved is not known"
    entity = ENTITY_OF_SUBJECT[subject]
    noun = _ENTITY_WORDS.get(entity.name, entity.name)
    if entity.name not in snapshot.records:
        return f"No {noun} were ever delivered"
    if UNKNOWN_CELLS in snapshot.records[entity.name].columns:
        return f"Some {noun} hold a word that is not known, or the export lacks a column or a linked record"
    absent = [name for name in entity.by_name if name not in snapshot.records[entity.name].columns]
    if not absent:
        return "A record it is linked to, or a column of that record, was never delivered"
    return f"The export of {noun} does not carry one of: {', '.join(absent)}; or a linked record is missing"


def list_readings(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Where the policy gives no figure and ours stands in: columns Duty, Clause, Our reading, Confirmed by."""
    columns = ["Duty", "Clause", "Our reading", "Confirmed by"]
    duties = snapshot.duties[snapshot.duties["reading"] != ""].sort_values("rule")
    found = [
        (duty.label, str(duty.clause), duty.reading, duty.confirmed or "Nobody yet") for duty in duties.itertuples()
    ]
    return pd.DataFrame(found, columns=columns)


def measure_data_quality(snapshot: QuarterSnapshot) -> list[Figure]:
    """Rows of the exports taken in during the quarter: read, loaded, unchanged, rejected; and records withdrawn in it.

    In the reported quarter, what came after its end counts too: the pack's figures rest on it.
    """
    loaded_on = snapshot.files["loaded_on"]
    files = snapshot.files[(loaded_on >= snapshot.start) & ((loaded_on <= snapshot.end) | snapshot.is_reported)]
    totals = {name: int(files[name].sum()) for name in ("read", "loaded", "unchanged", "rejected")}
    labels = {
        "loaded": "Rows new or changed, and taken in",
        "unchanged": "Rows that said nothing new",
        "rejected": "Rows rejected",
    }
    every = pd.Series(files.index, index=files.index, name="files")
    return [
        Figure("files", "Files taken in", len(files), is_of_people=False, counted=every),
        Figure("read", "Rows read", totals["read"], is_of_people=False, counted=every[files["read"] > 0]),
        *(
            Figure(
                name,
                label,
                totals[name],
                totals["read"],
                "read",
                is_of_people=False,
                counted=every[files[name] > 0],
                counted_whole=every[files["read"] > 0],
            )
            for name, label in labels.items()
        ),
        *_count_withdrawals(snapshot),
    ]


def _count_withdrawals(snapshot: QuarterSnapshot) -> list[Figure]:
    """Records withdrawn in the quarter; a line for each entity of which one was ever withdrawn."""
    found = snapshot.withdrawals
    in_quarter = found[snapshot.mark_in_quarter(found["withdrawn_on"])]
    return [
        count_cases(
            f"withdrawn_{entity.name}",
            f"{_ENTITY_WORDS.get(entity.name, entity.name).capitalize()} withdrawn as entered by mistake",
            in_quarter.loc[in_quarter["entity"] == entity.name, "ref"].rename(entity.key),
        )
        for entity in ENTITIES
        if entity.name in set(found["entity"])
    ]
