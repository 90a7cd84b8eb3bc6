"""A process that forks a sender for every line it reads: forking spares each killed sender its second of imports.

Usage: python -m tests.alerts.sender_process REGISTER_URL PORT; it answers each line with the sender's pid.
"""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime, timedelta

from sqlalchemy import event

from due_regard.mail.sending import send_waiting_mails
from due_regard.mail.transport import SmtpTransport
from due_regard.register import open_register

LEASE = timedelta(milliseconds=150)


def send(url: str, port: int) -> None:
    engine = open_register(url)
    engine.dispose()
    # A killed process loses nothing that it gave the operating system; the disk is not what is tested.
    event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
    transport = SmtpTransport("127.0.0.1", port, starttls=False)
    send_waiting_mails(engine, transport, now=datetime.now(UTC), clock=lambda: datetime.now(UTC), lease=LEASE)


def main() -> None:
    url, port = sys.argv[1], int(sys.argv[2])
    for _ in sys.stdin:
        pid = os.fork()
        if pid == 0:
            send(url, port)
            os._exit(0)
        print(pid, flush=True)
        os.waitpid(pid, 0)
        print("ended", flush=True)


if __name__ == "__main__":
    main()
