"""A mail that came back, the whole way: `mail bounced`, then the next day's alerts."""

from __future__ import annotations

import json
import shutil
from datetime import date
from pathlib import Path

import pytest

from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.register import verify_audit
from due_regard.services.answer_about_mail import explain_mail, report_bounce
from tests.alerts.test_outbox import Unreachable
from tests.alerts.world import World, at, due, history, one, text, to

TUE, WED, THU = date(2026, 6, 30), date(2026, 7, 1), date(2026, 7, 2)
MAIL = "<due-regard.0123456789abcdef0123@landlord.example>"


@pytest.fixture
def url(world: World, tmp_path: Path) -> str:
    assert (tmp_path / "register.db").is_file()
    return f"sqlite:///{tmp_path / 'register.db'}"


@pytest.fixture(autouse=True)
def known_landlords(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The landlord in the bottle and another have settings files: the command line refuses an unknown one."""
    (tmp_path / "own").mkdir()
    monkeypatch.setenv("DUE_REGARD_OWN_DIR", str(tmp_path / "own"))
    for landlord in ("example", "another"):
        assert main(["landlord", "new", landlord]) == 0
    capsys.readouterr()


@pytest.fixture
def settings(url: str) -> Settings:
    return Settings(register_url=url)


@pytest.mark.parametrize(
    ("ref", "address", "post"),
    [
        ("R1", "decider@example.org", "the manager who decided"),
        ("R3", "deputy@example.org", "the manager who decided"),
    ],
)
def test_the_next_alerts_go_to_the_fallback_and_the_data_owner_is_told(
    world: World, settings: Settings, ref: str, address: str, post: str
) -> None:
    rows = [due("restriction.review", ref, "2026-06-29")]
    mail = one(world.run(rows, TUE), address)
    found = report_bounce(settings, mail["Message-ID"], now=at(TUE, 12))
    assert found == {"message_id": mail["Message-ID"], "status": "bounced", "was_known": False}
    mails = world.run(rows, WED)
    assert to(mails) == ["data@example.org", "fallback@example.org"]
    fallback, owner = text(one(mails, "fallback@example.org")), text(one(mails, "data@example.org"))
    assert "F-000001" in fallback and f"you, in place of {post}." in fallback
    assert f"F-000001: the mail server refuses the address of {post} in the staff export" in owner
    assert "A mail of Tue 30 June 2026 came back." in owner and mail["Message-ID"] in owner
    assert address not in owner
    assert world.run(rows, THU) == []


def test_a_bounced_role_mailbox_counts_as_none(world: World, settings: Settings) -> None:
    rows = [due("appeal.acknowledge", "A2", "2026-06-29")]
    mail = one(world.run(rows, TUE), "appeals@example.org")
    report_bounce(settings, mail["Message-ID"].strip("<>"), now=at(TUE, 12))
    mails = world.run(rows, WED)
    assert to(mails) == ["data@example.org", "fallback@example.org"]
    assert "the mail server refuses the mailbox of the appeal handler" in text(one(mails, "data@example.org"))


def test_a_mail_without_an_answer_may_come_back_and_is_not_sent_again(world: World, settings: Settings) -> None:
    from due_regard.mail.outbox import Delivery

    world.sink.answers = {"decider@example.org": [Delivery("uncertain")]}
    mail = one(world.run([due("restriction.review", "R1", "2026-06-29")], TUE), "decider@example.org")
    assert not report_bounce(settings, mail["Message-ID"], now=at(TUE, 12))["was_known"]
    assert world.send(TUE).sent == 0 and world.sink.take() == []


def test_the_command_says_what_it_noted_and_a_second_time_that_it_was_known(
    world: World, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = one(world.run([due("restriction.review", "R1", "2026-06-29")], TUE), "decider@example.org")
    words = ["mail", "bounced", mail["Message-ID"], "--register", url]
    assert main(words) == 0
    assert "From the next alerts on its address is treated as refused" in capsys.readouterr().out
    audited = verify_audit(world.engine).rows
    assert main([*words, "--landlord", "example"]) == 0
    assert "noted before" in capsys.readouterr().out
    assert main([*words, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found == {"message_id": mail["Message-ID"], "status": "bounced", "was_known": True}
    assert verify_audit(world.engine).rows == audited
    assert [row["status"] for row in world.messages()] == ["bounced"]


@pytest.mark.parametrize("words", [[], ["--landlord", "another"]])
def test_an_unknown_message_id_changes_nothing_and_says_what_to_do(
    world: World, url: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    mail = one(world.run([due("restriction.review", "R1", "2026-06-29")], TUE), "decider@example.org")
    wanted = mail["Message-ID"] if words else MAIL
    assert main(["mail", "bounced", wanted, *words, "--register", url]) == 5
    said = capsys.readouterr().err
    assert "no mail has that Message-ID; copy it from the mail's header or its last lines" in said
    assert [row["status"] for row in world.messages()] == ["sent"]


def test_a_mail_that_was_never_handed_over_cannot_come_back(
    world: World, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.assess([due("restriction.review", "R1", "2026-06-29")], TUE)
    world.compose(TUE)
    world.send(TUE, Unreachable())
    message_id = world.messages()[0]["message_id"]
    assert main(["mail", "bounced", message_id, "--register", url]) == 5
    assert "that mail was not handed over (waiting)" in capsys.readouterr().err
    assert [row["status"] for row in world.messages()] == ["waiting"]


def test_where_each_landlord_has_a_register_the_landlord_must_be_named(
    world: World, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = one(world.run([due("restriction.review", "R1", "2026-06-29")], TUE), "decider@example.org")
    world.engine.dispose()
    shutil.copyfile(tmp_path / "register.db", tmp_path / "example.db")
    words = ["mail", "bounced", mail["Message-ID"], "--register", f"sqlite:///{tmp_path}/{{landlord}}.db"]
    assert main(words) == 2
    assert "each landlord has a register of its own" in capsys.readouterr().err
    assert main([*words, "--landlord", "example"]) == 0


def test_why_a_mail_was_sent_names_its_duty_by_the_landlords_policy(world: World, url: str, tmp_path: Path) -> None:
    mail = one(world.run([due("restriction.review", "R1", "2026-06-29")], TUE), "decider@example.org")
    shutil.copytree(Path(__file__).parent / "policies", tmp_path / "include" / "policies")
    found = explain_mail(Settings(register_url=url, include_dir=tmp_path / "include"), mail["Message-ID"])
    assert f"Mail of Tue 30 June 2026 to {mail['To']}" in found["explanation"]
    label = history().find_duty("restriction.review").mail_label
    assert f"- F-000001 ({label}; clause " in found["explanation"]
    assert "it was overdue or not recorded" in found["explanation"]
