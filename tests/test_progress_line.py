"""Long work shows one line on a terminal, and nothing where there is none."""

from __future__ import annotations

import io
import time

import pytest

from due_regard.__main__ import main
from due_regard.commands import progress_line
from due_regard.commands.progress_line import show_progress
from due_regard.services.steps import report_step


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_line, "QUIET_SECONDS", 0.05)
    monkeypatch.setattr(progress_line, "_TICK_SECONDS", 0.01)


def work(stream: io.StringIO) -> str:
    with show_progress(stream):
        report_step("hanover: judging (1 of 2)")
        time.sleep(0.3)
    return stream.getvalue()


def test_a_terminal_shows_the_step_and_is_clean_afterwards() -> None:
    shown = work(Terminal())
    assert "\r\x1b[K0 s  hanover: judging (1 of 2)\r" in shown
    assert shown.endswith("\r\x1b[K")
    assert "\n" not in shown


def test_no_terminal_no_line() -> None:
    assert work(io.StringIO()) == ""


def test_a_quick_command_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_line, "QUIET_SECONDS", 60)
    with show_progress(stream := Terminal()):
        pass
    assert stream.getvalue() == ""


def test_a_step_that_nobody_listens_to_is_nothing() -> None:
    report_step("nobody hears")


def test_a_failed_command_leaves_its_message_alone_on_the_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    assert main(["policy", "show", "nobody"]) == 2
    assert stream.getvalue().split("\x1b[K")[-1].startswith("due-regard: ")
