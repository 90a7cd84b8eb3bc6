"""Which of people's decisions on a finding hold: its events folded, oldest first.

Pure: events in, decisions out. Writing one is decisions.py's; `findings` keeps what the fold says, for quick reading.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

TAKEN_BACK_BY = {
    "silenced": "unsilenced",
    "reported_done": "report_withdrawn",
    "handed_over": "handed_back",
    "disputed": "dispute_ended",
}
"""Event of a decision -> the event that takes it back. A comment decides nothing, so nothing takes it back."""

_DECISION_OF = {undoing: event for event, undoing in TAKEN_BACK_BY.items()}
_LAYERED = frozenset({"silenced", "handed_over"})
"""Decisions under which the one before rests, and holds again once the later one is taken back."""

_ENDS: Mapping[str, tuple[str, ...]] = {
    "not_confirmed": ("reported_done",),
    "resolved": ("reported_done", "disputed", "silenced"),
}
"""Event of a run -> the decisions it ends. A new owner stays the owner if it opens again: who must act has not changed,
while a silence and an objection were about the occasion that is over."""


@dataclass(frozen=True)
class HeldDecision:
    """One decision that was not taken back; `event` is what `finding_events` calls it."""

    event_id: int
    event: str
    at: datetime
    actor: str
    why: str
    until: date | None
    to_ref: str | None


def fold_decisions(events: Iterable[Mapping[str, Any]]) -> dict[str, HeldDecision]:
    """The newest decision of each kind that holds, by its event, the oldest first; a silence also once it has run out.

    `events` are rows of `finding_events` of one finding, oldest first.
    """
    layers: dict[str, list[HeldDecision]] = {event: [] for event in TAKEN_BACK_BY}
    for row in events:
        event = row["event"]
        if event in layers:
            kept = layers[event] if event in _LAYERED else []
            layers[event] = [*kept, _make_held_decision(row)]
        elif event in _DECISION_OF:
            _take_back(layers[_DECISION_OF[event]], row["undoes_id"])
        for ended in _ENDS.get(event, ()):
            layers[ended] = []
    held = sorted((layer[-1] for layer in layers.values() if layer), key=lambda one: one.event_id)
    return {one.event: one for one in held}


def is_running(decision: HeldDecision, on: date) -> bool:
    """Whether it still has an effect on a day: a silence ends by itself."""
    return decision.until is None or decision.until >= on


def _take_back(layer: list[HeldDecision], undoes_id: int | None) -> None:
    """Earlier revisions did not keep which decision was taken back, and emptied all of its kind."""
    layer[:] = [] if undoes_id is None else [one for one in layer if one.event_id != undoes_id]


def _make_held_decision(row: Mapping[str, Any]) -> HeldDecision:
    return HeldDecision(
        row["id"], row["event"], row["at"], row["actor"] or "", row["why"] or "", row["until"], row["to_ref"]
    )
