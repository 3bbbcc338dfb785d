"""The quadrature statistic of every shadow: as the textbook writes it, and fast.

For a shadow p = z a with N points and knots t_k, weights w_k (``quadrature_rule``):

    T(a) = N sum_k w_k [ (mean_j cos t_k p_j - exp(-t_k^2 / 2))^2 + (mean_j sin t_k p_j)^2 ].
"""

from __future__ import annotations

import torch

from sigreg_edu.checks import require_integer, require_positive
from sigreg_edu.slicing.projections import project
from sigreg_edu.slicing.trig_sums import trigonometric_sums
from sigreg_edu.statistics import quadrature_rule, standard_normal_cf

__all__ = [
    "rule_statistic_from_sums",
    "sliced_epps_pulley",
    "sliced_epps_pulley_textbook",
    "statistic_from_sums",
]


def sliced_epps_pulley_textbook(
    z: torch.Tensor,
    directions: torch.Tensor,
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    scale_by_n: bool = True,
) -> torch.Tensor:
    """The formula above, line by line, in the dtype of ``z``.

    To be read, and to judge the fast form by. It stores all N M T angles, and autograd keeps
    several arrays of that size: over a gigabyte at N = 6,272, M = 1,024, T = 17.

    Args, Returns, Raises: as :func:`sliced_epps_pulley`.

    >>> sliced_epps_pulley_textbook(torch.zeros(10, 2), torch.eye(2))
    tensor([4.0205, 4.0205])
    """
    knots, weights = quadrature_rule(num_points, t_max, dtype=z.dtype, device=z.device)
    angles = project(z, directions).unsqueeze(-1) * knots  # (..., N, M, T)
    real, imag = angles.cos().mean(-3), angles.sin().mean(-3)  # (..., M, T)
    gap = (real - standard_normal_cf(knots)).square() + imag.square()
    statistic = (gap * weights).sum(-1)  # (..., M, T) -> (..., M)
    return statistic * z.shape[-2] if scale_by_n else statistic


def sliced_epps_pulley(
    z: torch.Tensor,
    directions: torch.Tensor,
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    scale_by_n: bool = True,
) -> torch.Tensor:
    """The same by :func:`trigonometric_sums`: several times faster, and without N M T of anything.

    What grows with leading axes is their sums, 2 T M float64 numbers each, a few times over: many
    samples of few points, such as patch positions, cost more for these than for their points.

    Args:
        z: points (..., N, D), float32 or float64.
        directions: A (D, M), with the dtype and device of ``z``.
        num_points: number of knots T on [0, t_max], at least 2.
        t_max: last knot.
        scale_by_n: multiply by N.

    Returns:
        One statistic per direction (..., M), in the dtype of ``z``. Differentiable once.

    Raises:
        TypeError, ValueError: as :func:`trigonometric_sums`.

    >>> sliced_epps_pulley(torch.zeros(10, 2), torch.eye(2))
    tensor([4.0205, 4.0205])
    """
    require_integer(num_points, "num_points", minimum=2)
    spacing = require_positive(t_max, "t_max") / (num_points - 1)
    sums = trigonometric_sums(z, directions, num_points=num_points, spacing=spacing)
    return statistic_from_sums(sums, t_max=t_max, scale_by_n=scale_by_n).to(z.dtype)


def statistic_from_sums(
    sums: torch.Tensor, *, t_max: float, scale_by_n: bool = True
) -> torch.Tensor:
    """The statistic of each shadow from its sums of cosines and sines.

    N is the first row of the cosines (cos 0 = 1 for each point). So the sums of several batches may
    be added first, and the statistic is that of all their points together.

    Args:
        sums: (..., 2, T, M), as :func:`trigonometric_sums` returns them.
        t_max: last knot.
        scale_by_n: multiply by N.

    Returns:
        One statistic per direction (..., M), in the dtype of ``sums``.

    >>> sums = trigonometric_sums(torch.zeros(5, 2), torch.eye(2), num_points=17, spacing=3 / 16)
    >>> statistic_from_sums(2 * sums, t_max=3.0)  # of ten points at 0
    tensor([4.0205, 4.0205], dtype=torch.float64)
    """
    rule = quadrature_rule(sums.shape[-2], t_max, dtype=sums.dtype, device=sums.device)
    return rule_statistic_from_sums(sums, *rule, scale_by_n=scale_by_n)


def rule_statistic_from_sums(
    sums: torch.Tensor, knots: torch.Tensor, weights: torch.Tensor, *, scale_by_n: bool = True
) -> torch.Tensor:
    """The same with the weights of any rule, see :mod:`sigreg_edu.statistics.weights`.

    Args:
        sums: (..., 2, T, M), as :func:`trigonometric_sums` returns them.
        knots: (T,), with the dtype and device of ``sums``.
        weights: (T,), likewise.
        scale_by_n: multiply by N.

    Returns:
        One statistic per direction (..., M), in the dtype of ``sums``.
    """
    statistic = _WeightedGap.apply(sums, standard_normal_cf(knots), weights)
    return statistic * sums[..., 0, 0, :].detach() if scale_by_n else statistic


class _WeightedGap(torch.autograd.Function):
    """sum_k w_k [ (C_k / N - phi_k)^2 + (S_k / N)^2 ], of sums C, S (..., 2, T, M) to (..., M).

    autograd would keep five arrays of the size of the sums, which count where there are many small
    samples; this keeps the sums. N is a constant: no point can change it.
    """

    @staticmethod
    def forward(ctx, sums: torch.Tensor, phi: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(sums, phi, weights)
        squares = _gap(sums, phi).square_().sum(-3)  # (..., 2, T, M) -> (..., T, M)
        return squares.mul_(weights.unsqueeze(-1)).sum(-2)  # (..., T, M) -> (..., M)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        sums, phi, weights = ctx.saved_tensors
        slope = gradient / sums[..., 0, 0, :]  # (..., M)
        gap = _gap(sums, phi).mul_((2 * weights).unsqueeze(-1))
        return gap.mul_(slope.unsqueeze(-2).unsqueeze(-2)), None, None


def _gap(sums: torch.Tensor, phi: torch.Tensor) -> torch.Tensor:
    """C / N - phi and S / N, (..., 2, T, M)."""
    gap = sums / sums[..., :1, :1, :]
    gap[..., 0, :, :] -= phi.unsqueeze(-1)
    return gap
