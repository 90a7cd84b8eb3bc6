"""A landlord in a bottle: a register with a few records, findings recorded as a test says, mails read back.

Findings are recorded straight, without judging records: what is tested is who is told when, not assessment.
"""

from __future__ import annotations

import email
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from email.message import EmailMessage
from email.policy import default
from functools import lru_cache
from pathlib import Path
from typing import Any

import pandas as pd
from sqlalchemy import Engine, select

from due_regard.alerts import ComposeReport, compose_alerts
from due_regard.calendars.working_days import WorkingCalendar, load_calendar
from due_regard.config.landlord import AlertSettings, Landlord
from due_regard.mail.builder import MailContext
from due_regard.mail.mail_mode import LIVE_MODE, MailMode
from due_regard.mail.outbox import Delivery, OutboxMail
from due_regard.mail.sending import SendReport, send_waiting_mails
from due_regard.mail.transport import Transport
from due_regard.mail.wording import MailWording, load_mail_wording
from due_regard.policy import PolicyHistory, load_policies
from due_regard.records.canonical import ASSESSMENT_COLUMNS, ENTITY, find_dtype
from due_regard.records.validated_drop import AcceptedFile, ValidatedDrop
from due_regard.register import load_drop, read_open_findings, record_assessment
from due_regard.register.engines import reading
from due_regard.register.schema.alert_tables import AlertMessage, AlertTold

HERE = Path(__file__).parent
CALENDARS = HERE.parents[1] / "include" / "calendars"
MAIL = HERE.parents[1] / "include" / "reports" / "mail"

ALERTS = AlertSettings(
    role_mailboxes={
        "governance": "governance@example.org",
        "appeal_handler": "appeals@example.org",
        "decider": "decisions@example.org",
        "request_owner": "requests@example.org",
        "incident_manager": "managers@example.org",
        "line_manager": "managers@example.org",
        "director": "director@example.org",
        "committee": "clerk@example.org",
        "services_manager": "services@example.org",
    },
    fallback_mailbox="fallback@example.org",
    data_owner="data@example.org",
    go_live_on=date(2026, 1, 1),
)
LANDLORD = Landlord(id="example", name="Example Homes", division="scotland", drop_folder="example", alerts=ALERTS)

STAFF: list[dict[str, Any]] = [
    {"staff_ref": "S1", "role": "manager", "email": "decider@example.org", "line_manager_ref": "S2", "is_active": True},
    {"staff_ref": "S2", "role": "director", "email": "boss@example.org", "is_active": True},
    {"staff_ref": "S3", "role": "manager", "email": "away@example.org", "deputy_ref": "S4", "is_active": False},
    {"staff_ref": "S4", "role": "manager", "email": "deputy@example.org", "line_manager_ref": "S2", "is_active": True},
    {"staff_ref": "S5", "role": "manager", "email": "not an address", "line_manager_ref": "S2"},
    {"staff_ref": "S6", "role": "officer", "email": "named@example.org", "line_manager_ref": "S1", "is_active": True},
    {"staff_ref": "S7", "role": "manager", "email": "gone@example.org", "is_active": False},
]
ABSENT = 'Ffion "PLANTED" Macdonald-Jones'
RECORDS: dict[str, list[dict[str, Any]]] = {
    "staff": STAFF,
    "customers": [{"customer_ref": "PLANTEDCUSTOMER", "customer_type": "tenant"}],
    "restrictions": [
        {
            "restriction_ref": f"R{n}",
            "customer_ref": "PLANTEDCUSTOMER",
            "measure": "no_contact",
            "decided_on": "2026-02-02",
            "decided_by": ref,
            "starts_on": "2026-02-02",
            "duration_reason": ABSENT,
        }
        for n, ref in enumerate(["S1", "S1", "S3", "S5", "S7", "S99", "S2"], start=1)
    ]
    + [
        # One with a flag, so that the export carries the column.
        {
            "restriction_ref": "FLAGGED",
            "customer_ref": "PLANTEDCUSTOMER",
            "measure": "no_contact",
            "decided_on": "2026-02-02",
            "decided_by": "S1",
            "starts_on": "2026-02-02",
            "system_flag_on": "2026-02-02",
        },
        {
            "restriction_ref": "OLD",
            "customer_ref": "PLANTEDCUSTOMER",
            "measure": "no_contact",
            "decided_on": "2025-06-02",
            "decided_by": "S1",
            "starts_on": "2025-06-02",
        },
    ],
    "appeals": [
        {"appeal_ref": "A1", "restriction_ref": "R1", "received_on": "2026-06-24", "handled_by": "S1"},
        {"appeal_ref": "A2", "restriction_ref": "R1", "received_on": "2026-06-24"},
    ],
    "incidents": [
        {
            "incident_ref": "I1",
            "customer_ref": "PLANTEDCUSTOMER",
            "occurred_on": "2026-05-05",
            "category": "harassment",
            "channel": "social_media",
            "violence": "physical",
            "staff_named_publicly": True,
            "staff_ref": "S6",
            "manager_ref": "S4",
        }
    ],
    "access_requests": [
        {"request_ref": "Q1", "customer_ref": "PLANTEDCUSTOMER", "received_on": "2026-05-29", "owner_ref": "S1"}
    ],
}


@lru_cache
def history() -> PolicyHistory:
    return load_policies(HERE / "policies", "example")


@lru_cache
def calendar() -> WorkingCalendar:
    return load_calendar("scotland", folder=CALENDARS)


@lru_cache
def wording() -> MailWording:
    return load_mail_wording(MAIL)


def at(day: date, hour: int = 9) -> datetime:
    return datetime.combine(day, time(hour), UTC)


def due(rule: str, ref: str, due_on: str | date, *, state: str = "overdue", **more: Any) -> dict[str, Any]:
    """One dated finding."""
    return check(rule, ref, state=state, **{"due_on": str(due_on)} | more)


def check(rule: str, ref: str, *, state: str = "breach", **more: Any) -> dict[str, Any]:
    """One finding, with what its duty says."""
    duty = history().find_duty(rule)
    row = {
        "landlord": "example",
        "rule": rule,
        "subject_type": duty.subject,
        "subject_ref": ref,
        "occurrence": 1,
        "state": state,
        "due_on": None,
        "done_on": None,
        "days_overdue": 0,
        "severity": duty.severity,
        "clause": duty.clause,
        "owner_role": duty.owner_role,
    }
    return row | more


def frame(entity: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Rows in canonical dtypes, with row numbers."""
    table = pd.DataFrame(rows)
    for column in table.columns:
        table[column] = table[column].astype(find_dtype(ENTITY[entity].by_name[column]))
    return table.assign(row_number=range(2, len(table) + 2))


@dataclass
class Sink:
    """A transport that keeps what it is handed, or answers as told: one answer a recipient, used up in order."""

    kept: list[OutboxMail] = field(default_factory=list)
    answers: dict[str, list[Delivery]] = field(default_factory=dict)
    mode: MailMode = LIVE_MODE

    def deliver_mail(self, outgoing: OutboxMail) -> Delivery:
        queue = self.answers.get(outgoing.recipient)
        answer = queue.pop(0) if queue else Delivery("sent", 250)
        if answer.outcome in {"sent", "uncertain"}:
            self.kept.append(outgoing)
        return answer

    def close_session(self) -> None:
        pass

    def take(self) -> list[EmailMessage]:
        """What came since the last call."""
        taken, self.kept = self.kept, []
        return [email.message_from_bytes(outgoing.body, policy=default) for outgoing in taken]  # type: ignore[misc]


@dataclass
class World:
    """One landlord's register and mail."""

    engine: Engine
    landlord: Landlord = LANDLORD
    sink: Sink = field(default_factory=Sink)
    dates: list[EmailMessage] = field(default_factory=list)
    base_url: str | None = None

    def load(self, records: dict[str, list[dict[str, Any]]], day: date, name: str = "drop") -> None:
        files = []
        for entity, rows in records.items():
            table = frame(entity, rows)
            columns = tuple(c for c in table.columns if c != "row_number")
            files.append(AcceptedFile(f"{entity}.csv", f"{name}/{entity}", entity, columns, table, len(table)))
        drop = ValidatedDrop(self.landlord.id, "canonical", name, tuple(files))
        load_drop(self.engine, drop, now=at(day, 6))

    def assess(self, rows: list[dict[str, Any]], day: date) -> None:
        """Record `rows` as the whole assessment of `day`."""
        frame = pd.DataFrame(rows, columns=list(ASSESSMENT_COLUMNS))
        for column in ("due_on", "done_on"):
            frame[column] = pd.to_datetime(frame[column]).astype("datetime64[s]")
        record_assessment(self.engine, self.landlord.id, frame, as_at=day, now=at(day, 7), policy_version="2020-01-01")

    def compose(self, day: date, **more: Any) -> ComposeReport:
        return compose_alerts(self.engine, self.mail_context(at(day)), history(), as_at=day, **more)

    def mail_context(self, now: datetime, working: WorkingCalendar | None = None) -> MailContext:
        days, sender = working or calendar(), "due-regard@landlord.example"
        return MailContext(self.landlord, days, sender, MAIL, now, wording(), self.sink.mode, self.base_url)

    def send(self, day: date, transport: Transport | None = None, **more: Any) -> SendReport:
        return send_waiting_mails(self.engine, transport or self.sink, now=at(day), **more)

    def through(self, transport: Any) -> World:
        """The same register, with mails that leave by another transport."""
        return replace(self, sink=transport)

    def mails(self, day: date) -> list[EmailMessage]:
        """Compose and send for a day; what was delivered. Dates for calendars, a mail each, are in `dates`."""
        self.compose(day)
        self.send(day)
        taken = self.sink.take()
        self.dates = [mail for mail in taken if find_calendar_part(mail) is not None]
        return [mail for mail in taken if find_calendar_part(mail) is None]

    def run(self, rows: list[dict[str, Any]], day: date) -> list[EmailMessage]:
        """Assess, compose and send for a day; what was delivered."""
        self.assess(rows, day)
        return self.mails(day)

    def run_days(self, rows: list[dict[str, Any]], *days: date) -> list[EmailMessage]:
        """Run several days one after the other; what was delivered on the last of them."""
        return [self.run(rows, day) for day in days][-1]

    def settings(self, **changes: Any) -> World:
        """The same register under other alert settings."""
        alerts = self.landlord.alerts.model_copy(update=changes)
        return replace(self, landlord=self.landlord.model_copy(update={"alerts": alerts}))

    def patient(self) -> World:
        """The same register under a landlord whose export is never missed: for tests of weeks without a new drop."""
        world = self.settings(missing_after_working_days=200)
        return replace(world, landlord=world.landlord.model_copy(update={"cadence": "monthly"}))

    def ref(self, rule: str, subject_ref: str) -> str:
        """Register reference of an open finding."""
        found = read_open_findings(self.engine, self.landlord.id, as_at=date(2026, 1, 1))
        mine = (found["rule"] == rule) & (found["subject_ref"] == subject_ref)
        return str(found.loc[mine, "register_ref"].item())

    def messages(self) -> list[dict[str, Any]]:
        with reading(self.engine, self.landlord.id) as conn:
            rows = conn.execute(select(AlertMessage.__table__).order_by(AlertMessage.composed_at))
            return [dict(row) for row in rows.mappings()]

    def told(self) -> list[dict[str, Any]]:
        with reading(self.engine, self.landlord.id) as conn:
            return [dict(row) for row in conn.execute(select(AlertTold.__table__)).mappings()]


def find_calendar_part(mail: EmailMessage) -> EmailMessage | None:
    """The part that mail programs take a date from: no attachment; None where there is none."""
    parts = [part for part in mail.walk() if part.get_content_type() == "text/calendar"]
    assert len(parts) <= 1, "mail programs read one"
    return parts[0] if parts else None  # type: ignore[return-value]


def text(mail: EmailMessage) -> str:
    """The plain-text part."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html(mail: EmailMessage) -> str:
    """The HTML part."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def to(mails: list[EmailMessage]) -> list[str]:
    """Recipients, sorted."""
    return sorted(mail["To"] for mail in mails)


def one(mails: list[EmailMessage], recipient: str) -> EmailMessage:
    """The single mail to a recipient."""
    found = [mail for mail in mails if mail["To"] == recipient]
    assert len(found) == 1, to(mails)
    return found[0]
