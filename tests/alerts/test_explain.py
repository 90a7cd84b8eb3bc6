"""Why a mail was sent, and what a watchdog is told."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import insert

from due_regard.alerts import (
    explain_mail,
    find_late_runs,
    find_slow_cadences,
    record_bounce,
)
from due_regard.errors import RegisterError
from due_regard.mail.outbox import Delivery
from due_regard.policy import PolicyHistory
from due_regard.register import writing
from due_regard.register.schema.drop_tables import Batch
from tests.alerts.world import LANDLORD, RECORDS, World, at, calendar, due, history, one, wording

MON, TUE, WED = date(2026, 6, 29), date(2026, 6, 30), date(2026, 7, 1)
OWNER = "decider@example.org"
ROWS = [
    due("appeal.acknowledge", "A1", "2026-06-18"),
    due("restriction.review", "R1", "2026-07-20", state="due_soon"),
    due("restriction.review", "R6", "2026-06-29"),
]


def policy_of(_: str) -> PolicyHistory:
    return history()


def test_explain_says_why_to_whom_and_what_became_of_it(world: World) -> None:
    world.run(ROWS[:1], date(2026, 6, 19))
    mail = one(world.run(ROWS, TUE), OWNER)
    said = explain_mail(world.engine, mail["Message-ID"], policy_of)
    assert explain_mail(world.engine, mail["Message-ID"].strip("<>"), policy_of) == said
    asked: list[str] = []
    explain_mail(world.engine, mail["Message-ID"], lambda landlord: asked.append(landlord) or history())
    assert asked == ["example"]
    assert f"Mail of Tue 30 June 2026 to {OWNER}" in said
    ref = world.ref("appeal.acknowledge", "A1")
    assert (
        f"- {ref} (A first answer under 7.3 is due; clause 7.3, due Thu 18 June 2026): it had reached the line "
        "manager's stage. Told: the appeal handler, named in handled_by, with the address of the staff export." in said
    )
    assert "- 1 calendar entry." in explain_mail(world.engine, world.dates[0]["Message-ID"], policy_of)
    assert "It was sent. Code 250." in said and "Attempts: 1" in said


def test_explain_of_a_refused_mail_and_of_none(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("refused", 550, "the mail server refused the recipient's address")]}
    world.run(ROWS, TUE)
    refused = next(row for row in world.messages() if row["status"] == "refused")
    assert "The mail server refused it. (the mail server refused the recipient's address) Code 550." in explain_mail(
        world.engine, refused["message_id"], policy_of
    )
    with pytest.raises(RegisterError, match="no mail has that Message-ID"):
        explain_mail(world.engine, "<nothing@nowhere>", policy_of)


def test_a_bounce_is_recorded_and_its_address_not_used_again(world: World) -> None:
    mail = one(world.run(ROWS[:1], TUE), OWNER)
    record_bounce(world.engine, mail["Message-ID"], now=at(TUE, 12))
    assert "It was sent and came back." in explain_mail(world.engine, mail["Message-ID"], policy_of)
    later = [*ROWS[:1], due("restriction.review", "R2", "2026-06-30")]
    mails = world.run(later, WED)
    assert "fallback@example.org" in [m["To"] for m in mails] and OWNER not in [m["To"] for m in mails]
    assert not record_bounce(world.engine, mail["Message-ID"], now=at(WED, 12))


def test_a_watchdog_hears_what_has_not_run(world: World) -> None:
    never = find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(TUE))
    assert never == ["example: assessment has never run", "example: alerts has never run"]
    world.run(ROWS, TUE)
    assert find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(TUE)) == []
    (next_day,) = find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(WED))
    assert "not assessed by 07:30" in next_day
    late = find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(date(2026, 7, 3)))
    assert [line.split(" last ran")[0] for line in late] == ["example: assessment", "example: alerts"]
    came = {"landlord": "example", "source": "canonical", "drop_name": "x", "drop_sha256": "x", "received_at": at(WED)}
    with writing(world.engine, "example") as conn:
        conn.execute(insert(Batch).values(**came, status="missing"))
    assert "has not come" in find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(WED))[0]


def test_mail_that_cannot_leave_is_noticed(world: World) -> None:
    world.assess(ROWS, TUE)
    world.compose(TUE)
    world.load({"customers": RECORDS["customers"]}, date(2026, 7, 3), "fresh")
    found = find_late_runs(world.engine, world.landlord, calendar(), wording(), now=at(date(2026, 7, 3)))
    assert "example: 4 mails composed before Thu 2 July 2026 could not be handed over" in found


def test_a_cadence_slower_than_a_notice_is_named() -> None:
    said = find_slow_cadences(LANDLORD, history(), on=TUE)
    assert [line.split(" (")[0] for line in said] == ["example: appeal.acknowledge"]
    monthly = LANDLORD.model_copy(update={"cadence": "monthly"})
    assert len(find_slow_cadences(monthly, history(), on=TUE)) == 4
    assert find_slow_cadences(LANDLORD.model_copy(update={"cadence": "daily"}), history(), on=TUE) == []
