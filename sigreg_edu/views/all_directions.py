"""M slices against all directions: how far the loss and its gradient scatter around the exact ones.

The exact mean needs N² pairs, once. The slices are drawn in blocks of sixteen, each with its
gradient; a mean over M of them is a mean of M / 16 blocks. Blocks are computed while the sliders
rest. Of their gradients only running sums are kept, so a block costs the same however many there
are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import torch

from sigreg_edu.data import planted_cloud
from sigreg_edu.slicing import cramer_wold_statistic, sliced_epps_pulley, uniform_directions
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.params import Params, choice, power_slider, seed

NUM_SAMPLES = 128
BLOCK, NUM_BLOCKS = 16, 256  # slices in a block, and blocks: 4,096 slices in all
STEP_BLOCKS = 4  # blocks in a step of the refinement
COUNTS = tuple(2**k for k in range(4, 11))  # 16 to 1,024
DIMS = tuple(2**k for k in range(1, 9))
NUM_KNOTS, LAST_KNOT = 21, 6.0  # over all t, as the exact form is

CLOUDS = {
    "gaussian": "Gaussian",
    "shrunk": "all shrunk to 0.5",
    "collapsed": "1 coordinate collapsed",
    "bimodal": "1 coordinate two-humped",
}


@dataclass(frozen=True)
class AllDirectionsParams(Params):
    """State of the explorer of all directions."""

    cloud: str = choice("gaussian", CLOUDS, label="cloud")
    dim: int = power_slider(16, DIMS[0], DIMS[-1], label="dimension D")
    num_slices: int = power_slider(64, COUNTS[0], COUNTS[-1], label="slices M")
    seed: int = seed()


@dataclass(frozen=True)
class AllDirectionsView:
    """What the figure of all directions shows.

    Attributes:
        counts: numbers of slices (K,).
        spread: standard deviation of the mean over M slices, (K,); NaN while there are too few.
        cosine: mean cosine of the gradient of M slices with the exact one, (K,); NaN likewise.
        law: spread at M = 16, on to other M by 1/√M, (K,).
        means: means over the present M, sorted, (R,).
        exact: the mean over all directions.
        num_slices: the present M.
        here_spread, here_cosine: at that M.
        pairs: pairs of points that the exact mean goes over.
        angles: cosines that the present M slices take, with 17 knots each.
        slices_for_pairs: M at which both are the same.
        readout: all that in words.
    """

    counts: np.ndarray
    spread: np.ndarray
    cosine: np.ndarray
    law: np.ndarray
    means: np.ndarray
    exact: float
    num_slices: int
    here_spread: float
    here_cosine: float
    pairs: int
    angles: int
    slices_for_pairs: float
    readout: str


@dataclass
class Pool:
    """What is known of one cloud: values of blocks, and cosines of means of gradients by M."""

    exact: float
    exact_gradient: torch.Tensor  # (N D,)
    values: list[float] = field(default_factory=list)
    sums: dict[int, torch.Tensor] = field(default_factory=dict)  # by M, (N D,) each
    cosines: dict[int, list[float]] = field(default_factory=lambda: {m: [] for m in COUNTS})

    def add(self, value: float, gradient: torch.Tensor) -> None:
        """Add a block: its mean T, and the gradient of that, (N D,)."""
        self.values.append(value)
        for count, cosines in self.cosines.items():
            total = self.sums.get(count, 0.0) + gradient
            if len(self.values) % (count // BLOCK):
                self.sums[count] = total
            else:  # M slices are together; a cosine does not mind whether of their sum or mean
                cosines.append(torch.cosine_similarity(total, self.exact_gradient, dim=0).item())
                self.sums.pop(count, None)

    def means(self, count: int) -> np.ndarray:
        """Means of T over ``count`` slices, (R,)."""
        together = count // BLOCK
        groups = len(self.values) // together
        return np.array(self.values[: groups * together]).reshape(groups, together).mean(axis=1)


def all_directions_view(params: AllDirectionsParams) -> AllDirectionsView:
    """Show what is known of this cloud by now."""
    pool = _pool(params)
    if not pool.values:
        _add_blocks(pool, params, 2)
    means = [pool.means(count) for count in COUNTS]
    spread = np.array([some.std(ddof=1) if len(some) > 1 else np.nan for some in means])
    cosine = np.array([np.mean(some) if some else np.nan for some in pool.cosines.values()])
    here = COUNTS.index(params.num_slices)
    pairs = NUM_SAMPLES * (NUM_SAMPLES - 1) // 2
    return AllDirectionsView(
        counts=np.array(COUNTS),
        spread=spread,
        cosine=cosine,
        law=spread[0] * np.sqrt(COUNTS[0] / np.array(COUNTS)),
        means=np.sort(means[here]),
        exact=pool.exact,
        num_slices=params.num_slices,
        here_spread=float(spread[here]),
        here_cosine=float(cosine[here]),
        pairs=pairs,
        angles=NUM_SAMPLES * params.num_slices,
        slices_for_pairs=pairs / NUM_SAMPLES,
        readout=_readout(params, pool, spread[here], cosine[here], pairs),
    )


def refine_all_directions(params: AllDirectionsParams) -> Iterator[AllDirectionsView]:
    """Draw more and more blocks of slices."""
    pool = _pool(params)
    while len(pool.values) < NUM_BLOCKS:
        _add_blocks(pool, params, STEP_BLOCKS)
        yield all_directions_view(params)


def _pool(params: AllDirectionsParams) -> Pool:
    key = (params.cloud, params.dim, params.seed)
    return _known.get_or_make(key, lambda: _new_pool(*key))


def _new_pool(cloud: str, dim: int, seed: int) -> Pool:
    z = _points(cloud, dim, seed).requires_grad_()
    exact = cramer_wold_statistic(z)
    (gradient,) = torch.autograd.grad(exact, z)
    return Pool(exact.item(), gradient.flatten())


def _points(cloud: str, dim: int, seed: int) -> torch.Tensor:
    kind = "gaussian" if cloud == "shrunk" else cloud
    z = planted_cloud(dim, NUM_SAMPLES, kind=kind, seed=seed)
    return 0.5 * z if cloud == "shrunk" else z


def _add_blocks(pool: Pool, params: AllDirectionsParams, count: int) -> None:
    """Add blocks up to ``NUM_BLOCKS``."""
    for number in range(len(pool.values), min(len(pool.values) + count, NUM_BLOCKS)):
        z = _points(params.cloud, params.dim, params.seed).requires_grad_()
        directions = uniform_directions(
            params.dim, BLOCK, seed=1_000_003 * (params.seed + 1) % 2**31 + number
        )
        value = sliced_epps_pulley(z, directions, num_points=NUM_KNOTS, t_max=LAST_KNOT).mean()
        (gradient,) = torch.autograd.grad(value, z)
        pool.add(value.item(), gradient.flatten())


def _readout(
    params: AllDirectionsParams, pool: Pool, spread: float, cosine: float, pairs: int
) -> str:
    M, D = params.num_slices, params.dim
    if np.isnan(spread):
        scatter = f"means over {M} slices are being computed"
    else:
        scatter = (
            f"means over {M} random slices scatter around it by {spread:.3f}, and their gradient "
            f"has the cosine {cosine:.2f} with the exact one"
        )
    return (
        f"In {D} dimensions the mean of T over all directions is {pool.exact:.3f}; {scatter}. The "
        f"exact mean takes {pairs:,} pairs of {NUM_SAMPLES} points, {M} slices "
        f"{NUM_SAMPLES * M:,} projected points."
    )


_known: Kept[Pool] = Kept(12)  # up to 1 MB each
