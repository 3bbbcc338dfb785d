"""Watch a training as the report advises, and say so when something goes wrong.

The report names three targets: an invariance below 0.1, a SIGReg between 0.5 and 2, and a ratio of
the two near 1 : 1. They contradict each other: an invariance below 0.1 beside a SIGReg above 0.5 is
a ratio below 1 : 5. :func:`report_targets` tells which of them a step meets.
"""

from __future__ import annotations

import statistics
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.config import TrainConfig
from sigreg_edu.training.measures import Measures
from sigreg_edu.training.pretraining import TrainRecord

__all__ = ["Monitor", "Sign", "highest_rise", "monitor_of", "null_floor", "report_targets"]

GAUSSIAN = ("sigreg", "lejepa")  # losses whose regularizer is a SIGReg of known null floor
WINDOW = 25  # steps whose median counts, so that one unlucky batch says nothing
SETTLED = 50  # steps before which nothing is judged
COLLAPSED_STD = 0.1
RISEN = 1.5  # times its lowest median
STALLED = 0.98  # of the median a while before
IMBALANCE = 30.0  # between the two weighted terms
JERK = 10.0  # times the usual norm of the gradient
FEW_DIMENSIONS = 0.25  # of D
QUIET = 50  # steps for which a sign must be away to be told again


@dataclass(frozen=True)
class Sign:
    """Something to look at.

    Attributes:
        step: when it appeared.
        name: short and fixed: ``"collapse"``, ``"sigreg rising"``, ``"invariance stalls"``,
            ``"imbalance"``, ``"jerk"`` or ``"few dimensions"``.
        message: what was seen, and what to try.
    """

    step: int
    name: str
    message: str


@dataclass
class Monitor:
    """Collects records and looks, and returns each sign once, when it appears.

    A sign that comes back is told again if it was away for more than 50 steps.

    Attributes:
        gaussian: whether the regularizer is a SIGReg whose null floor is known.
        floor: that null floor, what samples of N(0, I) would score.
        signs: all that were told.

    >>> monitor = Monitor()
    >>> dead = TrainRecord(60, 1.0, 0.0, 100.0, 0.001, 0.002, 0.02, 1.0)
    >>> [sign.name for _ in range(25) for sign in monitor.update(dead)]
    ['collapse', 'imbalance']
    """

    gaussian: bool = True
    floor: float = field(default_factory=lambda: null_floor())
    signs: list[Sign] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._held: dict[str, int] = {}  # when each sign held last
        self._recent: deque[TrainRecord] = deque(maxlen=WINDOW)
        self._medians: list[tuple[float, float]] = []  # of invariance and regularizer
        self._lowest = float("inf")

    def update(self, record: TrainRecord) -> list[Sign]:
        """Take the next record; return the signs that it brings."""
        usual = self._median("gradient_norm")
        self._recent.append(record)
        if len(self._recent) < WINDOW or record.step < SETTLED:
            return []
        invariance, regularizer = self._median("invariance"), self._median("regularizer")
        self._medians.append((invariance, regularizer))
        self._lowest = min(self._lowest, regularizer)
        return [
            *self._collapse(record),
            *self._rising(record, regularizer),
            *self._stalling(record, invariance),
            *self._imbalance(record, invariance, regularizer),
            *self._jerk(record, usual),
        ]

    def look(self, step: int, measures: Measures, dim: int) -> list[Sign]:
        """Take what was seen of a space of ``dim`` dimensions; return the signs that it brings."""
        rank = measures.effective_rank
        return self._tell(
            step,
            "few dimensions",
            rank < FEW_DIMENSIONS * dim,
            f"effective rank {rank:.1f} of {dim}: more weight on the regularizer, or fewer "
            "dimensions",
        )

    def _collapse(self, record: TrainRecord) -> list[Sign]:
        width = self._median("smallest_std")
        return self._tell(
            record.step,
            "collapse",
            width < COLLAPSED_STD,
            f"the narrowest coordinate has standard deviation {width:.2g}: "
            + ("try a larger λ" if record.lamb > 0.0 else "agreement alone collapses; regularize"),
        )

    def _rising(self, record: TrainRecord, regularizer: float) -> list[Sign]:
        high = regularizer > RISEN * max(self._lowest, self.floor)
        return self._tell(
            record.step,
            "sigreg rising",
            self.gaussian and high,
            f"SIGReg is at {regularizer:.3g}, {regularizer / self.floor:.1f} times its null floor "
            f"{self.floor:.3g}, and was at {self._lowest:.3g}: try a larger λ or a lower lr",
        )

    def _stalling(self, record: TrainRecord, invariance: float) -> list[Sign]:
        if len(self._medians) <= 4 * WINDOW:
            return []
        before = self._medians[-4 * WINDOW - 1][0]
        stalls = invariance > STALLED * before and invariance > 0.1
        return self._tell(
            record.step,
            "invariance stalls",
            stalls,
            f"invariance {invariance:.3g} has not fallen for {4 * WINDOW} steps: the views may "
            "share too little, or λ may be too large",
        )

    def _imbalance(self, record: TrainRecord, invariance: float, regularizer: float) -> list[Sign]:
        if record.lamb in (0.0, 1.0):
            return []
        ours, theirs = (1.0 - record.lamb) * invariance, record.lamb * regularizer
        ratio = max(ours, theirs) / max(min(ours, theirs), 1e-12)
        larger = "invariance" if ours > theirs else "regularizer"
        return self._tell(
            record.step,
            "imbalance",
            ratio > IMBALANCE,
            f"the weighted {larger} is {min(ratio, 999):.0f} times the other: it decides alone",
        )

    def _jerk(self, record: TrainRecord, usual: float) -> list[Sign]:
        return self._tell(
            record.step,
            "jerk",
            record.gradient_norm > JERK * usual,
            f"the gradient's norm {record.gradient_norm:.3g} is far above the usual {usual:.3g}: "
            "try a lower lr or a longer warmup",
        )

    def _median(self, name: str) -> float:
        values = [getattr(record, name) for record in self._recent]
        return statistics.median(values) if values else float("inf")

    def _tell(self, step: int, name: str, holds: bool, message: str) -> list[Sign]:
        """Return the sign if it holds now and did not for the last ``QUIET`` steps."""
        if not holds:
            return []
        held, self._held[name] = self._held.get(name), step
        if held is not None and step - held <= QUIET:
            return []
        sign = Sign(step, name, message)
        self.signs.append(sign)
        return [sign]


def monitor_of(config: TrainConfig) -> Monitor:
    """Return a monitor that knows the training's regularizer.

    >>> monitor_of(TrainConfig().with_values({"loss.name": "vicreg"})).gaussian
    False
    """
    loss = config.loss
    floor = null_floor(loss.num_points, loss.t_max)
    return Monitor(gaussian=loss.name in GAUSSIAN, floor=floor)


def highest_rise(values: Sequence[float] | np.ndarray, floor: float) -> float:
    """Return how far a curve of SIGReg rose, as :class:`Monitor` counts: it rings above 1.5.

    The median of 25 steps over the lowest one so far, or over ``floor`` where that is higher;
    the largest such ratio from step 50 on.

    Args:
        values: SIGReg of each step, (S,), 50 or more.
        floor: its null floor.

    >>> falls, rises = np.linspace(30.0, 3.0, 100), np.linspace(3.0, 6.0, 50)
    >>> highest_rise(falls, 1.05), round(highest_rise(np.append(falls, rises), 1.05), 2)
    (1.0, 1.48)
    """
    values = np.asarray(values, dtype=float)
    if len(values) < SETTLED:
        raise ValueError(
            f"values must hold {SETTLED} steps or more, got {len(values)}: before, nothing is "
            "judged. Train longer."
        )
    windows = np.lib.stride_tricks.sliding_window_view(values, WINDOW)[SETTLED - WINDOW :]
    medians = np.median(windows, axis=1)  # (S - 49,)
    return float((medians / np.maximum(np.minimum.accumulate(medians), floor)).max())


def null_floor(num_points: int = 17, t_max: float = 3.0) -> float:
    """Return what SIGReg's statistic scores on average for samples of N(0, I).

    >>> round(null_floor(), 4)
    1.0525
    """
    return null_distribution(num_points=num_points, t_max=t_max).mean


def report_targets(record: TrainRecord) -> dict[str, bool]:
    """Return which of the report's three targets a step meets; all three at once never.

    ``"ratio"``: within a factor of 2 of 1 : 1.

    >>> report_targets(TrainRecord(1, 0.0, 0.05, 1.0, 1.0, 0.0, 0.02, 1.0))
    {'invariance': True, 'sigreg': True, 'ratio': False}
    """
    ratio = record.invariance / max(record.regularizer, 1e-12)
    return {
        "invariance": record.invariance < 0.1,
        "sigreg": 0.5 <= record.regularizer <= 2.0,
        "ratio": 0.5 <= ratio <= 2.0,
    }
