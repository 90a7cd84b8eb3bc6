"""From records, a policy and a date to one frame of assessments (contract: Assessment).

Chooses the policy version, lets each duty answer over whole columns, and puts the answers into the contract's frame.
Pure: the same input gives the same output.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from due_regard.assessment.kinds import judge_check, judge_deadline, judge_document, view_of
from due_regard.assessment.reviews import judge_review
from due_regard.assessment.roles import with_derived_roles
from due_regard.assessment.rows import Clock, Rows, not_measured
from due_regard.assessment.truth import YES, truth
from due_regard.assessment.versions import Versions, numbered_through, standing
from due_regard.assessment.world import Ints, World
from due_regard.contract import ENTITY_OF_SUBJECT, STATES, Records
from due_regard.policy import Check, Deadline, Document, Duty, Policy, PolicyHistory, Review
from due_regard.working_days import WorkingCalendar

_BLOCK = 1 << 12  # rows of a repeated word that share one piece of memory


def assess(records: Records, history: PolicyHistory, calendar: WorkingCalendar, as_at: date) -> pd.DataFrame:
    """Every assessment of one landlord's records on `as_at`.

    Returns:
        One row a (rule, subject, occurrence), sorted by rule, subject_ref (code points) and occurrence, with
        contract.ASSESSMENT_COLUMNS (due_on and done_on datetime64[s], blank NaT; days_overdue in the duty's unit,
        working or calendar days; text as str) and `policy_version` (effective_from of the version that judged).

    Raises:
        CalendarError: a working day outside the calendar's years is needed.
    """
    world = World(with_derived_roles(records), as_at)
    clock = Clock(as_at, calendar)
    answers = [_answer(world, history, rule, clock) for rule in _rules(history)]
    return _frame(world, history, [answer for answer in answers if answer is not None])


@dataclass(frozen=True)
class _Answer:
    """One rule's rows, and for each row the version of the policy that judged it."""

    rule: str
    rows: Rows
    version: Versions


def _rules(history: PolicyHistory) -> list[str]:
    return sorted({duty.rule for policy in history.versions for duty in policy.duties})


def _answer(world: World, history: PolicyHistory, rule: str, clock: Clock) -> _Answer | None:
    parts = list(_parts(world, history, rule, clock))
    if not parts:
        return None
    rows = Rows.joined([rows for _, rows in parts])
    version = np.repeat(np.array([number for number, _ in parts], np.int16), [len(rows.subject) for _, rows in parts])
    if len(history.versions) > 1 and world.delivered(_entity_of(rule)):
        starts = np.array([policy.effective_from for policy in history.versions], dtype="datetime64[D]")
        return _Answer(rule, *standing(rows, version, starts))
    return _Answer(rule, numbered_through(rows) if isinstance(history.duty(rule), Review) else rows, version)


def _parts(world: World, history: PolicyHistory, rule: str, clock: Clock) -> Iterator[tuple[int, Rows]]:
    """What each version of the policy says of `rule`; of the landlord as a whole, the version in force alone."""
    current = history.in_force(clock.day)
    for number, policy in enumerate(history.versions):
        duty = _duty_of(policy, rule)
        if duty is not None and (policy is current or world.delivered(_entity_of(rule))):
            yield number, _judge(world, policy, duty, clock)


def _entity_of(rule: str) -> str:
    """Name of the entity of the rule's subjects; blank for the policy document itself."""
    entity = ENTITY_OF_SUBJECT.get(rule.split(".")[0])
    return "" if entity is None else entity.name


def _judge(world: World, policy: Policy, duty: Duty, clock: Clock) -> Rows:
    if isinstance(duty, Document):
        return judge_document(duty, policy, clock)
    if not world.delivered(ENTITY_OF_SUBJECT[duty.subject].name):
        return not_measured(np.array([-1]), np.array([policy.effective_from], dtype="datetime64[D]"))
    if isinstance(duty, Check):
        return judge_check(world, duty)
    if isinstance(duty, Deadline):
        return judge_deadline(world, duty, policy.counting, clock)
    return judge_review(world, duty, clock)


def _frame(world: World, history: PolicyHistory, answers: list[_Answer]) -> pd.DataFrame:
    """The contract's frame: rules come in order, and so do a rule's rows, since subjects are numbered in order."""
    words = [_text_columns(world, history, answer) for answer in answers]
    starts = np.array([policy.effective_from for policy in history.versions], dtype="datetime64[s]")

    def text(name: str) -> pd.Series:
        return pd.Series(pd.array(pa.chunked_array([part for columns in words for part in columns[name]]), dtype="str"))

    def numbers(name: str, dtype: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(answer.rows, name) for answer in answers], dtype=dtype)

    columns = {
        **{name: text(name) for name in ("landlord", "rule", "subject_type", "subject_ref")},
        "occurrence": numbers("occurrence", "int64"),
        "state": text("state"),
        "due_on": numbers("due", "datetime64[s]"),
        "done_on": numbers("done", "datetime64[s]"),
        "days_overdue": numbers("late", "int64"),
        **{name: text(name) for name in ("severity", "clause", "owner_role")},
        "policy_version": starts[np.concatenate([answer.version for answer in answers])],
    }
    return pd.DataFrame(columns, copy=False)


def _text_columns(world: World, history: PolicyHistory, answer: _Answer) -> dict[str, list[pa.Array]]:
    """One rule's text columns, each as chunks."""
    rows, version = answer.rows, answer.version
    subject_type = answer.rule.split(".")[0]
    size, of_landlord = len(version), bool((rows.subject < 0).any())
    duties = [_duty_of(policy, answer.rule) for policy in history.versions]
    return {
        "landlord": _constant(history.landlord, size),
        "rule": _constant(answer.rule, size),
        "subject_type": _constant("landlord" if of_landlord and subject_type != "policy" else subject_type, size),
        "subject_ref": _constant(history.landlord, size) if of_landlord else _refs(world, subject_type, rows.subject),
        "state": _words(rows.state, STATES),
        "severity": _severity(world, duties, rows, version),
        "clause": _words(version, [duty.clause if duty else "" for duty in duties]),
        "owner_role": _words(version, [duty.owner_role if duty else "" for duty in duties]),
    }


def _duty_of(policy: Policy, rule: str) -> Duty | None:
    return next((duty for duty in policy.duties if duty.rule == rule), None)


def _severity(world: World, duties: list[Duty | None], rows: Rows, version: Versions) -> list[pa.Array]:
    """The duty's severity, softened where the policy says so; what cannot be told softens nothing."""
    levels = ["breach", "explain", "warning", "info"]
    found = np.array([levels.index(duty.severity) if duty else 0 for duty in duties], np.int8)[version]
    for number, duty in enumerate(duties):
        if duty is None or isinstance(duty, Document) or (rows.subject < 0).any():
            continue
        for level, condition in duty.severity_where.items():
            holds = truth(view_of(world, duty), condition) == YES
            found[(version == number) & holds[rows.subject]] = levels.index(level)
    return _words(found, levels)


def _refs(world: World, subject_type: str, subject: Ints) -> list[pa.Array]:
    keys = world.keys(ENTITY_OF_SUBJECT[subject_type].name)
    return [keys if len(subject) == len(keys) and (subject == np.arange(len(keys))).all() else keys.take(subject)]


def _words(numbers: npt.NDArray[np.integer], words: Sequence[str]) -> list[pa.Array]:
    """The word of each number, as chunks of one column."""
    if len(numbers) == 0 or (numbers == numbers[0]).all():
        return _constant(words[numbers[0]] if len(numbers) else "", len(numbers))
    coded = pa.DictionaryArray.from_arrays(pa.array(numbers), pa.array(words, type=pa.large_string()))
    return [coded.cast(pa.large_string())]


def _constant(word: str, size: int) -> list[pa.Array]:
    """One word `size` times over: one block of memory, shown again and again."""
    block = pa.repeat(pa.scalar(word, pa.large_string()), min(size, _BLOCK))
    return [block[: size - done] for done in range(0, size, _BLOCK)] or [block]
