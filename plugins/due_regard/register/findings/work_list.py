"""Reading what is to be done: chosen, sorted, counted and paged in SQL, whatever the number of open findings.

Every read takes the rules that may be seen: what somebody may not see is in no count. Writing is work_items.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, false, func, or_, select, true

from due_regard.register.schema.finding_tables import OPEN, AssessmentRun, Finding, FindingEvent
from due_regard.register.schema.work_tables import OVERDUE, OwnerProblem, WorkItem

STAFF = func.coalesce(WorkItem.handed_to, WorkItem.staff_ref)
"""Who must act now, by the landlord's own reference."""

TEAM = case((WorkItem.handed_to.is_not(None), WorkItem.handed_team), else_=WorkItem.team)
"""Their team."""

_EVER = datetime(1970, 1, 1, tzinfo=UTC)

DECIDED = ("silenced", "reported_done", "disputed", "handed_over")
"""States that a person's decision gives an open finding, beside those of its assessment."""


@dataclass(frozen=True)
class Owners:
    """Whose work: of these members of staff, this team, these roles' mailboxes.

    `takes_unreachable`: also what belongs to somebody who cannot be mailed, as the fallback mailbox takes it.
    """

    staff: tuple[str, ...] = ()
    teams: tuple[str, ...] = ()
    mailboxes: tuple[str, ...] = ()
    takes_unreachable: bool = False

    def is_nobody(self) -> bool:
        """Whether nothing can be theirs."""
        return not (self.staff or self.teams or self.mailboxes or self.takes_unreachable)

    def match(self) -> ColumnElement[bool]:
        """Which work items are theirs."""
        is_kept = WorkItem.handed_to.is_(None)
        is_box = and_(is_kept, WorkItem.staff_ref.is_(None))
        return or_(
            false(),
            WorkItem.handed_to.in_(self.staff) if self.staff else false(),
            and_(is_kept, WorkItem.staff_ref.in_(self.staff)) if self.staff else false(),
            TEAM.in_(self.teams) if self.teams else false(),
            and_(is_box, WorkItem.owner_role.in_(self.mailboxes)) if self.mailboxes else false(),
            WorkItem.has_problem if self.takes_unreachable else false(),
        )

    def holds(self, one: OwnerCount) -> bool:
        """Whether a group of work items is theirs: the same as `match` says in SQL."""
        return (
            (one.staff_ref is not None and one.staff_ref in self.staff)
            or (one.team is not None and one.team in self.teams)
            or (one.staff_ref is None and one.owner_role in self.mailboxes)
            or (self.takes_unreachable and one.has_problem)
        )


@dataclass(frozen=True)
class OwnerCount:
    """How much somebody must do: `findings`, of these `overdue`, of these whose owner no run worked out (`unknown`)."""

    owner_role: str
    staff_ref: str | None
    team: str | None
    has_problem: bool
    findings: int
    overdue: int
    unknown: int


@dataclass(frozen=True)
class WorkChoice:
    """Which open findings of a landlord.

    Attributes:
        rules: those that may be seen; None for all. on: the day on which a silence is judged to be over.
        owners: whose; None for everybody's. owner_role, rule, stage, state: only these.
        until: only what has waited since that day or longer. ids: only these findings.
        is_backlog: only what was wrong before go-live and was handed to nobody.
    """

    landlord: str
    rules: tuple[str, ...] | None
    on: date
    owners: Owners | None = None
    owner_role: str | None = None
    rule: str | None = None
    stage: str | None = None
    state: str | None = None
    until: date | None = None
    ids: tuple[int, ...] | None = None
    is_backlog: bool = False

    def list_conditions(self) -> list[ColumnElement[bool]]:
        """The choice as conditions on `WorkItem`."""
        found = [WorkItem.landlord == self.landlord]
        found += [] if self.rules is None else [WorkItem.rule.in_(self.rules)]
        found += [] if self.owners is None else [self.owners.match()]
        pairs = ((WorkItem.owner_role, self.owner_role), (WorkItem.rule, self.rule), (WorkItem.stage, self.stage))
        found += [column == value for column, value in pairs if value is not None]
        found += [] if self.until is None else [WorkItem.since_on <= self.until]
        found += [] if self.ids is None else [WorkItem.finding_id.in_(self.ids)]
        found += [WorkItem.is_backlog.is_(True), WorkItem.handed_to.is_(None)] if self.is_backlog else []
        return found + ([] if self.state is None else [self._match_state(self.state)])

    def _match_state(self, state: str) -> ColumnElement[bool]:
        if state not in DECIDED:
            return WorkItem.state == state
        decided: ColumnElement[bool] = {
            "silenced": Finding.silenced_until >= self.on,
            "reported_done": Finding.awaiting_since > _EVER,
            "disputed": Finding.disputed_at > _EVER,
            "handed_over": Finding.handed_to > "",
        }[state]
        # Ranges, which the indexes of the few that are decided on answer. What is listed is open: it need not be asked.
        mine = select(Finding.id).where(Finding.landlord == self.landlord, decided)
        return WorkItem.finding_id.in_(mine)


def find_last_judged_day(connection: Connection, landlord: str) -> date | None:
    """The day at which a landlord's findings stand: that of the last run that moved them."""
    moving = select(AssessmentRun.as_at).where(AssessmentRun.landlord == landlord, AssessmentRun.moved)
    return connection.scalar(moving.order_by(AssessmentRun.id.desc()).limit(1))


def find_last_judged_days(connection: Connection, landlords: Sequence[str]) -> dict[str, date]:
    """Landlord -> the day at which its findings stand, of those ever judged."""
    moving = select(func.max(AssessmentRun.id)).where(AssessmentRun.landlord.in_(landlords), AssessmentRun.moved)
    last = moving.group_by(AssessmentRun.landlord)
    runs = select(AssessmentRun.landlord, AssessmentRun.as_at).where(AssessmentRun.id.in_(last))
    return {landlord: as_at for landlord, as_at in connection.execute(runs)}


def find_newest_events(connection: Connection, findings: Sequence[int]) -> dict[int, int]:
    """Finding -> its newest event."""
    newest = select(FindingEvent.finding_id, func.max(FindingEvent.id)).where(FindingEvent.finding_id.in_(findings))
    return {finding: event for finding, event in connection.execute(newest.group_by(FindingEvent.finding_id))}


def count_work_of_landlords(
    connection: Connection, choices: Sequence[WorkChoice], waiting: Sequence[WorkChoice]
) -> tuple[dict[tuple[str, int], int], dict[str, int]]:
    """(landlord, urgency) -> how many of `choices`; landlord -> how many of `waiting` that no decision holds back."""
    every = or_(false(), *(and_(*choice.list_conditions()) for choice in choices))
    counted = select(WorkItem.landlord, WorkItem.urgency, func.count()).where(every)
    found = connection.execute(counted.group_by(WorkItem.landlord, WorkItem.urgency))
    counts = {(landlord, urgency): n for landlord, urgency, n in found}
    if not waiting:
        return counts, {}
    asked = or_(false(), *(and_(*choice.list_conditions()) for choice in waiting))
    is_free = and_(
        Finding.awaiting_since.is_(None),
        or_(Finding.silenced_until.is_(None), Finding.silenced_until < waiting[0].on),
    )
    mine = select(WorkItem.landlord, func.count()).join(Finding, Finding.id == WorkItem.finding_id)
    return counts, {one: n for one, n in connection.execute(mine.where(asked, is_free).group_by(WorkItem.landlord))}


def count_rules(connection: Connection, choice: WorkChoice) -> dict[tuple[str, int], int]:
    """(rule, urgency) -> how many of the chosen."""
    columns = (WorkItem.rule, WorkItem.urgency)
    counted = select(*columns, func.count()).where(*choice.list_conditions()).group_by(*columns)
    return {(rule, urgency): n for rule, urgency, n in connection.execute(counted)}


def count_owners(connection: Connection, choice: WorkChoice) -> list[OwnerCount]:
    """The chosen, whosesoever they are, counted by who must act."""
    # As the index has them: the groups come in order, and nothing is sorted.
    columns = (
        *(WorkItem.owner_role, WorkItem.staff_ref, WorkItem.team, WorkItem.handed_to, WorkItem.handed_team),
        WorkItem.has_problem,
    )
    unknown = func.sum(case((WorkItem.stage.is_(None), 1), else_=0))
    late = func.sum(case((WorkItem.urgency == OVERDUE, 1), else_=0))
    every = replace(choice, owners=None).list_conditions()
    found = []
    for row in connection.execute(select(*columns, func.count(), late, unknown).where(*every).group_by(*columns)):
        role, staff_ref, team, handed_to, handed_team, has_problem, *counts = row
        who = (staff_ref, team) if handed_to is None else (handed_to, handed_team)
        found.append(OwnerCount(role, *who, bool(has_problem), *map(int, counts)))
    return found


def read_work(
    connection: Connection, choice: WorkChoice, *, offset: int, limit: int, total: int = 0
) -> list[dict[str, Any]]:
    """The chosen from `offset` on, the most urgent and longest waiting first, each with how its finding stands.

    `total` is how many are chosen, where it is known: the second half is then reached from the end.
    """
    order = (WorkItem.urgency, WorkItem.since_on, WorkItem.finding_id)
    if is_reversed := 2 * offset > total > 0:
        limit = max(min(limit, total - offset), 0)
        offset = total - offset - limit
    # Of one owner's few, sorting is faster than passing over all others in order; `+ 0` says so to both engines.
    first = WorkItem.urgency if choice.owners is None else WorkItem.urgency + 0
    chosen = select(WorkItem.finding_id).where(*choice.list_conditions())
    # Only the rows of the page are looked at; the others are passed over in an index.
    way = [column.desc() if is_reversed else column for column in (first, *order)]
    page = chosen.order_by(*way).offset(offset).limit(limit).subquery()
    own = [column for column in WorkItem.__table__.c if column.name not in {"staff_ref", "team", "handed_to"}]
    known = (
        *(Finding.register_ref, Finding.subject_type, Finding.subject_ref, Finding.due_on, Finding.days_overdue),
        *(Finding.severity, Finding.clause, Finding.policy_version, Finding.opened_on, Finding.silenced_until),
        *(Finding.awaiting_since, Finding.disputed_at, Finding.handed_to),
    )
    rows = (
        select(*own, STAFF.label("staff_ref"), TEAM.label("team"), *known)
        .join(page, page.c.finding_id == WorkItem.finding_id)
        .join(Finding, Finding.id == WorkItem.finding_id)
    )
    rows = rows.order_by(*order)
    return [dict(row) for row in connection.execute(rows).mappings()]


def read_owner_problems(
    connection: Connection, landlord: str, *, limit: int, restricted: bool
) -> tuple[list[dict[str, Any]], int]:
    """What keeps owners from being mailed, that which hinders most findings first; and how many there are in all.

    With `restricted` also of duties that only certain roles may hear of.
    """
    is_seen = true() if restricted else OwnerProblem.key.not_like("restricted:%")
    mine = and_(OwnerProblem.landlord == landlord, is_seen)
    rows = select(OwnerProblem.__table__).where(mine).order_by(OwnerProblem.findings.desc(), OwnerProblem.key)
    total = connection.scalar(select(func.count()).select_from(OwnerProblem).where(mine)) or 0
    return [dict(row) for row in connection.execute(rows.limit(limit)).mappings()], total


def list_closed(connection: Connection, choice: WorkChoice, *, limit: int) -> list[dict[str, Any]]:
    """Of the findings `choice.ids` those that are closed, the newest first."""
    names = ("register_ref", "rule", "subject_type", "subject_ref", "resolved_on", "policy_version", "clause")
    is_seen = true() if choice.rules is None else Finding.rule.in_(choice.rules)
    rows = select(*(getattr(Finding, name) for name in names)).where(
        Finding.landlord == choice.landlord, Finding.status != OPEN, Finding.id.in_(choice.ids or ()), is_seen
    )
    newest = rows.order_by(Finding.resolved_on.desc(), Finding.id.desc()).limit(limit)
    return [dict(row) for row in connection.execute(newest).mappings()]
