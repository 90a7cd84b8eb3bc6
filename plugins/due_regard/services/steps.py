"""What a long verb is doing: services say each step, and whoever wants to show it listens.

Nobody listens but the command line on a terminal; a step is never logged. It names a landlord, a pack or a verb, never
a file or a row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("listener", default=None)


def report_step(words: str) -> None:
    """Say what is done from now on."""
    if (listener := _listener.get()) is not None:
        listener(words)


@contextmanager
def listen_to_steps(listener: Callable[[str], None]) -> Iterator[None]:
    """Hand every step that is said inside to `listener`."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)
