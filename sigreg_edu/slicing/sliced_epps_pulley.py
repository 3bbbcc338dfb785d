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

__all__ = ["sliced_epps_pulley", "sliced_epps_pulley_textbook", "statistic_from_sums"]


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
    num_points = sums.shape[-2]
    knots, weights = quadrature_rule(num_points, t_max, dtype=sums.dtype, device=sums.device)
    count = sums[..., 0, :1, :]  # (..., 1, M)
    real, imag = (sums / count.unsqueeze(-3)).unbind(-3)  # twice (..., T, M)
    gap = (real - standard_normal_cf(knots).unsqueeze(-1)).square() + imag.square()
    statistic = (gap * weights.unsqueeze(-1)).sum(-2)  # (..., T, M) -> (..., M)
    return statistic * count.squeeze(-2) if scale_by_n else statistic
