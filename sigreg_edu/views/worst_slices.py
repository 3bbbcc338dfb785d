"""The worst direction of a cloud: what a search finds, and what held-back points say of it.

The searches were recorded (:mod:`sigreg_edu.training.frontier_searches`), one for each position of
the controls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sigreg_edu.training.frontier_searches import (
    EDGES,
    SEARCH_COUNTS,
    SEARCH_DIMS,
    SEARCHES,
    SEPARATIONS,
)
from sigreg_edu.training.frontier_tables import recorded
from sigreg_edu.views.params import Params, choice, power_slider
from sigreg_edu.views.sample import Histogram, critical_value, p_in_words

#: Separations as options, since they are not evenly spaced.
OPTIONS = {
    "0": "nothing: pure noise",
    **{f"{s:g}": f"two heaps at ±{s:g}" for s in SEPARATIONS[1:]},
}


FOUND = 0.5  # cosine with the planted direction from which on it counts as found


@dataclass(frozen=True)
class WorstSlicesParams(Params):
    """State of the explorer of the worst direction."""

    separation: str = choice("0.95", OPTIONS, label="planted")
    dim: int = power_slider(32, SEARCH_DIMS[0], SEARCH_DIMS[-1], label="dimension D")
    num_samples: int = power_slider(
        4096, SEARCH_COUNTS[0], SEARCH_COUNTS[-1], label="points N",
        help="Half of them are searched, the other half is tested.",
    )  # fmt: skip


@dataclass(frozen=True)
class WorstSlicesView:
    """What the figure of the worst direction shows.

    Attributes:
        shadows: histograms: held-back points along a random slice, searched points along what was
            found, held-back points along it.
        statistics: the mean over slices, and T of the other two, (3,).
        p_value: of the last.
        cosine: of the found direction with the planted one.
        planted: whether anything is planted.
        dims: dimensions (D,).
        mean, searched, tested: the three statistics by dimension, (D,).
        dim: the present one.
        limit: 5 % limit of a single shadow chosen beforehand.
        readout: all that in words.
    """

    shadows: tuple[Histogram, Histogram, Histogram]
    statistics: np.ndarray
    p_value: float
    cosine: float
    planted: bool
    dims: np.ndarray
    mean: np.ndarray
    searched: np.ndarray
    tested: np.ndarray
    dim: int
    limit: float
    readout: str


def worst_slices_view(params: WorstSlicesParams) -> WorstSlicesView:
    """Look up the recorded search.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
    """
    rows = recorded(SEARCHES)
    separation = float(params.separation)
    by_dim = [rows[dim, params.num_samples, separation] for dim in SEARCH_DIMS]
    row = rows[params.dim, params.num_samples, separation]
    statistics = np.array([float(row[name]) for name in ("mean", "searched", "tested")])
    curves = {
        name: np.array([float(one[name]) for one in by_dim])
        for name in ("mean", "searched", "tested")
    }
    return WorstSlicesView(
        shadows=tuple(
            _histogram(row[name]) for name in ("slice_shares", "searched_shares", "tested_shares")
        ),
        statistics=statistics,
        p_value=float(row["p_value"]),
        cosine=float(row["cosine"]),
        planted=separation > 0.0,
        dims=np.array(SEARCH_DIMS),
        **curves,
        dim=params.dim,
        limit=critical_value(),
        readout=_readout(params, statistics, float(row["p_value"]), float(row["cosine"])),
    )


def _histogram(shares: np.ndarray) -> Histogram:
    return Histogram(EDGES, shares / (EDGES[1] - EDGES[0]), 0)


def _readout(
    params: WorstSlicesParams, statistics: np.ndarray, p_value: float, cosine: float
) -> str:
    mean, searched, tested = statistics
    separation = float(params.separation)
    found = f" (cosine {cosine:.2f} with the planted one)" if separation else ""
    rejects = p_value < 0.05
    verdict = "rejects" if rejects else "does not reject"
    luck = ", but not along the planted one" if separation and rejects and cosine < FOUND else ""
    return (
        f"D = {params.dim}, N = {params.num_samples}: the mean of T over 1,024 random slices is "
        f"{mean:.2f} (of Gaussian samples: 1.05). The search ends at T = {searched:.1f} on its own "
        f"half{found}; on the half held back that direction has T = {tested:.1f}, "
        f"{p_in_words(p_value)}: the test {verdict} at 5 %{luck}."
    )
