"""What happened in one restriction's case, day by day: dates of its records, with what the codes on them mean.

Pure: rows in, JSON-safe events out. Of a record only dates and code words are told, never a free text or a person.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from due_regard.codes.code_lists import CodeLists
from due_regard.config.layered_folders import Folder, find_file
from due_regard.config.yaml_files import read_yaml
from due_regard.errors import WordingError
from due_regard.mail.sentences import Plain, Sentences
from due_regard.policy.duty_wording import describe_code
from due_regard.records.canonical import ENTITY_OF_SUBJECT, CanonicalColumn
from due_regard.services.result import Result, make_json_value

if TYPE_CHECKING:
    import pandas as pd

Row = Mapping[str, Any]
CaseRows = Mapping[str, Sequence[Row]]
"""Entity -> its records in the case, as dictionaries."""


class TimelineSentences(Sentences):
    """What each dated column of a record says in a timeline: `<subject>_<column>`."""

    incident_occurred_on: Plain
    warning_issued_on: Plain
    restriction_decided_on: Plain
    restriction_notified_on: Plain
    restriction_starts_on: Plain
    restriction_expires_on: Plain
    restriction_ended_on: Plain
    review_reviewed_on: Plain
    review_customer_notified_on: Plain
    appeal_received_on: Plain
    appeal_acknowledged_on: Plain
    appeal_decided_on: Plain
    appeal_notified_on: Plain
    marker_placed_on: Plain
    marker_reviewed_on: Plain
    marker_removed_on: Plain


_DETAILS = {
    "incident_occurred_on": ("category", "channel"),
    "restriction_decided_on": ("decided_by_role", "approved_by_role", "measure", "channels_restricted"),
    "review_reviewed_on": ("reviewed_by_role", "outcome"),
    "appeal_decided_on": ("considered_by_role", "outcome"),
    "marker_placed_on": ("marker_type",),
}
"""Event -> the code columns of its record that are told with it."""


def load_timeline_sentences(pages: Folder) -> TimelineSentences:
    """The sentences of `case.yaml` in the folder of pages.

    Raises:
        WordingError: the file is missing, or a sentence is missing or unknown; names the line.
    """
    return read_yaml(find_file(pages, "case.yaml"), TimelineSentences, WordingError)


def select_case_rows(records: Mapping[str, Any], ref: str) -> CaseRows:
    """The rows that belong to one restriction.

    Incidents and warnings are all those of its customer: a policy asks what came before and after. So is a marker that
    names no restriction; one that names another restriction is that one's.
    """
    rows = {name: list_plain_rows(frame) for name, frame in records.items()}
    own = next((row for row in rows.get("restrictions", []) if row["restriction_ref"] == ref), None)
    if own is None:
        return {}
    wanted: dict[str, Callable[[Row], bool]] = {
        "restrictions": lambda row: row["restriction_ref"] == ref,
        "reviews": lambda row: row["restriction_ref"] == ref,
        "appeals": lambda row: row["restriction_ref"] == ref,
        "incidents": lambda row: row["customer_ref"] == own["customer_ref"],
        "warnings": lambda row: row["customer_ref"] == own["customer_ref"],
        "customers": lambda row: row["customer_ref"] == own["customer_ref"],
        "markers": lambda row: (
            row["customer_ref"] == own["customer_ref"] and read_cell(row, "restriction_ref") in {None, ref}
        ),
    }
    return {name: [row for row in rows[name] if is_own(row)] for name, is_own in wanted.items() if name in rows}


def list_plain_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """A frame's rows with None for every kind of blank."""
    plain = frame.astype("object")
    return [
        {str(name): cell for name, cell in row.items()} for row in plain.where(frame.notna(), None).to_dict("records")
    ]


def read_cell(row: Row, column: str) -> Any:
    """A cell as JSON knows it; None where it is blank, or its source has no such column."""
    return make_json_value(row.get(column))


def list_events(rows: CaseRows, words: TimelineSentences, lists: CodeLists, as_at: date | None) -> list[Result]:
    """Every dated step, the earliest first: on, event, says, subject_type, ref, details (what, said), is_coming."""
    order = list(TimelineSentences.model_fields)
    events = [event for name in order for event in _list_events_of(name, rows, getattr(words, name), lists)]
    today = "9999" if as_at is None else as_at.isoformat()
    found = [event | {"is_coming": event["on"] > today} for event in events]
    return sorted(found, key=lambda event: (event["on"], order.index(event["event"]), event["ref"]))


def _list_events_of(name: str, rows: CaseRows, says: str, lists: CodeLists) -> Iterator[Result]:
    subject, _, column = name.partition("_")
    entity = ENTITY_OF_SUBJECT[subject]
    for row in rows.get(entity.name, ()):
        if (on := read_cell(row, column)) is None or _is_told_already(row, column):
            continue
        columns = (entity.by_name[detail] for detail in _DETAILS.get(name, ()))
        details = [detail for each in columns for detail in describe_codes(row, each, lists)]
        yield {
            "on": on,
            "event": name,
            "says": says,
            "subject_type": subject,
            "ref": row[entity.key],
            "details": details,
        }


def _is_told_already(row: Row, column: str) -> bool:
    """A restriction that begins on the day it was decided begins with its decision."""
    return column == "starts_on" and read_cell(row, "decided_on") == read_cell(row, column)


def describe_codes(row: Row, column: CanonicalColumn, lists: CodeLists) -> list[Result]:
    """What each word of a code column means: what (the column), said (its meaning; of a role its name)."""
    codes = [code for code in (read_cell(row, column.name) or "").split(";") if code]
    return [
        {"what": describe_code(column.name), "code": code, "said": describe_meaning(column, code, lists)}
        for code in codes
    ]


def describe_meaning(column: CanonicalColumn, code: str, lists: CodeLists) -> str:
    """What a word of a column means; a role is called by its name, and a word that is gone from its list too."""
    word = lists.lists[column.code_list].words.get(code)
    return describe_code(code) if word is None or column.code_list == "roles" else word.meaning
