"""Live trainings, of notebooks 04 and 05: they go on between the messages of the sliders.

A training in a cell would keep the kernel busy: no slider answers, and the picture stands still.
Here the event loop that brings the messages also does the training, in bites: a few milliseconds of
a small network, a step of a transformer.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Mapping
from functools import partial
from typing import Any

from sigreg_edu.explorers.core import Explorer, in_words
from sigreg_edu.explorers.shell import (
    REST_SECONDS,
    ExplorerWidget,
    make_button,
    running_loop,
)
from sigreg_edu.figures.live import LiveFigure
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.training.session import Session
from sigreg_edu.views.live import LiveParams, Sessions, live_view
from sigreg_edu.views.sessions import KeptSessions

TRAIN, TRAIN_AGAIN = "train", "train again"
BREATH_SECONDS = 0.001  # between two bites: time for a message to come in between


class TrainingWidget(ExplorerWidget):
    """An explorer whose picture grows while a network is trained.

    Args:
        title, explorer, **options: as of :class:`ExplorerWidget`. The explorer's state has what
            :class:`sigreg_edu.views.sessions.TrainingParams` names.
        sessions: the trainings that the explorer's view looks at.
        lambs: λ that each loss brings; by default that of :data:`CONDITIONS`.

    Attributes:
        train_button: starts and pauses; begins afresh once a training has ended.
        stop_button: ends the training; what was seen of it stays.
        interrupted: set by the kernel's interrupt; the next bite then stops.
    """

    play_label, step_label = "replay", "next look"

    looks_ahead = False

    def __init__(
        self,
        title: str,
        explorer: Explorer,
        sessions: KeptSessions,
        *,
        lambs: Mapping[str, float] | None = None,
        **options: Any,
    ) -> None:
        self.sessions = sessions
        self._lambs = lambs or {name: condition.lamb for name, condition in CONDITIONS.items()}
        self.interrupted = False
        self._follows = True
        self._bite: asyncio.TimerHandle | None = None
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
        """Go on training, or begin afresh if it has ended; nothing if it is going on.

        Raises:
            RuntimeError: the explorer was closed, or there is no event loop, as in a plain script.
        """
        loop = running_loop()
        if loop is None or self.explorer.closed:
            self._show_train_button()
            raise RuntimeError(
                "this explorer was closed; run its cell again." if self.explorer.closed else
                "there is no event loop to train in. Train to the end at once: explorer.run()"
            )  # fmt: skip
        if self.training:
            return
        self.pause()
        self._begin_afresh_if_ended()
        self.interrupted = False
        self._follows = True
        self._bite = loop.call_later(BREATH_SECONDS, self._take_bite)
        _GOING_ON.add(self)
        self._show_train_button()

    def rest(self) -> None:
        """Pause the training; ``start`` goes on."""
        self._let_go()
        self._show_train_button()

    def stop(self) -> None:
        """End the training where it is, and keep what was seen."""
        self.rest()
        self.session.stop()
        self.set(step=self._last_look())

    def run(self) -> bool:
        """Train to the end at once. Interrupting the kernel stops it and keeps what there is.

        Returns:
            Whether it came to its end; False if it was interrupted.
        """
        self.rest()
        self._begin_afresh_if_ended()
        ended = self.session.run()
        self.set(step=self._last_look())
        return ended

    def set(self, **changes: Any) -> bool:
        """Change the state. λ reaches the next step; another training pauses the present one.

        Another loss comes with its own λ, unless one is given, and another training is shown where
        it has come to. A step that is given is looked back at while the training goes on.
        """
        loss, before = changes.get("condition"), self.explorer.params.key
        if loss in CONDITIONS and loss != "none" and loss != self.explorer.params.condition:
            changes.setdefault("lamb", self._lambs[loss])
        taken = super().set(**changes)
        if taken and self.explorer.params.key != before:
            self.rest()
            if "step" not in changes and self.explorer.params.step != self._last_look():
                super().set(step=self._last_look())
            self._refine_when_at_rest()  # asked while the earlier one went on, it declined
        if taken and "step" in changes:
            self._follows = self.explorer.params.step >= self._last_look()
        here = taken and ("lamb" in changes or self.explorer.params.key != before)
        if here and self.explorer.params.condition != "none":
            self._hand_on_lamb()
        return taken

    def _hand_on_lamb(self) -> None:
        """Let the next step obey the slider: also that of a training which had another λ before.

        One that was never made is forgotten, and made with this λ when it is asked for.
        """
        if self.session.is_made:
            self.session.training.lamb = self.explorer.params.lamb
        else:
            self.sessions.begin(self.explorer.params)

    def next_moment(self) -> int | None:
        """Return the step of the look after the one that is shown, None after the last."""
        now = self.explorer.params.step
        return next((look.step for look in self.session.looks if look.step > now), None)

    def close(self) -> None:
        """Let training, figure and widgets go."""
        self._let_go()
        super().close()

    def _play_buttons(self) -> list[Any]:
        self.train_button = self.make_toggle(TRAIN, "sigreg-train", self.start, self._pause_here)
        self.stop_button = make_button("stop", "stop", self.stop)
        return [self.train_button, self.stop_button, *super()._play_buttons()]

    # --- one bite after another ----------------------------------------------------------------

    def _take_bite(self) -> None:
        _listen_for_interrupts()
        if self.interrupted:
            self.stop()
            return
        session, seen = self.session, len(self.session.looks)
        try:
            session.bite()
        except Exception as error:  # shown to the student, never swallowed
            self._show_broken(error)
            return
        if len(session.looks) > seen:  # the curves grow, also while the student looks back
            self.set(**({"step": self._last_look()} if self._follows else {}))
        if session.finished:
            self.rest()
        elif self.training:
            self._bite = running_loop().call_later(BREATH_SECONDS, self._take_bite)

    def _show_broken(self, error: Exception) -> None:
        self.rest()
        self.set(step=self._last_look())
        self.explorer.error = in_words(error)
        self._show_picture()

    def _pause_here(self) -> None:
        self.rest()
        self.set()  # say how far it has come

    def _let_go(self) -> None:
        """Take no further bite, and leave the interrupt to others."""
        if self._bite is not None:
            self._bite.cancel()
            self._bite = None
        _GOING_ON.discard(self)
        _stop_listening()

    def _refine_when_at_rest(self, delay: float = REST_SECONDS) -> None:
        """Take the first look where it is missing; what comes later comes with the bites."""
        if not self.training and not self.session.looks:
            super()._refine_when_at_rest(delay)

    def _last_look(self) -> int:
        """Step of the last look, 0 while the first is still to be taken."""
        return self.session.looks[-1].step if self.session.looks else 0

    def _begin_afresh_if_ended(self) -> None:
        if self.session.finished:
            self.sessions.begin(self.explorer.params)
            self.set(step=0)

    def _show_train_button(self) -> None:
        label = TRAIN_AGAIN if self.session.finished else TRAIN
        self.show_toggle(self.train_button, label, going=self.training)


# --- the kernel's interrupt -----------------------------------------------------------------------

#: What is being trained. One handler serves all: handlers that wrap each other lose their order.
_GOING_ON: set[TrainingWidget] = set()
_handler_before: Any = signal.SIG_DFL


def _listen_for_interrupts() -> None:
    """Let the interrupt stop what is being trained. Outside cells ipykernel would ignore it.

    Asked before each bite, since ipykernel sets a handler of its own around each message and then
    puts back whichever it found.
    """
    global _handler_before
    here = signal.getsignal(signal.SIGINT)
    if here is not _on_interrupt and threading.current_thread() is threading.main_thread():
        _handler_before = here
        signal.signal(signal.SIGINT, _on_interrupt)


def _stop_listening() -> None:
    """Give the interrupt back once nothing is being trained."""
    main = threading.current_thread() is threading.main_thread()
    if main and not _GOING_ON and signal.getsignal(signal.SIGINT) is _on_interrupt:
        signal.signal(signal.SIGINT, _handler_before)


def _on_interrupt(number: int, frame: Any) -> None:
    """Have each training stop at its next bite: the signal may have come in the middle of one."""
    for widget in _GOING_ON:
        widget.interrupted = True
    if not _GOING_ON:  # put back by ipykernel after the last one had ended
        _stop_listening()
        if callable(_handler_before):
            _handler_before(number, frame)


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
