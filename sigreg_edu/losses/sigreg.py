"""SIGReg itself: the mean Epps-Pulley statistic of random shadows, as a regularizer."""

from __future__ import annotations

import torch

from sigreg_edu.checks import (
    require_choice,
    require_integer,
    require_points,
    require_positive,
    require_tensor,
)
from sigreg_edu.losses.distributed import from_first_rank, is_spread, sums_of_all_ranks
from sigreg_edu.losses.inputs import widened
from sigreg_edu.losses.kept_directions import KeepsDirections
from sigreg_edu.losses.uncompiled import uncompiled
from sigreg_edu.slicing import (
    cramer_wold_statistic,
    sliced_statistic,
    statistic_from_sums,
    uniform_directions,
)
from sigreg_edu.statistics import METHODS, EppsPulleyTest
from sigreg_edu.statistics.precision import full_precision

__all__ = ["SIGREG_METHODS", "SIGReg"]

SIGREG_METHODS = (*METHODS, "all_directions")


class SIGReg(KeepsDirections):
    """Sketched isotropic Gaussian regularization: the mean Epps-Pulley statistic of random shadows.

        (1/M) sum_m T(z a_m),   T the statistic with the factor N, a_m uniform on the sphere.

    With leading axes, as for views (V, N, D), each view's N points are tested by themselves and
    the mean is taken, as in LeJEPA. For N(0, I) embeddings it is 1.05 at the defaults whatever N;
    training goes below that, since a loss may fit better than a random sample does.

    At full collapse onto the origin (0.402 N) the gradient is exactly zero: a dead point, though
    not a stable one.

    The default never stores anything of size N x M x T, and gives a gradient (by ``backward()`` or
    ``autograd.grad``) but no second derivative. A NaN or infinity in ``z`` gives a NaN loss,
    without a look at the values.

    Args:
        num_slices: number of directions M per call. May be set during training.
        num_points: knots of ``"quadrature"``, or quantiles of ``"reference_points"``.
        t_max: last knot.
        fixed_slices: draw the directions once, at the first call, and keep them (a buffer, float32
            whatever the module is cast to). They leave blind spots; fresh ones do not.
        method: ``"quadrature"`` (LeJEPA's), ``"closed_form"`` (exact along each direction, N^2),
            ``"reference_points"`` (three sums, N^2), or ``"all_directions"``: the exact mean over
            every direction, without any M (N^2 on the CPU; for small N).
        standardize: give each shadow mean 0 and standard deviation 1 first, as the report does.
            Then neither shift nor scale nor dimensional collapse is seen: for teaching.
        eps: added to the standard deviation by ``standardize``.
        scale_by_n: multiply by N.
        reduction: ``"mean"``, or None for one value per slice (..., M); (..., 1) over all
            directions.
        distributed: in a process of several of torch.distributed, take the statistic of the points
            of all ranks together, along rank 0's directions (given ones must be alike on all
            ranks). Every rank must then call the loss, and gradients must be averaged over ranks,
            as DistributedDataParallel does. False: of this rank's points alone, for instance to
            validate on one rank.
        generator: source of the directions, which are drawn on its device: one on the GPU spares
            the copy.
        seed: instead of ``generator``: starts a generator of the module's own on the CPU, with the
            same directions on every device. 0 if neither is given.

    The generator's state is part of ``state_dict()``: training that is resumed sees the slices it
    would have seen.

    Shape:
        z (..., N, D) -> scalar (or (..., M)), float64 for float64 ``z``, else float32. Half
        precision is widened, autocast switched off.

    Raises:
        TypeError, ValueError: an option out of range; both ``generator`` and ``seed``; ``z`` is no
            floating-point (..., N, D); ``directions`` that do not fit it.

    References:
        Balestriero & LeCun 2025, arXiv:2511.08544; code: github.com/rbalestr-lab/lejepa, MINIMAL.md
        (class ``SIGReg``).

    >>> sigreg = SIGReg(num_slices=64)
    >>> z = torch.randn(200, 8, generator=torch.Generator().manual_seed(0))
    >>> bool(sigreg(z) < 3), bool(sigreg(0.1 * z) > 50)
    (True, True)
    """

    def __init__(
        self,
        num_slices: int = 1024,
        num_points: int = 17,
        *,
        t_max: float = 3.0,
        fixed_slices: bool = False,
        method: str = "quadrature",
        standardize: bool = False,
        eps: float = 1e-6,
        scale_by_n: bool = True,
        reduction: str | None = "mean",
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(generator, seed)
        self.num_slices = num_slices
        self.method = require_choice(method, "method", SIGREG_METHODS)
        if reduction is not None:
            require_choice(reduction, "reduction", ("mean",))
        self.reduction = reduction
        self.fixed_slices, self.distributed = bool(fixed_slices), bool(distributed)
        along_slices = self.method != "all_directions"
        if not along_slices and (standardize or fixed_slices):
            raise ValueError(
                "method='all_directions' has no slices: standardize and fixed_slices do not apply "
                "to it. Leave them out."
            )
        self.test = EppsPulleyTest(
            num_points,
            method=self.method if along_slices else "closed_form",
            t_max=require_positive(t_max, "t_max"),
            standardize=standardize,
            eps=eps,
            scale_by_n=scale_by_n,
        )

    @property
    def keeps_directions(self) -> bool:
        """Whether slices are fixed."""
        return self.fixed_slices

    @property
    def num_slices(self) -> int:
        """Number of directions M per call."""
        return self._num_slices

    @num_slices.setter
    def num_slices(self, value: int) -> None:
        self._num_slices = require_integer(value, "num_slices")

    def forward(self, z: torch.Tensor, *, directions: torch.Tensor | None = None) -> torch.Tensor:
        """The loss of ``z`` (..., N, D), along ``directions`` (D, M) if they are given."""
        wide = widened(require_points(z, "z", minimum=2 if self.test.standardize else 1))
        with full_precision(z):
            if self.method == "all_directions":
                values = self._over_all_directions(wide, directions)
            else:
                if directions is None:
                    directions = self.draw_directions(wide)
                values = self._per_slice(wide, widened(require_tensor(directions, "directions")))
        return values if self.reduction is None else values.mean()

    def _per_slice(self, z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        """The statistic along each direction: (..., N, D) and (D, M) to (..., M)."""
        if self.method != "quadrature" or self.test.standardize:
            self._require_one_rank()
            return sliced_statistic(z, directions, self.test)
        options = {"num_points": self.test.num_points, "t_max": self.test.t_max}
        sums = sums_of_all_ranks(z, directions, **options, distributed=self.distributed)
        return self._from_sums(sums).to(z.dtype)

    def _from_sums(self, sums: torch.Tensor) -> torch.Tensor:
        """The statistic of each slice, (..., 2, T, M) to (..., M)."""
        return statistic_from_sums(sums, t_max=self.test.t_max, scale_by_n=self.test.scale_by_n)

    def _over_all_directions(
        self, z: torch.Tensor, directions: torch.Tensor | None
    ) -> torch.Tensor:
        if directions is not None:
            raise ValueError(
                "method='all_directions' takes no directions, got some. Leave them out, or choose "
                "method='quadrature'."
            )
        self._require_one_rank()
        return cramer_wold_statistic(z, scale_by_n=self.test.scale_by_n).unsqueeze(-1)  # (..., 1)

    def _require_one_rank(self) -> None:
        if self.distributed and is_spread():
            raise ValueError(
                "only method='quadrature' without standardize is a function of sums over points, "
                f"which ranks can add; got method={self.method!r}, "
                f"standardize={self.test.standardize}. Pass distributed=False to test each rank's "
                "points by themselves."
            )

    @uncompiled
    def draw_directions(self, z: torch.Tensor) -> torch.Tensor | None:
        """The directions that the next call would look along, to share them between calls.

        Args:
            z: points (..., N, D); its D, dtype and device count.

        Returns:
            A (D, M), float64 for float64 ``z``, else float32; None for ``"all_directions"``.
        """
        z = widened(require_points(z, "z"))
        if self.method == "all_directions":
            return None
        ours = self._kept(z) if self.fixed_slices else self._fresh(z, z.dtype)
        return from_first_rank(ours) if self.distributed else ours

    def _kept(self, z: torch.Tensor) -> torch.Tensor:
        """The fixed directions (D, M), drawn if there are none yet."""
        if self.directions is None:
            with torch.inference_mode(False):  # they may be for training later
                self.directions = self._fresh(z, torch.float32)
        kept, wanted = tuple(self.directions.shape), (z.shape[-1], self.num_slices)
        if kept != wanted:
            raise ValueError(
                f"the fixed slices were drawn, or loaded from a checkpoint, for (D, M) = {kept}, "
                f"got embeddings and num_slices for {wanted}. Use another SIGReg, or "
                "fixed_slices=False."
            )
        return self.directions.to(z)

    def _fresh(self, z: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        directions = uniform_directions(
            z.shape[-1],
            self.num_slices,
            generator=self.generator,
            dtype=dtype,
            device=self.generator.device,
        )
        if z.is_cuda and not directions.is_cuda:  # a copy that the host need not wait for
            directions = directions.pin_memory()
        return directions.to(z.device, non_blocking=True)

    def extra_repr(self) -> str:
        """The options that are not the test's."""
        if self.method == "all_directions":
            return "method='all_directions'"
        fixed = ", fixed_slices=True" if self.fixed_slices else ""
        return f"num_slices={self.num_slices}{fixed}"
