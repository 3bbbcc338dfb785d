"""VICReg: variance, invariance and covariance of two views."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import nn

from sigreg_edu.checks import require_choice, require_positive
from sigreg_edu.losses.distributed import sum_over_ranks
from sigreg_edu.losses.inputs import Weight, only_to_watch, paired_views, points_of, weighted_sum
from sigreg_edu.losses.invariance import mean_over_ranks
from sigreg_edu.statistics.precision import full_precision

__all__ = ["VICREG_CONVENTIONS", "VICRegLoss", "VICRegConvention"]


@dataclass(frozen=True)
class VICRegConvention:
    """What the paper and its implementations sum and what they average.

    Attributes:
        invariance_sums_dimensions: squared differences are summed over D, not averaged.
        variance_views: factor of the sum of the two views' variance terms: 1 sums, 1/2 averages.
        covariance_views: the same for the covariance terms.
        covariance_averages_pairs: squared covariances are divided by D (D - 1), not by D.
    """

    invariance_sums_dimensions: bool
    variance_views: float
    covariance_views: float
    covariance_averages_pairs: bool


VICREG_CONVENTIONS = {
    "facebookresearch": VICRegConvention(False, 0.5, 1.0, False),
    "solo_learn": VICRegConvention(False, 1.0, 1.0, False),
    "paper": VICRegConvention(True, 1.0, 1.0, False),
    "h_jepa": VICRegConvention(False, 0.5, 0.5, True),
}


class VICRegLoss(nn.Module):
    r"""Variance-invariance-covariance regularization of two views.

        loss = lambda · invariance + mu · variance + nu · covariance

        invariance = mean (z_a - z_b)^2
        variance   = mean over views and dimensions of max(0, gamma - sqrt(var + eps))
        covariance = sum over views of (1/D) sum over i != j of cov_ij^2

    Implementations differ in what they sum and what they average; weights carry over only with
    their convention:

    ==================== =================== =============== ====================================
    ``convention``       invariance          variance        covariance
    ==================== =================== =============== ====================================
    facebookresearch     mean over D         mean over views sum over views, / D
    solo_learn           mean over D         sum over views  sum over views, / D
    paper (eqs. 1-6)     sum over D          sum over views  sum over views, / D
    h_jepa               mean over D         mean over views mean over views, / D(D - 1)
    ==================== =================== =============== ====================================

    lightly's follows facebookresearch. All take variances with N - 1 (here 1 for a single point,
    whose variance is 0).

    Args:
        invariance_weight: lambda. All weights may be set during training.
        variance_weight: mu.
        covariance_weight: nu.
        variance_threshold: gamma, the standard deviation that is enough.
        eps: in the square root, whose slope at 0 would be infinite.
        flatten_patches: (B, P, D) as one sample of B·P points, or position by position.
        convention: a key of ``VICREG_CONVENTIONS``.
        distributed: take the moments over the points of all ranks of torch.distributed.

    Shape:
        z_a, z_b (B, D) or (B, P, D), or one tensor with both views, (2B, ...) -> dict of scalars,
        float64 for float64 views, else float32: ``loss``, ``invariance_loss``, ``variance_loss``,
        ``covariance_loss`` and, of each view, ``variance_loss_a``, ``_b``, ``covariance_loss_a``,
        ``_b``. A term of weight 0 is still reported, without a gradient.

    Raises:
        TypeError, ValueError: a negative weight, an unknown convention, views that do not fit.

    References:
        Bardes, Ponce & LeCun 2022, arXiv:2105.04906; github.com/facebookresearch/vicreg.

    >>> z = torch.tensor([[0.0, 0.0], [2.0, 2.0]])
    >>> terms = VICRegLoss()(z, z + 1)
    >>> [terms[name].item() for name in ("invariance_loss", "variance_loss", "covariance_loss")]
    [1.0, 0.0, 8.0]
    """

    invariance_weight = Weight()
    variance_weight = Weight()
    covariance_weight = Weight()

    def __init__(
        self,
        invariance_weight: float = 25.0,
        variance_weight: float = 25.0,
        covariance_weight: float = 1.0,
        variance_threshold: float = 1.0,
        eps: float = 1e-4,
        flatten_patches: bool = True,
        *,
        convention: str = "facebookresearch",
        distributed: bool = True,
    ) -> None:
        super().__init__()
        self.invariance_weight = invariance_weight
        self.variance_weight = variance_weight
        self.covariance_weight = covariance_weight
        self.variance_threshold = require_positive(variance_threshold, "variance_threshold")
        self.eps = require_positive(eps, "eps")
        self.flatten_patches = bool(flatten_patches)
        self.convention = require_choice(convention, "convention", VICREG_CONVENTIONS)
        self.distributed = bool(distributed)

    def forward(
        self, z_a: torch.Tensor, z_b: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """The loss of two views and its terms."""
        z_a, z_b = paired_views(z_a, z_b)
        agreement = self.invariance(z_a, z_b)
        terms = self.regularizer(z_a, z_b)
        regularized = self.variance_weight > 0 or self.covariance_weight > 0
        loss = weighted_sum(
            (self.invariance_weight, agreement), (float(regularized), terms.pop("vicreg_loss"))
        )
        return {"loss": loss, "invariance_loss": agreement, **terms}

    def invariance(self, z_a: torch.Tensor, z_b: torch.Tensor) -> torch.Tensor:
        """The squared difference of two views (B, D) or (B, P, D), as the convention averages."""
        mean = mean_over_ranks((z_a - z_b).square(), distributed=self.distributed)
        sums = VICREG_CONVENTIONS[self.convention].invariance_sums_dimensions
        return mean * z_a.shape[-1] if sums else mean

    def regularizer(self, z_a: torch.Tensor, z_b: torch.Tensor) -> dict[str, torch.Tensor]:
        """The terms other than the invariance; ``vicreg_loss`` is their weighted sum."""
        rule = VICREG_CONVENTIONS[self.convention]
        views = [points_of(z, flatten_patches=self.flatten_patches) for z in (z_a, z_b)]
        with full_precision(z_a):
            centred = [_centred(view, self.distributed) for view in views]
            var_a, var_b = only_to_watch(self.variance_weight == 0, self._variance, centred)
            cov_a, cov_b = only_to_watch(self.covariance_weight == 0, self._covariance, centred)
        variance = rule.variance_views * (var_a + var_b)
        covariance = rule.covariance_views * (cov_a + cov_b)
        return {
            "vicreg_loss": weighted_sum(
                (self.variance_weight, variance), (self.covariance_weight, covariance)
            ),
            "variance_loss": variance,
            "covariance_loss": covariance,
            "variance_loss_a": var_a,
            "variance_loss_b": var_b,
            "covariance_loss_a": cov_a,
            "covariance_loss_b": cov_b,
        }

    def _variance(self, views: list[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
        """max(0, gamma - sqrt(var + eps)), averaged over dimensions, of each view."""
        terms = []
        for points, freedom in views:
            var = self._total(points.square().sum(-2)) / freedom  # (..., N, D) -> (..., D)
            lack = self.variance_threshold - (var + self.eps).sqrt()
            terms.append(lack.relu().mean())
        return terms

    def _covariance(self, views: list[tuple[torch.Tensor, torch.Tensor]]) -> list[torch.Tensor]:
        """Squared covariances of different dimensions, over D or D (D - 1), of each view."""
        averages = VICREG_CONVENTIONS[self.convention].covariance_averages_pairs
        terms = []
        for points, freedom in views:
            dim = points.shape[-1]
            products = points.mT @ points  # (..., D, N) @ (..., N, D) -> (..., D, D)
            cov = self._total(products) / freedom.unsqueeze(-1)
            others = cov - torch.diag_embed(cov.diagonal(dim1=-2, dim2=-1))
            pairs = dim * max(dim - 1, 1) if averages else dim
            terms.append(others.square().sum((-2, -1)).mean() / pairs)
        return terms

    def _total(self, x: torch.Tensor) -> torch.Tensor:
        return sum_over_ranks(x) if self.distributed else x

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"invariance_weight={self.invariance_weight}, variance_weight={self.variance_weight}, "
            f"covariance_weight={self.covariance_weight}, "
            f"variance_threshold={self.variance_threshold}, convention={self.convention!r}, "
            f"flatten_patches={self.flatten_patches}"
        )


def _centred(points: torch.Tensor, distributed: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (..., N, D) less the mean of all ranks' points, and N - 1 of all ranks (..., 1)."""
    counts = points.new_full((*points.shape[:-2], 1), float(points.shape[-2]))
    totals = torch.cat([points.sum(-2), counts], dim=-1)  # (..., D + 1)
    if distributed:
        totals = sum_over_ranks(totals)
    sums, count = totals[..., :-1], totals[..., -1:]
    return points - (sums / count).unsqueeze(-2), (count - 1).clamp_min(1)
