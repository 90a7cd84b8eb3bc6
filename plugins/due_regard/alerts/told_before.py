"""What is remembered of earlier alerts, as values: who was told of what, which addresses are refused.

sent_history.py reads it from the register and writes it there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.sent_entries import SentEntry

BACKLOG = "backlog"
DONE = "done"
DISPUTED = "disputed"
"""Words beside the stages' own that `alert_told.stage` may hold."""

STAGE_OF_WORD = {stage.word: stage for stage in EscalationStage}


@dataclass(frozen=True)
class AcceptedTelling:
    """One stage of a finding that a mail told of and that was accepted.

    Attributes:
        step: the stage from which its recipient is told, `ahead` for the owner; None where it was not kept.
        on: the day it was accepted.
    """

    stage: EscalationStage
    step: EscalationStage | None
    on: date


@dataclass(frozen=True)
class SentHistory:
    """What one landlord's recipients were mailed in the present mode.

    Attributes:
        stages: (finding, occasion, recipient) -> words of the stages mailed.
        calendar_entries: (finding, recipient) -> the entry as last sent.
        issue_keys: (key, recipient) of data issues mailed.
        mailed_today: recipients that have their digest of the day.
        refused: addresses that are not mailed now: the server refuses them, or mails failed there.
        without_dates: addresses that are sent no calendar entries now, for these failed there.
        last_as_at: last day composed for.
        accepted: (finding, occasion) -> what was accepted of it.
        last_owners: (finding, occasion) -> whoever was mailed last as its owner.
    """

    stages: dict[tuple[int, str, str], frozenset[str]]
    calendar_entries: dict[tuple[int, str], SentEntry]
    issue_keys: frozenset[tuple[str, str]]
    mailed_today: frozenset[str]
    refused: frozenset[str]
    last_as_at: date | None
    accepted: Mapping[tuple[int, str], Sequence[AcceptedTelling]] = field(default_factory=dict)
    without_dates: frozenset[str] = frozenset()
    last_owners: Mapping[tuple[int, str], str] = field(default_factory=dict)

    def find_accepted_day(
        self, finding_id: int, occasion: str, stage: EscalationStage, step: EscalationStage | None
    ) -> date | None:
        """The first day on which `stage` was accepted by whoever is told from `step` on; None: by anybody."""
        told = self.accepted.get((finding_id, occasion))
        if told is None:
            return None
        days = [one.on for one in told if one.stage >= stage and (step is None or one.step in {None, step})]
        return min(days, default=None)

    def find_highest_stage(self, finding_id: int, occasion: str, recipient: str) -> EscalationStage:
        """The highest stage of this occasion that the recipient was mailed."""
        words = self.stages.get((finding_id, occasion, recipient))
        if words is None:
            return EscalationStage.NONE
        return max((STAGE_OF_WORD[word] for word in words if word in STAGE_OF_WORD), default=EscalationStage.NONE)

    def was_mailed(self, finding_id: int, occasion: str, recipient: str, word: str) -> bool:
        """Whether the recipient was mailed the stage `word` of this occasion."""
        return word in self.stages.get((finding_id, occasion, recipient), frozenset())

    def had_earlier_occasion(self, finding_id: int, occasion: str, recipient: str) -> bool:
        """Whether the recipient was mailed the finding under another due date or opening."""
        occasions = self._told_occasions.get((finding_id, recipient), ())
        return any(other != occasion for other in occasions)

    @cached_property
    def _told_occasions(self) -> Mapping[tuple[int, str], Sequence[str]]:
        """(Finding, recipient) -> occasions of which a stage was mailed."""
        found: dict[tuple[int, str], list[str]] = {}
        for (finding_id, occasion, recipient), words in self.stages.items():
            if not words <= {BACKLOG, DISPUTED}:
                found.setdefault((finding_id, recipient), []).append(occasion)
        return found


NOTHING_SENT = SentHistory({}, {}, frozenset(), frozenset(), frozenset(), None)
"""Of a landlord to whom no mail was ever sent."""
