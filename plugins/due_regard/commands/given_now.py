"""`--now`: the instant that stands for the clock, so that a history can be loaded and judged by the command line alone.

It is for acceptance runs and rehearsals. Every command that reads a clock takes it; none reads a clock by itself.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime

from due_regard.config.settings import Settings
from due_regard.errors import SettingsError


def add_now_option(parser: ArgumentParser) -> None:
    """`--now`, for a command that reads the clock."""
    parser.add_argument("--now", metavar="INSTANT", help="in place of the clock (rehearsals): ISO 8601 with a zone")


def read_now(args: Namespace) -> datetime:
    """The instant of the call: the one that is given, else the machine's.

    Raises:
        SettingsError: what is given is no instant with a zone, or is ahead of the machine's clock.
    """
    clock, given = datetime.now(UTC), getattr(args, "now", None)
    if given is None:
        return clock
    try:
        found = datetime.fromisoformat(given)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise SettingsError("--now is an instant with its zone, e.g. 2026-07-01T09:00:00+01:00")
    if found > clock:
        raise SettingsError(f"--now is ahead of this machine's clock, which says {clock:%Y-%m-%d %H:%M:%S} UTC")
    return found.astimezone(UTC)


def read_writing_now(args: Namespace, settings: Settings) -> datetime:
    """As `read_now`, for a command that records something: a given instant is not behind what is recorded.

    Raises:
        ClockError: something was recorded after it; says when.
    """
    from due_regard.services.given_clock import check_given_clock

    now = read_now(args)
    if getattr(args, "now", None) is not None:
        named = getattr(args, "landlord", None)
        check_given_clock(settings, [named] if isinstance(named, str) else named, now=now)
    return now


def check_mails_nobody(args: Namespace, settings: Settings) -> None:
    """Refuse to mail people about a day that is past, which a rehearsal may not.

    Raises:
        SettingsError: `--now` is given where mails really leave.
    """
    if getattr(args, "now", None) is not None and settings.mail_mode == "live":
        raise SettingsError("--now mails nobody: set DUE_REGARD_MAIL_MODE=folder, or leave it out")
