"""How many directions: the mean of T over M of them against its exact mean over all.

What is slow is T along some ten thousand directions of a cloud; means over any M of them are then
free. So they are computed row by row while the sliders rest, and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data import planted_cloud
from sigreg_edu.slicing import (
    orthogonal_directions,
    quasi_random_directions,
    uniform_directions,
)
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.many_shadows import (
    LAST_KNOT,
    NUM_KNOTS,
    mean_over_all_directions,
    null_mean_and_95,
    short,
    statistics_along,
)
from sigreg_edu.views.params import Params, choice, power_slider, seed

NUM_SAMPLES = 1000
MOST_SLICES, NUM_ROWS = 1024, 16  # a pool holds so many rows of so many directions
COARSE = 128  # directions of the first, quick look
DIMS = tuple(2**k for k in range(1, 10))
COUNTS = tuple(2**k for k in range(11))  # 1 to MOST_SLICES
BIN_EDGES = np.geomspace(0.02, 600.0, 46)
MOST_DOTS = 48  # of the repeated draws at one M

CLOUDS = {
    "gaussian": "Gaussian",
    "shifted": "1 coordinate shifted by 1",
    "collapsed": "1 coordinate collapsed",
    "bimodal": "1 coordinate two-humped",
    "half_collapsed": "half of them collapsed",
    "corners": "all coordinates ±1",
}
KINDS = {
    "uniform": "random, independent",
    "orthogonal": "random, orthogonal",
    "quasi_random": "evenly spread (Sobol)",
    "axes": "the coordinate axes",
}


@dataclass(frozen=True)
class DirectionCountParams(Params):
    """State of the direction-count explorer."""

    cloud: str = choice("collapsed", CLOUDS, label="cloud")
    dim: int = power_slider(8, DIMS[0], DIMS[-1], label="dimension D")
    num_slices: int = power_slider(16, 1, MOST_SLICES, label="slices M")
    kind: str = choice("uniform", KINDS, label="directions")
    seed: int = seed()


@dataclass(frozen=True)
class DirectionCountView:
    """What the direction-count figure shows.

    Attributes:
        edges, shares: histogram of T along single directions, on equal steps of log T; shares of
            all directions, shape (B + 1,) and (B,).
        null_shares: the same for samples of N(0, 1), shape (B,).
        counts, draws: for each repeated draw of M directions its M and its mean of T divided by
            ``exact``, shape (R,) each; at most ``MOST_DOTS`` per M.
        spread: standard deviation of T over single directions, divided by ``exact``; NaN for the
            axes, of which there are only D.
        exact: mean of T over all directions of this cloud.
        num_slices: the present M.
        here: the means at that M, divided by ``exact``, shape (R_M,).
        dims, dilution: dimensions and the exact mean of this kind of cloud there, shape (K,);
            NaN where it is still being computed.
        dim: the present D.
        readout: all that in words.
    """

    edges: np.ndarray
    shares: np.ndarray
    null_shares: np.ndarray
    counts: np.ndarray
    draws: np.ndarray
    spread: float
    exact: float
    num_slices: int
    here: np.ndarray
    dims: np.ndarray
    dilution: np.ndarray
    dim: int
    readout: str


def direction_count_view(params: DirectionCountParams) -> DirectionCountView:
    """Show what is known of this cloud by now, at the least a quick look at a few directions."""
    kept = _known_rows.get(_key(params))
    final = kept is not None and kept.known > 0
    known = _known_means.get((params.cloud, params.dim, params.seed))
    pool = kept.values[: kept.known] if final else _first_look(*_key(params))
    exact = float(pool.mean()) if known is None else known
    draws = {m: _draws(pool, m, params, final=final) / exact for m in COUNTS}
    few = {m: means[:MOST_DOTS] for m, means in draws.items()}
    shares = np.histogram(np.clip(pool, BIN_EDGES[0], BIN_EDGES[-1]), BIN_EDGES)[0] / pool.size
    return DirectionCountView(
        edges=BIN_EDGES,
        shares=shares,
        null_shares=_null_shares(),
        counts=np.concatenate([np.full(len(means), m) for m, means in few.items()]),
        draws=np.concatenate(list(few.values())),
        spread=np.nan if params.kind == "axes" else float(pool.std()) / exact,
        exact=exact,
        num_slices=params.num_slices,
        here=few[params.num_slices],
        dims=np.array(DIMS),
        dilution=_dilution(params.cloud, params.seed),
        dim=params.dim,
        readout=_readout(params, pool, exact, draws[params.num_slices] * exact),
    )


def refine_direction_count(params: DirectionCountParams) -> Iterator[DirectionCountView]:
    """Give the exact mean, then more and more directions, then the exact means elsewhere."""
    rows = _known_rows.get_or_make(_key(params), lambda: Rows(params))
    for dim in (params.dim, *DIMS):
        if _known_means.get((params.cloud, dim, params.seed)) is None:
            exact_mean(params.cloud, dim, params.seed)
            yield direction_count_view(params)
        while rows.known < NUM_ROWS:
            rows.add(_row(*_key(params), rows.known))
            yield direction_count_view(params)


class Rows:
    """T along one row of directions after another.

    One array has room for all of them from the start: rows that came one by one, between the large
    arrays that they are computed in, would keep the memory of those from going back.

    Attributes:
        values: shape (``NUM_ROWS``, ``MOST_SLICES``), or (``NUM_ROWS``, D) for the axes.
        known: how many of the rows are computed.
    """

    def __init__(self, params: DirectionCountParams) -> None:
        self.values = np.empty((NUM_ROWS, params.dim if params.kind == "axes" else MOST_SLICES))
        self.known = 0

    def add(self, row: np.ndarray) -> None:
        """Set the next row."""
        self.values[self.known] = row
        self.known += 1


def exact_mean(cloud: str, dim: int, seed: int) -> float:
    """Return the mean of T over all directions of one of ``CLOUDS``."""
    z = cloud_points(cloud, dim, seed)
    return _known_means.get_or_make((cloud, dim, seed), lambda: mean_over_all_directions(z))


@lru_cache(maxsize=2)
def cloud_points(cloud: str, dim: int, seed: int) -> torch.Tensor:
    """Return the points of one of ``CLOUDS``, shape (N, D), float32."""
    if cloud not in ("half_collapsed", "corners"):
        return planted_cloud(dim, NUM_SAMPLES, kind=cloud, seed=seed)
    z = planted_cloud(dim, NUM_SAMPLES, kind="gaussian", seed=seed)
    if cloud == "corners":
        return z.sign()
    z[:, dim // 2 :] = 0.0
    return z


def _key(params: DirectionCountParams) -> tuple[str, int, str, int]:
    return params.cloud, params.dim, params.kind, params.seed


def _first_look(cloud: str, dim: int, kind: str, seed: int) -> np.ndarray:
    """Return T along a few directions of the kind, or along uniform ones, shape (1, M)."""
    if kind == "axes":
        directions = torch.eye(dim)[:, :COARSE]
    else:
        directions = uniform_directions(dim, COARSE, seed=_direction_seed(seed, 0))
    return statistics_along(cloud_points(cloud, dim, seed), directions)[None]


def _row(cloud: str, dim: int, kind: str, seed: int, number: int) -> np.ndarray:
    """Return T along one row of directions, shape (``MOST_SLICES``,) or (D,) for the axes."""
    if kind == "axes":
        return _shuffled(_axes_statistics(cloud, dim, seed), number)
    draw = {
        "uniform": uniform_directions,
        "orthogonal": orthogonal_directions,
        "quasi_random": quasi_random_directions,
    }[kind]
    directions = draw(dim, MOST_SLICES, seed=_direction_seed(seed, number))
    return statistics_along(cloud_points(cloud, dim, seed), directions)


@lru_cache(maxsize=2)
def _axes_statistics(cloud: str, dim: int, seed: int) -> np.ndarray:
    return statistics_along(cloud_points(cloud, dim, seed), torch.eye(dim))


def _shuffled(values: np.ndarray, number: int) -> np.ndarray:
    return np.random.default_rng(number).permutation(values)


def _direction_seed(seed: int, number: int) -> int:
    """Return a seed of its own for each row, and another than the cloud's noise has."""
    return 1_000_003 * (seed + 1) % 2**31 + number


def _draws(
    pool: np.ndarray, num_slices: int, params: DirectionCountParams, *, final: bool
) -> np.ndarray:
    """Return the means of T over ``num_slices`` directions, one for each draw there is in the pool.

    Independent directions can be cut into draws anywhere. Of the others a draw must begin where a
    frame or a sequence begins. Of the first look, which is uniform, other kinds get no draws.
    """
    if params.kind in ("axes", "quasi_random") and final:
        return pool[:, :num_slices].mean(axis=1)
    if params.kind != "uniform" and not final:
        return np.empty(0)
    block = max(num_slices, params.dim) if params.kind == "orthogonal" else num_slices
    whole = pool.size // block * block
    return pool.ravel()[:whole].reshape(-1, block)[:, :num_slices].mean(axis=1)


def _dilution(cloud: str, seed: int) -> np.ndarray:
    means = (_known_means.get((cloud, dim, seed)) for dim in DIMS)
    return np.array([np.nan if mean is None else mean for mean in means])


@lru_cache(maxsize=1)
def _null_shares() -> np.ndarray:
    null = null_distribution(num_points=NUM_KNOTS, t_max=LAST_KNOT)
    return np.diff(null.cdf(BIN_EDGES))


def _readout(
    params: DirectionCountParams, pool: np.ndarray, exact: float, means: np.ndarray
) -> str:
    M, D = params.num_slices, params.dim
    taken = min(M, D) if params.kind == "axes" else M
    each = "axes" if params.kind == "axes" else "directions"
    who = "the axis" if taken == 1 else f"the {taken} axes"
    if params.kind == "axes" and taken == D:
        drawn = f"The mean over {who} is {short(float(pool.mean()))}, however often it is taken"
    elif len(means):
        drawn = f"The mean over {taken} of them scatters by {short(float(means.std()))}"
    else:
        drawn = f"Means over {taken} of them are being computed"
    return (
        f"In {D} dimensions the exact mean of T over all directions is {short(exact)} (Gaussian "
        f"clouds: {null_mean_and_95()[0]:.2f} on average). T along single {each} scatters by "
        f"σ = {short(float(pool.std()))}. {drawn}."
    )


_known_means: Kept[float] = Kept(512)
_known_rows: Kept[Rows] = Kept(32)  # 130 kB each
