"""What would stop the process waits for the end of a step, whoever listens to it."""

from __future__ import annotations

import signal
import threading

import pytest

from due_regard.mail.stop_signals import finish_before_stopping


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stop_waits_for_the_end_and_then_reaches_whoever_listened_before(number: signal.Signals) -> None:
    heard: list[str] = []
    before = signal.signal(number, lambda *_: heard.append("stop"))
    try:
        with finish_before_stopping():
            signal.raise_signal(number)
            heard.append("done")
        assert heard == ["done", "stop"]
        signal.raise_signal(number)
        assert heard == ["done", "stop", "stop"]
    finally:
        signal.signal(number, before)


def test_ctrl_c_in_a_step_interrupts_after_it() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), finish_before_stopping():
        signal.raise_signal(signal.SIGINT)
        done.append(True)
    assert done


def test_a_step_that_fails_gives_the_signals_back() -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    with pytest.raises(ValueError, match="failed"), finish_before_stopping():
        raise ValueError("failed")
    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before


def test_another_thread_goes_on_as_ever() -> None:
    done: list[bool] = []

    def work() -> None:
        with finish_before_stopping():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done
