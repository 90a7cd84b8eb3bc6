"""The duties of a policy file as one DuckDB SQL statement: what the engine is measured against.

Written the way DuckDB likes it: records in its own tables, working days through a table of the calendar, first related
records through ASOF joins, reviews through window functions. Reads a single version of a policy, and records that carry
every column, so `not_measured` is left to the policy document without a date. `tests/benchmarks` and each run hold both
sides to the same rows.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from due_regard.calendars.working_days import WorkingCalendar
from due_regard.policy import CheckDuty, DeadlineDuty, DocumentDuty, Duty, Policy, ReviewDuty
from due_regard.policy import conditions as words
from due_regard.records.canonical import ENTITIES, ENTITY, ENTITY_OF_SUBJECT, CanonicalColumn, ColumnKind, Entity

CALENDAR = "calendar (day DATE, elapsed INTEGER) and working (n INTEGER, day DATE), numbered from 1"
_FAR_PAST = "DATE '0001-01-01'"


def assessment_sql(policy: Policy, calendar: WorkingCalendar, as_at: date) -> str:
    """One statement that answers every duty of `policy`, in the contract's order of columns and rows."""
    masked = ", ".join(f"{entity.name} AS ({mask_records(entity, as_at)})" for entity in ENTITIES)
    duties = "\nUNION ALL BY NAME\n".join(_duty(policy, duty, calendar, as_at) for duty in policy.duties)
    return f"""WITH {masked}
SELECT {_text(policy.landlord)} AS landlord, rule, subject_type, subject_ref, occurrence, state, due_on, done_on,
       days_overdue, severity, clause, owner_role, DATE '{policy.effective_from}' AS policy_version
FROM ({duties})
ORDER BY rule, subject_ref, occurrence"""


def mask_records(entity: Entity, as_at: date) -> str:
    """Records as they were on `as_at`: not yet opened ones left out, later events blank."""
    columns = ", ".join(f"{_masked(entity, column, as_at)} AS {column.name}" for column in entity.columns)
    opened = f" WHERE {entity.opened_on} <= DATE '{as_at}'" if entity.opened_on else ""
    return f"SELECT {columns} FROM delivered.{entity.name}{opened}"


def _masked(entity: Entity, column: CanonicalColumn, as_at: date) -> str:
    if column.known_once:
        return f"CASE WHEN {column.known_once} > DATE '{as_at}' THEN NULL ELSE {column.name} END"
    if column.kind is ColumnKind.DATE and not column.planned and column.name != entity.opened_on:
        return f"CASE WHEN {column.name} <= DATE '{as_at}' THEN {column.name} END"
    return column.name


@dataclass
class _Query:
    """One duty's FROM clause as it grows: a join for each link or related record that a word asks for."""

    subject: Entity
    joins: dict[str, str] = field(default_factory=dict)  # text of the join -> alias

    @property
    def source(self) -> str:
        """The FROM clause."""
        return " ".join([f"FROM {self.subject.name} AS s", *self.joins])

    def column(self, path: str) -> str:
        """SQL of the field that `path` names."""
        *links, name = path.split(".")
        alias = "s"
        for link in links:
            alias = self.link(alias, link)
        return f"{alias}.{name}"

    def link(self, alias: str, link: str) -> str:
        """Alias of the linked record, joined once."""
        target, found = ENTITY_OF_SUBJECT[link], f"{alias}_{link}"
        self.joins[f"LEFT JOIN {target.name} AS {found} ON {found}.{target.key} = {alias}.{target.key}"] = found
        return found

    def join(self, join: str) -> str:
        """Alias of `join`, which writes its own as `$`; joined once."""
        known = next((alias for text, alias in self.joins.items() if text == join.replace("$", alias)), None)
        alias = known or f"r{len(self.joins)}"
        self.joins[join.replace("$", alias)] = alias
        return alias

    def day(self, value: Any) -> str:
        """SQL of a date."""
        match value:
            case str():
                return self.column(value)
            case words.Shifted():
                return f"CAST({self.column(value.field)} + INTERVAL ({value.months}) MONTH AS DATE)"
            case words.First():
                return self.first(value.first)
            case words.EarliestOf():
                return f"least({', '.join(self.day(part) for part in value.earliest_of)})"
        raise TypeError(type(value).__name__)

    def first(self, word: words.Related) -> str:
        """SQL of the day of the first related record within the word's bounds."""
        other, own = ENTITY[word.of], self.column(word.same)
        shared, dated = word.same.split(".")[-1], word.date or other.opened_on
        where = f"WHERE {_Query(other).holds(word.where)}" if word.where is not None else ""
        related = f"SELECT s.{shared} AS shared, s.{dated} AS day FROM {other.name} AS s {where}"
        low, strict = (word.not_before, "") if word.after is None else (word.after, "+ 1")
        if low is None:
            grouped = f"SELECT shared, min(day) AS day FROM ({related}) GROUP BY shared"
            alias = self.join(f"LEFT JOIN ({grouped}) AS $ ON $.shared = {own}")
        else:
            bound = f"{self.day(low)} {strict}"
            alias = self.join(f"ASOF LEFT JOIN ({related}) AS $ ON $.shared = {own} AND $.day >= {bound}")
        upper = [f"{alias}.day < {self.day(word.before)}"] if word.before is not None else []
        upper += [f"{alias}.day <= {self.day(word.not_after)}"] if word.not_after is not None else []
        found = f"CASE WHEN {' AND '.join(upper)} THEN {alias}.day END" if upper else f"{alias}.day"
        return found if word.standing_until is None else self.standing(word, found)

    def standing(self, word: words.Related, otherwise: str) -> str:
        """The lower bound itself where an earlier record still stood on that day, else `otherwise`."""
        other, own, low = ENTITY[word.of], self.column(word.same), self.day(word.not_before)
        shared, dated = word.same.split(".")[-1], word.date or other.opened_on
        until = f"max(coalesce({word.standing_until}, DATE '9999-12-31')) OVER (PARTITION BY {shared} ORDER BY {dated})"
        alias = self.join(
            f"ASOF LEFT JOIN (SELECT {shared} AS shared, {dated} AS day, {until} AS until FROM {other.name}) AS $ "
            f"ON $.shared = {own} AND $.day < {low}"
        )
        return f"CASE WHEN {alias}.until > {low} THEN {low} ELSE {otherwise} END"

    def holds(self, condition: Any) -> str:
        """SQL of a condition, true or false: a blank cell meets nothing."""
        match condition:
            case words.AnyOf():
                return "(" + " OR ".join(self.holds(part) for part in condition.any_of) + ")"
            case words.AllOf():
                return "(" + " AND ".join(self.holds(part) for part in condition.all_of) + ")"
            case words.Not():
                return f"NOT {self.holds(condition.not_)}"
            case words.Exists():
                return f"({self.first(condition.exists)} IS NOT NULL)"
            case words.Present():
                return f"({self.column(condition.present)} IS NOT NULL)"
            case _:
                return f"coalesce({self.compared(condition)}, false)"

    def compared(self, condition: Any) -> str:
        """SQL of a comparison of one field."""
        match condition:
            case words.IsYes():
                return self.column(condition.is_yes)
            case words.Equals(equals=pair):
                ((path, code),) = pair.items()
                return f"{self.column(path)} = {_text(code)}"
            case words.In(in_=pairs):
                ((path, codes),) = pairs.items()
                return f"{self.column(path)} IN ({', '.join(map(_text, codes))})"
            case words.Includes(includes=pair):
                ((path, code),) = pair.items()
                return f"list_contains(string_split({self.column(path)}, ';'), {_text(code)})"
            case words.IncludesAll(includes_all=pairs):
                ((path, codes),) = pairs.items()
                return f"list_has_all(string_split({self.column(path)}, ';'), [{', '.join(map(_text, codes))}])"
            case words.NoLaterThan(no_later_than=limits):
                ((path, limit),) = limits.items()
                return f"{self.column(path)} <= {self.column(limit.after)} + INTERVAL ({limit.months}) MONTH"
            case words.Differs(differs=pair):
                ((path, other),) = pair.items()
                return f"{self.column(path)} <> {self.column(other)}"
        raise TypeError(type(condition).__name__)


def _duty(policy: Policy, duty: Duty, calendar: WorkingCalendar, as_at: date) -> str:
    if isinstance(duty, DocumentDuty):
        return _document(policy, duty, as_at)
    query = _Query(ENTITY_OF_SUBJECT[duty.subject])
    wanted = [f"{query.link('s', link)}.{ENTITY_OF_SUBJECT[link].key} IS NOT NULL" for link in duty.requires]
    if duty.when is not None:
        wanted.append(query.holds(duty.when))
    if isinstance(duty, CheckDuty):
        return _check(query, duty, wanted)
    occurrences = (
        _deadline(query, duty, policy, wanted) if isinstance(duty, DeadlineDuty) else _chain(query, duty, wanted)
    )
    return _dated(duty, occurrences, calendar, as_at)


def _check(query: _Query, duty: CheckDuty, wanted: list[str]) -> str:
    state = f"CASE WHEN {query.holds(duty.require)} THEN 'met' ELSE 'breach' END"
    severity = _severity(query, duty)
    return f"""SELECT {_said(duty)}, s.{query.subject.key} AS subject_ref, 1 AS occurrence, {state} AS state,
       NULL::DATE AS due_on, NULL::DATE AS done_on, 0 AS days_overdue, {severity} AS severity
{query.source} {_where(wanted)}"""


def _deadline(query: _Query, duty: DeadlineDuty, policy: Policy, wanted: list[str]) -> str:
    start = query.column(duty.start or duty.due or "")
    due = _within(query, duty, policy.counting, start)
    if duty.roll:
        due = _working(query, due, 1, "day1")
    done, severity = query.day(duty.done), _severity(query, duty)
    return f"""SELECT s.{query.subject.key} AS subject_ref, 1 AS occurrence, {due} AS due_on, {done} AS done_on,
       {severity} AS severity {query.source} {_where([*wanted, f"{start} IS NOT NULL"])}"""


def _within(query: _Query, duty: DeadlineDuty, counting: str, start: str) -> str:
    within = duty.within
    if within is None:
        return start
    if within.working_days is not None:
        return _working(query, start, within.working_days, counting)
    if within.months is not None:
        return f"CAST({start} + INTERVAL ({within.months}) MONTH AS DATE)"
    if within.quarters is not None:
        return f"CAST(date_trunc('quarter', {start}) + INTERVAL ({3 * (within.quarters + 1)}) MONTH AS DATE) - 1"
    return f"{start} + {within.days}"


def _working(query: _Query, start: str, n: int, counting: str) -> str:
    """The nth working day after `start`, through the calendar's numbering of working days."""
    if counting == "roll_then_add":
        return _working(query, _working(query, start, 1, "day1"), n, "day0")
    before = " - 1" if counting == "day1" else ""
    at = query.join(f"LEFT JOIN calendar AS $ ON $.day = {start}{before}")
    return query.join(f"LEFT JOIN working AS $ ON $.n = {at}.elapsed + {n}") + ".day"


def _chain(query: _Query, duty: ReviewDuty, wanted: list[str]) -> str:
    """A row for the subject and each of its reviews up to the one that closes; `lead` finds what ended each wait."""
    subject, reviews = query.subject, ENTITY[duty.reviews]
    base = f"coalesce({', '.join(query.column(path) for path in duty.base)})"
    ended, closes = query.column(duty.ended), _Query(reviews).holds(duty.closes)
    agreed = query.column(duty.agreed) if duty.agreed else "NULL::DATE"
    following = f"s.{duty.next_agreed}" if duty.next_agreed else "NULL::DATE"
    cycle = f"least(CAST(base + INTERVAL ({duty.cycle.in_months}) MONTH AS DATE), agreed)" if duty.cycle else "agreed"
    return f"""SELECT subject_ref, row_number() OVER (PARTITION BY subject_ref ORDER BY nth) AS occurrence,
       due_on, done_on, severity
FROM (
  SELECT *, {cycle} AS due_on, coalesce(lead(base) OVER (PARTITION BY subject_ref ORDER BY nth), ended) AS done_on
  FROM (
    SELECT s.{subject.key} AS subject_ref, 0 AS nth, {base} AS base, {agreed} AS agreed, {ended} AS ended,
           {_severity(query, duty)} AS severity, false AS closes {query.source} {_where(wanted)}
    UNION ALL
    SELECT s.{subject.key}, row_number() OVER upto AS nth, s.{duty.reviewed}, {following}, subject.{duty.ended},
           '{duty.severity}', {closes}
    FROM {reviews.name} AS s JOIN {subject.name} AS subject ON subject.{subject.key} = s.{subject.key}
    WHERE s.{duty.reviewed} <= coalesce(subject.{duty.ended}, DATE '9999-12-31')
    WINDOW upto AS (PARTITION BY s.{subject.key} ORDER BY s.{duty.reviewed}, s.{reviews.key})
    QUALIFY coalesce(sum({closes}::INT) OVER (upto ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) = 0
  )
) WHERE NOT closes AND due_on IS NOT NULL AND {_asked(query, duty)}"""


def _asked(query: _Query, duty: ReviewDuty) -> str:
    """Reviews of a subject that the duty is not for are left out with it."""
    if duty.when is None:
        return "true"
    own = _Query(query.subject)
    condition = own.holds(duty.when)
    return f"subject_ref IN (SELECT s.{query.subject.key} {own.source} WHERE {condition})"


def _dated(duty: DeadlineDuty | ReviewDuty, occurrences: str, calendar: WorkingCalendar, as_at: date) -> str:
    """States and lateness of occurrences that have a due date and perhaps a done date."""
    counted = duty.notice.working_days is not None
    if counted:
        soon = calendar.shift(as_at, duty.notice.working_days or 0)
        late = "coalesce(b.elapsed - a.elapsed, 0)"
        joins = f"""LEFT JOIN calendar AS a ON a.day = due_on
     LEFT JOIN calendar AS b ON b.day = coalesce(done_on, DATE '{as_at}')"""
    else:
        soon, joins = as_at + timedelta(duty.notice.days or 0), ""
        late = f"coalesce(done_on, DATE '{as_at}') - due_on"
    return f"""SELECT {_said(duty)}, subject_ref, occurrence, CASE
       WHEN done_on <= due_on THEN 'met' WHEN done_on > due_on THEN 'late'
       WHEN due_on < DATE '{as_at}' THEN 'overdue' WHEN due_on <= DATE '{soon}' THEN 'due_soon'
       ELSE 'pending' END AS state, due_on, done_on, greatest({late}, 0) AS days_overdue, severity
FROM ({occurrences}) {joins}"""


def _document(policy: Policy, duty: DocumentDuty, as_at: date) -> str:
    said = f"SELECT {_said(duty, 'policy')}, {_text(policy.landlord)} AS subject_ref, 1 AS occurrence"
    severity = f"'{duty.severity}' AS severity"
    if duty.due is None and policy.approved_on is None:
        blank = "NULL::DATE AS due_on, NULL::DATE AS done_on, 0 AS days_overdue"
        return f"{said}, 'not_measured' AS state, {blank}, {severity}"
    cycle = duty.cycle.in_months if duty.cycle else 0
    due = f"DATE '{duty.due or policy.approved_on}' + INTERVAL ({cycle}) MONTH"
    soon = as_at + timedelta(duty.notice.days or 0)
    return f"""{said}, CASE WHEN due < DATE '{as_at}' THEN 'overdue' WHEN due <= DATE '{soon}' THEN 'due_soon'
       ELSE 'pending' END AS state, due AS due_on, NULL::DATE AS done_on,
       greatest(DATE '{as_at}' - due, 0) AS days_overdue, {severity} FROM (SELECT CAST({due} AS DATE) AS due)"""


def _said(duty: Duty, subject_type: str | None = None) -> str:
    words_of = {"rule": duty.rule, "subject_type": subject_type or duty.subject}
    words_of |= {"clause": duty.clause, "owner_role": duty.owner_role}
    return ", ".join(f"{_text(word)} AS {name}" for name, word in words_of.items())


def _severity(query: _Query, duty: Duty) -> str:
    cases = " ".join(f"WHEN {query.holds(when)} THEN '{level}'" for level, when in duty.severity_where.items())
    return f"CASE {cases} ELSE '{duty.severity}' END" if cases else f"'{duty.severity}'"


def _where(conditions: list[str]) -> str:
    return f"WHERE {' AND '.join(conditions)}" if conditions else ""


def _text(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"
