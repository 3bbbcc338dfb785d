"""The worst direction: along which one does a cloud look least like N(0, 1)?

Random directions rarely hit the one that matters: in D dimensions two of them have a cosine of
about 1/√D. So the statistic is climbed, on the sphere, from many starts at once (projection
pursuit, Friedman and Tukey 1974, with Epps and Pulley's statistic as the index).

A search finds something in pure noise, too, and the more so the more dimensions it may turn to.
What it found is therefore judged on points that it has not seen: :func:`worst_direction_test`
searches one half of the points and tests the other, whose T follows the null law of *one* shadow
if the cloud is Gaussian, whatever was searched for.

Of a cloud that is shrunk or tilted every direction is bad, and the worst says little else. To ask
for its shape alone, the searched half is whitened and the tested shadow standardized.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch

from sigreg_edu.checks import require_finite, require_integer, require_matrix
from sigreg_edu.slicing.directions import uniform_directions
from sigreg_edu.slicing.sliced_epps_pulley import sliced_epps_pulley
from sigreg_edu.statistics import null_distribution, p_value, standardize

__all__ = [
    "WorstDirection",
    "along_great_circles",
    "find_worst_directions",
    "look_uphill",
    "worst_direction_test",
    "worst_direction_tests",
]

FIRST_STRIDE = 0.3  # radians
SMALLEST_STRIDE = 1e-3
LONGER, SHORTER = 1.3, 0.5  # a stride after one that led up, and after one that did not
HALVING = 20  # steps after which only the better half of the climbers goes on
MOST_CLIMBERS, FEWEST_CLIMBERS = 128, 16
MOST_QUADRATIC = 48  # dimensions: 1,176 products of two coordinates
EXTREME = 8  # eigenvectors of the products at either end, two axes of each
FLAT = 1e-4  # axes narrower than this share of the widest are not whitened but left out


@dataclass(frozen=True, eq=False)
class WorstDirection:
    """A direction that a search found, and what points say of it that the search did not see.

    Attributes:
        direction: (D,), a unit vector.
        searched_statistic: T of the half that was searched; large for noise, too.
        statistic: T of the other half, with its factor N.
        p_value: of ``statistic``, as of a single shadow.
        null_mean: of ``statistic`` for Gaussian points.
        tested_shadow: (N/2,), the other half along ``direction``; standardized where the search
            was for shape alone.
    """

    direction: torch.Tensor
    searched_statistic: float
    statistic: float
    p_value: float
    null_mean: float
    tested_shadow: torch.Tensor

    @property
    def num_tested(self) -> int:
        """Points of the half that the search did not see."""
        return len(self.tested_shadow)

    @property
    def effect(self) -> float:
        """(T - its null mean) / N: unlike T and p it does not grow with N; about 0 for noise."""
        return (self.statistic - self.null_mean) / self.num_tested

    @property
    def searched_effect(self) -> float:
        """The same of the half that was searched: large for noise, too."""
        return (self.searched_statistic - self.null_mean) / self.num_tested


def find_worst_directions(
    z: torch.Tensor, *, num_starts: int = 512, num_steps: int = 150, seed: int = 0
) -> tuple[torch.Tensor, torch.Tensor]:
    """Climb the statistic on the sphere, from the best of many directions.

    Each climber walks along the great circle on which T grows fastest,

        a ← cos(h) a + sin(h) g/|g|,   g = ∇T - (a·∇T) a,

    by a stride h that grows while T does and is halved where it did not. They start at the 128
    directions with the largest T of some random ones, the coordinate axes, and those along which
    squares vary least or most (see below); every 20 strides the half with the smaller T is given
    up, down to 16.

    In many dimensions all random directions are far from the one that matters: far off by θ, what
    can be seen of it is about cos⁸θ. But two heaps make (a·z)² vary less than a Gaussian's, tails
    make it vary more, and that is linear in the products z_i z_j: the eigenvectors of their
    covariance show it as soon as there are clearly more points than products, N > D²/2.

    Args:
        z: points (N, D), float32 or float64.
        num_starts: how many random directions are looked at.
        num_steps: at most so many strides.
        seed: of the random directions.

    Returns:
        Directions (D, K), unit columns, and their statistics (K,), falling, with the factor N.
        Nothing says that the first is the worst of all; more points make it likelier.

    Raises:
        TypeError, ValueError: ``z`` is not a finite floating tensor (N, D) of at least 2 points;
            an option out of range.

    References:
        J. Friedman and J. Tukey, A projection pursuit algorithm for exploratory data analysis,
        IEEE Transactions on Computers, 1974. J.-F. Cardoso, Source separation using higher order
        moments, ICASSP 1989 (eigenvectors of fourth moments).

    >>> z = torch.randn(400, 3, generator=torch.Generator().manual_seed(0))
    >>> z[:, 1] = z[:, 1].sign()  # two heaps at -1 and 1: mean 0, variance 1
    >>> directions, statistics = find_worst_directions(z, num_starts=8)
    >>> directions[:, 0].abs().round(decimals=1)
    tensor([0., 1., 0.])
    """
    z = require_finite(require_matrix(z, minimum=2), "z").detach()
    num_starts = require_integer(num_starts, "num_starts")
    num_steps = require_integer(num_steps, "num_steps")
    climbers = _starts(z, num_starts, seed)  # (D, K)
    heights, uphill = look_uphill(z, climbers)
    strides = torch.full_like(heights, FIRST_STRIDE)
    for step in range(1, num_steps + 1):
        tried = along_great_circles(climbers, uphill, strides)
        tried_heights, tried_uphill = look_uphill(z, tried)
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
    z: torch.Tensor,
    *,
    shape_only: bool = False,
    num_starts: int = 512,
    num_steps: int = 150,
    seed: int = 0,
) -> WorstDirection:
    """Search one half of the points for the worst direction, and test it on the other half.

    Args:
        z: points (N, D), at least 4.
        shape_only: let neither place nor width nor tilt count, see :func:`worst_direction_tests`.
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
    options = {"num_starts": num_starts, "num_steps": num_steps, "seed": seed}
    return worst_direction_tests(z, 1, shape_only=shape_only, **options)[0]


def worst_direction_tests(
    z: torch.Tensor,
    count: int,
    *,
    shape_only: bool = False,
    num_starts: int = 512,
    num_steps: int = 150,
    seed: int = 0,
) -> tuple[WorstDirection, ...]:
    """Find several bad directions of one half of the points, and test each on the other half.

    Each is the worst of those at right angles to the ones before. All are tested on the same half:
    each p-value is uniform under the null, but they are not corrected for their number.

    Args:
        z: points (N, D), at least 4; 6 with ``shape_only``.
        count: how many directions; fewer come where fewer axes have any width.
        shape_only: whiten the searched half by its own moments (right angles are those of the
            whitened points then), and standardize the other half's shadow: its p-value is that of
            a standardized sample, and asks whether the shadow is *some* Gaussian.
        num_starts: random directions that each search begins with.
        num_steps: strides of each search, at most.
        seed: of the halves and of the starts.

    Raises:
        TypeError, ValueError: as :func:`find_worst_directions`; with ``shape_only`` also if all
            searched points are the same.

    >>> z = torch.randn(600, 4, generator=torch.Generator().manual_seed(0))
    >>> z[:, 2] = z[:, 2].sign()
    >>> found = worst_direction_tests(3 * z + 5, 2, shape_only=True, num_starts=8)
    >>> [one.p_value < 0.01 for one in found], found[0].direction.abs().round(decimals=1)
    ([True, False], tensor([0., 0., 1., 0.]))
    """
    z = require_finite(require_matrix(z, minimum=6 if shape_only else 4), "z").detach()
    count = require_integer(count, "count")
    order = torch.randperm(len(z), generator=torch.Generator().manual_seed(seed)).to(z.device)
    searched, tested = z[order].tensor_split(2)
    basis = _whitening(searched) if shape_only else torch.eye(z.shape[1]).to(z)  # (D, K)
    if shape_only:
        searched, tested = (half - searched.mean(0) for half in (searched, tested))
    found = []
    for _ in range(min(count, basis.shape[1])):
        directions, heights = find_worst_directions(
            searched @ basis, num_starts=num_starts, num_steps=num_steps, seed=seed
        )
        worst = directions[:, 0]
        found.append(_tested(tested, basis @ worst, heights[0].item(), shape_only))
        basis = basis @ _complement(worst)
    return tuple(found)


def _tested(
    tested: torch.Tensor, direction: torch.Tensor, searched_statistic: float, shape_only: bool
) -> WorstDirection:
    """What the points that were held back say of a direction (D,)."""
    shadow = tested @ direction  # (N/2,)
    law = {"standardize": shape_only, "num_samples": len(tested) if shape_only else None}
    shadow = standardize(shadow) if shape_only else shadow
    statistic = sliced_epps_pulley(shadow[:, None], torch.ones(1, 1).to(shadow)).item()
    return WorstDirection(
        direction=direction / direction.norm(),
        searched_statistic=searched_statistic,
        statistic=statistic,
        p_value=p_value(statistic, **law),
        null_mean=null_distribution(**law).mean,
        tested_shadow=shadow,
    )


def _whitening(z: torch.Tensor) -> torch.Tensor:
    """Columns (D, K) that turn centred points (N, D) into white ones; flat axes are left out."""
    variances, axes = torch.linalg.eigh(z.double().T.cov())
    wide = variances > FLAT**2 * variances[-1].clamp(min=1e-300)
    if not wide.any():
        raise ValueError(
            "expected points that differ, got the same point again and again. It has no shape: "
            "leave shape_only out."
        )
    return (axes[:, wide] / variances[wide].sqrt()).to(z)


def _complement(direction: torch.Tensor) -> torch.Tensor:
    """An orthonormal basis (D, D-1) of all that is at right angles to a unit vector (D,)."""
    return torch.linalg.qr(direction[:, None], mode="complete").Q[:, 1:]


def _starts(z: torch.Tensor, num_random: int, seed: int) -> torch.Tensor:
    """Directions (D, K) to climb from: those with the largest T of all that come to mind."""
    random = uniform_directions(z.shape[1], num_random, seed=seed)
    axes = torch.eye(z.shape[1])
    seen = torch.cat([random.to(z), axes.to(z), _extremes_of_squares(z)], dim=1)
    heights = torch.cat([sliced_epps_pulley(z, some) for some in seen.split(1024, dim=1)])
    return seen[:, heights.topk(min(MOST_CLIMBERS, len(heights))).indices]


def _eigen(matrices: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Rising eigenvalues (…, D) and eigenvectors (…, D, D) of symmetric, maybe degenerate matrices.

    In float64: in float32 LAPACK's divide and conquer can give up, or return NaN, where many
    eigenvalues are equal, as of a cloud with flat axes.
    """
    values, vectors = torch.linalg.eigh(matrices.double())
    return values.to(matrices), vectors.to(matrices)


def _extremes_of_squares(z: torch.Tensor) -> torch.Tensor:
    """Directions (D, K) along which squares vary most and least; none where points are too few.

    A symmetric matrix S (D, D) stands for the form Σ S_ij z_i z_j. Those forms of unit length that
    vary most and least are the eigenvectors of the covariance of all products, and the axes of S
    with the largest eigenvalues are the directions that it is about.
    """
    count, dim = z.shape
    rows, columns = torch.triu_indices(dim, dim, device=z.device)
    if not 1 < dim <= MOST_QUADRATIC or count <= len(rows):
        return z.new_empty(dim, 0)
    length = torch.where(rows == columns, 1.0, 2**0.5).to(z)  # z_i z_j stands in S twice
    centred = z - z.mean(0)
    products = centred[:, rows] * centred[:, columns] * length  # (N, D (D + 1) / 2)
    forms = _eigen(products.T.cov())[1].T
    some = min(EXTREME, len(forms) // 2)
    forms = torch.cat([forms[:some], forms[len(forms) - some :]]) / length  # (K, D (D + 1) / 2)
    matrices = z.new_zeros(len(forms), dim, dim)
    matrices[:, rows, columns] = matrices[:, columns, rows] = forms
    values, axes = _eigen(matrices)  # (K, D), (K, D, D)
    largest = values.abs().topk(min(2, dim)).indices  # (K, 2)
    chosen = axes.gather(2, largest[:, None, :].expand(-1, dim, -1))  # (K, D, 2)
    return chosen.transpose(0, 1).reshape(dim, -1)


def along_great_circles(
    climbers: torch.Tensor, uphill: torch.Tensor, strides: torch.Tensor
) -> torch.Tensor:
    """Where unit vectors (D, K) come to, ``strides`` (K,) radians along unit tangents (D, K)."""
    moved = strides.cos() * climbers + strides.sin() * uphill
    return moved / moved.norm(dim=0)


def look_uphill(
    z: torch.Tensor,
    climbers: torch.Tensor,
    height: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = sliced_epps_pulley,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Height (K,) of each climber (D, K), and the unit tangent along which it grows fastest.

    ``height(z, climbers)`` is what is climbed, for each climber by itself.
    """
    places = climbers.detach().requires_grad_()
    with torch.enable_grad():
        heights = height(z, places)
        (gradient,) = torch.autograd.grad(heights.sum(), places)  # (D, K)
    tangent = gradient - (gradient * climbers).sum(0) * climbers
    return heights.detach(), tangent / tangent.norm(dim=0).clamp(min=1e-30)


def _better_half(heights: torch.Tensor) -> torch.Tensor:
    """Indices of the higher half, of 16 at least."""
    count = min(len(heights), max(FEWEST_CLIMBERS, len(heights) // 2))
    return heights.topk(count).indices
