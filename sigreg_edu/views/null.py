"""What the statistic does on Gaussian samples, and where the present sample stands."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.data.one_d import sample_1d_batch
from sigreg_edu.statistics import EppsPulleyTest, null_distribution, quadrature_rule
from sigreg_edu.views.knots import windings
from sigreg_edu.views.params import slider
from sigreg_edu.views.sample import Histogram, SampleParams, critical_value, histogram, p_in_words

REPEATS = 400  # Gaussian samples whose T are drawn beside the curve
LARGEST_SIMULATED = 100  # points in each of them: from about N = 8 on the law hardly changes
AXIS_ENDS = (0.5, 1.0, 2.0, 5.0)  # a few only, so that the axis seldom changes under a slider
SURVIVAL_SPAN = 2.4  # the axis of the p-value is so much longer than that of the density


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
        end: where the axis of ``grid`` ends; it depends on t_max only.
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
    end: float
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
    p, q95 = float(null.sf(statistic)), critical_value(t_max=params.t_max)
    grid, density, survival_grid, survival = _null_curves(params.t_max)
    edges = np.linspace(0.0, grid[-1], 31)
    size = min(params.num_samples, LARGEST_SIMULATED)  # so that the slider of N keeps up
    simulated = _simulated(size, params.t_max, params.seed)
    counts, _ = np.histogram(simulated, edges)
    return NullView(
        sample=histogram(x.numpy()),
        simulated_edges=edges,
        simulated=counts / (REPEATS * (edges[1] - edges[0])),
        grid=grid,
        density=density,
        survival_grid=survival_grid,
        survival=survival,
        end=float(grid[-1]),
        statistic=statistic,
        p_value=p,
        mean=null.mean,
        quantile_95=q95,
        readout=(
            f"T = {statistic:.3g} with N = {params.num_samples}: {p_in_words(p)}. Under N(0, 1) T "
            f"has mean {null.mean:.2f} and 95 % quantile {q95:.2f}, whatever N. Of {REPEATS} fresh "
            f"Gaussian samples of {size} points (more would change nothing), "
            f"{np.sum(simulated >= statistic)} reach this T."
        ),
    )


@lru_cache(maxsize=64)
def _null_curves(t_max: float) -> tuple[np.ndarray, ...]:
    """Return T and its density, shape (G,), then T and its p-value, shape (S,)."""
    null = null_distribution(t_max=t_max)
    end = next(e for e in AXIS_ENDS if e >= 1.6 * critical_value(t_max=t_max))
    grid = np.linspace(end / 300.0, end, 150)
    survival_grid = np.linspace(0.0, SURVIVAL_SPAN * end, 120)
    return grid, null.pdf(grid), survival_grid, null.sf(survival_grid)


@lru_cache(maxsize=64)
def _simulated(size: int, t_max: float, seed: int) -> np.ndarray:
    """Return T of REPEATS Gaussian samples of one size, shape (REPEATS,)."""
    x = sample_1d_batch("gaussian", size, num_repeats=REPEATS, seed=seed + 1).double().numpy()
    knots, weights = (a.numpy() for a in quadrature_rule(t_max=t_max))
    wound = windings(x.ravel(), knots[1], knots.size).reshape(-1, REPEATS, size)  # (T, R, N)
    gap = np.abs(wound.mean(axis=-1) - np.exp(-0.5 * knots[:, None] ** 2)) ** 2  # (T, R)
    return size * (weights @ gap)
