"""One case, or a few, as at the last judged day: its own records, and what every duty says of them.

Only the rows of the case are read and judged, by the knowledge that the last run rested on, so that a page says what
the findings say. Without a run there is nothing judged: the records are those known now.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from due_regard.calendars.quarters import find_london_day
from due_regard.config.settings import Settings
from due_regard.errors import UnknownReference
from due_regard.policy import Duty, LandlordContext, PolicyHistory
from due_regard.services.case_timeline import CaseRows, select_case_rows
from due_regard.services.page_context import load_page_context
from due_regard.services.result import Result, make_json_value
from due_regard.services.visible_rules import list_restricted_rules

if TYPE_CHECKING:
    import pandas as pd
    from sqlalchemy import Connection

    from due_regard.records.canonical import Records


@dataclass(frozen=True)
class Judging:
    """As at which day a landlord's findings stand, and by the knowledge of which instant.

    Attributes:
        as_at: None where the landlord was never judged.
        known_at: the end of time where it was never judged.
        hidden: rules that this reader may not hear of.
    """

    context: LandlordContext
    as_at: date | None
    known_at: datetime
    run_id: int | None
    hidden: tuple[str, ...]

    @property
    def landlord(self) -> str:
        """The landlord's id."""
        return self.context.landlord.id

    def describe(self) -> Result:
        """What every page of the landlord says of itself: landlord, landlord_name, as_at."""
        landlord = self.context.landlord
        return {"landlord": landlord.id, "landlord_name": landlord.name, "as_at": make_json_value(self.as_at)}


def find_judging(settings: Settings, connection: Connection, landlord: str, *, sees_restricted: bool) -> Judging:
    """How the landlord's findings stand now, for a reader who may or may not hear of restricted duties."""
    from due_regard.register import EVER
    from due_regard.register.findings.judged_days import find_last_judged

    context = load_page_context(settings, landlord).plain
    hidden = () if sees_restricted else list_restricted_rules(context.history)
    as_at, known_at, run_id = find_last_judged(connection, landlord) or (None, EVER, None)
    return Judging(context, as_at, known_at, run_id, hidden)


def read_judged_case(connection: Connection, judging: Judging, refs: Collection[str]) -> tuple[Records, pd.DataFrame]:
    """The records of these restrictions' cases (`read_restriction_cases`), and the assessments of them all.

    Assessments have the contract's columns and `policy_version`; rules that the reader may not hear of are left out.
    """
    import pandas as pd

    from due_regard.assessment import assess_records
    from due_regard.records.canonical import ASSESSMENT_COLUMNS
    from due_regard.register.restriction_cases import read_restriction_cases

    records = read_restriction_cases(connection, judging.landlord, refs, known_at=judging.known_at)
    if judging.as_at is None or not records:
        return records, pd.DataFrame(columns=[*ASSESSMENT_COLUMNS, "policy_version"])
    found = assess_records(records, judging.context.history, judging.context.calendar, judging.as_at)
    is_shown = ~found["rule"].isin(judging.hidden) & ~found["subject_type"].isin(["landlord", "policy"])
    return records, found[is_shown]


def read_one_case(connection: Connection, judging: Judging, ref: str) -> tuple[Records, CaseRows, pd.DataFrame]:
    """The case of one restriction: `read_judged_case`, and the rows that are its own (`select_case_rows`).

    Raises:
        UnknownReference: no restriction has that reference.
    """
    from due_regard.register.vanished_records import find_withdrawal

    # No database knows a NUL, and PostgreSQL will not even be asked for one.
    if "\0" not in ref:
        records, assessments = read_judged_case(connection, judging, [ref])
        if rows := select_case_rows(records, ref):
            return records, rows, assessments
        if (act := find_withdrawal(connection, judging.landlord, "restrictions", ref)) is not None:
            on = find_london_day(act["at"])
            raise UnknownReference(f"this restriction was withdrawn on {on}: it was entered by mistake")
    raise UnknownReference("no restriction has that reference; the list has those in force")


def describe_assessment(row: Mapping[Any, Any], history: PolicyHistory) -> Result:
    """One assessment for a page: where it stands, and the duty in plain words."""
    version = row["policy_version"]
    duty: Duty = history.find_duty(str(row["rule"]), getattr(version, "date", lambda: None)())
    names = ("rule", "subject_type", "subject_ref", "occurrence", "state", "due_on", "done_on", "days_overdue")
    said = {name: make_json_value(row[name]) for name in (*names, "severity", "clause", "owner_role")}
    return said | {
        "label": duty.label,
        "promise": duty.promise,
        "reading": duty.reading,
        "remedy": duty.remedy,
        "days_unit": duty.days_unit,
    }
