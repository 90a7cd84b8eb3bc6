"""Snapshots for a pack: the reported quarter and the four before, or two years, each assessed at its own end.

Every column of a table is thus what that period's own pack would say with what is known now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import nan
from typing import get_args

import numpy as np
import pandas as pd

from due_regard.assessment import assess_records
from due_regard.assessment.masked_frames import mask_later_events
from due_regard.calendars.reporting_years import Period
from due_regard.packs.content.filled_tables import list_shown_periods
from due_regard.packs.measures import DUTY_COLUMNS, QuarterSnapshot
from due_regard.policy import DeadlineDuty, Duty, LandlordContext, Policy, PolicyHistory
from due_regard.policy.duties import FedFigure
from due_regard.records.canonical import Records


def take_snapshots(
    records: Records,
    context: LandlordContext,
    quarter: Period,
    *,
    files: pd.DataFrame,
    periods: Sequence[Period] = (),
    withdrawals: pd.DataFrame | None = None,
) -> tuple[QuarterSnapshot, ...]:
    """Snapshots of `periods`, or of those that a pack of `quarter` (or year) shows, newest first.

    The newest of them counts as reported beside `quarter` itself. `files` has `measures.BATCH_COLUMNS`, `withdrawals`
    `measures.WITHDRAWAL_COLUMNS`.

    Raises:
        CalendarError: a working day outside the calendar's years was needed.
    """
    shown = periods or list_shown_periods(quarter)
    taken = (_take_snapshot(records, context, at, files, at in {quarter, shown[0]}) for at in shown)
    return tuple(taken if withdrawals is None else (replace(one, withdrawals=withdrawals) for one in taken))


def _take_snapshot(
    records: Records, context: LandlordContext, at: Period, files: pd.DataFrame, is_reported: bool
) -> QuarterSnapshot:
    """One snapshot; the whole frame of assessments is let go before the next quarter's is made."""
    return take_whole_snapshot(records, context, at, files=files, is_reported=is_reported).keep_quarter()


def take_whole_snapshot(
    records: Records, context: LandlordContext, at: Period, *, files: pd.DataFrame, is_reported: bool
) -> QuarterSnapshot:
    """One snapshot with every assessment, for whoever opens a figure; `is_reported`: the pack is about this quarter."""
    history, calendar = context.history, context.calendar
    assessments = _add_fed_figures(_categorise_words(assess_records(records, history, calendar, at.ends_on)), history)
    duties = _build_duty_frame(history.find_version(at.ends_on), context.landlord.confirmed_readings)
    tallies = pd.concat([_tally_states(assessments, by) for by in ("rule", "feeds")])
    known = mask_later_events(records, at.ends_on)
    return QuarterSnapshot(at, known, assessments, tallies, duties, files, calendar.count, is_reported)


def _categorise_words(assessments: pd.DataFrame) -> pd.DataFrame:
    """The frame itself with words of few kinds as categories: a tenth of the memory, and compared as numbers."""
    for name in ("landlord", "rule", "subject_type", "state", "severity", "clause", "owner_role"):
        # One at a time, so that no two forms of all of them are in memory at once.
        assessments[name] = assessments[name].astype("category")
    return assessments


def _add_fed_figures(assessments: pd.DataFrame, history: PolicyHistory) -> pd.DataFrame:
    """The same with `feeds`: the figure that each row's duty feeds in the version that assessed it, if any."""
    rules, figures = assessments["rule"].cat, get_args(FedFigure)
    place = {rule: number for number, rule in enumerate(rules.categories)}
    fed = np.full((len(place), len(history.versions)), -1, np.int8)
    for number, policy in enumerate(history.versions):
        for duty in policy.duties:
            if duty.feeds is not None and duty.rule in place:
                fed[place[duty.rule], number] = figures.index(duty.feeds)
    starts = np.array([policy.effective_from for policy in history.versions], dtype="datetime64[s]")
    versions = np.searchsorted(starts, assessments["policy_version"].to_numpy())
    return assessments.assign(feeds=pd.Categorical.from_codes(fed[rules.codes.to_numpy(), versions], pd.Index(figures)))


def _tally_states(assessments: pd.DataFrame, by: str) -> pd.DataFrame:
    """Number of assessments by rule or figure (index) and state (columns)."""
    groups, states = assessments[by].cat, assessments["state"].cat
    shape = len(groups.categories), len(states.categories)
    known = groups.codes.to_numpy() >= 0
    places = groups.codes.to_numpy("int64")[known] * shape[1] + states.codes.to_numpy("int64")[known]
    counts = np.bincount(places, minlength=shape[0] * shape[1]).reshape(shape)
    return pd.DataFrame(counts, index=list(groups.categories), columns=list(states.categories))


def _build_duty_frame(policy: Policy, confirmed: Mapping[str, str]) -> pd.DataFrame:
    """`measures.DUTY_COLUMNS` of a policy's duties, in its order."""
    rows = [
        (
            duty.rule, duty.label, duty.kind, duty.clause, duty.reading or "", duty.remedy, duty.severity,
            _count_term(duty), duty.days_unit or "", confirmed.get(duty.rule, ""), duty.feeds or "",
        )
        for duty in policy.duties
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=list(DUTY_COLUMNS))


def _count_term(duty: Duty) -> float:
    within = duty.within if isinstance(duty, DeadlineDuty) else None
    return float(within.working_days) if within is not None and within.working_days else nan
