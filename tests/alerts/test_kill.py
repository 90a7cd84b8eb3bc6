"""kill -9 of the sender, again and again: no mail is lost, and a doubled one carries the Message-ID of its first."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from contextlib import suppress
from datetime import UTC, date, datetime
from email import message_from_bytes
from pathlib import Path

import pytest
from sqlalchemy import func, select

from due_regard.mail import outbox
from due_regard.mail.builder import ComposedMail
from due_regard.register.engines import reading, writing
from due_regard.register.schema.alert_tables import AlertMessage
from tests.alerts.mail_server import Mailbox, serving
from tests.alerts.world import World

ROOT = Path(__file__).parents[2]


def fill(world: World, rows: int) -> None:
    """An outbox of `rows` mails, each to a recipient of its own."""
    now = datetime.now(UTC)
    today = date.today()  # noqa: DTZ011 - around midnight the London day may be the one before
    with writing(world.engine, "example") as conn:
        for n in range(rows):
            message_id = f"<mail.{n}@example.org>"
            recipient = f"reader{n}@example.org"
            body = f"From: a@example.org\r\nTo: {recipient}\r\nMessage-ID: {message_id}\r\n\r\nHello\r\n".encode()
            mail = ComposedMail(
                message_id=message_id,
                kind="digest",
                mail_on=today,
                sender="a@example.org",
                recipient=recipient,
                subject="x",
                body=body,
                send_days=[date.fromordinal(today.toordinal() + step) for step in (-1, 0, 1)],
            )
            outbox.put_mail(conn, "example", mail, now=now)


def statuses(world: World) -> dict[str, int]:
    with reading(world.engine, "example") as conn:
        rows = conn.execute(select(AlertMessage.status, func.count()).group_by(AlertMessage.status))
        return {status: n for status, n in rows}


def kill_again_and_again(world: World, *, rows: int, kills: int, seed: int) -> int:
    """Fill, kill and finish; returns how many mails came more than once."""
    rng = random.Random(seed)
    mailbox = Mailbox()
    fill(world, rows)
    with serving(mailbox) as port:
        command = [sys.executable, "-m", "tests.alerts.sender_process", str(world.engine.url), str(port)]
        environment = {**os.environ, "PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'plugins'}"}
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment
        ) as nursery:
            assert nursery.stdin is not None and nursery.stdout is not None
            killed = 0
            while statuses(world) != {"sent": rows}:
                nursery.stdin.write("go\n")
                nursery.stdin.flush()
                pid = int(nursery.stdout.readline())
                if killed < kills:
                    seen = len(mailbox.kept)
                    quota = max(1, (rows - seen) // (kills - killed + 1))
                    killed += kill_after(pid, mailbox, seen + rng.randint(1, quota), rng.uniform(0, 0.004))
                assert nursery.stdout.readline() == "ended\n"
            nursery.stdin.close()
    assert killed == kills
    ids: dict[str, list[str]] = defaultdict(list)
    for recipient, content in mailbox.kept:
        ids[recipient].append(message_from_bytes(content)["Message-ID"])
    assert len(ids) == rows, f"{rows - len(ids)} mails were lost"
    assert all(len(set(found)) == 1 for found in ids.values())
    doubled = sum(len(found) - 1 for found in ids.values())
    assert doubled <= kills
    return doubled


def kill_after(pid: int, mailbox: Mailbox, received: int, pause: float) -> int:
    """SIGKILL once the server has got `received` mails and a little later, or the sender is through; 1 if it died."""
    deadline = time.monotonic() + 30
    while len(mailbox.kept) < received and time.monotonic() < deadline:
        threading.Event().wait(0.0005)
    time.sleep(pause)
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
        return 1
    return 0


def test_ten_kills(world: World) -> None:
    kill_again_and_again(world, rows=200, kills=10, seed=1)


@pytest.mark.long
@pytest.mark.skipif(not os.environ.get("DUE_REGARD_LONG_TESTS"), reason="long form: 100 kills on 1,200 rows")
@pytest.mark.timeout(600)
def test_a_hundred_kills(world: World) -> None:
    doubled = kill_again_and_again(world, rows=1200, kills=100, seed=2)
    print(f"100 kills on 1,200 rows: none lost, {doubled} sent twice with the same Message-ID")
