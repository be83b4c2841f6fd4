"""Work beside the main thread, until a signal or its end."""

from __future__ import annotations

import signal
import threading

import pytest

from photolib.cli.beside import run_until_signal

PATIENCE = 20.0


def waits(stop: threading.Event) -> None:
    assert stop.wait(PATIENCE)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_heard_whichever_thread_it_reaches(number: signal.Signals) -> None:
    before = signal.getsignal(number)

    def struck(stop: threading.Event) -> None:
        signal.pthread_kill(threading.get_ident(), number)
        assert stop.wait(PATIENCE)

    if number == signal.SIGINT:
        with pytest.raises(KeyboardInterrupt):
            run_until_signal(waits, struck)
    else:
        run_until_signal(waits, struck)
    assert signal.getsignal(number) == before


def test_when_one_ends_all_do() -> None:
    run_until_signal(waits, lambda _: None)


def test_what_one_raises_is_raised() -> None:
    def fails(stop: threading.Event) -> None:
        raise LookupError("nothing here")

    with pytest.raises(LookupError, match="nothing here"):
        run_until_signal(waits, fails)
