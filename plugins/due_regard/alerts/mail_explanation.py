"""Why one mail was sent, and what became of it: the answer to a manager's or an auditor's question.

Only reads. Like the mail itself, the answer names posts and register references, never a person or a subject.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Engine, select

from due_regard.alerts.bounces import find_mail
from due_regard.alerts.told_before import BACKLOG, DISPUTED, DONE
from due_regard.errors import PolicyError
from due_regard.mail.wording import format_count, format_day
from due_regard.policy import PolicyHistory
from due_regard.register.engines import reading
from due_regard.register.schema.alert_tables import AlertDate, AlertNotice, AlertTold
from due_regard.register.schema.finding_tables import Finding

STAGE_CLAUSES: Mapping[str, str] = {
    "ahead": "it was coming due",
    "due": "it was due that day",
    "overdue": "it was overdue or not recorded",
    "line_manager": "it had reached the line manager's stage",
    "director": "it had reached the director's stage",
    "committee": "it had reached the committee's stage",
    BACKLOG: "it went wrong before go-live, and such findings are listed once",
    DISPUTED: "somebody disputes it, and governance is to decide",
    DONE: "it was told before and is no longer open",
}
STATUS_SENTENCES: Mapping[str, str] = {
    "waiting": "It waits to be sent.",
    "sending": "It is being sent now.",
    "sent": "It was sent.",
    "refused": "The mail server refused it.",
    "uncertain": "It was handed over, but the mail server did not answer, so it may have come or not.",
    "shadow": "It would have been sent: shadow running lets mail through to an allow-list alone.",
    "superseded": "It never left: a later day's mail took its place.",
    "bounced": "It was sent and came back.",
}
TRIAL_SENTENCES: Mapping[str, str] = {
    "folder": "It was written to the mail folder: nobody was told.",
    "redirect": "It was sent to the one address of DUE_REGARD_MAIL_REDIRECT: its recipient was not told.",
}
"""What `sent` means in a trial."""
KIND_SENTENCES: Mapping[str, str] = {
    "handback": "- Rows or files of a drop were not taken, and this says which.",
    "failure": "- Work of the night failed, never ended, or was not done in time.",
    "pack": "- A pack was built for its clerk.",
    "pack_approval": "- A pack's draft waits for a person's approval.",
    "pack_withheld": "- Too little of a pack would be left to publish, so nothing of it is published.",
}


def explain_mail(
    engine: Engine, message_id: str, find_history: Callable[[str], PolicyHistory], landlord: str | None = None
) -> str:
    """Why the mail with this Message-ID (with or without angle brackets) was sent, and what became of it.

    `find_history` gives a landlord's policy, to name each duty.

    Raises:
        RegisterError: no such mail (of `landlord`, if named).
    """
    with reading(engine) as conn:
        mail = find_mail(conn, message_id, landlord)
        lines = [*_list_reasons(conn, mail, find_history(mail["landlord"])), *_list_other_contents(conn, mail)]
    lines += [KIND_SENTENCES[mail["kind"]]] if mail["kind"] in KIND_SENTENCES else []
    title = (f"Mail of {format_day(mail['mail_on'])} to {mail['recipient']}", f"Subject: {mail['subject']}")
    return "\n".join([*title, "", "Why it was sent:", *lines, "", *_describe_outcome(mail)])


def _list_reasons(conn: Connection, row: Mapping[str, Any], history: PolicyHistory) -> list[str]:
    told, finding = AlertTold.__table__, Finding.__table__
    rows = (
        select(told.c.stage, told.c.why, finding.c.register_ref, finding.c.rule, finding.c.clause, finding.c.due_on)
        .join(finding, finding.c.id == told.c.finding_id)
        .where(told.c.landlord == row["landlord"], told.c.message_id == row["message_id"])
        .order_by(told.c.finding_id, told.c.id)
    )
    return [_describe_reason(dict(one), history) for one in conn.execute(rows).mappings()]


def _describe_reason(one: Mapping[str, Any], history: PolicyHistory) -> str:
    try:
        label = history.find_duty(one["rule"]).mail_label
    except PolicyError:
        # A rule that the policy no longer has.
        label = "a duty"
    due = f", due {format_day(one['due_on'])}" if one["due_on"] is not None else ""
    stage = STAGE_CLAUSES[one["stage"]]
    return f"- {one['register_ref']} ({label}; clause {one['clause']}{due}): {stage}. Told: {one['why']}."


def _list_other_contents(conn: Connection, row: Mapping[str, Any]) -> list[str]:
    kinds = (
        (AlertNotice, "fault of data, settings or delivery", "faults of data, settings or delivery"),
        (AlertDate, "calendar entry", "calendar entries"),
    )
    found = []
    for table, one, many in kinds:
        mine = (table.landlord == row["landlord"]) & (table.message_id == row["message_id"])
        n = len(conn.execute(select(table.id).where(mine)).all())
        found += [f"- {format_count(n, one, many)}."] if n else []
    return found


def _describe_outcome(row: Mapping[str, Any]) -> list[str]:
    code = f" Code {row['code']}." if row["code"] else ""
    reason = f" ({row['reason']})" if row["reason"] else ""
    when = f" Last step: {row['finished_at']:%d %B %Y %H:%M} UTC." if row["finished_at"] is not None else ""
    outcome = STATUS_SENTENCES[row["status"]]
    outcome = TRIAL_SENTENCES.get(row["mode"], outcome) if row["status"] == "sent" else outcome
    return [
        f"{outcome}{reason}{code}{when}",
        f"Attempts: {row['attempts']}; composed {row['composed_at']:%d %B %Y %H:%M} UTC.",
    ]
