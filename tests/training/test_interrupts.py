"""Interrupts wait for the end of a block, none is lost, and the usual handlers come back."""

from __future__ import annotations

import signal
import threading

import pytest

from sigreg_edu.training.interrupts import caught_interrupts, deliver, held_interrupts

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@pytest.fixture(autouse=True)
def answered():
    """The signals that were answered; each has a handler that only notes it."""
    if threading.current_thread() is not threading.main_thread():
        pytest.skip("signals come to the main thread")
    seen = []
    before = [
        signal.signal(number, lambda number, frame: seen.append(number)) for number in SIGNALS
    ]
    yield seen
    for number, handler in zip(SIGNALS, before, strict=True):
        signal.signal(number, handler)


def send(*numbers):
    for number in numbers:
        signal.raise_signal(number)


def test_held_signals_are_answered_in_order_at_the_end(answered):
    with held_interrupts():
        send(signal.SIGTERM, signal.SIGINT)
        assert answered == []
    assert answered == [signal.SIGTERM, signal.SIGINT]
    send(signal.SIGINT)
    assert len(answered) == 3  # at once again


def test_an_error_in_the_block_loses_no_signal(answered):
    def fail():
        send(signal.SIGINT)
        raise OSError("full")

    with pytest.raises(OSError, match="full"), held_interrupts():
        fail()
    assert answered == [signal.SIGINT]


def test_an_inner_block_leaves_signals_to_the_outer_one(answered):
    with caught_interrupts([]) as caught:
        with held_interrupts():
            send(signal.SIGINT)
        assert len(caught) == 1
    assert answered == []
    deliver(caught)
    assert answered == [signal.SIGINT]


def test_a_signal_without_a_handler_does_what_the_system_does():
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    with held_interrupts():
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_another_thread_touches_no_handler():
    handlers, seen = [signal.getsignal(number) for number in SIGNALS], []

    def hold():
        with held_interrupts():
            seen.extend(signal.getsignal(number) for number in SIGNALS)

    thread = threading.Thread(target=hold)
    thread.start()
    thread.join()
    assert seen == handlers
