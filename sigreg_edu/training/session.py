"""A training that goes on in small bites, so that it can be watched, paused and steered.

>>> from sigreg_edu.training.joint import JointTraining
>>> session = Session(JointTraining("lejepa", steps=24))
>>> session.run()
True
>>> [look.step for look in session.looks], session.finished
([0, 12, 24], True)
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
import torch

from sigreg_edu.training.interrupts import held_interrupts
from sigreg_edu.training.loop import StepRecord
from sigreg_edu.training.measures import (
    SPACES,
    Measures,
    principal_plane,
    worst_direction,
)
from sigreg_edu.training.probes import principal_deviations
from sigreg_edu.training.runs import one_thread


class Trainable(Protocol):
    """What a session needs of a training: :class:`JointTraining` has it, and ``Pretraining``.

    Attributes:
        lamb: λ of the next step; may be set at any time.
        records: one :class:`StepRecord` for each step taken.
        look_every: steps between two looks.
        single_threaded: whether PyTorch had better use one thread.
        finished: whether all steps have been taken.
        test_indices: which of the watched images are test images, (T,) int64.
    """

    lamb: float
    records: list[StepRecord]
    single_threaded: bool

    @property
    def look_every(self) -> int: ...

    @property
    def finished(self) -> bool: ...

    @property
    def test_indices(self) -> torch.Tensor: ...

    def step(self) -> StepRecord:
        """Take the next step."""

    def embed_in_bites(self) -> Iterator[dict[str, torch.Tensor]]:
        """Where the watched images lie in both spaces, some of them at a time."""

    def measure(self, space: str, z: torch.Tensor) -> Measures:
        """Look at the watched images' places (N, D) in ``space``."""


Training = TypeVar("Training", bound=Trainable)


@dataclass(frozen=True, eq=False)
class SpaceLook:
    """One space at one moment; the T points are the watched test images, all 450 of the digits.

    Attributes:
        measures: its numbers.
        std: standard deviation of each coordinate, shape (D,).
        axes: standard deviation along each principal axis, falling, shape (D,).
        cloud: the first two coordinates, shape (T, 2).
        plane: in the plane of the two widest principal axes, turned to fit the look before,
            shape (T, 2).
        worst_shadow: the points along the direction, of 64 random ones and the D axes, whose
            statistic is largest, shape (T,).
        worst_statistic: that statistic, of 256 of the points.
    """

    measures: Measures
    std: np.ndarray
    axes: np.ndarray
    cloud: np.ndarray
    plane: np.ndarray
    worst_shadow: np.ndarray
    worst_statistic: float


@dataclass(frozen=True, eq=False)
class Look:
    """Both spaces after so many steps.

    Attributes:
        step: how many had been taken.
        spaces: ``"embedding"`` and ``"projection"``.
    """

    step: int
    spaces: Mapping[str, SpaceLook]


class Session(Generic[Training]):
    """A training and what was seen of it.

    Args:
        training: not begun yet; or what makes it, which the first bite does, or whoever asks for
            ``training`` before.
        look_first: take the first look at once; otherwise the first bites do.

    Attributes:
        looks: before the first step, every ``training.look_every`` steps, and after the last.
        lambs: λ of each step taken.
        stopped: whether it was ended for good.
    """

    def __init__(
        self, training: Training | Callable[[], Training], *, look_first: bool = True
    ) -> None:
        self._make = training if callable(training) else lambda: training
        self.looks: list[Look] = []
        self.lambs: list[float] = []
        self.stopped = False
        # By a proxy: a session that nobody holds any more goes at once, with all its images.
        self._work = _pieces(weakref.proxy(self))
        while look_first and not self.looks:
            self.bite()

    @cached_property
    def training(self) -> Training:
        """The training; its ``lamb`` may be set at any time."""
        return self._make()

    @property
    def is_made(self) -> bool:
        """Whether there is a training already."""
        return "training" in vars(self)

    @property
    def records(self) -> list[StepRecord]:
        """Those of the steps taken."""
        return self.training.records if self.is_made else []

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.stopped or (self._is_seen() and self.training.finished)

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return len(self.records)

    def bite(self) -> None:
        """Do the next small piece of work: one step, or a part of a look.

        Interrupting waits for its end; the session can go on after it.

        Raises:
            Exception: whatever the step raises, such as FloatingPointError for a loss that is no
                longer finite. The session is then stopped.
        """
        if self.finished:
            return
        with held_interrupts():
            try:
                with self._threads():
                    next(self._work)
            except Exception:
                self.stop()
                raise

    def stop(self) -> None:
        """End it, with a last look at where it is; what was seen is kept.

        A network that is no longer finite has no place: then the look before is the last.
        """
        if self.stopped:
            return
        self.stopped = True
        if self._is_seen():
            return
        with self._threads():
            places = _joined(list(self.training.embed_in_bites()))
            if _are_finite(places):
                self._add({space: self._look(space, z) for space, z in places.items()})

    def run(self) -> bool:
        """Train to the end. Interrupting (Ctrl-C, the kernel's stop button) stops the session.

        Returns:
            Whether it came to its end; False if it was interrupted.
        """
        try:
            while not self.finished:
                self.bite()
        except KeyboardInterrupt:
            self.stop()
        return not self.stopped

    def curve(self, name: str, space: str = "projection") -> np.ndarray:
        """One of the :class:`Measures` over the looks, shape (L,)."""
        return np.array([getattr(look.spaces[space].measures, name) for look in self.looks])

    @property
    def look_steps(self) -> np.ndarray:
        """The steps of the looks, shape (L,)."""
        return np.array([look.step for look in self.looks], dtype=int)

    @property
    def invariance(self) -> np.ndarray:
        """The invariance at each step taken, shape (steps,)."""
        return np.array([record.invariance for record in self.records])

    def _is_seen(self) -> bool:
        """Whether the last look shows where the training is now."""
        return bool(self.looks) and self.looks[-1].step == self.step

    def _threads(self) -> AbstractContextManager[None]:
        return one_thread() if self.training.single_threaded else nullcontext()

    def _add(self, spaces: dict[str, SpaceLook]) -> None:
        self.looks.append(Look(self.step, MappingProxyType(spaces)))

    def _look(self, space: str, z: torch.Tensor) -> SpaceLook:
        tested = z[self.training.test_indices]  # (T, D)
        direction, statistic = worst_direction(tested)
        before = torch.from_numpy(self.looks[-1].spaces[space].plane) if self.looks else None
        return SpaceLook(
            measures=self.training.measure(space, z),
            std=z.std(0).numpy(),
            axes=principal_deviations(z).numpy(),
            cloud=tested[:, :2].numpy(),
            plane=principal_plane(tested, like=before).numpy(),
            worst_shadow=(tested @ direction).numpy(),
            worst_statistic=statistic,
        )


def _pieces(session: Session[Any]) -> Iterator[None]:
    """All work, in pieces so short that no slider's message waits for long.

    5 to 30 ms with the small network of :class:`JointTraining`, one step with a transformer.
    """
    yield from _looking(session)
    while not session.training.finished:
        lamb = session.training.lamb
        session.training.step()
        session.lambs.append(lamb)
        yield
        if session.step % session.training.look_every == 0 or session.training.finished:
            yield from _looking(session)


def _looking(session: Session[Any]) -> Iterator[None]:
    """A look: embed some images at a time, then measure one space at a time."""
    parts = []
    for part in session.training.embed_in_bites():
        parts.append(part)
        yield
    seen: dict[str, SpaceLook] = {}
    for space, z in _joined(parts).items():
        seen[space] = session._look(space, z)
        if len(seen) == len(SPACES):
            session._add(seen)
        yield


def _joined(parts: list[dict[str, torch.Tensor]]) -> dict[str, torch.Tensor]:
    """All watched images' places by space, (N, D) each."""
    return {space: torch.cat([part[space] for part in parts]) for space in SPACES}


def _are_finite(places: dict[str, torch.Tensor]) -> bool:
    return all(bool(z.isfinite().all()) for z in places.values())
