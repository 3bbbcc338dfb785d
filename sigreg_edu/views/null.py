"""What the statistic does on Gaussian samples, and where the present sample stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.one_d import sample_1d_batch
from sigreg_edu.statistics import EppsPulleyTest, null_distribution
from sigreg_edu.views.params import slider
from sigreg_edu.views.sample import Histogram, SampleParams, histogram, p_in_words

DENSITY_END = 6.0
REPEATS = 400  # Gaussian samples whose T are drawn beside the curve
SURVIVAL_GRID = np.geomspace(0.05, 60.0, 120)


@dataclass(frozen=True)
class NullParams(SampleParams):
    """State of the null-distribution explorer."""

    t_max: float = slider(3.0, 0.5, 6.0, 0.1, label="range of t (t_max)")


@dataclass(frozen=True)
class NullView:
    """What the null-distribution figure shows.

    Attributes:
        sample: histogram of the present sample.
        simulated_edges, simulated: histogram of T over fresh Gaussian samples of the same size.
        grid, density: T and its limiting density under N(0, 1), shape (G,).
        survival_grid, survival: T and P(T' ≥ T) under N(0, 1), shape (S,).
        statistic, p_value: of the present sample.
        mean, quantile_95: of T under N(0, 1).
        readout: all that in words.
    """

    sample: Histogram
    simulated_edges: np.ndarray
    simulated: np.ndarray
    grid: np.ndarray
    density: np.ndarray
    survival_grid: np.ndarray
    survival: np.ndarray
    statistic: float
    p_value: float
    mean: float
    quantile_95: float
    readout: str


def null_view(params: NullParams) -> NullView:
    """Compute the null distribution of T and the present sample's place in it."""
    x = params.sample()
    statistic = float(EppsPulleyTest(t_max=params.t_max)(x))
    null = null_distribution(t_max=params.t_max)
    p = float(null.sf(statistic))
    grid, density, survival = _null_curves(params.t_max)
    edges = np.linspace(0.0, DENSITY_END, 31)
    simulated = _simulated(_simulated_size(params), params.t_max, params.seed)
    counts, _ = np.histogram(simulated, edges)
    q95 = float(null.quantile(0.95))
    return NullView(
        sample=histogram(x.numpy()),
        simulated_edges=edges,
        simulated=counts / (REPEATS * (edges[1] - edges[0])),
        grid=grid,
        density=density,
        survival_grid=SURVIVAL_GRID,
        survival=survival,
        statistic=statistic,
        p_value=p,
        mean=null.mean,
        quantile_95=q95,
        readout=(
            f"T = {statistic:.3g}. Under N(0, 1) T has mean {null.mean:.2f} and 95 % quantile "
            f"{q95:.2f}, at any N: {p_in_words(p)}. Of {REPEATS} fresh Gaussian samples of size "
            f"{_simulated_size(params)}, {int((simulated >= statistic).sum())} have a larger T."
        ),
    )


@lru_cache(maxsize=64)
def _null_curves(t_max: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    null = null_distribution(t_max=t_max)
    grid = np.linspace(0.02, DENSITY_END, 150)
    return grid, null.pdf(grid), null.sf(SURVIVAL_GRID)


def _simulated_size(params: NullParams) -> int:
    """Size of the simulated samples: the present N, but at most 250 so that a slider keeps up.

    From about N = 8 on the law of T hardly changes.
    """
    return min(params.num_samples, 250)


@lru_cache(maxsize=64)
def _simulated(size: int, t_max: float, seed: int) -> np.ndarray:
    """Return T of REPEATS Gaussian samples of one size, shape (REPEATS,)."""
    x = sample_1d_batch("gaussian", size, num_repeats=REPEATS, seed=seed + 1)
    with torch.no_grad():
        return EppsPulleyTest(t_max=t_max)(x).numpy()
