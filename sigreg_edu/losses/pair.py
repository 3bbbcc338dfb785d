"""Losses of a batch's views: the report's SIGRegLoss, its hybrid with VICReg, and LeJEPA's."""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.losses.inputs import (
    OfParts,
    Weight,
    only_to_watch,
    paired_views,
    points_of,
    require_embeddings,
    weighted_sum,
)
from sigreg_edu.losses.invariance import invariance, mean_over_ranks
from sigreg_edu.losses.sigreg import SIGReg
from sigreg_edu.losses.vicreg import VICRegLoss

__all__ = ["HybridVICRegSIGRegLoss", "LeJEPALoss", "SIGRegLoss"]


class SIGRegLoss(nn.Module):
    """Invariance of two views plus SIGReg of each, with the report's interface and defaults.

        loss = invariance_weight · mean (z_a - z_b)^2
             + sigreg_weight · (SIGReg(z_a) + SIGReg(z_b)) / 2

    Both views are looked at along the same directions. SIGReg is LeJEPA's, with the factor N; the
    report's own form is ``method="reference_points", standardize=True``, and cannot see collapse.

    What 25 : 25 means. The mean squared difference of two views is four times LeJEPA's invariance,
    so this is 100 · invariance + 25 · SIGReg, LeJEPA's (1 - λ) : λ with λ = 0.2: ten times the
    λ = 0.02 of its minimal example. And the statistic of a given non-Gaussian shape grows like N,
    so with a larger batch the same weights press harder. To train, start from :class:`LeJEPALoss`.

    What ``flatten_patches=True`` does. The patches of B images become N = B·P points, as if they
    were independent. They are not: were all patches of an image alike, the statistic would be P
    times that of the B images, floor and all (P = 196: 206, where Gaussian images score 1.05).

    Args:
        num_slices: number of directions M.
        num_test_points: knots of the quadrature (quantiles of ``"reference_points"``).
        invariance_weight: of the invariance. Both weights may be set during training.
        sigreg_weight: of SIGReg.
        fixed_slices: keep the first call's directions.
        eps: added to the standard deviation by ``standardize``; without it, unused.
        flatten_patches: (B, P, D) as one sample of B·P points; False: each patch position is a
            sample of B points, and the positions' mean is taken.
        t_max, method, standardize, distributed, generator, seed: as :class:`SIGReg`.

    Shape:
        z_a, z_b (B, D) or (B, P, D), or one tensor with both views, (2B, ...) -> dict of scalars,
        float64 for float64 views, else float32: ``loss``, ``invariance_loss``, ``sigreg_loss``,
        ``sigreg_loss_a``, ``sigreg_loss_b``. With weight 0 SIGReg is reported without a gradient.

    Raises:
        TypeError, ValueError: an option out of range, views that do not fit each other.

    >>> z = torch.randn(256, 16, generator=torch.Generator().manual_seed(0))
    >>> terms = SIGRegLoss(num_slices=64)(z, z)
    >>> list(terms)
    ['loss', 'invariance_loss', 'sigreg_loss', 'sigreg_loss_a', 'sigreg_loss_b']
    >>> terms["invariance_loss"].item(), bool(terms["sigreg_loss"] < 3)
    (0.0, True)
    """

    invariance_weight = Weight()
    sigreg_weight = Weight()
    num_slices = OfParts("sigreg.num_slices")

    def __init__(
        self,
        num_slices: int = 1024,
        num_test_points: int = 17,
        invariance_weight: float = 25.0,
        sigreg_weight: float = 25.0,
        fixed_slices: bool = False,
        eps: float = 1e-6,
        flatten_patches: bool = True,
        *,
        t_max: float = 3.0,
        method: str = "quadrature",
        standardize: bool = False,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.invariance_weight = invariance_weight
        self.sigreg_weight = sigreg_weight
        self.flatten_patches = bool(flatten_patches)
        self.sigreg = SIGReg(
            num_slices,
            num_test_points,
            t_max=t_max,
            fixed_slices=fixed_slices,
            method=method,
            standardize=standardize,
            eps=eps,
            distributed=distributed,
            generator=generator,
            seed=seed,
        )

    def forward(
        self,
        z_a: torch.Tensor,
        z_b: torch.Tensor | None = None,
        *,
        directions: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """The loss of two views and its terms, along ``directions`` (D, M) if they are given."""
        z_a, z_b = paired_views(z_a, z_b)
        agreement = mean_over_ranks((z_a - z_b).square(), distributed=self.sigreg.distributed)
        terms = only_to_watch(self.sigreg_weight == 0, self.regularizer, z_a, z_b, directions)
        loss = weighted_sum(
            (self.invariance_weight, agreement), (self.sigreg_weight, terms["sigreg_loss"])
        )
        return {"loss": loss, "invariance_loss": agreement, **terms}

    def regularizer(
        self, z_a: torch.Tensor, z_b: torch.Tensor, directions: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """SIGReg of each view, and its mean, without weights."""
        a, b = (points_of(z, flatten_patches=self.flatten_patches) for z in (z_a, z_b))
        if directions is None:
            directions = self.sigreg.draw_directions(a)
        of_a, of_b = (self.sigreg(points, directions=directions) for points in (a, b))
        return {"sigreg_loss": (of_a + of_b) / 2, "sigreg_loss_a": of_a, "sigreg_loss_b": of_b}

    def extra_repr(self) -> str:
        """The weights."""
        return (
            f"invariance_weight={self.invariance_weight}, sigreg_weight={self.sigreg_weight}, "
            f"flatten_patches={self.flatten_patches}"
        )


class HybridVICRegSIGRegLoss(nn.Module):
    """VICReg and SIGReg together, to pass from one to the other or to compare them.

        loss = invariance_weight · invariance
             + vicreg_weight · (variance_weight · variance + covariance_weight · covariance)
             + sigreg_weight · sigreg_lambda · SIGReg

    The invariance counts once. With ``(vicreg_weight, sigreg_weight)`` = (1, 0) it is exactly
    :class:`VICRegLoss`, with (0, 1) exactly :class:`SIGRegLoss` of weight ``sigreg_lambda``. (In
    the code that the report describes, invariance counts twice and sigreg_weight is squared.)

    Args:
        vicreg_weight: of VICReg's two regularizers. All weights may be set during training.
        sigreg_weight: of SIGReg's.
        invariance_weight, variance_weight, covariance_weight, variance_threshold, eps: as
            :class:`VICRegLoss` (``eps`` is that of its square root).
        num_slices, num_test_points, fixed_slices, t_max, method, standardize, generator, seed: as
            :class:`SIGRegLoss`.
        flatten_patches, distributed: as both.
        sigreg_lambda: SIGReg's weight within the hybrid.

    Shape:
        As :class:`SIGRegLoss`; the dict has ``loss``, ``invariance_loss``, ``vicreg_loss`` (the two
        weighted regularizers), those of :class:`VICRegLoss` and ``sigreg_loss``, ``_a``, ``_b``.

    >>> z = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    >>> hybrid = HybridVICRegSIGRegLoss(vicreg_weight=1.0, sigreg_weight=0.0, num_slices=16)
    >>> bool(hybrid(z, z)["loss"] == VICRegLoss()(z, z)["loss"])
    True
    """

    vicreg_weight = Weight()
    sigreg_weight = Weight()
    invariance_weight = OfParts("vicreg_loss.invariance_weight", "sigreg_loss.invariance_weight")
    variance_weight = OfParts("vicreg_loss.variance_weight")
    covariance_weight = OfParts("vicreg_loss.covariance_weight")
    sigreg_lambda = OfParts("sigreg_loss.sigreg_weight")
    num_slices = OfParts("sigreg_loss.sigreg.num_slices")

    def __init__(
        self,
        vicreg_weight: float = 1.0,
        sigreg_weight: float = 1.0,
        invariance_weight: float = 25.0,
        variance_weight: float = 25.0,
        covariance_weight: float = 1.0,
        num_slices: int = 1024,
        num_test_points: int = 17,
        variance_threshold: float = 1.0,
        fixed_slices: bool = False,
        eps: float = 1e-4,
        flatten_patches: bool = True,
        *,
        sigreg_lambda: float = 25.0,
        t_max: float = 3.0,
        method: str = "quadrature",
        standardize: bool = False,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.vicreg_weight = vicreg_weight
        self.sigreg_weight = sigreg_weight
        self.vicreg_loss = VICRegLoss(
            invariance_weight,
            variance_weight=variance_weight,
            covariance_weight=covariance_weight,
            variance_threshold=variance_threshold,
            eps=eps,
            flatten_patches=flatten_patches,
            distributed=distributed,
        )
        self.sigreg_loss = SIGRegLoss(
            num_slices,
            num_test_points,
            invariance_weight,
            sigreg_lambda,
            fixed_slices=fixed_slices,
            flatten_patches=flatten_patches,
            t_max=t_max,
            method=method,
            standardize=standardize,
            distributed=distributed,
            generator=generator,
            seed=seed,
        )

    @property
    def sigreg(self) -> SIGReg:
        """The regularizer, whose ``num_slices`` a schedule may set."""
        return self.sigreg_loss.sigreg

    def forward(
        self,
        z_a: torch.Tensor,
        z_b: torch.Tensor | None = None,
        *,
        directions: torch.Tensor | None = None,
    ) -> dict[str, torch.Tensor]:
        """The loss of two views and its terms, along ``directions`` (D, M) if they are given."""
        z_a, z_b = paired_views(z_a, z_b)
        agreement = self.vicreg_loss.invariance(z_a, z_b)
        moments = only_to_watch(self.vicreg_weight == 0, self.vicreg_loss.regularizer, z_a, z_b)
        shadows = only_to_watch(
            self.sigreg_weight == 0, self.sigreg_loss.regularizer, z_a, z_b, directions
        )
        loss = weighted_sum(
            (self.invariance_weight, agreement),
            (self.vicreg_weight, moments["vicreg_loss"]),
            (self.sigreg_weight * self.sigreg_lambda, shadows["sigreg_loss"]),
        )
        return {"loss": loss, "invariance_loss": agreement, **moments, **shadows}

    def extra_repr(self) -> str:
        """The weights of the mixture."""
        return f"vicreg_weight={self.vicreg_weight}, sigreg_weight={self.sigreg_weight}"


class LeJEPALoss(nn.Module):
    """LeJEPA's objective for V views: (1 - λ) · invariance + λ · SIGReg.

    The invariance is the mean squared distance to the views' mean, SIGReg the mean over views of
    each view's statistic, with the factor N.

    Args:
        lamb: λ, from 0 to 1; may be set during training. The paper recommends 0.05, its minimal
            example takes 0.02.
        num_slices, num_points, t_max, fixed_slices, distributed, generator, seed: as
            :class:`SIGReg`.

    Shape:
        z (V, N, D), V >= 2 -> dict of scalars, float64 for float64 ``z``, else float32: ``loss``,
        ``invariance_loss``, ``sigreg_loss``. With λ = 0 SIGReg is reported without a gradient.

    Raises:
        TypeError, ValueError: ``lamb`` outside [0, 1]; ``z`` is no (V, N, D) with V >= 2.

    References:
        Balestriero & LeCun 2025, arXiv:2511.08544, sections 4 and 5; MINIMAL.md of its code.

    >>> z = torch.randn(2, 256, 16, generator=torch.Generator().manual_seed(0))
    >>> list(LeJEPALoss(num_slices=64)(z))
    ['loss', 'invariance_loss', 'sigreg_loss']
    """

    lamb = Weight(maximum=1.0)
    num_slices = OfParts("sigreg.num_slices")

    def __init__(
        self,
        lamb: float = 0.05,
        num_slices: int = 1024,
        num_points: int = 17,
        *,
        t_max: float = 3.0,
        fixed_slices: bool = False,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.lamb = lamb
        self.sigreg = SIGReg(
            num_slices,
            num_points,
            t_max=t_max,
            fixed_slices=fixed_slices,
            distributed=distributed,
            generator=generator,
            seed=seed,
        )

    def forward(
        self, z: torch.Tensor, *, directions: torch.Tensor | None = None
    ) -> dict[str, torch.Tensor]:
        """The loss of the views (V, N, D) and its terms."""
        require_embeddings(z)
        agreement = invariance(z, distributed=self.sigreg.distributed)
        gaussianity = only_to_watch(self.lamb == 0, self._sigreg, z, directions)
        loss = weighted_sum((1.0 - self.lamb, agreement), (self.lamb, gaussianity))
        return {"loss": loss, "invariance_loss": agreement, "sigreg_loss": gaussianity}

    def _sigreg(self, z: torch.Tensor, directions: torch.Tensor | None) -> torch.Tensor:
        return self.sigreg(z, directions=directions)

    def extra_repr(self) -> str:
        """λ."""
        return f"lamb={self.lamb}"
