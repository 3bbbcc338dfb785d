"""SIGReg with another weight of the frequencies, that is with another kernel."""

from __future__ import annotations

import torch

from sigreg_edu.losses.sigreg import SIGReg
from sigreg_edu.slicing import rule_statistic_from_sums
from sigreg_edu.statistics.weights import null_of_rule, weight_rule

__all__ = ["WeightedSIGReg"]


class WeightedSIGReg(SIGReg):
    """The mean over M fresh random directions of the statistic with any weight.

    See :mod:`sigreg_edu.statistics.weights`. Values of two weights do not compare: each has a floor
    of its own, ``null_mean``. ``normalized`` divides by it, so that λ means about the same to all.

    Args:
        num_slices: M.
        weight: a key of :data:`sigreg_edu.statistics.weights.WEIGHTS`.
        width: its width s.
        t_max: last knot.
        num_points: number of knots.
        normalized: multiply by the null mean of LeJEPA's weight (1.0525) over the rule's own.
        distributed, generator, seed: as :class:`SIGReg`, and so is all that a checkpoint keeps.

    Attributes:
        null_mean: mean of the value for samples of N(0, I).

    Shape:
        z (..., N, D) -> scalar.

    Raises:
        TypeError, ValueError: an option out of range; ``z`` is no floating-point (..., N, D).

    >>> z = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> loss = WeightedSIGReg(64, weight="cauchy", t_max=5.0, normalized=True)
    >>> round(loss.null_mean, 4), bool(loss(z) < 3), bool(loss(0.1 * z) > 50)
    (1.0525, True, True)
    """

    def __init__(
        self,
        num_slices: int = 1024,
        *,
        weight: str = "gaussian",
        width: float = 1.0,
        t_max: float = 3.0,
        num_points: int = 17,
        normalized: bool = False,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(
            num_slices,
            num_points,
            t_max=t_max,
            distributed=distributed,
            generator=generator,
            seed=seed,
        )
        self.weight = {"weight": weight, "width": width, "t_max": t_max, "num_points": num_points}
        floor = null_of_rule(*weight_rule(**self.weight)).mean
        self.null_mean = null_of_rule(*weight_rule()).mean if normalized else floor
        self.scale = self.null_mean / floor

    def _from_sums(self, sums: torch.Tensor) -> torch.Tensor:
        """The statistic of each slice, (..., 2, T, M) to (..., M)."""
        knots, weights = weight_rule(**self.weight, device=sums.device)
        return self.scale * rule_statistic_from_sums(sums, knots.to(sums), weights.to(sums))

    def extra_repr(self) -> str:
        """The weight and the number of slices."""
        options = (f"{name}={value!r}" for name, value in self.weight.items())
        return f"num_slices={self.num_slices}, {', '.join(options)}"
