"""The worst direction: along which one does a cloud look least like N(0, 1)?

Random directions rarely hit the one that matters: in D dimensions two of them have a cosine of
about 1/√D. So the statistic is climbed, on the sphere, from many starts at once (projection
pursuit, Friedman and Tukey 1974, with Epps and Pulley's statistic as the index).

A search finds something in pure noise, too, and the more so the more dimensions it may turn to.
What it found is therefore judged on points that it has not seen: :func:`worst_direction_test`
searches one half of the points and tests the other, whose T follows the null law of *one* shadow
if the cloud is Gaussian, whatever was searched for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from sigreg_edu.checks import require_finite, require_integer, require_matrix
from sigreg_edu.slicing.directions import uniform_directions
from sigreg_edu.slicing.sliced_epps_pulley import sliced_epps_pulley
from sigreg_edu.statistics import p_value

__all__ = ["WorstDirection", "find_worst_directions", "worst_direction_test"]

FIRST_STRIDE = 0.3  # radians
SMALLEST_STRIDE = 1e-3
LONGER, SHORTER = 1.3, 0.5  # a stride after one that led up, and after one that did not
HALVING = 20  # steps after which only the better half of the climbers goes on
FEWEST_CLIMBERS = 16


@dataclass(frozen=True)
class WorstDirection:
    """A direction that a search found, and what points say of it that the search did not see.

    Attributes:
        direction: (D,), a unit vector.
        searched_statistic: T of the half that was searched; large for noise, too.
        statistic: T of the other half, with its factor N.
        p_value: of ``statistic``, as of a single shadow.
        num_tested: points of the other half.
    """

    direction: torch.Tensor
    searched_statistic: float
    statistic: float
    p_value: float
    num_tested: int

    @property
    def effect(self) -> float:
        """T / N, which unlike T and its p-value does not grow with the number of points."""
        return self.statistic / self.num_tested


def find_worst_directions(
    z: torch.Tensor, *, num_starts: int = 512, num_steps: int = 150, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Climb the statistic on the sphere from random directions and from the axes.

    Each climber walks along the great circle on which T grows fastest,

        a ← cos(h) a + sin(h) g/|g|,   g = ∇T - (a·∇T) a,

    by a stride h that grows while T does and is halved where it did not. Every 20 steps the half
    with the smaller T is given up, down to 16.

    Args:
        z: points (N, D), float32 or float64.
        num_starts: random directions to begin with, beside the D axes.
        num_steps: at most so many strides.
        seed: of the starts.

    Returns:
        Directions (D, K), unit columns, and their statistics (K,), falling, with the factor N.
        Nothing says that the first is the worst of all; more starts make it likelier.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D) of at least 2 points;
            an option out of range.

    >>> z = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    >>> z[:, 1] = z[:, 1].sign()  # two heaps at -1 and 1: mean 0, variance 1
    >>> directions, statistics = find_worst_directions(z, num_starts=8)
    >>> directions[:, 0].abs().round(decimals=1)
    tensor([0., 1., 0.])
    """
    z = require_finite(require_matrix(z, minimum=2), "z").detach()
    num_starts = require_integer(num_starts, "num_starts")
    num_steps = require_integer(num_steps, "num_steps")
    random = uniform_directions(z.shape[1], num_starts, seed=seed)
    axes = torch.eye(z.shape[1])
    climbers = torch.cat([random, axes], dim=1).to(z)  # (D, K)
    heights, uphill = _look_up(z, climbers)
    strides = torch.full_like(heights, FIRST_STRIDE)
    for step in range(1, num_steps + 1):
        tried = strides.cos() * climbers + strides.sin() * uphill
        tried = tried / tried.norm(dim=0)
        tried_heights, tried_uphill = _look_up(z, tried)
        higher = tried_heights > heights  # (K,)
        climbers = torch.where(higher, tried, climbers)
        uphill = torch.where(higher, tried_uphill, uphill)
        heights = torch.where(higher, tried_heights, heights)
        strides = torch.where(higher, LONGER * strides, SHORTER * strides).clamp(max=FIRST_STRIDE)
        if step % HALVING == 0:
            kept = _better_half(heights)
            climbers, uphill, heights, strides = (
                values[..., kept] for values in (climbers, uphill, heights, strides)
            )
        if (strides < SMALLEST_STRIDE).all():
            break
    order = heights.argsort(descending=True)
    return climbers[:, order], heights[order]


def worst_direction_test(
    z: torch.Tensor, *, num_starts: int = 512, num_steps: int = 150, seed: int = 0
) -> WorstDirection:
    """Search one half of the points for the worst direction, and test it on the other half.

    Args:
        z: points (N, D), at least 4.
        num_starts: random directions that the search begins with.
        num_steps: strides of the search, at most.
        seed: of the halves and of the starts.

    Returns:
        What was found. Under the null its p-value is uniform, as far as the limit law of T is:
        the tested half knows nothing of the search.

    Raises:
        TypeError, ValueError: as :func:`find_worst_directions`.

    >>> z = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    >>> worst_direction_test(z, num_starts=8).p_value > 0.05
    True
    """
    z = require_finite(require_matrix(z, minimum=4), "z").detach()
    order = torch.randperm(len(z), generator=torch.Generator().manual_seed(seed)).to(z.device)
    searched, tested = z[order].tensor_split(2)
    directions, heights = find_worst_directions(
        searched, num_starts=num_starts, num_steps=num_steps, seed=seed
    )
    statistic = sliced_epps_pulley(tested, directions[:, :1]).item()
    return WorstDirection(
        direction=directions[:, 0].clone(),
        searched_statistic=heights[0].item(),
        statistic=statistic,
        p_value=p_value(statistic),
        num_tested=len(tested),
    )


def _look_up(z: torch.Tensor, climbers: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Height (K,) of each climber (D, K), and the unit tangent along which it grows fastest."""
    places = climbers.detach().requires_grad_()
    with torch.enable_grad():
        heights = sliced_epps_pulley(z, places)
        (gradient,) = torch.autograd.grad(heights.sum(), places)  # (D, K)
    tangent = gradient - (gradient * climbers).sum(0) * climbers
    return heights.detach(), tangent / tangent.norm(dim=0).clamp(min=1e-30)


def _better_half(heights: torch.Tensor) -> torch.Tensor:
    """Indices of the higher half, of 16 at least."""
    count = min(len(heights), max(FEWEST_CLIMBERS, len(heights) // 2))
    return heights.topk(count).indices
