"""Weights and numbers of slices that change while training: pure functions of the epoch.

>>> from sigreg_edu.losses import HybridVICRegSIGRegLoss
>>> loss = HybridVICRegSIGRegLoss(num_slices=64)
>>> schedule = HybridTransition()
>>> for epoch in (0, 150, 300):
...     schedule.apply(loss, epoch)
...     print(epoch, loss.vicreg_weight, loss.sigreg_weight)
0 1.0 0.0
150 0.5 0.5
300 0.0 1.0
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from sigreg_edu.checks import require_choice, require_integer, require_number
from sigreg_edu.losses.pair import HybridVICRegSIGRegLoss, LeJEPALoss, SIGRegLoss

__all__ = ["SLICE_SHAPES", "TRANSITIONS", "HybridTransition", "LambdaWarmup", "SliceSchedule"]

TRANSITIONS = ("steps", "linear", "cosine")
SLICE_SHAPES = ("geometric", "linear", "step")


@dataclass(frozen=True)
class _Span:
    """Progress from 0 at ``start`` to 1 at ``end``, in epochs or in steps.

    Attributes:
        start: until here nothing has changed.
        end: from here on everything has; at ``start`` or later.
    """

    start: float
    end: float

    def __post_init__(self) -> None:
        require_number(self.start, "start", minimum=0.0)
        require_number(self.end, "end", minimum=self.start)

    def progress(self, epoch: float) -> float:
        """How far ``epoch`` is on the way, from 0 to 1."""
        epoch = require_number(epoch, "epoch", minimum=0.0)
        if epoch < self.start:
            return 0.0
        return 1.0 if epoch >= self.end else (epoch - self.start) / (self.end - self.start)


@dataclass(frozen=True)
class HybridTransition(_Span):
    """From VICReg to SIGReg. The defaults are the report's: pure, half and half, pure.

    Attributes:
        start: VICReg alone before this epoch.
        end: SIGReg alone from this epoch on.
        shape: ``"steps"`` (half and half in between), ``"linear"``, or ``"cosine"``.

    >>> HybridTransition()(150), HybridTransition(shape="linear")(125)
    ((0.5, 0.5), (0.75, 0.25))
    """

    start: float = 100.0
    end: float = 200.0
    shape: str = "steps"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_choice(self.shape, "shape", TRANSITIONS)

    def __call__(self, epoch: float) -> tuple[float, float]:
        """The weights ``(vicreg_weight, sigreg_weight)`` of ``epoch``; they add up to 1."""
        done = self.progress(epoch)
        if self.shape == "steps":
            before_the_end = 0.5 if epoch >= self.start else 0.0
            share = 1.0 if epoch >= self.end else before_the_end
        else:
            share = done if self.shape == "linear" else 0.5 * (1.0 - math.cos(math.pi * done))
        return 1.0 - share, share

    def apply(self, loss: HybridVICRegSIGRegLoss, epoch: float) -> None:
        """Set the weights of ``loss`` for ``epoch``."""
        _require_kind(loss, self, HybridVICRegSIGRegLoss)
        loss.vicreg_weight, loss.sigreg_weight = self(epoch)


@dataclass(frozen=True)
class LambdaWarmup(_Span):
    """λ that rises in a straight line.

    Attributes:
        start: λ is ``first`` until here.
        end: λ is ``last`` from here on.
        first: λ before.
        last: λ after.

    >>> LambdaWarmup()(5)
    0.025
    """

    start: float = 0.0
    end: float = 10.0
    first: float = 0.0
    last: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("first", "last"):
            require_number(getattr(self, name), name, minimum=0.0, maximum=1.0)

    def __call__(self, epoch: float) -> float:
        """λ of ``epoch``."""
        return self.first + (self.last - self.first) * self.progress(epoch)

    def apply(self, loss: LeJEPALoss, epoch: float) -> None:
        """Set λ of ``loss`` for ``epoch``."""
        _require_kind(loss, self, LeJEPALoss)
        loss.lamb = self(epoch)


@dataclass(frozen=True)
class SliceSchedule(_Span):
    """A number of slices that grows (or shrinks) while training.

    Few slices are enough while the embeddings are far from Gaussian; more of them make each
    step's estimate less noisy later. The standard error falls as 1/sqrt(M) only.

    Attributes:
        start: ``first`` slices until here.
        end: ``last`` slices from here on.
        first: number of slices before.
        last: number of slices after.
        shape: ``"geometric"`` (by the same factor in equal times), ``"linear"`` (by the same
            number), or ``"step"`` (at once, halfway).

    >>> [SliceSchedule()(epoch) for epoch in (0, 50, 100)]
    [64, 256, 1024]
    >>> SliceSchedule(shape="linear")(50), SliceSchedule(shape="step")(49)
    (544, 64)
    """

    start: float = 0.0
    end: float = 100.0
    first: int = 64
    last: int = 1024
    shape: str = "geometric"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("first", "last"):
            require_integer(getattr(self, name), name)
        require_choice(self.shape, "shape", SLICE_SHAPES)

    def __call__(self, epoch: float) -> int:
        """The number of slices of ``epoch``."""
        done = self.progress(epoch)
        if self.shape == "geometric":
            return round(self.first * (self.last / self.first) ** done)
        done = float(done >= 0.5) if self.shape == "step" else done
        return round(self.first + (self.last - self.first) * done)

    def mean_slices(self, epochs: int) -> float:
        """The constant number of slices that costs as much over epochs 0 to ``epochs`` - 1.

        >>> SliceSchedule(0, 4, 64, 1024).mean_slices(5)
        396.8
        """
        epochs = require_integer(epochs, "epochs")
        return sum(self(epoch) for epoch in range(epochs)) / epochs

    def apply(self, loss: SIGRegLoss | HybridVICRegSIGRegLoss | LeJEPALoss, epoch: float) -> None:
        """Set the number of slices of ``loss`` for ``epoch``."""
        _require_kind(loss, self, SIGRegLoss, HybridVICRegSIGRegLoss, LeJEPALoss)
        if loss.sigreg.fixed_slices:
            raise ValueError(
                "SliceSchedule needs fresh slices, got a loss with fixed_slices=True, whose number "
                "cannot change. Make the loss with fixed_slices=False."
            )
        loss.sigreg.num_slices = self(epoch)


def _require_kind(loss: object, schedule: object, *kinds: type) -> None:
    """Raise TypeError if ``loss`` has nothing that ``schedule`` could set."""
    if not isinstance(loss, kinds):
        raise TypeError(
            f"{type(schedule).__name__} is for {' or '.join(kind.__name__ for kind in kinds)}, "
            f"got {type(loss).__name__}. Pass such a loss (of one that is wrapped, its module), or "
            "another schedule."
        )
