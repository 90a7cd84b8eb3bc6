"""The actions that a paper proposes: of a confidential one the open duties, of a published one the points' own.

Counts of open duties stand in no published table, so a published paper gives none.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd

from due_regard.calendars.reporting_years import Period
from due_regard.config.landlord import PackSwitch
from due_regard.packs.content.paper_points import PaperPoint
from due_regard.packs.content.paper_wording import LineWords
from due_regard.policy import LandlordContext

MOST_ACTIONS = 6


@dataclass(frozen=True)
class PaperAction:
    """One action: what, how much of it is open, whose it is, by when."""

    what: str
    how_much: str
    owner: str
    by: date


def find_action_day(context: LandlordContext, switch: PackSwitch | None, quarter: Period) -> date:
    """The day actions are proposed for: as long after the meeting (or the quarter's end) as the ladder's last stage."""
    step = context.landlord.alerts.ladder.committee
    meeting = switch.find_meeting(quarter.ends_on) if switch else None
    first = meeting or quarter.ends_on
    if step.unit == "days":
        return context.calendar.next_working(first + timedelta(days=step.n))
    return context.calendar.shift(first, step.n)


def list_paper_actions(
    found: pd.DataFrame, duties: pd.DataFrame, lines: LineWords, name_post: Callable[[str], str], by: date
) -> tuple[PaperAction, ...]:
    """One action a duty of `select_open_duties` that is overdue or missing, the most cases first.

    Something due soon is its owner's to do, not a committee's to see to.
    """
    owed = found[found["state"].isin(["overdue", "breach"])]
    rules = sorted(owed.groupby("rule", observed=True), key=lambda rule: -len(rule[1]))
    known = duties.set_index("rule")
    return tuple(
        PaperAction(
            str(known.at[rule, "remedy"]),
            _describe_open(rows, str(known.at[rule, "days_unit"]), lines),
            name_post(str(rows["owner_role"].iloc[0])),
            by,
        )
        for rule, rows in rules
        if rule in known.index
    )


def _describe_open(rows: pd.DataFrame, unit: str, lines: LineWords) -> str:
    late, missing = rows[rows["state"] == "overdue"], rows[rows["state"] == "breach"]
    longest = int(late["days_overdue"].max()) if len(late) else 0
    parts = []
    if len(late):
        said = lines.overdue if unit and longest else lines.overdue_some
        parts.append(said.format(n=f"{len(late):,}", days=f"{longest:,}", unit=unit))
    if len(missing):
        parts.append(lines.missing.format(n=f"{len(missing):,}"))
    return "; ".join(parts)


def list_point_actions(
    points: Sequence[PaperPoint], name_post: Callable[[str], str], by: date
) -> tuple[PaperAction, ...]:
    """The action of each point in which something went wrong, or may have: no counts."""
    return tuple(
        PaperAction(point.words.action, "", name_post(point.words.owner), by)
        for point in points
        if (point.wrong or point.is_hidden) and point.words.action and point.words.owner
    )
