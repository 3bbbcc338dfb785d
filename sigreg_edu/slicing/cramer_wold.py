"""All directions at once: the mean of the exact statistic over every direction, in closed form."""

from __future__ import annotations

import math

import torch

from sigreg_edu.checks import require_points
from sigreg_edu.slicing.kummer import kummer
from sigreg_edu.statistics.precision import promote, restore

__all__ = ["cramer_wold_statistic"]


def cramer_wold_statistic(z: torch.Tensor, *, scale_by_n: bool = True) -> torch.Tensor:
    r"""Mean over all directions of the closed-form Epps-Pulley statistic of the shadows.

    A Gaussian kernel averaged over the directions a of the unit sphere is Kummer's function,
    E exp(-(a.v)^2 / 2) = 1F1(1/2; D/2; -|v|^2 / 2). With f(s) = 1F1(1/2; D/2; -s), the mean is

        sqrt(2 pi) N [ mean_ij f(|z_i - z_j|^2 / 2) - sqrt(2) mean_i f(|z_i|^2 / 4) + 1/sqrt(3) ].

    It is what the mean over M random directions tends to as M grows: the judge of how many are
    enough. It is 0 in the limit only for N(0, I), by the theorem of Cramer and Wold. The CWAE loss
    is an approximation to it for large D.

    Computed in float64 (the sums cancel), on the CPU for any device, over N^2 / 2 pairs: about
    35 N^2 bytes, and 50 N^2 with a gradient.

    Args:
        z: points (..., N, D).
        scale_by_n: multiply by N. Under N(0, I) the mean is then 1.0594 whatever N and D.

    Returns:
        Statistic (...), float64 for float64 ``z``, else float32.

    Raises:
        TypeError: ``z`` is no floating-point tensor. ValueError: it is no (..., N, D), or empty.

    References:
        Cramer & Wold 1936. Knop et al. 2020, JMLR 21(164) (CWAE). Baringhaus & Henze 1988.

    >>> z = torch.tensor([[1.0, 0.0], [0.0, -1.0], [0.5, 2.0]], dtype=torch.float64)
    >>> cramer_wold_statistic(z) / math.sqrt(2 * math.pi)
    tensor(0.2538, dtype=torch.float64)
    """
    require_points(z, "z")
    points = promote(z)
    count, dim = z.shape[-2:]
    pairs = kummer(0.5, dim / 2, -_pair_squared_distances(points) / 2).sum(-1)  # (..., P) -> (...)
    among = (count + 2 * pairs) / count**2  # the N pairs of a point with itself give 1 each
    to_target = kummer(0.5, dim / 2, -points.square().sum(-1) / 4).mean(-1)  # (..., N) -> (...)
    gap = among - math.sqrt(2) * to_target + 1 / math.sqrt(3)
    return restore(math.sqrt(2 * math.pi) * (count if scale_by_n else 1) * gap, z)


def _pair_squared_distances(z: torch.Tensor) -> torch.Tensor:
    """|z_i - z_j|^2 for the pairs i < j: (..., N, D) to (..., N (N - 1) / 2)."""
    z = z - z.mean(-2, keepdim=True)  # distances do not change, and less is lost to rounding
    lengths = z.square().sum(-1)  # (..., N)
    i, j = torch.triu_indices(z.shape[-2], z.shape[-2], offset=1, device=z.device)
    products = (z @ z.mT)[..., i, j]  # (..., N, D) @ (..., D, N) -> (..., P)
    return (lengths[..., i] + lengths[..., j] - 2 * products).clamp_min(0.0)
