"""A restriction's life: what happened, what is due next, and where the policy was not kept, with clause and finding."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from due_regard.config.settings import Settings
from due_regard.records.canonical import ENTITY, ENTITY_OF_SUBJECT
from due_regard.services.case_timeline import (
    CaseRows,
    describe_codes,
    list_events,
    load_timeline_sentences,
    read_cell,
)
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.read_case import Judging, describe_assessment, find_judging, read_one_case
from due_regard.services.result import Result

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

_GAPS = frozenset({"overdue", "late", "breach"})
_COMING = frozenset({"pending", "due_soon"})


def show_restriction(settings: Settings, landlord: str, ref: str, *, sees_restricted: bool) -> Result:
    """The life of one restriction, as at the last judged day.

    Returns:
        landlord, landlord_name, as_at, restriction_ref, customer_ref, standing (coming, in_force, ended), since,
        ended_on, expires_on, measures and channels (code, said), events (`list_events`, each with its gaps), next
        (what is due, the earliest first), gaps, unmeasured, other_restrictions. A gap has what `describe_assessment`
        says, and the finding (register_ref, status) that it is, or None.

    Raises:
        UnknownReference: no restriction has that reference.
    """
    from due_regard.register import reading

    with open_landlord_register(settings, landlord) as engine, reading(engine, landlord) as connection:
        judging = find_judging(settings, connection, landlord, sees_restricted=sees_restricted)
        records, rows, assessments = read_one_case(connection, judging, ref)
        judged = _list_judged(connection, judging, rows, assessments)
    lists = judging.context.history.versions[-1].file.code_lists
    words = load_timeline_sentences(settings.reports_dir / "pages")
    events = list_events(rows, words, lists, judging.as_at)
    gaps = [one for one in judged if one["state"] in _GAPS and one["severity"] != "info"]
    return (
        judging.describe()
        | _describe_standing(rows, judging)
        | {name: describe_list(rows["restrictions"][0], column, lists) for name, column in LISTS.items()}
        | {"events": _add_gaps(events, gaps), "gaps": gaps, "next": _list_coming(judged)}
        | {"unmeasured": [one for one in judged if one["state"] == "not_measured"]}
        | {"other_restrictions": _list_others(records, ref)}
    )


LISTS = {"measures": "measure", "channels": "channels_restricted"}


def describe_list(row: Any, column: str, lists: Any) -> list[Result]:
    """The words of one code column of a restriction: code, said."""
    found = describe_codes(row, ENTITY["restrictions"].by_name[column], lists)
    return [{"code": one["code"], "said": one["said"]} for one in found]


def _list_judged(connection: Connection, judging: Judging, rows: CaseRows, assessments: pd.DataFrame) -> list[Result]:
    """What the duties say of the case's own records, each with the finding that it is."""
    from due_regard.register.restriction_cases import list_findings_about

    own = {(subject, row[ENTITY_OF_SUBJECT[subject].key]) for subject, row in _list_subjects(rows)}
    said = [row for row in assessments.to_dict("records") if (row["subject_type"], row["subject_ref"]) in own]
    found = list_findings_about(connection, judging.landlord, {ref for _, ref in own}, hidden=judging.hidden)
    by_key = {_make_key(one): {"register_ref": one["register_ref"], "status": one["status"]} for one in found}
    history = judging.context.history
    return [describe_assessment(row, history) | {"finding": by_key.get(_make_key(row))} for row in said]


def _make_key(row: Any) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("rule", "subject_type", "subject_ref", "occurrence"))


def _list_subjects(rows: CaseRows) -> Iterable[tuple[str, Any]]:
    return ((ENTITY[name].subject, row) for name, found in rows.items() for row in found)


def _describe_standing(rows: CaseRows, judging: Judging) -> Result:
    row = rows["restrictions"][0]
    since, ended = max(read_cell(row, "decided_on"), read_cell(row, "starts_on")), read_cell(row, "ended_on")
    today = judging.as_at.isoformat() if judging.as_at else None
    is_over = ended is not None and (today is None or ended <= today)
    is_coming = today is not None and since > today
    said = {"standing": "ended" if is_over else "coming" if is_coming else "in_force", "since": since}
    names = ("restriction_ref", "customer_ref", "ended_on", "expires_on")
    return said | {name: read_cell(row, name) for name in names}


def _list_coming(judged: Sequence[Result]) -> list[Result]:
    """What is due next: of each record and duty the first date."""
    coming = [one for one in judged if one["state"] in _COMING and one["due_on"] and one["severity"] != "info"]
    return sorted(coming, key=lambda one: (one["due_on"], one["rule"], one["subject_ref"]))


def _add_gaps(events: Sequence[Result], gaps: Sequence[Result]) -> list[Result]:
    """Events with the gaps that have no day of their own; those that have one stand on that day, as events."""
    undated: dict[tuple[str, str], list[Result]] = {}
    for gap in gaps:
        if gap["due_on"] is None:
            undated.setdefault((gap["subject_type"], gap["subject_ref"]), []).append(gap)
    told = [event | {"gaps": undated.pop((event["subject_type"], event["ref"]), [])} for event in events]
    dated = [
        {"on": gap["due_on"], "event": "gap", "says": gap["label"], "subject_type": gap["subject_type"],
         "ref": gap["subject_ref"], "details": [], "is_coming": False, "gaps": [gap]}
        for gap in gaps if gap["due_on"] is not None
    ]  # fmt: skip
    return sorted([*told, *dated], key=lambda event: event["on"])


def _list_others(records: Any, ref: str) -> list[str]:
    frame = records["restrictions"]
    return sorted(set(frame["restriction_ref"]) - {ref})
