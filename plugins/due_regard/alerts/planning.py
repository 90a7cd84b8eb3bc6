"""Planning one landlord's mails of a day: every letter that would be written, and nothing written yet.

Reads the register through the caller's transaction. Which case stands on which pile is desk's; turning letters into
mails is posting's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Connection

from due_regard.alerts import closing, faults
from due_regard.alerts.calendar_files import Entry
from due_regard.alerts.cases import Case, build_cases, read_findings
from due_regard.alerts.desk import Piles, Scene, restricted_letters, sort_cases
from due_regard.alerts.drops import DropState, drop_state
from due_regard.alerts.letters import Letter
from due_regard.alerts.lookup import read_cells
from due_regard.alerts.memory import Told
from due_regard.alerts.recipients import Directory
from due_regard.alerts.routing import Route, route
from due_regard.alerts.wording import count, day
from due_regard.landlords import Landlord
from due_regard.policy import PolicyHistory
from due_regard.register import findings_on
from due_regard.working_days import WorkingCalendar

Routed = Sequence[tuple[Case, Route]]
FAULTS_LOOK_BACK = timedelta(days=7)


@dataclass(frozen=True)
class Draft:
    """A letter with what memory must keep of it."""

    letter: Letter
    told: tuple[Told, ...] = ()
    entries: tuple[Entry, ...] = ()
    notices: tuple[str, ...] = ()


@dataclass(frozen=True)
class Plan:
    """Everything one composition would write."""

    drafts: tuple[Draft, ...]
    drop: DropState
    unroutable: int
    held_back: int


def plan_mails(conn: Connection, scene: Scene, history: PolicyHistory, *, now: datetime) -> Plan:
    """Everything the day's composition would write.

    While no fresh export has come, only clocks that nothing may hide are told of; the rest is held back.
    """
    landlord, told = scene.landlord, scene.memory.told
    cells = read_cells(conn, landlord.id)
    findings = read_findings(findings_on(conn, landlord.id, as_at=scene.as_at))
    cases = build_cases(findings, landlord, history, scene.calendar, cells, as_at=scene.as_at)
    drop = drop_state(conn, landlord, scene.calendar, now=now)
    heard = cases if drop.key is None else [case for case in cases if case.is_beyond_silence]
    directory = Directory(cells, landlord.alerts, scene.memory.refused)
    routed = [(case, route(case, directory)) for case in heard]
    shared = [(case, way) for case, way in routed if not case.is_restricted]
    alone = [(case, way) for case, way in routed if case.is_restricted]
    piles = sort_cases(shared, scene)
    if drop.key is None:
        closed = closing.closed_findings(conn, landlord.id, history, {key[0] for key in told})
        closing.close(closed, _owners(shared), scene, piles)
    held_back = len(cases) - len(heard)
    _for_data_owner(conn, routed, drop, scene, piles, open_findings=len(findings))
    _for_keepers(drop, held_back, scene, piles)
    return Plan(
        drafts=(*_restricted(alone, scene), *_digests(piles, scene)),
        drop=drop,
        unroutable=sum(not way.rungs for _, way in alone),
        held_back=held_back,
    )


def is_summary_day(as_at: date, last: date | None, landlord: Landlord, calendar: WorkingCalendar) -> bool:
    """Whether `as_at` is the first working day on or after the week's summary weekday, or the first run since."""
    anchor = as_at - timedelta(days=(as_at.weekday() - landlord.alerts.summary_weekday) % 7)
    planned = calendar.next_working(anchor)
    return planned == as_at or (last is not None and last < planned <= as_at)


def _for_data_owner(
    conn: Connection, routed: Routed, drop: DropState, scene: Scene, piles: Piles, *, open_findings: int
) -> None:
    """New faults as they appear; on the summary's day all of them, with the week's figures."""
    landlord = scene.landlord
    address = landlord.alerts.data_owner.lower()
    found = faults.owner_faults(routed)
    found |= faults.delivery_faults(conn, landlord.id, since=scene.as_at - FAULTS_LOOK_BACK)
    new = [key for key in found if (key, address) not in scene.memory.notices]
    shown = list(found) if scene.is_summary else new
    if shown or scene.is_summary:
        pile = piles.of(address)
        pile.faults.extend(found[key] for key in shown)
        pile.notices.extend(new)
    if scene.is_summary:
        troubles = len(found) + (drop.key is not None)
        pile.week = faults.week_report(
            conn, landlord.id, drop, as_at=scene.as_at, open_findings=open_findings, faults=troubles
        )


def _for_keepers(drop: DropState, held_back: int, scene: Scene, piles: Piles) -> None:
    """While no fresh export has come: one message a spell to the data owner and to governance."""
    alerts = scene.landlord.alerts
    governance = alerts.role_mailboxes.get("governance", alerts.fallback_mailbox)
    for address in dict.fromkeys((alerts.data_owner.lower(), governance.lower())):
        if drop.key is not None and (drop.key, address) not in scene.memory.notices:
            pile = piles.of(address)
            pile.drop_notice = _drop_notice(drop, held_back)
            pile.notices.append(drop.key)


def _drop_notice(drop: DropState, held_back: int) -> str:
    last = f" The last one was taken in on {day(drop.last_on)}." if drop.last_on is not None else ""
    held = count(held_back, "open finding is", "open findings are")
    return (
        f"{drop.trouble}{last} Until one is taken in, managers are not mailed from old data: {held} held back. "
        "Deadlines run on meanwhile, and clocks set by law are still told to the director."
    )


def _restricted(alone: Routed, scene: Scene) -> list[Draft]:
    return [Draft(letter, tuple(told)) for case, way in alone for letter, told in restricted_letters(case, way, scene)]


def _digests(piles: Piles, scene: Scene) -> list[Draft]:
    """The day's one letter to each recipient who has none yet and whose letter says something."""
    drafts = []
    for address, pile in sorted(piles.by_address.items()):
        letter = pile.letter(scene.as_at)
        if address not in scene.memory.mailed_today and (pile.entries or not letter.is_empty):
            drafts.append(Draft(letter, tuple(pile.told), tuple(pile.entries), tuple(pile.notices)))
    return drafts


def _owners(routed: Routed) -> dict[int, frozenset[str]]:
    return {
        case.finding.finding_id: frozenset(rung.recipient.address for rung in way.rungs if rung.is_owner)
        for case, way in routed
    }
