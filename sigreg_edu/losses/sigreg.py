"""SIGReg in its textbook form, and the invariance term that it is added to."""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import (
    require_integer,
    require_one_source,
    require_points,
    require_positive,
    require_tensor,
)
from sigreg_edu.slicing import sliced_statistic, uniform_directions
from sigreg_edu.statistics import EppsPulleyTest

__all__ = ["SIGReg", "invariance"]


class SIGReg(nn.Module):
    """Sketched isotropic Gaussian regularization: the mean Epps-Pulley statistic of random shadows.

    Each call draws fresh uniform directions a_m and returns

        (1/M) sum_m T(z a_m),   T the quadrature statistic with the factor N.

    With views (V, N, D) the statistic is that of each view's N points, and the views' mean is
    taken, as in LeJEPA's minimal example. For N(0, I) embeddings the mean is 1.05 at the defaults
    whatever N; training goes below it, since a loss may fit better than a random sample.

    At full collapse onto the origin the gradient is exactly zero: a dead point, not a stable one.

    Args:
        num_slices: number of directions M per call.
        num_points: knots of the quadrature.
        t_max: last knot.
        generator: source of the directions. They are drawn on its device.
        seed: instead of ``generator``: starts a generator of the module's own.

    Shape:
        z (N, D) or (V, N, D) -> scalar, float64 for float64 ``z``, else float32. Directions are
        drawn in the dtype of the result, on the device of ``z``; half precision is widened.

    Raises:
        ValueError: both or neither of ``generator`` and ``seed``; ``z`` of another shape.
        TypeError: ``generator`` is none; given directions are float32 for float64 ``z``, or vice
            versa.

    References:
        Balestriero & LeCun 2025, arXiv:2511.08544; code: github.com/rbalestr-lab/lejepa, MINIMAL.md
        (class ``SIGReg``, whose ``directions`` are Gaussian columns over their lengths).

    >>> sigreg = SIGReg(num_slices=64, seed=0)
    >>> z = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> bool(sigreg(z) < 3), bool(sigreg(0.1 * z) > 50)
    (True, True)
    """

    def __init__(
        self,
        num_slices: int = 256,
        num_points: int = 17,
        *,
        t_max: float = 3.0,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_slices = require_integer(num_slices, "num_slices")
        self.test = EppsPulleyTest(num_points, t_max=require_positive(t_max, "t_max"))
        self.generator = require_one_source(generator, seed)

    def forward(self, z: torch.Tensor, *, directions: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of ``z`` (N, D) or (V, N, D), along ``directions`` (D, M) if they are given."""
        wide = _widened(_require_embeddings(z))
        if directions is None:
            directions = uniform_directions(
                z.shape[-1],
                self.num_slices,
                generator=self.generator,
                dtype=wide.dtype,
                device=z.device,
            )
        else:
            directions = _widened(require_tensor(directions, "directions"))
        return sliced_statistic(wide, directions, self.test).mean()  # (..., M) -> scalar

    def extra_repr(self) -> str:
        """The number of directions; the test shows its own options."""
        return f"num_slices={self.num_slices}"


def invariance(z: torch.Tensor) -> torch.Tensor:
    """LeJEPA's invariance term: how far the views of a sample lie from their mean.

    mean over views, samples and dimensions of (z - mean over views of z)^2.

    Args:
        z: embeddings of the views (V, N, D), V >= 2.

    Returns:
        Scalar, float64 for float64 ``z``, else float32.

    Raises:
        TypeError: ``z`` is no floating-point tensor. ValueError: it is no (V, N, D) with V >= 2.

    References:
        github.com/rbalestr-lab/lejepa, MINIMAL.md: ``(proj.mean(0) - proj).square().mean()``.

    >>> invariance(torch.tensor([[[1.0, 0.0]], [[3.0, 0.0]]]))
    tensor(0.5000)
    """
    z = _require_embeddings(z)
    if z.ndim != 3 or z.shape[0] < 2:
        raise ValueError(
            f"z must have shape (V, N, D) with V >= 2 views, got {tuple(z.shape)}. "
            "Stack them: torch.stack([first_view, second_view])."
        )
    wide = _widened(z)
    return (wide - wide.mean(0)).square().mean()


def _widened(x: torch.Tensor) -> torch.Tensor:
    """float64 as it is, everything else in float32."""
    return x if x.dtype == torch.float64 else x.float()


def _require_embeddings(z: torch.Tensor) -> torch.Tensor:
    require_points(z, "z")
    if z.ndim > 3:
        raise ValueError(
            f"z must have shape (N, D) or (V, N, D), got {tuple(z.shape)}. "
            "For patches, flatten them into N first: z.flatten(1, -2)."
        )
    return z
