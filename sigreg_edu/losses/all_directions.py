"""SIGReg over every direction at once: no slices are drawn, and nothing is noisy."""

from __future__ import annotations

from sigreg_edu.losses.sigreg import SIGReg

__all__ = ["AllDirectionsSIGReg"]


class AllDirectionsSIGReg(SIGReg):
    """The exact mean over all directions of the statistic, by Kummer's function 1F1.

    With f(s) = 1F1(1/2; D/2; -s),

        sqrt(2 pi) N [ mean_ij f(|z_i - z_j|^2 / 2) - sqrt(2) mean_i f(|z_i|^2 / 4) + 1/sqrt(3) ].

    It is what :class:`SIGReg` over M random directions tends to as M grows, but for the quadrature:
    here the integral goes over all t. Its cost, N² D on the CPU, does not depend on any M; SIGReg's
    is N M D. See :func:`~sigreg_edu.slicing.cramer_wold_statistic`.

    Args:
        scale_by_n: multiply by N. Under N(0, I) the mean is then 1.0594 whatever N and D.
        distributed: as :class:`SIGReg`; points of several processes cannot be joined here, so in
            several of them it must be False.

    Shape:
        z (..., N, D) -> scalar, the mean over leading axes; float64 for float64 ``z``.

    Raises:
        TypeError, ValueError: ``z`` is no floating-point (..., N, D).

    >>> import torch
    >>> z = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
    >>> slices = SIGReg(num_slices=4096, t_max=6.0, num_points=33)
    >>> bool((AllDirectionsSIGReg()(z) - slices(z)).abs() < 0.03)
    True
    """

    def __init__(self, *, scale_by_n: bool = True, distributed: bool = True) -> None:
        super().__init__(method="all_directions", scale_by_n=scale_by_n, distributed=distributed)
