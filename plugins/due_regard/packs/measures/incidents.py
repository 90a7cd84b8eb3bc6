"""Incidents of the quarter: how many, of what kind, by which channel, and which teams report none.

Silence is a finding of its own: a team that reports none is listed with a nought.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd

from due_regard.calendars.quarters import Quarter
from due_regard.packs.measures.figure import Figure, make_missing_figure, make_missing_figures
from due_regard.packs.measures.quarter_snapshot import NOT_MEASURED, QuarterSnapshot, mark_not_known

CATEGORY_LABELS = {
    "aggressive_or_abusive": "Aggressive or abusive behaviour",
    "unreasonable_demands": "Unreasonable demands",
    "unreasonable_persistence": "Unreasonable persistence",
    "complaints_misuse": "Misuse of the complaints process",
    "harassment": "Harassment",
    "refusal_to_cooperate": "Refusal to cooperate",
}
CHANNEL_LABELS = {
    "in_person": "In person",
    "phone": "By phone",
    "text": "By text message",
    "letter": "By letter",
    "email": "By email",
    "social_media": "On social media",
}
VIOLENCE_LABELS = {"none": "No violence", "threat": "Threat of violence", "physical": "Physical violence"}
_BLANK = ("not_recorded", "Not recorded")
_NOT_KNOWN = ("not_known", "Not known: a word that no code list has")
_OWN_WORDS = ("own_words", "Other, in the landlord's own words")
_SILENT, _NO_TEAM = "Teams that reported none in the quarter", "Team not recorded"
_TALLIES = (
    ("violent", "With violence, threatened or physical", "violence"),
    ("harassment", "With harassment", "harassment"),
    ("discriminatory", "Discriminatory", "discriminatory"),
    ("police", "Reported to the police by the end of the quarter", "police_reported_on"),
    ("reported", "Reported to committee by the end of the quarter", "committee_reported_on"),
    ("named", "Staff named in public", "staff_named_publicly"),
)


def select_incidents(snapshot: QuarterSnapshot) -> pd.DataFrame | None:
    """Incidents that occurred in the quarter; None where the landlord never delivered any."""
    if not snapshot.has_columns("incidents"):
        return None
    frame = snapshot.records["incidents"]
    return frame[snapshot.mark_in_quarter(frame["occurred_on"])]


def measure_incidents(snapshot: QuarterSnapshot) -> list[Figure]:
    """All incidents, how many of each grave kind, and how many customers met more than once."""
    found = select_incidents(snapshot)
    repeat = "Customers with more than one incident in the quarter"
    if found is None:
        names = {name: label for name, label, _ in _TALLIES}
        every = {"incidents": "Incidents in the quarter", **names, "repeat_customers": repeat}
        return make_missing_figures(every, NOT_MEASURED)
    times = found["customer_ref"].value_counts()
    return [
        Figure("incidents", "Incidents in the quarter", len(found)),
        *(figure for tally in _TALLIES for figure in _count_where(snapshot, found, *tally)),
        Figure("repeat_customers", repeat, int((times > 1).sum()), len(times), "customers_met"),
    ]


def _count_where(snapshot: QuarterSnapshot, found: pd.DataFrame, name: str, label: str, column: str) -> list[Figure]:
    """Incidents of one kind out of those of which it is known, and apart from these those of which it is not."""
    if column not in found.columns:
        return [make_missing_figure(name, label, NOT_MEASURED)]
    unread = mark_not_known(found, column)
    whole = Figure(name, label, _count_hits(snapshot, found, column), len(found), "incidents")
    if not mark_not_known(snapshot.records["incidents"], column).any():
        return [whole]
    known = replace(whole, denominator=len(found) - int(unread.sum()), of=f"{name}_known")
    return [known, Figure(f"{name}_not_known", f"{label}: not known", int(unread.sum()), len(found), "incidents")]


def _count_hits(snapshot: QuarterSnapshot, found: pd.DataFrame, column: str) -> int:
    values = found[column]
    if column == "violence":
        hits = values.isin(["threat", "physical"])
    elif values.dtype == "boolean":
        hits = values.fillna(False).astype(bool)
    else:
        hits = values <= snapshot.end
    return int(hits.sum())


def count_by_code(snapshot: QuarterSnapshot, column: str, labels: Mapping[str, str]) -> list[Figure]:
    """Incidents by the codes of `column`, each with its label, and those where none was recorded.

    The landlord's own words and words that are not known have a line each where its records hold any.
    """
    found = select_incidents(snapshot)
    if found is None or column not in found.columns:
        return make_missing_figures(dict([*labels.items(), _BLANK]), NOT_MEASURED)
    every, values = snapshot.records["incidents"], found[column]
    unread = mark_not_known(found, column)
    figures = [(code, label, int((values == code).sum())) for code, label in labels.items()]
    if (every[column].notna() & ~every[column].isin(list(labels))).any():
        figures.append((*_OWN_WORDS, int((values.notna() & ~values.isin(list(labels))).sum())))
    if mark_not_known(every, column).any():
        figures.append((*_NOT_KNOWN, int(unread.sum())))
    figures.append((*_BLANK, int((values.isna() & ~unread).sum())))
    return [Figure(name, label, count, len(found), "incidents") for name, label, count in figures]


def count_by_team(snapshot: QuarterSnapshot) -> list[Figure]:
    """Incidents by the team that met them: every team that staff or any incident names, those with none included."""
    found = select_incidents(snapshot)
    if found is None or "team" not in found.columns:
        return make_missing_figures({"silent_teams": _SILENT, "no_team": _NO_TEAM}, NOT_MEASURED)
    teams = _list_teams(snapshot)
    counts = found["team"].value_counts()
    silent = sum(1 for team in teams if not counts.get(team, 0))
    named = [
        Figure(f"team_{place}", team, int(counts.get(team, 0)), len(found), "incidents")
        for place, team in enumerate(teams, 1)
    ]
    return [
        Figure("silent_teams", _SILENT, silent, len(teams), "teams"),
        *named,
        Figure("no_team", _NO_TEAM, int(found["team"].isna().sum()), len(found), "incidents"),
    ]


def _list_teams(snapshot: QuarterSnapshot) -> list[str]:
    entities = [entity for entity in ("incidents", "staff") if snapshot.has_columns(entity, "team")]
    return sorted({
        str(team) for entity in entities for team in snapshot.records[entity]["team"].unique() if pd.notna(team)
    })


def count_by_month(snapshot: QuarterSnapshot, months: int = 24) -> pd.DataFrame:
    """Incidents in each of the months up to the quarter's end: columns Month (its first day), Incidents."""
    first = pd.Timestamp(Quarter.of(snapshot.end.date()).ends_on.replace(day=1)) - pd.DateOffset(months=months - 1)
    every = pd.date_range(first, periods=months, freq="MS")
    if not snapshot.has_columns("incidents"):
        return pd.DataFrame({"Month": pd.Series(dtype="datetime64[s]"), "Incidents": pd.Series(dtype="int64")})
    dates = snapshot.records["incidents"]["occurred_on"]
    dates = dates[(dates >= first) & (dates <= snapshot.end)]
    counts = dates.dt.to_period("M").dt.to_timestamp().value_counts().reindex(every, fill_value=0)
    return pd.DataFrame({"Month": every, "Incidents": counts.to_numpy("int64")})
