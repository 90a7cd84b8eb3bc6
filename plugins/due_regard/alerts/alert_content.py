"""What one alert says, as values: the templates `alert.*` of include/reports/mail turn them into text and HTML.

An alert holds register references, neutral labels, dates and clauses. Nothing of a person, an incident or free text may
be added here: what is not in these values cannot leak into a mail. A draft holds beside the
alert what the register keeps of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from due_regard.alerts.calendar_files import CalendarEntry

AlertKind = Literal["digest", "restricted", "calendar"]
FindingState = Literal["overdue", "due_today", "due_soon", "to_put_right", "for_information", "closed"]


@dataclass(frozen=True)
class FindingLine:
    """One finding as one recipient reads it.

    Attributes:
        ref: register reference. label: the duty in neutral words. clause: of the landlord's own policy.
        state: decides the colour and what the subject line counts. badge: the same in words ("Overdue").
        timing: due date and distance. remedy: how to put it right.
        capacity: as whom the recipient is written to. news: why today ("Moved up to you").
        further: who else is told, and when it goes further.
        owner: who must act, where that is somebody else: post, staff reference, team.
    """

    ref: str
    label: str
    clause: str
    state: FindingState
    badge: str
    timing: str
    remedy: str = ""
    capacity: str = ""
    news: str = ""
    further: str = ""
    owner: str = ""


@dataclass(frozen=True)
class FindingCounts:
    """All findings of one list counted by rule, team or owner: the largest groups, then how many are in the others."""

    by: Literal["rule", "team", "owner"]
    groups: tuple[tuple[str, int], ...]
    other_groups: int = 0
    in_others: int = 0


@dataclass(frozen=True)
class FindingList:
    """The findings under one heading of a mail: the worst of them one by one, and where they are more, all as counts.

    Attributes:
        lines: those shown. total: how many there are. counts: of all of them; empty where all are shown.
        states: how many of all are in each state.
    """

    lines: tuple[FindingLine, ...] = ()
    total: int = 0
    counts: tuple[FindingCounts, ...] = ()
    states: Mapping[FindingState, int] = field(default_factory=dict)

    def __len__(self) -> int:
        """How many findings there are, shown or not."""
        return self.total


@dataclass(frozen=True)
class IssueLine:
    """One thing to mend in the data: what and where, and the findings it concerns, as far as they are named."""

    words: str
    refs: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The words: a landlord's own template of an earlier revision prints an issue as it is."""
        return self.words


@dataclass(frozen=True)
class WeekReport:
    """The data owner's weekly report: silence means something only if this arrives.

    Attributes:
        not_measured: of how many duties the last run could not tell everything.
        is_blind: it could tell nothing, or there was no export to tell it from.
        vanished: records that no longer come and wait for a person; vanished_open: those with open findings.
        audit_head: of the landlord's audit as the mail was composed.
        head_command: what compares the register with it.
        assessed_by: the hour by which each working day is assessed.
        late_days: of the last working days those that were not, each with when it was since.
        watched_at: when late and failed runs were last looked for from Airflow, and from outside; empty: never.
    """

    since: date
    runs: int
    last_drop: str
    open_findings: int
    sent: int
    refused: int
    uncertain: int
    waiting: int
    issues: int
    duties: int = 0
    not_measured: int = 0
    is_blind: bool = False
    vanished: int = 0
    vanished_open: int = 0
    audit_head: str = ""
    head_command: str = ""
    assessed_by: str = ""
    late_days: tuple[str, ...] = ()
    watched_at: tuple[str, str] = ("", "")

    @property
    def is_clear(self) -> bool:
        """Whether everything ran and there is nothing to mend."""
        return self.to_mend == 0

    @property
    def to_mend(self) -> int:
        """Data issues (a refused or unanswered mail is one), a week in which nothing ran or was measured, and vanished
        records whose findings go on.
        """  # noqa: D205 - one sentence
        return self.issues + (self.runs == 0 or self.is_blind) + (self.vanished_open > 0)


@dataclass
class AlertContent:
    """One alert to one recipient on one day.

    Attributes:
        yours: new or moved up, for the owner to put right. raised: moved up to this recipient from somebody else.
        still_open: in an earlier mail (the weekly summary). done: in an earlier mail and no longer open.
        disputed: somebody says that they are wrong, for governance to decide.
        backlog: from before go-live. backlog_open: how many of these, listed before, are still open.
        uncurable_open: mailed once, counted since. drop_notice: why nothing else is said today.
        held_batch: the drop that it is about, where one is held.
        issues: of data or settings, for the data owner.
        done_left, disputed_left, issues_left: how many more there are than are shown.
        topic: what restricted alerts or a calendar entry are about; part of its Message-ID.
    """

    kind: AlertKind
    recipient: str
    mail_on: date
    yours: FindingList = FindingList()
    raised: FindingList = FindingList()
    still_open: FindingList = FindingList()
    backlog: FindingList = FindingList()
    done: list[FindingLine] = field(default_factory=list)
    done_left: int = 0
    disputed: list[FindingLine] = field(default_factory=list)
    disputed_left: int = 0
    backlog_open: int = 0
    uncurable_open: int = 0
    drop_notice: str | None = None
    held_batch: int | None = None
    issues: list[IssueLine] = field(default_factory=list)
    issues_left: int = 0
    week: WeekReport | None = None
    topic: str = ""

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing worth a mail: a count of what cannot be put right is not."""
        lists = (self.yours, self.raised, self.still_open, self.backlog, self.done, self.disputed, self.issues)
        is_said = any(lists) or self.backlog_open > 0
        return not is_said and self.drop_notice is None and self.week is None


@dataclass(frozen=True, slots=True)
class SentNotice:
    """One stage of a finding that one mail tells of.

    `why` says how its recipient was found, `step` from which stage on they are told (`ahead` for the owner).
    """

    finding_id: int
    occasion: str
    stage: str
    why: str
    step: str | None = None


@dataclass(frozen=True)
class AlertDraft:
    """An alert with what the sent history is to keep of it: stages, calendar entries, keys of issues."""

    content: AlertContent
    sent_notices: list[SentNotice] = field(default_factory=list)
    entries: list[CalendarEntry] = field(default_factory=list)
    issue_keys: list[str] = field(default_factory=list)
