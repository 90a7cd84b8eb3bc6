"""A step that is not left half way: Ctrl-C and a stop (SIGTERM) wait for its end, then do what they always do."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_STOPS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def finish_before_stopping() -> Iterator[None]:
    """Hold back what would stop the process until the block is done.

    Only Python's own answer is held back, in the main thread: the one that receives signals. Whoever cannot wait kills.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    came: list[int] = []
    before = {number: signal.signal(number, lambda number, _: came.append(number)) for number in _STOPS}
    try:
        yield
    finally:
        for number, handler in before.items():
            # None stands for a handler that Python did not set, which it cannot set again.
            signal.signal(number, signal.SIG_DFL if handler is None else handler)
        if came:
            signal.raise_signal(came[0])
