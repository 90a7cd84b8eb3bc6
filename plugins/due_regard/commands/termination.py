"""A stop from outside (SIGTERM: a service manager, a container, `kill`) ends a command as Ctrl-C does."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Terminated(KeyboardInterrupt):
    """The process was asked to end; whatever cleans up after Ctrl-C cleans up after it."""


@contextmanager
def heed_termination() -> Iterator[None]:
    """Raise `Terminated` in the block where the process is asked to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, _raise_terminated)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL if before is None else before)


def _raise_terminated(_number: int, _frame: FrameType | None) -> None:
    raise Terminated
