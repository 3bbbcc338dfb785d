"""The live training of notebook 04: it goes on between the messages of the sliders.

A training in a cell would keep the kernel busy: no slider answers, and the picture stands still.
Here the event loop that brings the messages also does the training, in bites of some 15 ms.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from functools import partial
from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, make_button, running_loop
from sigreg_edu.figures.live import LiveFigure
from sigreg_edu.training.session import Session
from sigreg_edu.views.live import LiveParams, Sessions, live_view

TRAIN = "train"
BREATH_SECONDS = 0.001  # between two bites: time for a message to come in between


class TrainingWidget(ExplorerWidget):
    """An explorer whose picture grows while a network is trained.

    Attributes:
        train_button: starts and pauses; begins afresh once a training has ended.
        stop_button: ends the training; what was seen of it stays.
    """

    play_label = "replay"

    def __init__(self, title: str, explorer: Explorer, sessions: Sessions, **options: Any) -> None:
        self.sessions = sessions
        self._bite: asyncio.TimerHandle | None = None
        self._signal_before: Any = None
        self._interrupted = False
        super().__init__(title, explorer, **options)

    @property
    def session(self) -> Session:
        """The training that is shown; its ``looks``, ``curve(…)`` and ``invariance`` are yours."""
        return self.sessions.of(self.explorer.params)

    @property
    def training(self) -> bool:
        """Whether it is going on."""
        return self._bite is not None

    def start(self) -> None:
        """Go on training, or begin afresh if it has ended.

        Raises:
            RuntimeError: there is no event loop, as in a plain script.
        """
        loop = running_loop()
        if loop is None:
            raise RuntimeError(
                "there is no event loop to train in. Train to the end at once: explorer.run()"
            )
        self.pause()
        self._begin_afresh_if_ended()
        self._interrupted = False
        self._bite = loop.call_later(BREATH_SECONDS, self._take_bite)
        self._show_train_button()

    def rest(self) -> None:
        """Pause the training; ``start`` goes on."""
        if self._bite is not None:
            self._bite.cancel()
            self._bite = None
        self._stop_listening()
        self._show_train_button()

    def stop(self) -> None:
        """End the training where it is, and keep what was seen."""
        self.rest()
        self.session.stop()
        self.set(step=self._last_look())

    def run(self) -> None:
        """Train to the end at once. Interrupting the kernel stops it and keeps what there is."""
        self.rest()
        self._begin_afresh_if_ended()
        self.session.run()
        self.set(step=self._last_look())

    def set(self, **changes: Any) -> bool:
        """Change the state; another training pauses the one that goes on."""
        before = self.explorer.params.key
        taken = super().set(**changes)
        if self.training and self.explorer.params.key != before:
            self.rest()
        return taken

    def close(self) -> None:
        """Let training, figure and widgets go."""
        if self._bite is not None:
            self._bite.cancel()
            self._bite = None
            self._stop_listening()
        super().close()

    def _play_buttons(self) -> list[Any]:
        self.train_button = self.make_toggle(TRAIN, "sigreg-train", self.start, self.rest)
        self.stop_button = make_button("stop", "stop", self.stop)
        return [self.train_button, self.stop_button, *super()._play_buttons()]

    # --- one bite after another ----------------------------------------------------------------

    def _take_bite(self) -> None:
        session, seen = self.session, self._last_look()
        self._listen_for_interrupts()
        if self._interrupted:
            self.stop()
            return
        try:
            session.bite()
        except FloatingPointError as error:
            self.rest()
            self.explorer.error = str(error)
            self._show_picture()
            return
        follows = self.explorer.params.step >= seen  # else the student looks back
        if self._last_look() > seen and follows:
            self.set(step=self._last_look())
        if session.finished:
            self.rest()
        else:
            self._bite = running_loop().call_later(BREATH_SECONDS, self._take_bite)

    def _last_look(self) -> int:
        return self.session.looks[-1].step

    def _begin_afresh_if_ended(self) -> None:
        if self.session.finished:
            self.sessions.begin(self.explorer.params)
            self.set(step=0)

    # --- the kernel's interrupt ----------------------------------------------------------------

    def _listen_for_interrupts(self) -> None:
        """Let the interrupt stop the training. Outside cells ipykernel would ignore it."""
        ours = signal.getsignal(signal.SIGINT) == self._on_interrupt
        if not ours and threading.current_thread() is threading.main_thread():
            self._signal_before = signal.signal(signal.SIGINT, self._on_interrupt)

    def _stop_listening(self) -> None:
        if signal.getsignal(signal.SIGINT) == self._on_interrupt:
            signal.signal(signal.SIGINT, self._signal_before)

    def _on_interrupt(self, _number: int, _frame: Any) -> None:
        self._interrupted = True  # and no more: it may have come in the middle of a step

    def _show_train_button(self) -> None:
        self.show_toggle(self.train_button, TRAIN, going=self.training)


def training_explorer(**initial: Any) -> TrainingWidget:
    """Train a small network on the digits while its embeddings are watched, and steer λ.

    Args:
        **initial: fields of :class:`LiveParams`, e.g. ``condition="none"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    sessions = Sessions()
    explorer = Explorer(LiveParams(**initial), partial(live_view, sessions=sessions), LiveFigure())
    start = {"step": 0, "target": "shared", "space": "projection"}
    presets = {
        "none": {**start, "condition": "none"},
        "VICReg": {**start, "condition": "vicreg", "lamb": 0.2},
        "SIGReg, 25 : 25": {**start, "condition": "sigreg", "lamb": 0.2},
        "hybrid": {**start, "condition": "hybrid", "lamb": 0.2},
        "LeJEPA": {**start, "condition": "lejepa", "lamb": 0.02},
        "standardized": {**start, "condition": "standardized", "lamb": 0.2},
    }
    return TrainingWidget(
        "Training, live: what keeps it from collapse?", explorer, sessions, presets=presets
    )
