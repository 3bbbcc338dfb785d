"""M slices against all directions: how far the loss and its gradient scatter around the exact ones.

The exact mean needs N² pairs, once. Slices are drawn in rows of 1,024, all independent, so a row
may be cut into means over fewer. A spread needs many draws, and T alone is cheap: 64 rows. A mean
cosine needs few: only the first rows have gradients. Rows are computed while the sliders rest.
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
COUNTS = tuple(2**k for k in range(4, 11))  # 16 to 1,024
BLOCK, ROW = COUNTS[0], COUNTS[-1]  # slices whose T is kept as one mean, and slices drawn at once
NUM_ROWS = 64
GRADIENT_ROWS = 8  # the first rows: their gradients are compared with the exact one, one a step
STEP_ROWS = 4  # rows in a later step of the refinement
FEWEST_DRAWS = 8  # of a spread: then it is known to within a quarter
MOST_DOTS = 256  # of the means shown one by one
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
        means: means over the present M, at most ``MOST_DOTS`` of them, (R,).
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
    """What is known of one cloud: rows of T, and cosines of gradients by M."""

    exact: float
    exact_gradient: torch.Tensor  # (N D,)
    rows: list[np.ndarray] = field(default_factory=list)  # means over blocks, (ROW / BLOCK,) each
    cosines: dict[int, list[float]] = field(default_factory=lambda: {m: [] for m in COUNTS})

    def add(self, statistics: torch.Tensor) -> None:
        """Add a row of T, (ROW,)."""
        self.rows.append(statistics.double().unflatten(0, (-1, BLOCK)).mean(1).numpy())

    def compare(self, forces: torch.Tensor, directions: torch.Tensor) -> None:
        """Compare gradients of means over M slices with the exact one.

        Args:
            forces: slopes of each slice's T in its shadow's points, (ROW, N).
            directions: the slices (D, ROW).
        """
        each = directions.T.unflatten(0, (-1, BLOCK))  # (ROW / BLOCK, BLOCK, D)
        blocks = (forces.unflatten(0, (-1, BLOCK)).mT @ each).flatten(1)  # (ROW / BLOCK, N D)
        along, products = blocks @ self.exact_gradient, blocks @ blocks.T
        for count, cosines in self.cosines.items():  # of sums: a cosine takes them as means
            parts = (-1, count // BLOCK)
            sums = along.unflatten(0, parts).sum(1)  # (R,)
            squares = products.unflatten(1, parts).sum(2).unflatten(0, parts).sum(1).diagonal()
            cosines += (sums / (squares.sqrt() * self.exact_gradient.norm())).tolist()

    def means(self, count: int) -> np.ndarray:
        """Means of T over ``count`` slices, (R,)."""
        return np.concatenate(self.rows).reshape(-1, count // BLOCK).mean(axis=1)


def all_directions_view(params: AllDirectionsParams) -> AllDirectionsView:
    """Show what is known of this cloud by now."""
    pool = _pool(params)
    if not pool.rows:
        _add_row(pool, params)
    means = [pool.means(count) for count in COUNTS]
    spread = np.array([_spread(some) for some in means])
    cosine = np.array([np.mean(some) for some in pool.cosines.values()])
    here = COUNTS.index(params.num_slices)
    pairs = NUM_SAMPLES * (NUM_SAMPLES - 1) // 2
    return AllDirectionsView(
        counts=np.array(COUNTS),
        spread=spread,
        cosine=cosine,
        law=spread[0] * np.sqrt(COUNTS[0] / np.array(COUNTS)),
        means=means[here][:MOST_DOTS],
        exact=pool.exact,
        num_slices=params.num_slices,
        here_spread=float(spread[here]),
        here_cosine=float(cosine[here]),
        pairs=pairs,
        angles=NUM_SAMPLES * params.num_slices,
        slices_for_pairs=pairs / NUM_SAMPLES,
        readout=_readout(params, pool, spread[here], cosine[here], pairs),
    )


def _spread(means: np.ndarray) -> float:
    return float(means.std(ddof=1)) if len(means) >= FEWEST_DRAWS else np.nan


def refine_all_directions(params: AllDirectionsParams) -> Iterator[AllDirectionsView]:
    """Draw more and more rows of slices."""
    pool = _pool(params)
    while len(pool.rows) < NUM_ROWS:
        together = 1 if len(pool.rows) < GRADIENT_ROWS else STEP_ROWS
        for _ in range(together):  # the later rows are a multiple of STEP_ROWS
            _add_row(pool, params)
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


def _add_row(pool: Pool, params: AllDirectionsParams) -> None:
    """Draw ``ROW`` slices."""
    number = len(pool.rows)
    z = _points(params.cloud, params.dim, params.seed)
    directions = uniform_directions(
        params.dim, ROW, seed=1_000_003 * (params.seed + 1) % 2**31 + number
    )
    if number >= GRADIENT_ROWS:
        pool.add(sliced_epps_pulley(z, directions, num_points=NUM_KNOTS, t_max=LAST_KNOT))
        return
    shadows = (z @ directions).T.unsqueeze(-1).requires_grad_()  # (ROW, N, 1): samples of their own
    along = torch.ones(1, 1)
    statistics = sliced_epps_pulley(shadows, along, num_points=NUM_KNOTS, t_max=LAST_KNOT)
    (forces,) = torch.autograd.grad(statistics.sum(), shadows)
    pool.add(statistics.detach().squeeze(-1))
    pool.compare(forces.squeeze(-1), directions)


def _readout(
    params: AllDirectionsParams, pool: Pool, spread: float, cosine: float, pairs: int
) -> str:
    M, D = params.num_slices, params.dim
    if np.isnan(spread):
        scatter = f"means over {M:,} slices are being computed"
    else:
        scatter = (
            f"means over {M:,} random slices scatter around it by {spread:.3f} "
            f"({len(pool.rows) * ROW // M:,} draws), and their gradient has the cosine "
            f"{cosine:.2f} with the exact one"
        )
    return (
        f"In {D} dimensions the mean of T over all directions is {pool.exact:.3f}; {scatter}. The "
        f"exact mean takes {pairs:,} pairs of {NUM_SAMPLES} points, {M:,} slices "
        f"{NUM_SAMPLES * M:,} projected points."
    )


_known: Kept[Pool] = Kept(12)  # up to 1 MB each
