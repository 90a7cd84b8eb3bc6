"""How many findings one mail shows: the worst of them one by one, and where they are more, all counted.

What stands only in the counts counts as told, too: else it would fill the next days' mails.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from due_regard.alerts.alert_content import FindingCounts, FindingList
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.finding_wording import (
    build_finding_line,
    choose_label,
    describe_owner,
    describe_team,
    find_finding_state,
)
from due_regard.alerts.recipients import Recipient

CARDS_SHOWN = 20
"""Findings shown as cards under each of the two headings that have them.

Nobody works through more in a day, and some programs (Gmail) cut a mail whose HTML is above 102 KB.
"""

ROWS_SHOWN = 30
"""Findings or faults shown as one row each under every other heading."""

GROUPS_SHOWN = 10
"""Rules, teams or owners that are counted by name."""


@dataclass(frozen=True, slots=True)
class ListedFinding:
    """One case that a recipient is to read of: `owner` is who must act, `others` are told of it as well."""

    case: Case
    recipient: Recipient
    owner: Recipient
    others: Sequence[Recipient] = ()
    news: str = ""


def build_finding_list(listed: Sequence[ListedFinding], shown: int, context: AlertContext) -> FindingList:
    """The worst `shown` of the findings as lines, worst and oldest first; all of them counted where they are more."""
    worst = nsmallest(
        shown, listed, key=lambda one: (-one.case.stage, one.case.clock.anchor, one.case.finding.register_ref)
    )
    return FindingList(
        lines=tuple(
            build_finding_line(one.case, one.recipient, one.owner, one.others, one.news, context) for one in worst
        ),
        total=len(listed),
        counts=_count_findings(listed, context) if len(listed) > shown else (),
        states=Counter(find_finding_state(one.case, context) for one in listed),
    )


def _count_findings(listed: Sequence[ListedFinding], context: AlertContext) -> tuple[FindingCounts, ...]:
    wording = context.wording
    rules = Counter((one.case.duty.mail_label, one.case.finding.clause) for one in listed)
    owners = Counter((one.owner.post, one.owner.staff_ref, one.owner.team, one.owner.is_deputy) for one in listed)
    sample = {(one.owner.post, one.owner.staff_ref, one.owner.team, one.owner.is_deputy): one.owner for one in listed}
    by_rule: Counter[str] = Counter()
    for (label, clause), n in rules.items():
        by_rule[wording.finding.with_clause.format(label=choose_label(label, clause, wording), clause=clause)] += n
    by_team: Counter[str] = Counter()
    by_owner: Counter[str] = Counter()
    for key, n in owners.items():
        by_team[describe_team(sample[key]) or wording.finding.no_team] += n
        by_owner[describe_owner(sample[key], wording)] += n
    return (
        _make_counts("rule", by_rule.items()),
        _make_counts("team", by_team.items()),
        _make_counts("owner", by_owner.items()),
    )


def _make_counts(by: str, groups: Iterable[tuple[str, int]]) -> FindingCounts:
    """The largest groups by name, the others together."""
    ordered = sorted(groups, key=lambda group: (-group[1], group[0]))
    others = ordered[GROUPS_SHOWN:]
    return FindingCounts(by, tuple(ordered[:GROUPS_SHOWN]), len(others), sum(n for _, n in others))  # type: ignore[arg-type]
