"""Two people at one finding: the second is told what the first did, and nothing of theirs is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from due_regard.errors import DecisionError, DecisionOvertaken
from due_regard.register.findings.actors import format_actor

_HAPPENED = {
    "opened": "it opened",
    "escalated": "it became overdue",
    "resolved": "a record resolved it",
    "withdrawn": "the record it is about was withdrawn",
    "reopened": "it opened again",
    "not_confirmed": "the next export did not show that it was done",
    "silenced": "it was silenced",
    "unsilenced": "its silence was taken back",
    "reported_done": "it was reported done",
    "report_withdrawn": "the report that it is done was taken back",
    "handed_over": "it was handed over",
    "handed_back": "its hand-over was taken back",
    "disputed": "it was disputed",
    "dispute_ended": "its dispute was ended",
    "commented": "a comment was added",
}


def check_nothing_happened(register_ref: str, events: Sequence[Mapping[str, Any]], expected_event: int | None) -> None:
    """Compare the newest event that a person saw with the finding's life, oldest first.

    Raises:
        DecisionOvertaken: something happened since.
        DecisionError: they name an event that is none of this finding's.
    """
    if expected_event is None:
        return
    if all(row["id"] != expected_event for row in events):
        raise DecisionError("expected_event", f"that is no event of {register_ref}; look at it again")
    since = [row for row in events if row["id"] > expected_event]
    if since:
        said = "; ".join(_describe_event(row) for row in since)
        raise DecisionOvertaken(f"since you looked at {register_ref}: {said}. Look again; nothing was changed")


def describe_happening(event: str) -> str:
    """An event of a finding's life in a few words."""
    return _HAPPENED.get(event, event.replace("_", " "))


def _describe_event(row: Mapping[str, Any]) -> str:
    event = "withdrawn" if (row["event"], row["state"]) == ("resolved", "withdrawn") else row["event"]
    by = f" by {format_actor(row['actor'])}" if row["actor"] else ""
    return f"{describe_happening(event)}{by} ({_format_instant(row['at'])})"


def _format_instant(at: datetime) -> str:
    at = at.astimezone(UTC)
    return f"{at.day} {at:%B %Y, %H:%M} UTC"
