"""Sorting one landlord's cases into one letter a recipient: what is new, what moved up, what is still open.

Pure: cases, routes and memory in, letters with what they tell out. Reading and writing the register is composition's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from due_regard.alerts import wording
from due_regard.alerts.calendar_files import Entry
from due_regard.alerts.cases import Case
from due_regard.alerts.ladder import Stage
from due_regard.alerts.letters import Letter, Line, Week
from due_regard.alerts.memory import BACKLOG, Memory, Told
from due_regard.alerts.recipients import Recipient
from due_regard.alerts.routing import Route, Rung
from due_regard.landlords import Landlord
from due_regard.policy import Document, Review
from due_regard.working_days import WorkingCalendar


@dataclass(frozen=True)
class Scene:
    """What every letter of one landlord and day shares; `is_summary` is the weekly summary's day."""

    landlord: Landlord
    calendar: WorkingCalendar
    memory: Memory
    as_at: date
    is_summary: bool


@dataclass
class Pile:
    """What one recipient's letter of the day is made of, and what it tells, for memory."""

    recipient: str
    yours: list[Line] = field(default_factory=list)
    raised: list[Line] = field(default_factory=list)
    still_open: list[Line] = field(default_factory=list)
    done: list[Line] = field(default_factory=list)
    backlog: list[Line] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    backlog_open: int = 0
    uncurable_open: int = 0
    drop_notice: str | None = None
    week: Week | None = None
    told: list[Told] = field(default_factory=list)
    entries: list[Entry] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)

    def letter(self, mail_on: date) -> Letter:
        """The pile as a letter; worst first, then oldest."""
        return Letter(
            kind="digest",
            recipient=self.recipient,
            mail_on=mail_on,
            yours=_sorted(self.yours),
            raised=_sorted(self.raised),
            still_open=_sorted(self.still_open),
            done=tuple(self.done),
            backlog=_sorted(self.backlog),
            backlog_open=self.backlog_open,
            uncurable_open=self.uncurable_open,
            faults=tuple(self.faults),
            drop_notice=self.drop_notice,
            week=self.week,
        )


@dataclass
class Piles:
    """One pile a recipient."""

    by_address: dict[str, Pile] = field(default_factory=dict)

    def of(self, address: str) -> Pile:
        """The recipient's pile, begun if there is none."""
        return self.by_address.setdefault(address, Pile(address))


def sort_cases(routed: Iterable[tuple[Case, Route]], scene: Scene) -> Piles:
    """Every case that is nobody's secret, on the piles of those who are to hear of it today."""
    piles = Piles()
    for case, route in routed:
        if case.is_backlog:
            _list_backlog(case, scene, piles)
        elif not case.is_hushed:
            for rung in route.rungs:
                _tell(case, rung, route, scene, piles)
    return piles


def restricted_letters(case: Case, route: Route, scene: Scene) -> list[tuple[Letter, list[Told]]]:
    """A restricted case: a letter of its own to each who may hear of it and was not told this stage."""
    found = []
    for rung in route.rungs:
        if case.is_hushed or not _is_news(case, rung, scene.memory):
            continue
        one = _line(case, rung.recipient, [], _news(case, rung, scene.memory), scene)
        topic = f"{case.finding.register_ref} {case.finding.occasion} {case.stage.word}"
        letter = Letter("restricted", rung.recipient.address, scene.as_at, yours=(one,), topic=topic)
        found.append((letter, [_told(case, rung.recipient, case.stage.word)]))
    return found


def _tell(case: Case, rung: Rung, route: Route, scene: Scene, piles: Piles) -> None:
    who = rung.recipient
    others = [other.recipient for other in route.rungs if other is not rung]
    if _is_news(case, rung, scene.memory):
        pile = piles.of(who.address)
        line = _line(case, who, others, _news(case, rung, scene.memory), scene)
        (pile.yours if rung.is_owner else pile.raised).append(line)
        pile.told.append(_told(case, who, case.stage.word))
        if rung.is_owner:
            pile.entries.extend(_entry(case, who, scene))
    elif scene.is_summary and _was_told(case, who, scene.memory):
        _remind(case, who, others, scene, piles)


def _remind(case: Case, who: Recipient, others: list[Recipient], scene: Scene, piles: Piles) -> None:
    pile = piles.of(who.address)
    if case.duty.curable:
        pile.still_open.append(_line(case, who, others, "", scene))
    else:
        pile.uncurable_open += 1


def _list_backlog(case: Case, scene: Scene, piles: Piles) -> None:
    alerts = scene.landlord.alerts
    address = alerts.role_mailboxes.get("governance", alerts.fallback_mailbox).lower()
    address = alerts.fallback_mailbox.lower() if address in scene.memory.refused else address
    who = Recipient(address, "the keeper of the backlog", "the list of what went wrong before go-live")
    if scene.memory.was_told(case.finding.finding_id, BACKLOG, address, BACKLOG):
        if scene.is_summary:
            piles.of(address).backlog_open += 1
        return
    pile = piles.of(address)
    pile.backlog.append(_line(case, who, [], "", scene))
    pile.told.append(Told(case.finding.finding_id, BACKLOG, BACKLOG, who.why))


def _is_news(case: Case, rung: Rung, memory: Memory) -> bool:
    """Whether the recipient has yet to hear of it: the owner of every stage, the others once, from their rung on."""
    if case.finding.is_awaiting:
        return False
    told = memory.highest(case.finding.finding_id, case.finding.occasion, rung.recipient.address)
    return told < (case.stage if rung.is_owner else rung.stage)


def _was_told(case: Case, who: Recipient, memory: Memory) -> bool:
    return memory.highest(case.finding.finding_id, case.finding.occasion, who.address) > Stage.NONE


def _news(case: Case, rung: Rung, memory: Memory) -> str:
    finding, address = case.finding, rung.recipient.address
    if not rung.is_owner:
        return "Moved up to you today."
    if memory.highest(finding.finding_id, finding.occasion, address) > Stage.NONE:
        moved = {Stage.DUE: "Due today.", Stage.OVERDUE: "Now overdue."}
        return moved.get(case.stage, "Moved up today.")
    if not memory.had_earlier_occasion(finding.finding_id, finding.occasion, address):
        return "New."
    return "Open again." if finding.times_opened > 1 else "The date has moved."


def _entry(case: Case, who: Recipient, scene: Scene) -> list[Entry]:
    """A calendar entry for a coming review date, or for one that moved."""
    finding = case.finding
    if finding.due_on is None or not _is_review(case):
        return []
    sequence, due_on, cancelled = scene.memory.dates.get((finding.finding_id, who.address), (-1, finding.due_on, True))
    is_coming = case.stage <= Stage.DUE
    if (is_coming and cancelled) or (not cancelled and due_on != finding.due_on):
        label = wording.label(case)
        return [Entry(finding.finding_id, finding.register_ref, label, finding.due_on, sequence + 1, False)]
    return []


def _is_review(case: Case) -> bool:
    return isinstance(case.duty, Review | Document) or case.duty.name == "review"


def _line(case: Case, who: Recipient, others: list[Recipient], news: str, scene: Scene) -> Line:
    return wording.line(
        case, who, others, news, as_at=scene.as_at, calendar=scene.calendar, alerts=scene.landlord.alerts
    )


def _told(case: Case, who: Recipient, word: str) -> Told:
    return Told(case.finding.finding_id, case.finding.occasion, word, who.why)


def _sorted(lines: Iterable[Line]) -> tuple[Line, ...]:
    return tuple(sorted(lines, key=lambda line: (-line.stage, line.due_on or date.max, line.ref)))
