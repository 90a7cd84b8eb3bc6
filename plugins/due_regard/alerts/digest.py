"""Sorts one landlord's cases into one digest a recipient: what is new, what moved up, what is still open.

Pure: cases, routes and the sent history in, digests out. composition.py reads and writes the register.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from due_regard.alerts.alert_content import AlertContent, AlertDraft, SentNotice
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import EscalationStage
from due_regard.alerts.finding_lists import CARDS_SHOWN, ROWS_SHOWN, ListedFinding, build_finding_list
from due_regard.alerts.recipients import Recipient, choose_reachable_mailbox
from due_regard.alerts.routing import CaseRoute, RouteStep
from due_regard.alerts.told_before import BACKLOG

ListName = Literal["yours", "raised", "still_open", "backlog"]
_SHOWN: Mapping[ListName, int] = {
    "yours": CARDS_SHOWN, "raised": CARDS_SHOWN, "still_open": ROWS_SHOWN, "backlog": ROWS_SHOWN,
}  # fmt: skip


@dataclass
class Digests:
    """One digest a recipient, all of one day."""

    mail_on: date
    by_address: dict[str, AlertDraft] = field(default_factory=dict)
    listed: dict[tuple[str, ListName], list[ListedFinding]] = field(default_factory=dict)

    def open_digest(self, address: str) -> AlertDraft:
        """The recipient's digest, begun if there is none."""
        if address not in self.by_address:
            self.by_address[address] = AlertDraft(AlertContent("digest", address, self.mail_on))
        return self.by_address[address]

    def list_finding(self, name: ListName, one: ListedFinding) -> AlertDraft:
        """Put a finding under a heading of the digest of its recipient; the digest."""
        self.listed.setdefault((one.recipient.address, name), []).append(one)
        return self.open_digest(one.recipient.address)

    def fill_lists(self, address: str, context: AlertContext) -> AlertDraft:
        """The recipient's digest with what it shows and counts."""
        content = self.by_address[address].content
        for name, shown in _SHOWN.items():
            setattr(content, name, build_finding_list(self.listed.get((address, name), []), shown, context))
        content.done_left = max(len(content.done) - ROWS_SHOWN, 0)
        del content.done[ROWS_SHOWN:]
        return self.by_address[address]


def sort_cases_into_digests(routed: Iterable[tuple[Case, CaseRoute]], context: AlertContext) -> Digests:
    """Every case that is not restricted, in the digests of those who are to be told of it today."""
    digests, keeper = Digests(context.as_at), _find_backlog_keeper(context)
    for case, route in routed:
        if case.is_backlog:
            _add_backlog_case(case, route.steps[0].recipient, keeper, context, digests)
        elif not case.has_silence:
            for step in route.steps:
                _add_case(case, step, route, context, digests)
    return digests


def build_restricted_alerts(routed: Iterable[tuple[Case, CaseRoute]], context: AlertContext) -> list[AlertDraft]:
    """Restricted cases, in mails of their own: one to each who may be told, a duty and the post that gives the right.

    What one may know by one duty or post never stands in a mail with what they know by another.
    """
    found: dict[tuple[str, str, str], list[tuple[Case, RouteStep]]] = {}
    for case, route in routed:
        for step in route.steps:
            if not case.has_silence and _is_news(case, step, context):
                right = (case.duty.rule, step.recipient.post, step.recipient.address)
                found.setdefault(right, []).append((case, step))
    return [_build_restricted_alert(told, context) for told in found.values()]


def _build_restricted_alert(told: list[tuple[Case, RouteStep]], context: AlertContext) -> AlertDraft:
    listed = [
        ListedFinding(case, step.recipient, step.recipient, news=_describe_news(case, step, context))
        for case, step in told
    ]
    topics = sorted(f"{case.finding.register_ref} {case.finding.occasion} {case.stage.word}" for case, _ in told)
    yours, address = build_finding_list(listed, CARDS_SHOWN, context), told[0][1].recipient.address
    content = AlertContent("restricted", address, context.as_at, yours=yours, topic=" ".join(topics))
    return AlertDraft(content, [_make_sent_notice(case, step) for case, step in told])


def _add_case(case: Case, step: RouteStep, route: CaseRoute, context: AlertContext, digests: Digests) -> None:
    who, owner = step.recipient, route.steps[0].recipient
    others = [other.recipient for other in route.steps if other is not step]
    if _is_news(case, step, context):
        listed = ListedFinding(case, who, owner, others, _describe_news(case, step, context))
        digest = digests.list_finding("yours" if step.is_owner else "raised", listed)
        digest.sent_notices.append(_make_sent_notice(case, step))
    elif context.is_summary and _find_highest_stage(case, who, context) > EscalationStage.NONE:
        if case.duty.curable:
            digests.list_finding("still_open", ListedFinding(case, who, owner, others))
        else:
            digests.open_digest(who.address).content.uncurable_open += 1


def _find_backlog_keeper(context: AlertContext) -> Recipient:
    alerts, wording = context.settings, context.wording
    address = choose_reachable_mailbox(alerts.governance_mailbox, alerts, context.sent_history.refused)
    return Recipient(address, wording.recipient.backlog_keeper, wording.recipient.backlog_list)


def _add_backlog_case(case: Case, owner: Recipient, who: Recipient, context: AlertContext, digests: Digests) -> None:
    if context.sent_history.was_mailed(case.finding.finding_id, BACKLOG, who.address, BACKLOG):
        if context.is_summary:
            digests.open_digest(who.address).content.backlog_open += 1
        return
    digest = digests.list_finding("backlog", ListedFinding(case, who, owner))
    digest.sent_notices.append(SentNotice(case.finding.finding_id, BACKLOG, BACKLOG, who.why))


def _is_news(case: Case, step: RouteStep, context: AlertContext) -> bool:
    """Whether the recipient is still to be told: the owner of every stage, the others once, from their stage on."""
    if case.finding.is_awaiting:
        return False
    if step.is_owner and _is_new_owner(case, step.recipient, context):
        return True
    return _find_highest_stage(case, step.recipient, context) < (case.stage if step.is_owner else step.stage)


def _is_new_owner(case: Case, who: Recipient, context: AlertContext) -> bool:
    """Whether a person changed the owner, and another, or nobody, was told last as the owner."""
    finding = case.finding
    if case.is_restricted or not finding.was_handed_over:
        return False
    return context.sent_history.last_owners.get((finding.finding_id, finding.occasion)) != who.address


def _find_highest_stage(case: Case, who: Recipient, context: AlertContext) -> EscalationStage:
    finding = case.finding
    return context.sent_history.find_highest_stage(finding.finding_id, finding.occasion, who.address)


def _describe_news(case: Case, step: RouteStep, context: AlertContext) -> str:
    finding, wording = case.finding, context.wording
    if not step.is_owner:
        return wording.news.moved_up_to_you
    if _is_new_owner(case, step.recipient, context):
        return wording.news.handed_to_you if finding.handed_to else wording.news.yours_again
    if _find_highest_stage(case, step.recipient, context) > EscalationStage.NONE:
        moved = {EscalationStage.DUE: wording.news.due_today, EscalationStage.OVERDUE: wording.news.now_overdue}
        return moved.get(case.stage, wording.news.moved_up)
    address = step.recipient.address
    if not context.sent_history.had_earlier_occasion(finding.finding_id, finding.occasion, address):
        return wording.news.new
    return wording.news.open_again if finding.times_opened > 1 else wording.news.date_moved


def _make_sent_notice(case: Case, step: RouteStep) -> SentNotice:
    finding, why = case.finding, step.recipient.why
    return SentNotice(finding.finding_id, finding.occasion, case.stage.word, why, step.stage.word)
