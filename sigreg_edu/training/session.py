"""A training that goes on in small bites, so that it can be watched, paused and steered.

>>> session = Session(JointTraining("lejepa", steps=24))
>>> session.run()
True
>>> [look.step for look in session.looks], session.finished
([0, 12, 24], True)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sigreg_edu.training.joint import JointTraining
from sigreg_edu.training.measures import SPACES, YARDSTICK_SAMPLES, Measures, worst_direction
from sigreg_edu.training.probes import principal_deviations
from sigreg_edu.training.runs import one_thread

LOOK_EVERY = 12  # steps


@dataclass(frozen=True, eq=False)
class SpaceLook:
    """One space at one moment; the points are the 450 test digits.

    Attributes:
        measures: its numbers.
        std: standard deviation of each coordinate, shape (D,).
        axes: standard deviation along each principal axis, falling, shape (D,).
        cloud: the first two coordinates, shape (450, 2).
        worst_shadow: the points along the direction, of 64 random ones and the D axes, whose T is
            largest, shape (450,).
        worst_statistic: that T, of 256 of the points.
    """

    measures: Measures
    std: np.ndarray
    axes: np.ndarray
    cloud: np.ndarray
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


class Session:
    """A training and what was seen of it.

    Args:
        training: not begun yet. A first look is taken at once.

    Attributes:
        training: its ``lamb`` may be set at any time.
        looks: before the first step, every 12 steps, and after the last.
        lambs: λ of each step taken.
        stopped: whether it was ended for good.
    """

    def __init__(self, training: JointTraining) -> None:
        self.training = training
        self.looks: list[Look] = []
        self.lambs: list[float] = []
        self.stopped = False
        self._work = self._pieces()
        next(self._work)

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to do."""
        return self.stopped or (self.training.finished and self.looks[-1].step == self.step)

    @property
    def step(self) -> int:
        """How many steps have been taken."""
        return len(self.training.records)

    def bite(self) -> None:
        """Do the next small piece of work: one step, or half a look.

        Raises:
            Exception: whatever the step raises, such as FloatingPointError for a loss that is no
                longer finite. The session is then stopped.
        """
        if self.finished:
            return
        try:
            with one_thread():
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
        if self.looks[-1].step < self.step and self._is_finite():
            self._add(dict(self._spaces()))

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
        return np.array([look.step for look in self.looks])

    @property
    def invariance(self) -> np.ndarray:
        """The invariance at each step taken, shape (steps,)."""
        return np.array([record.invariance for record in self.training.records])

    def _pieces(self) -> Iterator[None]:
        """All work, in pieces of 5 to 30 ms, so that no slider's message waits for long."""
        self._add(dict(self._spaces()))
        yield
        while not self.training.finished:
            lamb = self.training.lamb
            self.training.step()
            self.lambs.append(lamb)
            if self.step % LOOK_EVERY == 0 or self.training.finished:
                seen = {}
                for name, look in self._spaces():
                    yield
                    seen[name] = look
                self._add(seen)
            yield

    def _spaces(self) -> Iterator[tuple[str, SpaceLook]]:
        for space in SPACES:
            yield space, self._look(space)

    def _is_finite(self) -> bool:
        return all(bool(self.training.embed(space).isfinite().all()) for space in SPACES)

    def _add(self, spaces: dict[str, SpaceLook]) -> None:
        self.looks.append(Look(self.step, MappingProxyType(spaces)))

    def _look(self, space: str) -> SpaceLook:
        z = self.training.embed(space)
        tested = z[self.training.digits.test_indices]  # (450, D)
        direction, statistic = worst_direction(tested[:YARDSTICK_SAMPLES])
        return SpaceLook(
            measures=self.training.measure_points(z),
            std=z.std(0).numpy(),
            axes=principal_deviations(z).numpy(),
            cloud=tested[:, :2].numpy(),
            worst_shadow=(tested @ direction).numpy(),
            worst_statistic=statistic,
        )
