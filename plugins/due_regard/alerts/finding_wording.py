"""How a mail describes one finding: when, why now, who else is told, how to put it right.

The sentences are in the wording file. A policy's own words are used only where they do not betray what happened.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from due_regard.alerts.alert_content import FindingLine, FindingState
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import Case
from due_regard.alerts.escalation import EscalationStage, count_days_late, count_days_left, find_next_stage
from due_regard.alerts.recipients import Recipient, describe_capacity, name_recipient
from due_regard.mail.wording import MailWording, format_day

BETRAYING = re.compile(
    r"police|violen|threat|assault|harass|discriminat|care inspectorate|support service|named publicly|abus|weapon"
    r"|vulnerab|debrief|criminal|court|hate",
    re.IGNORECASE,
)
"""Words that would tell a reader over a shoulder what happened: a policy's own words are held to them, too."""

_REFERENCE = re.compile(r"[\w./-]*\d[\w./-]*")
_LONGEST_TEAM = 60


def choose_label(mail_label: str, clause: str, wording: MailWording) -> str:
    """The policy's name of a duty; where that would betray something, its clause alone."""
    return wording.finding.neutral_label.format(clause=clause) if BETRAYING.search(mail_label) else mail_label


def is_printable_reference(ref: str) -> bool:
    """Whether a mail may say a reference of the landlord's: one word with a digit is neither a name nor an address."""
    return _REFERENCE.fullmatch(ref) is not None


def describe_owner(owner: Recipient, wording: MailWording) -> str:
    """Who must act on a finding, for those who chase it: post, staff reference and team, never a name or an address."""
    ref, team = owner.staff_ref, describe_team(owner)
    if ref is None:
        return wording.recipient.mailbox_of.format(post=owner.post)
    sentence = wording.recipient.deputy if owner.is_deputy else None
    said = owner.post if sentence is None else sentence.format(post=owner.post)
    # A landlord whose references are names or addresses: the post and the team must do.
    said = wording.recipient.with_reference.format(post=said, ref=ref) if is_printable_reference(ref) else said
    return wording.recipient.with_team.format(post=said, team=team) if team else said


def describe_team(owner: Recipient) -> str | None:
    """The owner's team as a mail may name it; None where there is none, or its name would betray what happened."""
    team = " ".join((owner.team or "").split())[:_LONGEST_TEAM]
    return None if not team or BETRAYING.search(team) else team


def build_finding_line(
    case: Case, recipient: Recipient, owner: Recipient, others: Sequence[Recipient], news: str, context: AlertContext
) -> FindingLine:
    """`case` as `recipient` reads it: who must act if that is somebody else, and the `others` who are told of it."""
    state = find_finding_state(case, context)
    is_own = recipient.address == owner.address and owner.problem is None
    return FindingLine(
        ref=case.finding.register_ref,
        label=choose_label(case.duty.mail_label, case.finding.clause, context.wording),
        clause=case.finding.clause,
        state=state,
        badge=_name_state(state, context.wording),
        timing=_describe_timing(case, context),
        remedy=_describe_remedy(case, context.wording),
        capacity=describe_capacity(recipient, context.wording),
        news=news,
        further=_describe_escalation(case, others, context),
        owner="" if is_own or case.is_restricted else describe_owner(owner, context.wording),
    )


def _name_state(state: FindingState, wording: MailWording) -> str:
    """A finding's state in two or three words."""
    names: dict[FindingState, str] = {
        "overdue": wording.finding.overdue,
        "due_today": wording.finding.due_today,
        "due_soon": wording.finding.due_soon,
        "to_put_right": wording.finding.to_put_right,
        "for_information": wording.finding.for_information,
    }
    return names[state]


def find_finding_state(case: Case, context: AlertContext) -> FindingState:
    """What colours a finding in a mail, and what the subject line counts it as."""
    if case.clock.is_check:
        return "to_put_right" if case.duty.curable else "for_information"
    if context.as_at < case.clock.anchor:
        return "due_soon"
    return "due_today" if context.as_at == case.clock.anchor else "overdue"


def _describe_remedy(case: Case, wording: MailWording) -> str:
    if not case.duty.curable:
        return wording.finding.no_remedy
    if BETRAYING.search(case.duty.remedy):
        return wording.finding.neutral_remedy.format(ref=case.finding.register_ref, clause=case.finding.clause)
    return case.duty.remedy


def _describe_timing(case: Case, context: AlertContext) -> str:
    """Due date and distance, or of a check when it was first seen; and whether somebody says it is done, or wrong."""
    timing, wording = _describe_distance(case, context), context.wording
    if case.finding.is_awaiting:
        timing = wording.timing.reported_done.format(timing=timing)
    return wording.timing.disputed.format(timing=timing) if case.finding.disputed_at is not None else timing


def _describe_distance(case: Case, context: AlertContext) -> str:
    clock, wording = case.clock, context.wording
    unit = wording.timing.working_days if clock.in_working_days else wording.timing.days
    day = format_day(clock.anchor)
    if clock.is_check:
        return _describe_check_timing(case, context)
    if context.as_at < clock.anchor:
        left = count_days_left(clock, context.as_at, context.calendar)
        return wording.timing.due_later.format(day=day, distance=unit.format_number(left))
    if context.as_at == clock.anchor:
        return wording.timing.due_today.format(day=day)
    late = count_days_late(clock, context.as_at, context.calendar)
    if not late:
        return wording.timing.was_due.format(day=day)
    return wording.timing.was_due_late.format(day=day, distance=unit.format_number(late))


def _describe_check_timing(case: Case, context: AlertContext) -> str:
    """When a check was first seen, and by when to act: a policy sets no date for it, the landlord's next stage does."""
    wording, opened = context.wording, format_day(case.finding.opened_on)
    coming = _find_coming_stage(case, context)
    if coming is not None:
        return wording.timing.act_before.format(day=opened, before=format_day(coming[1]))
    # One that nothing cures, or of the backlog, is in no hurry; any other has had its time.
    is_late = case.duty.curable and not case.is_backlog
    return (wording.timing.act_now if is_late else wording.timing.first_seen).format(day=opened)


def _find_coming_stage(case: Case, context: AlertContext) -> tuple[EscalationStage, date] | None:
    """The next stage at which somebody else is told, and when."""
    if case.is_restricted or case.is_backlog:
        return None
    return find_next_stage(
        case.clock,
        case.stage,
        context.as_at,
        calendar=context.calendar,
        alerts=context.settings,
        not_before=case.next_stage_from,
    )


def _describe_escalation(case: Case, others: Sequence[Recipient], context: AlertContext) -> str:
    """Who else is told today, and who is told next and when."""
    wording = context.wording
    if case.is_restricted:
        return wording.escalation.restricted
    posts = _list_posts([name_recipient(recipient, wording) for recipient in others], wording)
    also = wording.escalation.also_told.format(posts=posts) if posts else ""
    return f"{also} {_describe_next_stage(case, context)}".strip()


def _describe_next_stage(case: Case, context: AlertContext) -> str:
    wording = context.wording
    if not case.duty.curable:
        return wording.escalation.no_further
    coming = _find_coming_stage(case, context)
    if coming is None:
        return wording.escalation.last_stage
    stage, on = coming
    return wording.escalation.next_stage.format(day=format_day(on), post=wording.name_post(stage.word))


def _list_posts(posts: Sequence[str], wording: MailWording) -> str:
    unique = list(dict.fromkeys(posts))
    if len(unique) < 2:
        return "".join(unique)
    return wording.escalation.list_of_posts.format(posts=", ".join(unique[:-1]), last=unique[-1])
