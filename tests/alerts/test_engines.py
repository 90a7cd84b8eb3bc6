"""The same days on SQLite and PostgreSQL: compose, refuse, replace, send, explain, all on both."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

from sqlalchemy import Engine

from due_regard.alerts import explain_mail, find_late_runs
from due_regard.mail import outbox
from due_regard.mail.outbox import Delivery
from due_regard.register import verify_audit
from tests.alerts.world import RECORDS, Sink, World, at, calendar, check, due, history, one, to, wording

FRI, MON, TUE, WED = date(2026, 6, 26), date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)
ROWS = [
    due("appeal.acknowledge", "A2", "2026-06-25"),
    due("restriction.review", "R1", "2026-07-15", state="due_soon"),
    due("restriction.review", "OLD", "2025-12-01"),
    check("incident.naming_notified", "I1"),
]


def test_a_week(register: Engine) -> None:
    world = World(register)
    world.load(RECORDS, FRI)
    world.sink.answers = {"decider@example.org": [Delivery("refused", 550, "no", is_address_refused=True)] * 2}
    assert to(world.run(ROWS, FRI)) == ["appeals@example.org", "governance@example.org"]
    monday = world.run(ROWS, MON)
    assert to(monday) == [
        *["appeals@example.org", "data@example.org", "fallback@example.org", "governance@example.org"]
    ]
    mail = one(monday, "fallback@example.org")
    assert "it was coming due" in explain_mail(register, mail["Message-ID"], lambda _: history())
    world.assess(ROWS, TUE)
    world.compose(TUE)
    handed, *left = outbox.list_due_mails(register, now=at(TUE))
    outbox.lease_mail(register, *handed, now=at(TUE), until=at(TUE) + timedelta(minutes=10))
    assert world.compose(WED).superseded == len(left) == 1
    world.send(WED)
    assert handed[1] in {mail["Message-ID"] for mail in world.sink.take()}
    assert {"ahead", "backlog", "overdue"} <= {row["stage"] for row in world.told()}
    messages = {row["message_id"]: row["status"] for row in world.messages()}
    assert set(messages) - {row["message_id"] for row in world.told()}, "a mail about data alone tells no stage"
    assert {"sent", "refused"} <= set(messages.values())
    assert find_late_runs(register, world.landlord, calendar(), wording(), now=at(TUE)) == []
    assert verify_audit(register).rows > 10


def test_two_at_once(register: Engine) -> None:
    world = World(register)
    world.load(RECORDS, FRI)
    world.assess(ROWS, FRI)
    with ThreadPoolExecutor(3) as pool:
        composed = [report.composed for report in pool.map(lambda _: world.compose(FRI), range(3))]
    assert sorted(composed) == [0, 0, 4]
    sinks = [Sink(), Sink(), Sink()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda sink: world.send(FRI, sink), sinks))
    handed = to([mail for sink in sinks for mail in sink.take()])
    # The owner's digest and the date for their calendar.
    assert handed == ["appeals@example.org", *["decider@example.org"] * 2, "governance@example.org"]
