"""Incidents of the quarter: how many, of what kind, by which channel, and which teams report none.

Silence is a finding of its own: a team that reports none is listed with a nought.
"""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from due_regard.packs.measures.figure import Figure, count_cases, make_missing_figure, make_missing_figures
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
_SILENT, _NO_TEAM = "Teams that reported none in the {period}", "Team not recorded"
_STAFF = {"staff": "Staff, by the newest staff export", "per_100_staff": "Incidents"}
_TOLD = {
    "line_manager_notified_on": "Line manager told on",
    "services_manager_notified_on": "Services manager told on",
    "smt_informed_on": "Shared with the Senior Management Team on",
}
_TALLIES = (
    ("violent", "With violence, threatened or physical", "violence"),
    ("harassment", "With harassment", "harassment"),
    ("discriminatory", "Discriminatory", "discriminatory"),
    ("police", "Reported to the police by the end of the {period}", "police_reported_on"),
    ("reported", "Reported to committee by the end of the {period}", "committee_reported_on"),
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
    repeat = "Customers with more than one incident in the {period}"
    if found is None:
        names = {name: label for name, label, _ in _TALLIES}
        every = {"incidents": "Incidents in the {period}", **_STAFF, **names, "repeat_customers": repeat}
        return make_missing_figures(every, NOT_MEASURED)
    people = found["customer_ref"]
    return [
        count_cases("incidents", "Incidents in the {period}", found["incident_ref"]),
        *_measure_rate(snapshot, found["incident_ref"]),
        *(figure for tally in _TALLIES for figure in _count_where(snapshot, found, *tally)),
        count_cases(
            "repeat_customers",
            repeat,
            people[people.duplicated()].drop_duplicates(),
            people.drop_duplicates(),
            "customers_met",
        ),
    ]


def _measure_rate(snapshot: QuarterSnapshot, refs: pd.Series) -> list[Figure]:
    """Staff, and incidents per 100 of them: of the reported quarter alone, as the staff export holds who is there now.

    The rate is hidden with the incidents it counts: whoever knows the staff could work them out.
    """
    staff = _select_staff(snapshot)
    if not len(staff):
        return make_missing_figures(_STAFF, NOT_MEASURED)
    rate = round(100 * len(refs) / len(staff), 1)
    return [
        Figure("staff", _STAFF["staff"], len(staff), is_of_people=False, counted=staff),
        Figure("per_100_staff", _STAFF["per_100_staff"], rate, unit="per 100 staff", cases=refs),
    ]


def _select_staff(snapshot: QuarterSnapshot) -> pd.Series:
    """References of who is staff, in the reported quarter; none where they are not known."""
    if not (snapshot.is_reported and snapshot.has_columns("staff")):
        return pd.Series(dtype="str")
    staff = snapshot.records["staff"]
    # Who left stays in some exports, marked; a blank is no mark.
    is_there = staff["is_active"].fillna(True).astype(bool) if "is_active" in staff.columns else slice(None)
    refs: pd.Series = staff.loc[is_there, "staff_ref"]
    return refs


def list_named_staff(snapshot: QuarterSnapshot) -> pd.DataFrame:
    """Each incident of the quarter in which staff were named in public: when, and who was told when.

    Numbered by day: the paper carries no reference. Columns Case, Occurred on, and one for each who is to be told:
    the day, `Not recorded`, or [x] where the export does not carry it.
    """
    found = select_incidents(snapshot)
    columns = ["Case", "Occurred on", *_TOLD.values()]
    if found is None or "staff_named_publicly" not in found.columns:
        return pd.DataFrame(columns=columns)
    named = _select_named(found)
    told = [_list_days_told(named, column, snapshot.end) for column in _TOLD]
    numbers = [f"Case {place}" for place in range(1, len(named) + 1)]
    return pd.DataFrame(dict(zip(columns, [numbers, named["occurred_on"].to_list(), *told], strict=True)))


def list_named_figures(snapshot: QuarterSnapshot) -> list[Figure]:
    """How many cases `list_named_staff` lists, with the incidents that they are."""
    found = select_incidents(snapshot)
    if found is None or "staff_named_publicly" not in found.columns:
        return []
    return [count_cases("rows", "Incidents in which staff were named in public", _select_named(found)["incident_ref"])]


def _select_named(found: pd.DataFrame) -> pd.DataFrame:
    named = found[found["staff_named_publicly"].fillna(False).astype(bool)]
    return named.sort_values(["occurred_on", "incident_ref"], kind="stable")


def _list_days_told(named: pd.DataFrame, column: str, until: pd.Timestamp) -> list[object]:
    if column not in named.columns:
        return ["[x]"] * len(named)
    return [day.date() if pd.notna(day) and day <= until else "Not recorded" for day in named[column]]


def _count_where(snapshot: QuarterSnapshot, found: pd.DataFrame, name: str, label: str, column: str) -> list[Figure]:
    """Incidents of one kind out of those of which it is known, and apart from these those of which it is not."""
    if column not in found.columns:
        return [make_missing_figure(name, label, NOT_MEASURED)]
    refs, unread = found["incident_ref"], mark_not_known(found, column)
    hits = refs[_mark_hits(snapshot, found[column], column)]
    if not mark_not_known(snapshot.records["incidents"], column).any():
        return [count_cases(name, label, hits, refs, "incidents")]
    return [
        count_cases(name, label, hits, refs[~unread], f"{name}_known"),
        count_cases(f"{name}_not_known", f"{label}: not known", refs[unread], refs, "incidents"),
    ]


def _mark_hits(snapshot: QuarterSnapshot, values: pd.Series, column: str) -> pd.Series:
    if column == "violence":
        hits = values.isin(["threat", "physical"])
    elif values.dtype == "boolean":
        hits = values.fillna(False).astype(bool)
    else:
        hits = values <= snapshot.end
    return hits


def count_by_code(snapshot: QuarterSnapshot, column: str, labels: Mapping[str, str]) -> list[Figure]:
    """Incidents by the codes of `column`, each with its label, and those where none was recorded.

    The landlord's own words and words that are not known have a line each where its records hold any.
    """
    found = select_incidents(snapshot)
    if found is None or column not in found.columns:
        return make_missing_figures(dict([*labels.items(), _BLANK]), NOT_MEASURED)
    every, values, refs = snapshot.records["incidents"], found[column], found["incident_ref"]
    unread = mark_not_known(found, column)
    masks = [(code, label, values == code) for code, label in labels.items()]
    if (every[column].notna() & ~every[column].isin(list(labels))).any():
        masks.append((*_OWN_WORDS, values.notna() & ~values.isin(list(labels))))
    if mark_not_known(every, column).any():
        masks.append((*_NOT_KNOWN, unread))
    masks.append((*_BLANK, values.isna() & ~unread))
    return [count_cases(name, label, refs[mask], refs, "incidents") for name, label, mask in masks]


def count_by_team(snapshot: QuarterSnapshot) -> list[Figure]:
    """Incidents by the team that met them: every team that staff or any incident names, those with none included."""
    found = select_incidents(snapshot)
    if found is None or "team" not in found.columns:
        return make_missing_figures({"silent_teams": _SILENT, "no_team": _NO_TEAM}, NOT_MEASURED)
    teams = _list_teams(snapshot)
    refs, met = found["incident_ref"], found["team"]
    named = [
        count_cases(f"team_{place}", team, refs[met == team], refs, "incidents") for place, team in enumerate(teams, 1)
    ]
    silent = pd.Series([team for team, figure in zip(teams, named, strict=True) if not figure.numerator], dtype="str")
    every = pd.Series(teams, dtype="str").rename("team")
    return [
        Figure(
            "silent_teams",
            _SILENT,
            len(silent),
            len(teams),
            "teams",
            is_of_people=False,
            counted=silent.rename("team"),
            counted_whole=every,
        ),
        *named,
        count_cases("no_team", _NO_TEAM, refs[met.isna()], refs, "incidents"),
    ]


def _list_teams(snapshot: QuarterSnapshot) -> list[str]:
    entities = [entity for entity in ("incidents", "staff") if snapshot.has_columns(entity, "team")]
    return sorted({
        str(team) for entity in entities for team in snapshot.records[entity]["team"].unique() if pd.notna(team)
    })
