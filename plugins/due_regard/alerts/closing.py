"""What is over: findings told before and no longer open, and calendar entries to take out.

A closing never makes a mail of its own on an ordinary day: it rides with the day's letter or the weekly summary.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, select

from due_regard.alerts.calendar_files import Entry
from due_regard.alerts.desk import Piles, Scene
from due_regard.alerts.ladder import Stage
from due_regard.alerts.letters import Line
from due_regard.alerts.memory import BACKLOG, DONE, Told
from due_regard.alerts.wording import BETRAYING
from due_regard.errors import PolicyError
from due_regard.policy import PolicyHistory
from due_regard.register.finding_tables import Finding


@dataclass(frozen=True)
class Closed:
    """A finding that is no longer open."""

    finding_id: int
    register_ref: str
    label: str
    clause: str
    occasion: str
    is_restricted: bool


def closed_findings(conn: Connection, landlord: str, history: PolicyHistory, told: set[int]) -> dict[int, Closed]:
    """Those of the findings `told` of that are resolved, by id."""
    rows = select(Finding.__table__).where(Finding.landlord == landlord, Finding.status != "open")
    found = [_closed(dict(row), history) for row in conn.execute(rows).mappings() if row["id"] in told]
    return {one.finding_id: one for one in found}


def close(closed: Mapping[int, Closed], owners: Mapping[int, frozenset[str]], scene: Scene, piles: Piles) -> None:
    """Add what is over to the piles there are; on the summary's day to everybody's.

    Args:
        closed: findings no longer open, by id.
        owners: open finding -> addresses that own it now: an entry in another calendar is taken out.
        scene: the day.
        piles: added to in place.
    """
    memory = scene.memory
    for (finding_id, occasion, address), words in sorted(memory.told.items()):
        one = closed.get(finding_id)
        if one is None or one.is_restricted or occasion != one.occasion or words & {BACKLOG, DONE}:
            continue
        if _may_ride(address, scene, piles):
            pile = piles.of(address)
            pile.done.append(_line(one))
            pile.told.append(Told(finding_id, occasion, DONE, "told of it before"))
    for (finding_id, address), (sequence, due_on, cancelled) in sorted(memory.dates.items()):
        keeps = address in owners.get(finding_id, frozenset())
        if not cancelled and not keeps and _may_ride(address, scene, piles):
            _cancel(finding_id, sequence, due_on, closed.get(finding_id), address, piles)


def _may_ride(address: str, scene: Scene, piles: Piles) -> bool:
    return address not in scene.memory.refused and (scene.is_summary or address in piles.by_address)


def _cancel(finding_id: int, sequence: int, due_on: date, one: Closed | None, address: str, piles: Piles) -> None:
    label, ref = (one.label, one.register_ref) if one is not None else ("No longer yours", f"F-{finding_id:06d}")
    piles.of(address).entries.append(Entry(finding_id, ref, label, due_on, sequence + 1, is_cancelled=True))


def _closed(row: Mapping[Any, Any], history: PolicyHistory) -> Closed:
    clause = str(row["clause"])
    label, restricted = f"A duty under clause {clause}", False
    try:
        duty = history.duty(str(row["rule"]))
        label = label if BETRAYING.search(duty.mail_label) else duty.mail_label
        restricted = bool(duty.restricted_to)
    except PolicyError:
        restricted = True  # a rule the policy no longer has: better silent than wrong about who may hear of it
    return Closed(
        finding_id=int(str(row["id"])),
        register_ref=str(row["register_ref"]),
        label=label,
        clause=clause,
        occasion=f"{row['times_opened']}/{row['due_on'] or '-'}",
        is_restricted=restricted,
    )


def _line(one: Closed) -> Line:
    return Line(
        ref=one.register_ref,
        label=one.label,
        clause=one.clause,
        badge="Closed",
        tone="plain",
        timing="No longer open",
        remedy="",
        capacity="",
        news="",
        further="",
        stage=Stage.NONE,
        due_on=None,
    )
