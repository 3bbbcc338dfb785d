"""Learned slices: some directions are kept from call to call and climb towards a larger T.

Random directions rarely hit the one that matters (two of them have a cosine of about 1/√D), so
the mean over them hardly hears a flaw of one direction. Here K of the M directions are climbers, as
in :func:`~sigreg_edu.slicing.find_worst_directions`: at each call they go a few strides along great
circles on which T of this batch grows. The rest are fresh random ones.

The value is then no longer an estimate of the mean over all directions: climbers find something in
Gaussian noise, too, and the more the larger D / N.

To take the worst direction instead of the mean is known from optimal transport: the max-sliced
Wasserstein distance (Deshpande and others, CVPR 2019; Kolouri and others, Generalized sliced
Wasserstein distances, NeurIPS 2019).
"""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import require_integer, require_number, require_points, require_positive
from sigreg_edu.losses.distributed import from_first_rank, sums_of_all_ranks, with_mean_gradient
from sigreg_edu.losses.inputs import widened
from sigreg_edu.losses.kept_directions import KeepsDirections
from sigreg_edu.losses.sigreg import SIGReg
from sigreg_edu.slicing import statistic_from_sums, uniform_directions
from sigreg_edu.slicing.search import along_great_circles, look_uphill
from sigreg_edu.statistics.precision import full_precision

__all__ = ["LearnedSliceSIGReg", "LearnedSlices"]

SAME = 0.95  # cosine from which two climbers count as one


class LearnedSlices(KeepsDirections):
    """Directions that are kept in a buffer and climb T on the sphere.

    A stride that does not lead up is not taken, and the next is half as long. A climber that has
    come to where an earlier one stands begins anew from a random direction: K equal directions
    would be one.

    Args:
        num_directions: K.
        num_strides: strides at each call; 0 leaves the directions where they are.
        stride: first stride of a call, in radians.
        num_points, t_max: of the T that is climbed, as :class:`~sigreg_edu.losses.SIGReg`.
        distributed: in a process of several of torch.distributed, climb T of the points of all
            ranks together; every rank must then call, and has the same directions. False: climb on
            this rank's points alone.
        generator, seed: source of the first directions and of those that begin anew; seed 0 if
            neither is given. Its state is part of ``state_dict()``.

    Attributes:
        directions: buffer (D, K), float32 whatever the module is cast to; None before the first
            call.

    Raises:
        TypeError, ValueError: an option out of range; points of another dimension than those
            before.

    >>> z = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    >>> z[:, 1] = z[:, 1].sign()  # two heaps at -1 and 1
    >>> LearnedSlices(8, num_strides=20).climb(z)[:, 0].abs().round(decimals=1)  # the highest
    tensor([0., 1., 0.])
    """

    def __init__(
        self,
        num_directions: int,
        *,
        num_strides: int = 3,
        stride: float = 0.3,
        num_points: int = 17,
        t_max: float = 3.0,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__(generator, seed)
        self.num_directions = require_integer(num_directions, "num_directions")
        self.num_strides = require_integer(num_strides, "num_strides", minimum=0)
        self.stride = require_positive(stride, "stride")
        self.num_points = require_integer(num_points, "num_points", minimum=2)
        self.t_max = require_positive(t_max, "t_max")
        self.distributed = bool(distributed)

    def climb(self, z: torch.Tensor) -> torch.Tensor:
        """Take the strides of one call on the points ``z`` (..., N, D); return (D, K) detached.

        Leading axes, as of views, are taken as more points. The highest come first, and climbers
        that begin anew stand in their places.
        """
        points = widened(require_points(z, "z")).detach().flatten(0, -2)  # (V N, D)
        with torch.inference_mode(False), torch.no_grad(), full_precision(z):
            points = points.clone() if points.is_inference() else points
            places = self._climbed(points, self._kept(points))
            self.directions = places.float()
        return places

    def _climbed(self, points: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Where climbers (D, K) come to on points (N, D)."""
        heights, uphill = look_uphill(points, places, self._height)
        strides = torch.full_like(heights, self.stride)
        for _ in range(self.num_strides):
            tried = along_great_circles(places, uphill, strides)
            tried_heights, tried_uphill = look_uphill(points, tried, self._height)
            higher = tried_heights > heights  # (K,)
            places = torch.where(higher, tried, places)
            uphill = torch.where(higher, tried_uphill, uphill)
            heights = torch.where(higher, tried_heights, heights)
            strides = torch.where(higher, strides, strides / 2)
        return self._joined(self._parted(places, heights))

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        """The directions (D, K) for points (..., N, D): a climb while training, else as kept."""
        if self.training or self.directions is None:
            return self.climb(z)
        return self._kept(widened(require_points(z, "z")))

    def _height(self, z: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        """T of the points of all ranks along each direction: (N, D) and (D, K) to (K,)."""
        if self.distributed:
            directions = with_mean_gradient(directions)
        options = {"num_points": self.num_points, "t_max": self.t_max}
        sums = sums_of_all_ranks(z, directions, **options, distributed=self.distributed)
        return statistic_from_sums(sums, t_max=self.t_max).to(z.dtype)

    def _kept(self, z: torch.Tensor) -> torch.Tensor:
        """The directions as they are for points (..., N, D), drawn if there are none yet."""
        wanted = (z.shape[-1], self.num_directions)
        if self.directions is None:
            return self._joined(self._random(z.new_empty(wanted)))
        if tuple(self.directions.shape) != wanted:
            raise ValueError(
                f"these slices were learned, or loaded from a checkpoint, for (D, K) = "
                f"{tuple(self.directions.shape)}, got embeddings and num_directions for {wanted}. "
                "Use another LearnedSlices for them."
            )
        kept = self.directions.to(z)
        return self._joined(kept / kept.norm(dim=0))

    def _joined(self, directions: torch.Tensor) -> torch.Tensor:
        """Rank 0's directions, for every rank."""
        return from_first_rank(directions) if self.distributed else directions

    def _random(self, like: torch.Tensor) -> torch.Tensor:
        """Random directions of the shape, dtype and device of ``like`` (D, K)."""
        drawn = uniform_directions(
            *like.shape, generator=self.generator, dtype=like.dtype, device=self.generator.device
        )
        return drawn.to(like.device)

    def _parted(self, places: torch.Tensor, heights: torch.Tensor) -> torch.Tensor:
        """Begin anew where a climber of at least the same height is close by."""
        order = heights.argsort(descending=True)
        places = places[:, order]
        cosines = (places.T @ places).abs().triu(diagonal=1)  # (K, K), of a higher one and each
        again = (cosines > SAME).any(dim=0)  # (K,)
        return torch.where(again, self._random(places), places)

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"num_directions={self.num_directions}, num_strides={self.num_strides}, "
            f"stride={self.stride}, num_points={self.num_points}, t_max={self.t_max}"
        )


class LearnedSliceSIGReg(nn.Module):
    """SIGReg along M directions, a share of them learned, the others fresh and random.

        loss = (1/M) [ sum over K learned + sum over M - K random directions of T(z a) ]

    No gradient flows into the directions, nor through their climb into ``z``: the loss of a call is
    that of SIGReg along these M directions.

    Args:
        num_slices: M.
        share: of the directions that are learned, 0 to 1; K = round(share · M).
        num_strides, stride: of the climb at each call in training mode; in evaluation mode the
            directions stay where they are, once there are any.
        num_points, t_max, scale_by_n: as :class:`~sigreg_edu.losses.SIGReg`; what is climbed is
            the same T.
        distributed: as :class:`~sigreg_edu.losses.SIGReg`; the climb, too, is on the points of all
            ranks together.
        generator, seed: source of all random directions; seed 0 if neither is given. Its state and
            the learned directions are part of ``state_dict()``.

    Shape:
        z (..., N, D) -> dict of scalars: ``loss``, ``learned_loss`` and ``random_loss``, the means
        over the directions of either kind. A kind of which there is none is left out.

    Raises:
        TypeError, ValueError: an option out of range; ``z`` is no floating-point (..., N, D).

    >>> z = torch.randn(400, 16, generator=torch.Generator().manual_seed(0))
    >>> parts = LearnedSliceSIGReg(64, share=0.25)(z)
    >>> list(parts), bool(parts["learned_loss"] > 2 * parts["random_loss"])
    (['loss', 'learned_loss', 'random_loss'], True)
    """

    def __init__(
        self,
        num_slices: int = 1024,
        *,
        share: float = 0.25,
        num_strides: int = 3,
        stride: float = 0.3,
        num_points: int = 17,
        t_max: float = 3.0,
        scale_by_n: bool = True,
        distributed: bool = True,
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_slices = require_integer(num_slices, "num_slices")
        self.share = require_number(share, "share", minimum=0.0, maximum=1.0)
        learned = round(self.share * self.num_slices)
        self.num_random = self.num_slices - learned
        options = {"num_points": num_points, "t_max": t_max, "distributed": distributed}
        self.sigreg = SIGReg(
            max(self.num_random, 1),
            **options,
            scale_by_n=scale_by_n,
            reduction=None,
            generator=generator,
            seed=seed,
        )
        climb = {"num_strides": num_strides, "stride": stride, "generator": self.sigreg.generator}
        self.slices = LearnedSlices(learned, **climb, **options) if learned else None

    def forward(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss of ``z`` (..., N, D) and its two parts."""
        wide = widened(require_points(z, "z"))
        directions = {}
        if self.slices is not None:
            directions["learned_loss"] = self.slices(wide)
        if self.num_random:
            directions["random_loss"] = self.sigreg.draw_directions(wide)
        values = self.sigreg(wide, directions=torch.cat(list(directions.values()), dim=1))
        counts = [some.shape[1] for some in directions.values()]
        parts = zip(directions, values.split(counts, dim=-1), strict=True)  # (..., M)
        return {"loss": values.mean(), **{name: some.mean() for name, some in parts}}

    def extra_repr(self) -> str:
        """The numbers of directions."""
        return f"num_slices={self.num_slices}, share={self.share}"
