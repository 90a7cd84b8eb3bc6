"""Disputed findings in governance's digest: each told once a dispute, whatever stage the finding has reached.

A dispute holds nothing back: the owner's mails go on and say that it is disputed. Of a duty that only some may be told
of, governance's mailbox hears nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from due_regard.alerts.alert_content import FindingLine, SentNotice
from due_regard.alerts.alert_context import AlertContext
from due_regard.alerts.cases import OpenFinding
from due_regard.alerts.digest import Digests
from due_regard.alerts.finding_lists import ROWS_SHOWN
from due_regard.alerts.finding_wording import choose_label, describe_owner
from due_regard.alerts.recipients import RecipientDirectory, choose_reachable_mailbox
from due_regard.alerts.told_before import DISPUTED
from due_regard.calendars.quarters import find_london_day
from due_regard.mail.wording import format_day
from due_regard.policy import Duty


def add_disputes(
    findings: Iterable[OpenFinding], directory: RecipientDirectory, context: AlertContext, digests: Digests
) -> None:
    """Put the disputes that governance was not told of yet into its digest, the oldest first."""
    alerts = context.settings
    governance = alerts.governance_mailbox
    address = choose_reachable_mailbox(governance, alerts, context.sent_history.refused)
    history = context.sent_history
    told = [
        (one, duty, since)
        for one in findings
        if (since := one.disputed_at) is not None
        and not history.was_mailed(one.finding_id, _name_occasion(since), address, DISPUTED)
        and not (duty := context.history.find_duty(one.rule, one.policy_version)).restricted_to
    ]
    if not told:
        return
    told.sort(key=lambda row: (row[2], row[0].finding_id))
    digest = digests.open_digest(address)
    # What is not shown is not told: governance is to decide on each, so the rest follows in the next mail.
    digest.content.disputed_left = len(told) - len(told[:ROWS_SHOWN])
    for one, duty, since in told[:ROWS_SHOWN]:
        digest.content.disputed.append(_make_line(one, duty, since, directory, context))
        why = context.wording.recipient.dispute_keeper
        digest.sent_notices.append(SentNotice(one.finding_id, _name_occasion(since), DISPUTED, why))


def _name_occasion(since: datetime) -> str:
    """A dispute that is ended and begun again is another one."""
    return f"{DISPUTED}/{since.isoformat()}"


def _make_line(
    one: OpenFinding, duty: Duty, since: datetime, directory: RecipientDirectory, context: AlertContext
) -> FindingLine:
    wording = context.wording
    owner = directory.find_owner(one.owner_role, one.subject_type, one.subject_ref, handed_to=one.handed_to)
    return FindingLine(
        ref=one.register_ref,
        label=choose_label(duty.mail_label, one.clause, wording),
        clause=one.clause,
        state="to_put_right",
        badge=wording.finding.disputed,
        timing=wording.timing.disputed_on.format(day=format_day(find_london_day(since))),
        owner=describe_owner(owner, wording),
    )
