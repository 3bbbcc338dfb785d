"""SIGReg with another weight of the frequencies, that is with another kernel."""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import require_integer, require_one_source, require_points
from sigreg_edu.losses.inputs import widened
from sigreg_edu.slicing import trigonometric_sums, uniform_directions
from sigreg_edu.statistics.precision import full_precision
from sigreg_edu.statistics.weights import null_of_rule, weight_rule

__all__ = ["WeightedSIGReg"]


class WeightedSIGReg(nn.Module):
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
        generator, seed: source of the directions; seed 0 if neither is given.

    Attributes:
        null_mean: mean of the value for samples of N(0, I).

    Shape:
        z (..., N, D) -> scalar.

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
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_slices = require_integer(num_slices, "num_slices")
        knots, weights = weight_rule(weight, width=width, t_max=t_max, num_points=num_points)
        if normalized:
            weights = weights * (null_of_rule(*weight_rule()).mean / _floor(knots, weights))
        self.null_mean = _floor(knots, weights)
        self.spacing = float(knots[1])
        self.register_buffer("knots", knots, persistent=False)
        self.register_buffer("weights", weights, persistent=False)
        self.generator = require_one_source(
            generator, 0 if generator is None and seed is None else seed
        )
        self.options = f"weight={weight!r}, width={width}, t_max={t_max}"

    def forward(self, z: torch.Tensor, *, directions: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of ``z`` (..., N, D), along ``directions`` (D, M) if they are given."""
        wide = widened(require_points(z, "z"))
        if directions is None:
            directions = uniform_directions(
                wide.shape[-1], self.num_slices, generator=self.generator, dtype=wide.dtype
            ).to(wide.device)
        with full_precision(z):
            sums = trigonometric_sums(
                wide, directions, num_points=len(self.knots), spacing=self.spacing
            )
            means = sums / wide.shape[-2]  # (..., 2, T, M)
            target = torch.exp(-self.knots.square() / 2).to(means)
            gap = (means[..., 0, :, :] - target[:, None]).square() + means[..., 1, :, :].square()
            values = wide.shape[-2] * (self.weights.to(means) @ gap)  # (T,) @ (..., T, M)
        return values.mean().to(wide.dtype)

    def extra_repr(self) -> str:
        """The weight and the number of slices."""
        return f"num_slices={self.num_slices}, {self.options}"


def _floor(knots: torch.Tensor, weights: torch.Tensor) -> float:
    """Mean under N(0, 1): E |phi_N - phi|^2 = (1 - phi^2) / N at each knot."""
    return float(weights @ (1 - torch.exp(-knots.square())))
