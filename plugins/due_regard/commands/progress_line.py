"""One line on a terminal that says what a long command is doing and for how long; nothing anywhere else."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from time import monotonic
from typing import TextIO

from due_regard.services.steps import listen_to_steps

QUIET_SECONDS = 2.0
"""A command that is done sooner shows nothing."""

_TICK_SECONDS = 0.5
_CLEAR = "\r\x1b[K"


class ProgressLine:
    """The line: redrawn on every tick from a thread of its own, gone when the command is done."""

    def __init__(self, stream: TextIO) -> None:
        self._stream, self._words, self._done = stream, "working", Event()
        self._thread = Thread(target=self._draw_until_done, daemon=True)

    def change_words(self, words: str) -> None:
        """What is done from now on."""
        self._words = words

    def start(self) -> None:
        """Begin to draw, after a quiet moment."""
        self._thread.start()

    def stop(self) -> None:
        """Take the line away."""
        self._done.set()
        self._thread.join()

    def _draw_until_done(self) -> None:
        began = monotonic()
        if self._done.wait(QUIET_SECONDS):
            return
        while not self._done.wait(_TICK_SECONDS):
            # The cursor goes back to the margin, so that a log line begins there.
            self._write(f"{_CLEAR}{monotonic() - began:.0f} s  {self._words}\r")
        self._write(_CLEAR)

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


@contextmanager
def show_progress(stream: TextIO) -> Iterator[None]:
    """Show on `stream` what the services inside say they are doing, if it is a terminal."""
    if not stream.isatty():
        yield
        return
    line = ProgressLine(stream)
    line.start()
    try:
        with listen_to_steps(line.change_words):
            yield
    finally:
        line.stop()
