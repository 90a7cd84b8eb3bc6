"""The outbox row by row: refusals, back-off, no answer, leases, a later day's mail in an earlier one's place."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest

from due_regard.alerts import compose_alerts
from due_regard.errors import MailError
from due_regard.mail import outbox
from due_regard.mail.builder import ComposedMail
from due_regard.mail.mail_mode import LIVE_MODE
from due_regard.mail.outbox import Delivery
from due_regard.mail.sending import send_waiting_mails
from due_regard.mail.transport import FolderTransport, ShadowTransport
from due_regard.register import verify_audit, writing
from tests.alerts.world import RECORDS, Sink, World, at, due, history, one, text, to

TUE, WED, FRI = date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 3)
OWNER, APPEALS = "decider@example.org", "appeals@example.org"
ROWS = [due("restriction.review", "R1", "2026-06-29"), due("appeal.acknowledge", "A2", "2026-06-29")]


def row(world: World, recipient: str) -> dict:
    return [found for found in world.messages() if found["recipient"] == recipient][-1]


def test_a_refusal_is_that_row_alone_and_the_fallback_hears_next_day(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("refused", 550, "no", is_address_refused=True)]}
    assert to(world.run(ROWS, TUE)) == [APPEALS]
    assert (row(world, OWNER)["status"], row(world, OWNER)["code"]) == ("refused", 550)
    mails = world.mails(WED)
    assert to(mails) == ["data@example.org", "fallback@example.org"]
    said = text(one(mails, "data@example.org"))
    assert "the mail server refuses the address of the manager who decided" in said
    assert "A mail of Tue 30 June 2026 was refused by the mail server (code 550)" in said
    assert OWNER not in said


def test_a_mail_put_off_is_tried_again_with_growing_pauses(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("later", 451)] * 2}
    world.assess(ROWS, TUE)
    world.compose(TUE)
    now = at(TUE)
    assert send_waiting_mails(world.engine, world.sink, now=now).waiting == 1
    assert send_waiting_mails(world.engine, world.sink, now=now + timedelta(minutes=4)).sent == 0
    assert send_waiting_mails(world.engine, world.sink, now=now + timedelta(minutes=5)).sent == 0
    assert send_waiting_mails(world.engine, world.sink, now=now + timedelta(minutes=14)).sent == 0
    assert send_waiting_mails(world.engine, world.sink, now=now + timedelta(minutes=15)).sent == 1
    assert row(world, OWNER)["attempts"] == 3


@pytest.mark.parametrize(("attempts", "minutes"), [(1, 5), (2, 10), (4, 40), (6, 160), (7, 240), (99, 240)])
def test_pauses(attempts: int, minutes: int) -> None:
    assert outbox.find_retry_pause(attempts) == timedelta(minutes=minutes)


def test_no_answer_is_sent_once_more_with_the_same_message_id_then_told(world: World) -> None:
    world.sink.answers = {OWNER: [Delivery("uncertain")] * 3}
    world.assess(ROWS, TUE)
    world.compose(TUE)
    for minutes in (0, 5, 10, 15):
        send_waiting_mails(world.engine, world.sink, now=at(TUE) + timedelta(minutes=minutes))
    handed = [mail["Message-ID"] for mail in world.sink.take() if mail["To"] == OWNER]
    assert len(handed) == 2 and len(set(handed)) == 1
    assert row(world, OWNER)["status"] == "uncertain"
    assert "was never answered for" in text(one(world.mails(WED), "data@example.org"))


def test_a_lease_keeps_others_off_until_it_runs_out(world: World) -> None:
    world.assess(ROWS, TUE)
    world.compose(TUE)
    now = at(TUE)
    landlord, message_id = outbox.list_due_mails(world.engine, now=now)[0]
    until = now + timedelta(minutes=10)
    outgoing = outbox.lease_mail(world.engine, landlord, message_id, now=now, until=until)
    assert outgoing is not None
    assert outbox.lease_mail(world.engine, landlord, message_id, now=now, until=until) is None
    assert send_waiting_mails(world.engine, world.sink, now=now).sent == 1
    world.sink.take()
    assert send_waiting_mails(world.engine, world.sink, now=until + timedelta(seconds=1)).sent == 1
    again = world.sink.kept[0]
    assert (again.message_id, again.body) == (message_id, outgoing.body)
    assert row(world, again.recipient)["orphaned"] == 1


class Unreachable:
    mode = LIVE_MODE

    def deliver_mail(self, outgoing: outbox.OutboxMail) -> Delivery:
        raise MailError("the mail server mail.example:587 cannot be reached")

    def close_session(self) -> None:
        pass


def test_a_server_that_cannot_be_reached_costs_no_row_anything(world: World) -> None:
    world.assess(ROWS, TUE)
    world.compose(TUE)
    report = world.send(TUE, Unreachable())
    assert (report.sent, report.waiting) == (0, 2)
    assert "cannot be reached" in report.stopped
    assert {(found["status"], found["attempts"]) for found in world.messages()} == {("waiting", 0)}
    assert world.send(TUE).sent == 2


def test_what_never_left_is_replaced_by_the_next_day_and_what_was_done_is_not_mailed(world: World) -> None:
    world.assess(ROWS, TUE)
    world.compose(TUE)
    world.send(TUE, Unreachable())
    mails = world.run(ROWS[:1], WED)
    assert to(mails) == [OWNER]
    assert "2 days late" in text(mails[0]) and "New." in text(mails[0])
    assert sorted(found["status"] for found in world.messages()) == ["sent", "superseded", "superseded"]
    assert len({(t["finding_id"], t["stage"], t["recipient"]) for t in world.told()}) == len(world.told()) == 1


def test_what_may_have_left_is_never_replaced(world: World) -> None:
    world.assess(ROWS[:1], TUE)
    world.compose(TUE)
    landlord, message_id = outbox.list_due_mails(world.engine, now=at(TUE))[0]
    outbox.lease_mail(world.engine, landlord, message_id, now=at(TUE), until=at(TUE) + timedelta(minutes=10))
    assert world.compose(WED).superseded == 0
    world.send(WED)
    assert [mail["Message-ID"] for mail in world.sink.take()] == [message_id]


def test_a_mail_that_waited_does_not_leave_on_a_quiet_day(world: World) -> None:
    world.assess(ROWS, FRI)
    world.compose(FRI)
    assert world.send(FRI + timedelta(days=1)).sent == 0
    assert world.send(FRI + timedelta(days=2)).sent == 0
    assert world.send(FRI + timedelta(days=3)).sent == 2


def test_a_simulated_day_may_leave_on_whatever_day_it_is_run(world: World) -> None:
    world.assess(ROWS, TUE)
    saturday = date(2026, 11, 21)
    world.load({"customers": RECORDS["customers"]}, saturday, "today")
    compose_alerts(world.engine, world.mail_context(at(saturday)), history(), as_at=TUE)
    assert send_waiting_mails(world.engine, world.sink, now=at(saturday)).sent == 2


def test_shadow_running_says_what_it_would_have_sent(world: World) -> None:
    shadow = world.through(ShadowTransport(world.sink, frozenset({OWNER})))
    shadow.assess(ROWS, TUE)
    shadow.compose(TUE)
    report = shadow.send(TUE)
    assert (report.sent, report.shadow) == (1, 1)
    assert to(world.sink.take()) == [OWNER]
    assert row(world, APPEALS)["reason"] == "would have sent: the recipient is not on the allow-list"
    assert shadow.compose(WED).composed == 0


def test_a_folder_keeps_one_file_a_mail(world: World, tmp_path) -> None:
    world = world.through(FolderTransport(tmp_path / "mail"))
    world.assess(ROWS, TUE)
    world.compose(TUE)
    world.send(TUE)
    files = sorted((tmp_path / "mail").iterdir())
    assert [file.suffix for file in files] == [".eml", ".eml"]
    assert {file.read_bytes() for file in files} == {found["body"].encode() for found in world.messages()}


def test_a_folder_that_cannot_be_written_stops_the_drain_with_a_reason(world: World, tmp_path) -> None:
    (tmp_path / "mail").write_text("a file in the way")
    world = world.through(FolderTransport(tmp_path / "mail"))
    world.assess(ROWS, TUE)
    world.compose(TUE)
    report = world.send(TUE)
    assert report.waiting == 2 and "cannot be written" in report.stopped


def test_every_mail_is_audited_without_addresses(world: World) -> None:
    world.run(ROWS, TUE)
    assert verify_audit(world.engine).rows > 0
    with world.engine.connect() as conn:
        rows = conn.exec_driver_sql("SELECT action, details FROM audit WHERE action LIKE 'mail%'").all()
    assert sorted(action for action, _ in rows) == ["mail_compose", "mail_send", "mail_send"]
    without_ids = [re.sub(r"<[^<>]+>", "", details) for _, details in rows]  # a seal names the mail by its Message-ID
    assert not any("@" in details for details in without_ids)


def test_two_compositions_at_once_write_one_set(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world.assess(ROWS, TUE)
    with ThreadPoolExecutor(4) as pool:
        reports = list(pool.map(lambda _: world.compose(TUE), range(4)))
    assert sorted(report.composed for report in reports) == [0, 0, 0, 2]


def test_two_senders_at_once_hand_over_each_mail_once(world: World) -> None:
    from concurrent.futures import ThreadPoolExecutor

    world.assess(ROWS, TUE)
    world.compose(TUE)
    sinks = [Sink(), Sink(), Sink()]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda sink: world.send(TUE, sink), sinks))
    assert sorted(to([mail for sink in sinks for mail in sink.take()])) == [APPEALS, OWNER]


def test_another_rooms_mail_is_never_replaced(world: World) -> None:
    with writing(world.engine, "example") as conn:
        pack = ComposedMail("<p@x>", "pack", TUE, "a@example.org", "clerk@example.org", "x", b"x", [TUE, WED])
        outbox.put_mail(conn, "example", pack, now=at(TUE))
    world.compose(WED)
    assert world.send(WED).sent == 1
