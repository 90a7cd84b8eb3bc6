"""Why a mail was sent, and what became of all of them: the answers to a manager's and an auditor's questions.

Reads alone. Like the mails themselves, an answer names posts and register references, never a person or a subject.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Engine, select, update

from due_regard.alerts.finding_wording import format_count, format_day
from due_regard.alerts.sent_history import BACKLOG, DONE
from due_regard.errors import RegisterError
from due_regard.policy import PolicyHistory
from due_regard.register import append_audit
from due_regard.register.engines import reading, writing
from due_regard.register.schema.alert_tables import AlertDate, AlertMessage, AlertNotice, AlertTold
from due_regard.register.schema.finding_tables import Finding

STAGE_WORDS: Mapping[str, str] = {
    "ahead": "it was coming due",
    "due": "it was due that day",
    "overdue": "it was overdue or not recorded",
    "line_manager": "it had reached the line manager's stage",
    "director": "it had reached the director's stage",
    "committee": "it had reached the committee's stage",
    BACKLOG: "it went wrong before go-live, and such findings are listed once",
    DONE: "it was told before and is no longer open",
}
STATUS_WORDS: Mapping[str, str] = {
    "waiting": "It waits to be sent.",
    "sending": "It is being sent now.",
    "sent": "It was sent.",
    "refused": "The mail server refused it.",
    "uncertain": "It was handed over, but the mail server did not answer.",
    "shadow": "It would have been sent: shadow running lets mail through to an allow-list alone.",
    "superseded": "It never left: a later day's mail took its place.",
    "bounced": "It was sent and came back.",
}


KIND_WORDS: Mapping[str, str] = {
    "handback": "- Rows or files of a drop were not taken, and this says which.",
    "pack": "- A pack was built for its clerk.",
}


def explain_mail(engine: Engine, message_id: str, history: PolicyHistory | None = None) -> str:
    """Why the mail with this Message-ID (with or without angle brackets) was sent, and what became of it.

    Args:
        engine: the register.
        message_id: as in the mail's last lines or its header.
        history: the landlord's policy, to name each duty; its clause alone is named without.

    Raises:
        RegisterError: no such mail.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    with reading(engine) as conn:
        row = conn.execute(select(AlertMessage.__table__).where(AlertMessage.message_id == wanted)).mappings().first()
        if row is None:
            raise RegisterError("no mail has that Message-ID; it stands in the last lines of each mail")
        mail = dict(row)
        lines = [*_describe_mail(mail), *_list_reasons(conn, mail, history), *_list_other_recipients(conn, mail)]
        lines += [KIND_WORDS[mail["kind"]]] if mail["kind"] in KIND_WORDS else []
        lines += ["", *_describe_fate(mail)]
    return "\n".join(lines)


def find_mail_landlord(engine: Engine, message_id: str) -> str:
    """Whose mail it is.

    Raises:
        RegisterError: no such mail.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    with reading(engine) as conn:
        found = conn.scalar(select(AlertMessage.landlord).where(AlertMessage.message_id == wanted))
    if found is None:
        raise RegisterError("no mail has that Message-ID; it stands in the last lines of each mail")
    return found


def read_delivery_record(engine: Engine, landlord: str, *, since: date, until: date) -> pd.DataFrame:
    """What was mailed from `since` to `until`, both included, by stage and status.

    Returns:
        stage (as told; `notice` for mails about data alone), status, recipients (told), mails (distinct), ordered.
    """
    told = AlertTold.__table__
    message = AlertMessage.__table__
    joined = message.outerjoin(
        told, (told.c.landlord == message.c.landlord) & (told.c.message_id == message.c.message_id)
    )
    rows = select(told.c.stage, message.c.status, message.c.message_id).select_from(joined)
    rows = rows.where(message.c.landlord == landlord, message.c.mail_on >= since, message.c.mail_on <= until)
    with reading(engine, landlord) as conn:
        frame = pd.DataFrame(conn.execute(rows).all(), columns=["stage", "status", "message_id"])
    frame["stage"] = frame["stage"].astype("str").where(frame["stage"].notna(), "notice")
    grouped = frame.groupby(["stage", "status"], sort=True)["message_id"]
    return grouped.agg(recipients="size", mails="nunique").reset_index()


def record_bounce(engine: Engine, landlord: str, message_id: str, *, now: datetime) -> None:
    """Note that a sent mail came back; its address is then treated as refused.

    Raises:
        RegisterError: no such mail was sent.
    """
    wanted = f"<{message_id.strip().strip('<>')}>"
    mine = (AlertMessage.landlord == landlord) & (AlertMessage.message_id == wanted)
    values = {"status": "bounced", "is_address_refused": True, "finished_at": now, "reason": "the mail came back"}
    with writing(engine, landlord) as conn:
        changed = conn.execute(update(AlertMessage).where(mine, AlertMessage.status == "sent").values(**values))
        if not changed.rowcount:
            raise RegisterError("no mail with that Message-ID was sent")
        append_audit(conn, landlord=landlord, action="mail_bounce", subject=wanted, details={}, at=now)


def _describe_mail(row: Mapping[str, Any]) -> list[str]:
    return [
        f"Mail of {format_day(row['mail_on'])} to {row['recipient']}",
        f"Subject: {row['subject']}",
        "",
        "Why it was sent:",
    ]


def _list_reasons(conn: Connection, row: Mapping[str, Any], history: PolicyHistory | None) -> list[str]:
    told, finding = AlertTold.__table__, Finding.__table__
    rows = (
        select(told.c.stage, told.c.why, finding.c.register_ref, finding.c.rule, finding.c.clause, finding.c.due_on)
        .join(finding, finding.c.id == told.c.finding_id)
        .where(told.c.landlord == row["landlord"], told.c.message_id == row["message_id"])
        .order_by(told.c.finding_id, told.c.id)
    )
    return [_describe_reason(dict(one), history) for one in conn.execute(rows).mappings()]


def _describe_reason(one: Mapping[str, Any], history: PolicyHistory | None) -> str:
    label = "a duty" if history is None else history.find_duty(one["rule"]).mail_label
    due = f", due {format_day(one['due_on'])}" if one["due_on"] is not None else ""
    stage = STAGE_WORDS.get(one["stage"], one["stage"])
    return f"- {one['register_ref']} ({label}; clause {one['clause']}{due}): {stage}. Told: {one['why']}."


def _list_other_recipients(conn: Connection, row: Mapping[str, Any]) -> list[str]:
    found = []
    for table, words in ((AlertNotice, "fault of data, settings or delivery"), (AlertDate, "calendar entry")):
        mine = (table.landlord == row["landlord"]) & (table.message_id == row["message_id"])
        n = len(conn.execute(select(table.id).where(mine)).all())
        found += (
            [f"- {format_count(n, words, words.replace('fault', 'faults').replace('entry', 'entries'))}."] if n else []
        )
    return found


def _describe_fate(row: Mapping[str, Any]) -> list[str]:
    code = f" Code {row['code']}." if row["code"] else ""
    reason = f" ({row['reason']})" if row["reason"] else ""
    when = f" Last step: {row['finished_at']:%d %B %Y %H:%M} UTC." if row["finished_at"] is not None else ""
    return [
        f"{STATUS_WORDS[row['status']]}{reason}{code}{when}",
        f"Attempts: {row['attempts']}; composed {row['composed_at']:%d %B %Y %H:%M} UTC.",
    ]
