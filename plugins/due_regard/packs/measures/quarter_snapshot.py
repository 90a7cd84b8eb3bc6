"""What every measure reads: one landlord's records and assessments as they stood at one quarter's end.

Values and plain reading of columns. What is counted stands in the sibling modules, one a subject.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from due_regard.calendars.reporting_years import Period
from due_regard.records.canonical import ENTITY_OF_SUBJECT, OPEN_STATES, UNKNOWN_CELLS, Records

CountDays: TypeAlias = Callable[[npt.NDArray[np.datetime64], npt.NDArray[np.datetime64]], npt.NDArray[np.int64]]
"""Working days d with after < d <= to, on arrays of datetime64[D] (`WorkingCalendar.count`)."""

NOT_MEASURED = "not measured"
"""The landlord's export does not carry what the figure needs."""
NO_DUTY = "no duty"
"""The landlord's policy makes no such promise."""
NOTHING_TO_MEASURE = "nothing to measure"
"""There was no case that a middle or longest could be taken of."""

DUTY_COLUMNS = (
    "rule", "label", "kind", "clause", "reading", "remedy", "severity", "working_days", "days_unit",
    "confirmed", "feeds",
)  # fmt: skip
"""Columns of `QuarterSnapshot.duties`: a policy's duties in words.

`working_days` is a deadline's length where it is set in these (NaN: not), `days_unit` what its days
overdue are counted in, `confirmed` who confirmed our reading (or
empty), `feeds` the figure it feeds (or empty).
"""

BATCH_COLUMNS = ("loaded_on", "entity", "read", "loaded", "unchanged", "rejected")
"""Columns of `QuarterSnapshot.files`: one row a file taken in, with its counts of rows."""

WITHDRAWAL_COLUMNS = ("withdrawn_on", "entity", "ref")
"""Columns of `QuarterSnapshot.withdrawals`: one row a record withdrawn as entered by mistake, in whichever quarter."""


def make_no_withdrawals() -> pd.DataFrame:
    """The withdrawals of a register in which nothing was withdrawn."""
    return pd.DataFrame({"withdrawn_on": pd.Series(dtype="datetime64[s]"), "entity": [], "ref": []})


@dataclass(frozen=True, eq=False)
class QuarterSnapshot:
    """One landlord at one quarter's end, or at the end of a reporting year: what is said of a quarter holds of it.

    Attributes:
        quarter: the quarter, or the year, whose end everything is assessed at.
        records: records as known, events after the quarter's end blank; measures leave out a record opened later.
        assessments: the canonical assessment columns as at the quarter's end, with `feeds`, the figure that a row's
            duty feeds; rows of a rule together. Those that fell due in the quarter, safeguards of restrictions in
            force and of what was opened in the quarter, every one of an appeal or the policy document, overdue
            reviews, and in the reported quarter every open one (`keep_quarter`).
        tallies: number of assessments by rule or figure (index) and state (columns), of all of them.
        duties: `DUTY_COLUMNS`, one row a duty of the policy in force.
        files: `BATCH_COLUMNS`, one row a file taken in.
        count_days: the landlord's working days between two arrays of dates.
        withdrawals: `WITHDRAWAL_COLUMNS`, without those that a person took back.
        is_reported: whether this is the quarter a pack is about, and not one it is compared with.
    """

    quarter: Period
    records: Records
    assessments: pd.DataFrame
    tallies: pd.DataFrame
    duties: pd.DataFrame
    files: pd.DataFrame
    count_days: CountDays
    is_reported: bool = True
    withdrawals: pd.DataFrame = field(default_factory=make_no_withdrawals)

    @property
    def start(self) -> pd.Timestamp:
        """First day of the quarter."""
        return pd.Timestamp(self.quarter.starts_on)

    @property
    def end(self) -> pd.Timestamp:
        """Last day of the quarter."""
        return pd.Timestamp(self.quarter.ends_on)

    def has_columns(self, entity: str, *columns: str) -> bool:
        """Whether `entity` was ever delivered with all of `columns`."""
        frame = self.records.get(entity)
        return frame is not None and all(column in frame.columns for column in columns)

    def mark_in_quarter(self, dates: pd.Series) -> pd.Series:
        """Mask of the dates inside the quarter."""
        return dates.ge(self.start) & dates.le(self.end)

    def select_rule(self, rule: str) -> pd.DataFrame:
        """Assessments of one rule, without the landlord's own row of a rule whose subjects were never delivered."""
        return _leave_out_landlord(self.assessments.iloc[self._places.get(rule, slice(0, 0))])

    def select_not_measured(self, rule: str) -> pd.DataFrame:
        """Rows of one rule that could not be judged, the landlord's own where its subjects were never delivered."""
        rows = self.assessments.iloc[self._places.get(rule, slice(0, 0))]
        return rows[rows["state"] == "not_measured"]

    def select_figure(self, figure: str) -> pd.DataFrame:
        """Assessments of the duty that feeds a figure, in whichever version of the policy; else as `select_rule`."""
        return _leave_out_landlord(self.assessments[self.assessments["feeds"] == figure])

    def keep_quarter(self) -> QuarterSnapshot:
        """The same with the assessments its measures read: a history of millions holds few that bear on a quarter."""
        rows = self.assessments
        checks = set(self.duties.loc[self.duties["kind"] == "check", "rule"])
        wanted = self.mark_in_quarter(rows["due_on"]) | rows["subject_type"].isin(["appeal", "policy"])
        wanted |= (rows["feeds"] == "reviews") & (rows["state"] == "overdue")
        if self.has_columns("restrictions", "ended_on"):
            of_restriction = (rows["subject_type"] == "restriction") & rows["rule"].isin(checks)
            wanted |= of_restriction & mark_among(rows["subject_ref"], self.in_force["restriction_ref"])
        wanted |= rows["rule"].isin(checks) & mark_among(rows["subject_ref"], self._list_opened_refs(checks))
        if self.is_reported:
            wanted |= rows["state"].isin(OPEN_STATES)
        return replace(self, assessments=rows[wanted].reset_index(drop=True))

    def list_opened_refs(self, subject: str) -> pd.Series:
        """References of a kind of subject's records that were opened in the quarter; none for one without a date."""
        entity = ENTITY_OF_SUBJECT.get(subject)
        frame = self.records.get(entity.name) if entity else None
        if entity is None or frame is None or entity.opened_on is None:
            return pd.Series(dtype="str")
        refs: pd.Series = frame.loc[self.mark_in_quarter(frame[entity.opened_on]), entity.key]
        return refs

    def _list_opened_refs(self, rules: set[str]) -> set[str]:
        """Of every kind of subject that rules are about; where two kinds share a reference, a row too many is kept."""
        subjects = {rule.split(".")[0] for rule in rules}
        return {ref for subject in subjects for ref in self.list_opened_refs(subject)}

    @cached_property
    def _places(self) -> dict[str, slice]:
        """Where the rows of each rule stand: found once, as a register's history holds millions of rows."""
        codes, rules = pd.factorize(self.assessments["rule"])
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        bounds = [*starts.tolist(), len(codes)]
        return {str(rules[codes[a]]): slice(a, b) for a, b in pairwise(bounds)}

    @cached_property
    def spans(self) -> pd.DataFrame:
        """Restrictions decided by the quarter's end, with `begins` and `ends` (first day not in force; NaT: none).

        A restriction that ended before it began counts as begun and ended on its start: it was never in force, and
        the sum of opening, new and ended still holds.
        """
        frame = self.records["restrictions"]
        frame = frame[frame["decided_on"] <= self.end]
        begins = frame[["decided_on", "starts_on"]].max(axis=1)
        ended = frame["ended_on"].where(frame["ended_on"] <= self.end)
        return frame.assign(begins=begins, ends=ended.where(ended.isna() | (ended >= begins), begins))

    @cached_property
    def in_force(self) -> pd.DataFrame:
        """Rows of `spans` in force at the quarter's end."""
        return select_in_force(self.spans, self.end)

    def explain_absence(self, name: str) -> str:
        """Why a rule or a figure counts nothing: `NO_DUTY`, `NOT_MEASURED`, or empty where it does count."""
        if name not in {*self.duties["rule"], *self.duties["feeds"]}:
            return NO_DUTY
        states = self.count_states(name)
        return NOT_MEASURED if states and set(states) == {"not_measured"} else ""

    def count_states(self, name: str) -> dict[str, int]:
        """State -> number of all assessments of a rule or of what feeds a figure; states without any left out."""
        if name not in self.tallies.index:
            return {}
        return {str(state): int(count) for state, count in self.tallies.loc[name].items() if count}


def select_in_force(found: pd.DataFrame, day: pd.Timestamp) -> pd.DataFrame:
    """Rows of `QuarterSnapshot.spans` in force at the end of `day`."""
    return found[(found["begins"] <= day) & (found["ends"].isna() | (found["ends"] > day))]


def _leave_out_landlord(rows: pd.DataFrame) -> pd.DataFrame:
    of_landlord = rows["subject_type"] == "landlord"
    return rows[~of_landlord] if of_landlord.any() else rows


def mark_among(values: pd.Series, refs: pd.Series | Collection[str]) -> pd.Series:
    """Mask of the references that are among `refs`; no blank is. `Series.isin` would make Python's text of them all."""
    among = pc.is_in(
        pa.array(values, pa.large_string(), from_pandas=True),
        value_set=pa.array(refs if isinstance(refs, pd.Series) else list(refs), pa.large_string(), from_pandas=True),
        skip_nulls=True,
    )
    return pd.Series(among.to_numpy(zero_copy_only=False), index=values.index)


def mark_not_known(frame: pd.DataFrame, column: str) -> pd.Series:
    """Mask of the rows whose cell of `column` holds a word that is not known: neither a value nor a blank."""
    if UNKNOWN_CELLS not in frame.columns:
        return pd.Series(False, index=frame.index)
    return (";" + frame[UNKNOWN_CELLS].fillna("") + ";").str.contains(f";{column};", regex=False)


def name_subjects(rows: pd.DataFrame) -> pd.Series:
    """References of what a rule's assessments judge, named as the column of its records they come from."""
    refs: pd.Series = rows["subject_ref"]
    subject = str(rows["subject_type"].iloc[0]) if len(rows) else ""
    # The landlord itself, and its policy, are no records.
    return refs.rename(ENTITY_OF_SUBJECT[subject].key if subject in ENTITY_OF_SUBJECT else subject)


def count_days_since(day: pd.Timestamp, dates: pd.Series) -> pd.Series:
    """Calendar days from each date to `day`."""
    days: pd.Series = (day - dates).dt.days
    return days
