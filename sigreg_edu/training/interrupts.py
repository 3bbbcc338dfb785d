"""Ctrl-C, and a handled SIGTERM, that wait until what is being done is whole.

>>> with caught_interrupts([]) as caught:
...     signal.raise_signal(signal.SIGINT)
...     print(len(caught))
1
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import Any

__all__ = ["caught_interrupts", "deliver", "held_interrupts"]


@contextmanager
def held_interrupts() -> Iterator[None]:
    """Let interrupts wait for the end of the block, and deliver them there.

    >>> try:
    ...     with held_interrupts():
    ...         signal.raise_signal(signal.SIGINT)
    ...         print("to its end")
    ... except KeyboardInterrupt:
    ...     print("then interrupted")
    to its end
    then interrupted
    """
    caught: list[Callable[[], Any]] = []
    try:
        with caught_interrupts(caught):
            yield
    finally:
        deliver(caught)


@contextmanager
def caught_interrupts(caught: list[Callable[[], Any]]) -> Iterator[list[Callable[[], Any]]]:
    """Collect the interrupts that come in the block, for :func:`deliver`.

    Within such a block another one catches nothing: the outer one has it all. In another thread
    than the main one, where no signals come, nothing is done.

    Args:
        caught: gets a call for each interrupt, which delivers it.

    Yields:
        ``caught``.
    """
    with ExitStack() as handlers:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                handlers.enter_context(_handled_by(number, caught))
        yield caught


def deliver(caught: list[Callable[[], Any]]) -> None:
    """Do now what each interrupt would have done when it came."""
    for call in caught:
        call()


@contextmanager
def _handled_by(number: int, caught: list[Callable[[], Any]]) -> Iterator[None]:
    usual = signal.getsignal(number)
    if not callable(usual) or isinstance(usual, _Catcher):
        yield
        return
    try:
        signal.signal(number, _Catcher(usual, caught))
        yield
    finally:
        signal.signal(number, usual)


class _Catcher:
    """A handler that keeps what the usual one would do."""

    def __init__(self, usual: Callable[..., Any], caught: list[Callable[[], Any]]) -> None:
        self.usual, self.caught = usual, caught

    def __call__(self, number: int, frame: Any) -> None:
        self.caught.append(partial(self.usual, number, frame))
