"""The services with a real mail server on loopback: trials before going live, servers away, packs and notices."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import Message
from functools import partial
from pathlib import Path
from threading import Event
from typing import Any

import pytest

from due_regard import register
from due_regard.__main__ import main
from due_regard.config.settings import Settings
from due_regard.errors import DropError, MailError, SettingsError
from due_regard.intake.drop_reading import read_drop
from due_regard.intake.source_mapping import load_source_mapping
from due_regard.mail.login import open_transport
from due_regard.mail.mail_mode import choose_mail_mode
from due_regard.packs import is_issued
from due_regard.register.task_runs import RunKey
from due_regard.services.answer_about_mail import report_bounce
from due_regard.services.assess_landlord import assess_landlord
from due_regard.services.build_packs import build_packs
from due_regard.services.landlord_context import open_landlord_register
from due_regard.services.list_findings import list_findings
from due_regard.services.record_run import record_run
from due_regard.services.report_failure import watch_landlords
from due_regard.services.run_alerts import run_alerts
from tests.alerts.mail_server import Mailbox, serving
from tests.approval_off import switch_approval_off
from tests.contract_examples import CONTRACT

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
AS_AT = date(2026, 7, 1)
L, PACK, QUARTER = "hanover", "audit_performance_and_risk", "2026-Q2"


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A register with one landlord's records, judged on the day."""
    var = tmp_path_factory.mktemp("going-live")
    settings = Settings(var_dir=var, landlords=(L,))
    source = load_source_mapping(settings.sources_dir, "canonical")
    with open_landlord_register(settings, L, upgrade=True) as engine:
        known = partial(register.read_known_refs, engine, L)
        drop = CONTRACT / "examples" / L / "exports"
        validated = read_drop(drop, L, source, on=AS_AT, known=known, great_expectations=False)
        register.load_drop(engine, validated, now=NOW - timedelta(hours=2))
    assess_landlord(settings, L, as_at=AS_AT, now=NOW)
    return var


@pytest.fixture
def folder(stocked: Path, tmp_path: Path) -> Settings:
    """An installation in folder mode."""
    (tmp_path / "var").mkdir()
    shutil.copyfile(stocked / "register.db", tmp_path / "var" / "register.db")
    own = switch_approval_off(tmp_path / "own", L)
    return Settings(var_dir=tmp_path / "var", drops_dir=tmp_path / "drops", landlords=(L,), own_dir=own)


def live(settings: Settings, port: int, **more: Any) -> Settings:
    """The same installation with a mail server on loopback."""
    there = {"mail_mode": "live", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_starttls": False}
    return settings.model_copy(update=there | more)


def run(settings: Settings, now: datetime = NOW) -> dict[str, Any]:
    return run_alerts(settings, as_at=now.date(), now=now)


def to(mailbox: Mailbox) -> list[str]:
    return sorted(recipient for recipient, _ in mailbox.kept)


def parse(body: bytes) -> Message:
    return message_from_bytes(body)


def test_the_first_live_run_tells_everybody_whom_the_folder_told_on_paper(folder: Settings) -> None:
    tried = run(folder)
    assert tried["sent"] > 1
    mailbox = Mailbox()
    with serving(mailbox) as port:
        told = run(live(folder, port))
        assert told["sent"] == tried["sent"] == len(mailbox.kept)
        assert told["told"] == tried["told"] != {}
        assert run(live(folder, port))["sent"] == 0
    assert run(folder)["sent"] == 0


def test_a_redirected_run_shows_one_person_everything_and_tells_nobody(folder: Settings) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        shown = run(live(folder, port, mail_redirect="me@landlord.example"))
        assert set(to(mailbox)) == {"me@landlord.example"} and shown["sent"] == len(mailbox.kept) > 1
        meant = {parse(body)["X-Due-Regard-Would-Go-To"] for _, body in mailbox.kept}
        parts = [part for _, body in mailbox.kept for part in parse(body).walk()]
        texts = [part for part in parts if part.get_content_type() in {"text/plain", "text/html"}]
        assert len(texts) == 2 * len(mailbox.kept)
        assert all(part.get_all("Content-Language") == ["en-GB"] for part in texts)
        mailbox.kept.clear()
        assert run(live(folder, port))["sent"] == shown["sent"]
    assert set(to(mailbox)) == meant and len(meant) > 1


def test_the_one_address_refused_stops_the_run_and_no_recipient_pays_for_it(folder: Settings) -> None:
    mailbox = Mailbox(at_rcpt={"me@landlord.example": "550 no such user"})
    with serving(mailbox) as port:
        with pytest.raises(MailError, match="DUE_REGARD_MAIL_REDIRECT"):
            run(live(folder, port, mail_redirect="me@landlord.example"))
        assert run(live(folder, port))["sent"] > 1


def test_an_allow_list_and_a_redirection_exclude_each_other(folder: Settings) -> None:
    both = live(folder, 25, mail_redirect="me@landlord.example", mail_allow=("me@landlord.example",))
    with pytest.raises(SettingsError, match="unset DUE_REGARD_MAIL_ALLOW or DUE_REGARD_MAIL_REDIRECT"):
        choose_mail_mode(both)


@pytest.mark.parametrize("more", [{}, {"mail_allow": ("Me@x.example",)}, {"mail_redirect": "me@x.example"}])
@pytest.mark.parametrize("mode", ["folder", "live"])
def test_a_transport_leaves_in_the_mode_that_mails_are_composed_for(
    folder: Settings, mode: str, more: dict[str, Any]
) -> None:
    settings = live(folder, 25, **more, mail_mode=mode)
    assert open_transport(settings).mode == choose_mail_mode(settings)


def set_environment(monkeypatch: pytest.MonkeyPatch, settings: Settings, port: int) -> None:
    """The settings of a live installation, as its command line reads them."""
    values = {
        "VAR_DIR": settings.var_dir, "LANDLORDS": json.dumps([L]), "MAIL_MODE": "live", "SMTP_HOST": "127.0.0.1",
        "SMTP_PORT": port, "SMTP_STARTTLS": "false",
    }  # fmt: skip
    values |= {"OWN_DIR": settings.own_dir} if settings.own_dir else {}
    for name, value in values.items():
        monkeypatch.setenv(f"DUE_REGARD_{name}", str(value))


def command(monkeypatch: pytest.MonkeyPatch, settings: Settings, port: int, *words: str) -> int:
    """The command line of a live installation."""
    set_environment(monkeypatch, settings, port)
    return main([*words])


def test_a_server_that_is_away_is_exit_5_in_one_line_and_the_next_run_sends(
    folder: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("alerts", "run", "--as-at", "2026-07-01")
    with serving(Mailbox()) as port:
        pass
    assert command(monkeypatch, folder, port, *words) == 5
    (line,) = capsys.readouterr().err.splitlines()
    assert "cannot be reached" in line and "no mail was handed over" in line and "still to leave today" in line
    mailbox = Mailbox()
    with serving(mailbox) as port:
        assert command(monkeypatch, folder, port, *words) == 0
    assert len(mailbox.kept) > 1


def test_a_refused_login_and_a_server_that_puts_everything_off_fail_as_well(
    folder: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(Mailbox(), auth=True) as port, pytest.raises(MailError, match="no mail was handed over"):
        run(live(folder, port))
    everybody = Mailbox()
    monkeypatch.setattr(everybody, "at_rcpt", EverybodyLater())
    with serving(everybody) as port:
        with pytest.raises(MailError, match="the mail server took no mail today"):
            run(live(folder, port))
        # At once again, nothing is tried: that is no success either.
        with pytest.raises(MailError, match="the mail server took no mail today"):
            run(live(folder, port))


class EverybodyLater(dict[str, str]):
    """Answers every recipient with a temporary failure."""

    def get(self, key: str, default: Any = None) -> str:
        """The answer at RCPT."""
        return "451 try again later"


def test_a_run_cut_short_says_how_far_it_came(folder: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    from due_regard.mail.transport import SmtpTransport

    deliver, left = SmtpTransport.deliver_mail, [1]

    def cut(transport: SmtpTransport, outgoing: Any) -> Any:
        left[0] -= 1
        if left[0] < 0:
            raise MailError("the mail server cannot be reached")
        return deliver(transport, outgoing)

    monkeypatch.setattr(SmtpTransport, "deliver_mail", cut)
    mailbox = Mailbox()
    with serving(mailbox) as port:
        with pytest.raises(MailError, match=r"cannot be reached; 1 mail was handed over, 1 still to leave today"):
            run(live(folder, port))
        left[0] = 1000
        assert run(live(folder, port))["sent"] > 0
    assert len(mailbox.kept) == len({parse(body)["Message-ID"] for _, body in mailbox.kept})


def issued(settings: Settings) -> bool:
    with open_landlord_register(settings) as engine, register.reading(engine, L) as conn:
        return is_issued(conn, L, PACK, QUARTER)


def build(settings: Settings, now: datetime = NOW) -> dict[str, Any]:
    (built,) = build_packs(settings, L, quarter=QUARTER, pack=PACK, now=now, issue=True)["packs"]
    return built


def test_a_pack_is_issued_by_an_accepted_mail_alone(folder: Settings) -> None:
    assert (build(folder)["posted"], issued(folder)) == (True, False)
    assert build(folder)["posted"] is False
    clerk = next(parse(file.read_bytes())["To"] for file in folder.mail_dir.glob("*.eml"))
    mailbox = Mailbox(at_data={clerk: "554 too odd"})
    with serving(mailbox) as port:
        assert (build(live(folder, port))["issued"], issued(folder)) == (False, False)
        mailbox.at_data.clear()
        built = build(live(folder, port), NOW + timedelta(days=1))
        assert (built["posted"], built["issued"], issued(folder)) == (True, True, True)
        assert build(live(folder, port), NOW + timedelta(days=2))["posted"] is False
    assert to(mailbox) == [clerk]
    report_bounce(folder, parse(mailbox.kept[0][1])["Message-ID"], now=NOW + timedelta(days=2))
    assert not issued(folder)


def test_a_pack_that_could_not_leave_fails_the_task_and_leaves_with_the_next(folder: Settings) -> None:
    with serving(Mailbox()) as port:
        pass
    with pytest.raises(MailError, match=r"hanover: .*cannot be reached.*no mail was handed over"):
        build(live(folder, port))
    assert not issued(folder)
    with serving(Mailbox()) as port:
        build(live(folder, port))
    assert issued(folder)


def test_a_draft_is_mailed_to_nobody_but_whoever_must_approve_it(
    folder: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shipped = folder.model_copy(update={"own_dir": None})
    words = ("--landlord", L, "--quarter", QUARTER, "--pack", PACK)
    said = ("--by", "the director", "--why", "as it should be")
    out = ("--out", str(tmp_path / "out"))
    assert command(monkeypatch, shipped, 25, "pack", *words, *out) == 0
    assert command(monkeypatch, shipped, 25, "pack", *words, *out, "--issue") == 5
    assert "is a draft: nothing was mailed" in capsys.readouterr().err
    assert command(monkeypatch, shipped, 25, "pack", "issue", *words, *said) == 5
    assert command(monkeypatch, shipped, 25, "pack", "correct", *words, *said) == 5
    asked = build_packs(shipped, L, quarter=QUARTER, pack=PACK, now=datetime.now(UTC), issue=True)["packs"][0]
    assert (asked["posted"], asked["asked"]) == (False, True)
    mailbox = Mailbox()
    with serving(mailbox) as port:
        assert command(monkeypatch, live(shipped, port), port, "pack", "approve", *words, *said) == 0
        assert command(monkeypatch, live(shipped, port), port, "pack", "approve", *words, *said) == 5
    # The clerk's mail waits for a working day; until then nobody but governance was mailed.
    assert set(to(mailbox)) <= {"committee-clerk@hanover.example", "governance@hanover.example"}
    paper = next((tmp_path / "out").glob("*.pdf"))
    assert main(["pack", "verify", str(paper)]) == (0 if issued(shipped) else 5)


def test_a_person_who_handed_a_pack_over_says_so_and_the_duty_is_met(
    folder: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    words = ("--landlord", L, "--quarter", QUARTER, "--pack", PACK)
    said = ("--by", "the clerk", "--why", "handed out at the meeting")
    assert command(monkeypatch, folder, 25, "pack", "issue", *words, *said) == 5
    assert "build it first" in capsys.readouterr().err
    assert command(monkeypatch, folder, 25, "pack", *words, "--out", str(tmp_path / "out")) == 0
    assert command(monkeypatch, folder, 25, "pack", "issue", *words, "--by", " ", "--why", "x") == 2
    for expected in ("is issued", "was issued before; nothing changed"):
        assert command(monkeypatch, folder, 25, "pack", "issue", *words, *said) == 0
        assert expected in capsys.readouterr().out
    assert issued(folder)
    today = datetime.now(UTC)
    assess_landlord(folder, L, as_at=today.date(), now=today)
    assert f"{PACK}/{QUARTER}" not in set(list_findings(folder, as_at=today.date(), landlord=L).rows["subject_ref"])


@pytest.mark.parametrize("missing", ["--landlord", "--quarter", "--out"])
def test_building_a_pack_asks_for_what_it_needs(
    missing: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {"--landlord": L, "--quarter": QUARTER, "--out": str(tmp_path)}
    del words[missing]
    assert main(["pack", *(word for pair in words.items() for word in pair)]) == 2
    assert missing in capsys.readouterr().err


def fail_work(folder: Settings, run_id: str, at: datetime) -> None:
    """A task that fails for good, and the watch that comes next."""
    key = RunKey(L, f"{L}.daily", "load", run_id)
    kept = {"load_mail_settings": lambda: folder, "clock": lambda: at, "longest": timedelta(hours=1)}
    with (
        pytest.raises(DropError),
        record_run(folder, key, **kept, retried_within=lambda _: timedelta()),  # type: ignore[arg-type]
    ):
        raise DropError("nothing to read")
    watch_landlords(folder, now=at + timedelta(minutes=1))


def test_a_notice_to_the_data_owner_is_handed_over_until_it_was_accepted(folder: Settings) -> None:
    fail_work(folder, "one", NOW - timedelta(hours=1))
    fail_work(folder, "two", NOW)
    mailbox = Mailbox()
    subject = f"{L}.daily failed"
    with serving(mailbox) as port:
        for days in (0, 1, 2, 5):
            day = NOW + timedelta(days=days)
            mailbox.at_data = {"data-team@hanover.example": "554 no"} if days == 0 else {}
            assess_landlord(folder, L, as_at=day.date(), now=day)
            run(live(folder, port), day)
    kept = [parse(body) for _, body in mailbox.kept]
    told = [mail for mail in kept if subject in mail["Subject"]]
    # Of a trial's notices the newest is told again: once refused, once accepted.
    assert len(told) == 1 and told[0]["Date"].startswith("Thu, 02 Jul 2026")


def read_notices(settings: Settings) -> list[dict[str, Any]]:
    """Each notice of a failed task, as the outbox keeps it."""
    with open_landlord_register(settings, L) as engine, register.reading(engine) as connection:
        rows = connection.exec_driver_sql("SELECT * FROM alert_messages WHERE kind = 'failure' ORDER BY message_id")
        return [dict(row) for row in rows.mappings()]


@pytest.mark.parametrize("trial", [{}, {"mail_redirect": "tester@example.org"}])
def test_a_notice_that_was_really_sent_stays_as_sent_whatever_mode_comes_later(
    folder: Settings, trial: dict[str, Any]
) -> None:
    mailbox = Mailbox()
    with serving(mailbox) as port:
        fail_work(live(folder, port), "one", NOW)
        (sent,) = read_notices(folder)
        assert (sent["mode"], sent["status"], len(mailbox.kept)) == ("live", "sent", 1)
        tried = live(folder, port, **trial) if trial else folder
        for days, settings in ((1, tried), (2, live(folder, port))):
            day = NOW + timedelta(days=days)
            assess_landlord(folder, L, as_at=day.date(), now=day)
            run(settings, day)
            assert read_notices(folder) == [sent]
    assert len([1 for _, body in mailbox.kept if f"{L}.daily failed" in str(parse(body)["Subject"])]) == 1


def test_a_landlord_live_long_after_its_go_live_is_warned_of(
    folder: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "alerts.go_live_on is Wed 1 April 2026, but no mail was ever really sent" in run(folder)["warnings"][0]
    mailbox = Mailbox()
    with serving(mailbox) as port:
        # The run that is the first live one still says so; afterwards there is nothing to say.
        assert run(live(folder, port))["warnings"] != []
        assert run(live(folder, port), NOW + timedelta(days=1))["warnings"] == []
        assert command(monkeypatch, folder, port, "landlord", "check", L) == 0
    assert "no mail was ever really sent" not in capsys.readouterr().out
    shutil.rmtree(folder.var_dir)
    assert command(monkeypatch, folder, port, "landlord", "check", L) == 0
    assert "WARNING hanover: alerts.go_live_on" in capsys.readouterr().out


class SlowMailbox(Mailbox):
    """A server that takes its time to answer for a mail, and says when it has begun."""

    def __init__(self) -> None:
        super().__init__()
        self.begun = Event()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.begun.set()
        await asyncio.sleep(1.5)
        return await super().handle_DATA(server, session, envelope)


@pytest.mark.parametrize(
    ("number", "code", "said"), [(signal.SIGTERM, 143, "terminated"), (signal.SIGINT, 130, "interrupted")]
)
def test_a_process_that_is_stopped_finishes_the_mail_in_hand(
    folder: Settings, number: signal.Signals, code: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["alerts", "run", "--as-at", "2026-07-01"]
    slow = SlowMailbox()
    with serving(slow) as port:
        set_environment(monkeypatch, folder, port)
        with subprocess.Popen([sys.executable, "-m", "due_regard", *words], stderr=subprocess.PIPE, text=True) as run:
            assert run.stderr is not None and slow.begun.wait(60)
            run.send_signal(number)
            lines = run.stderr.read().splitlines()
            assert run.wait(timeout=60) == code
    assert [line for line in lines if line.startswith("due-regard: ")] == [
        f"due-regard: {said}; what was finished stays, and the rest may be run again"
    ]
    assert "Traceback" not in "\n".join(lines)
    # The mail in hand was taken and noted; no other was begun, so the next run need not wait for a lease to end.
    assert len(slow.kept) == 1
    quick = Mailbox()
    with serving(quick) as port:
        assert command(monkeypatch, folder, port, *words) == 0
    assert slow.kept[0][0] not in to(quick) and quick.kept
