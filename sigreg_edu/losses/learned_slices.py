"""Learned slices: some directions are kept from call to call and climb towards a larger T.

Random directions rarely hit the one that matters (two of them have a cosine of about 1/√D), so
the mean over them hardly hears a flaw of one direction. Here K of the M directions are climbers, as
in :func:`~sigreg_edu.slicing.find_worst_directions`: at each call they go a few strides along great
circles on which T of this batch grows. The rest are fresh random ones.

The value is then no longer an estimate of the mean over all directions: climbers find something in
Gaussian noise, too, and the more the larger D / N.
"""

from __future__ import annotations

import torch
from torch import nn

from sigreg_edu.checks import (
    require_integer,
    require_number,
    require_one_source,
    require_points,
    require_positive,
)
from sigreg_edu.losses.inputs import widened
from sigreg_edu.slicing import sliced_epps_pulley, uniform_directions
from sigreg_edu.slicing.search import along_great_circles, look_uphill
from sigreg_edu.statistics.precision import full_precision

__all__ = ["LearnedSliceSIGReg", "LearnedSlices"]

SAME = 0.95  # cosine from which two climbers count as one


class LearnedSlices(nn.Module):
    """Directions that are kept in a buffer and climb T on the sphere.

    A stride that does not lead up is not taken, and the next is half as long. A climber that has
    come to where an earlier one stands begins anew from a random direction: K equal directions
    would be one.

    Args:
        num_directions: K.
        num_strides: strides at each call; 0 leaves the directions where they are.
        stride: first stride of a call, in radians.
        generator, seed: source of the first directions, on the CPU; seed 0 if neither is given.

    Attributes:
        directions: buffer (D, K), float32; None before the first call.

    Raises:
        TypeError, ValueError: an option out of range.

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
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_directions = require_integer(num_directions, "num_directions")
        self.num_strides = require_integer(num_strides, "num_strides", minimum=0)
        self.stride = require_positive(stride, "stride")
        self.generator = require_one_source(
            generator, 0 if generator is None and seed is None else seed
        )
        self.register_buffer("directions", None)

    @torch.no_grad()
    def climb(self, z: torch.Tensor) -> torch.Tensor:
        """Take the strides of one call on the points ``z`` (..., N, D); return (D, K) detached.

        Leading axes, as of views, are taken as more points. The highest come first, and climbers
        that begin anew stand in their places.
        """
        points = widened(require_points(z, "z")).detach().flatten(0, -2)  # (V N, D)
        with full_precision(z):
            places = self._kept(points)
            heights, uphill = look_uphill(points, places)
            strides = torch.full_like(heights, self.stride)
            for _ in range(self.num_strides):
                tried = along_great_circles(places, uphill, strides)
                tried_heights, tried_uphill = look_uphill(points, tried)
                higher = tried_heights > heights  # (K,)
                places = torch.where(higher, tried, places)
                uphill = torch.where(higher, tried_uphill, uphill)
                heights = torch.where(higher, tried_heights, heights)
                strides = torch.where(higher, strides, strides / 2)
            places = self._parted(places, heights)
        self.directions = places.float()
        return places

    def forward(self, z: torch.Tensor) -> torch.Tensor:
        return self.climb(z)

    def _kept(self, z: torch.Tensor) -> torch.Tensor:
        """The directions as they are, drawn if there are none yet."""
        if self.directions is None:
            return self._random(z.new_empty(z.shape[1], self.num_directions))
        if self.directions.shape[0] != z.shape[1]:
            raise ValueError(
                f"these slices were learned in D = {self.directions.shape[0]} dimensions, got "
                f"embeddings with D = {z.shape[1]}. Use another LearnedSlices for them."
            )
        kept = self.directions.to(z)
        return kept / kept.norm(dim=0)

    def _random(self, like: torch.Tensor) -> torch.Tensor:
        """Random directions of the shape, dtype and device of ``like`` (D, K)."""
        drawn = uniform_directions(*like.shape, generator=self.generator, dtype=like.dtype)
        return drawn.to(like.device)

    def _parted(self, places: torch.Tensor, heights: torch.Tensor) -> torch.Tensor:
        """Begin anew where a climber of at least the same height is close by."""
        order = heights.argsort(descending=True)
        places = places[:, order]
        cosines = (places.T @ places).abs().triu(diagonal=1)  # (K, K), of a higher one and each
        again = (cosines > SAME).any(dim=0)  # (K,)
        return torch.where(again, self._random(places), places)

    def _load_from_state_dict(self, state_dict, prefix, *arguments) -> None:
        """Make room for the directions, which are drawn only at the first call."""
        kept = state_dict.get(prefix + "directions")
        if kept is not None:
            self.directions = torch.empty_like(kept)
        super()._load_from_state_dict(state_dict, prefix, *arguments)

    def get_extra_state(self) -> torch.Tensor:
        """The generator's state, (bytes,) uint8, for ``state_dict()``."""
        return self.generator.get_state()

    def set_extra_state(self, state: torch.Tensor) -> None:
        """Continue from a generator's state."""
        self.generator.set_state(state.cpu())

    def extra_repr(self) -> str:
        """The options."""
        return (
            f"num_directions={self.num_directions}, num_strides={self.num_strides}, "
            f"stride={self.stride}"
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
            directions stay.
        num_points, t_max, scale_by_n: as :class:`~sigreg_edu.losses.SIGReg`.
        generator, seed: source of all random directions; seed 0 if neither is given.

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
        generator: torch.Generator | None = None,
        seed: int | None = None,
    ) -> None:
        super().__init__()
        self.num_slices = require_integer(num_slices, "num_slices")
        self.share = require_number(share, "share", minimum=0.0, maximum=1.0)
        self.num_points = require_integer(num_points, "num_points", minimum=2)
        self.t_max = require_positive(t_max, "t_max")
        self.scale_by_n = bool(scale_by_n)
        self.generator = require_one_source(
            generator, 0 if generator is None and seed is None else seed
        )
        learned = round(self.share * self.num_slices)
        self.num_random = self.num_slices - learned
        self.slices = (
            LearnedSlices(learned, num_strides=num_strides, stride=stride, generator=self.generator)
            if learned
            else None
        )

    def forward(self, z: torch.Tensor) -> dict[str, torch.Tensor]:
        """The loss of ``z`` (..., N, D) and its two parts."""
        wide = widened(require_points(z, "z"))
        directions = {}
        if self.slices is not None:
            keep = not self.training and self.slices.directions is not None
            directions["learned_loss"] = (
                self.slices.directions.to(wide) if keep else self.slices.climb(wide)
            )
        if self.num_random:
            directions["random_loss"] = uniform_directions(
                wide.shape[-1], self.num_random, generator=self.generator, dtype=wide.dtype
            ).to(wide.device)
        options = {
            "num_points": self.num_points,
            "t_max": self.t_max,
            "scale_by_n": self.scale_by_n,
        }
        with full_precision(z):
            along = {
                name: sliced_epps_pulley(wide, some, **options) for name, some in directions.items()
            }
            loss = torch.cat(list(along.values()), dim=-1).mean()  # (..., M)
        return {"loss": loss, **{name: values.mean() for name, values in along.items()}}

    def extra_repr(self) -> str:
        """The numbers of directions."""
        return f"num_slices={self.num_slices}, share={self.share}"
