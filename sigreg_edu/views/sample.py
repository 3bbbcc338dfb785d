"""The sample that the 1-D explorers share: its law, size and place, and its histogram."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch

from sigreg_edu.data.one_d import SHAPES, sample_1d
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.params import Params, choice, seed, slider

SHAPE_LABELS = {name: shape.label for name, shape in SHAPES.items()}
DENSITY_LIMIT = 5.0  # histograms of 1-D samples run from -5 to 5
QUANTILE_95 = 2.4477  # 95 % of N(0, I) in the plane lie within it: sqrt(-2 log 0.05)
DENSITY_GRID = np.linspace(-DENSITY_LIMIT, DENSITY_LIMIT, 201)


@dataclass(frozen=True)
class SampleParams(Params):
    """Which law a sample comes from, and how it is shifted and scaled."""

    shape: str = choice("gaussian", SHAPE_LABELS, label="shape", help="The law of the sample.")
    strength: float = slider(
        0.5, 0.0, 1.0, 0.02, label="strength", help="0 is Gaussian, 1 as far from it as we go."
    )
    shift: float = slider(0.0, -3.0, 3.0, 0.05, label="shift (mean)")
    scale: float = slider(1.0, 0.0, 3.0, 0.05, label="scale (std)")
    num_samples: int = slider(1000, 10, 5000, 10, label="sample size N")
    seed: int = seed()

    def idle(self) -> frozenset[str]:
        if self.scale == 0.0:
            return frozenset({"shape", "strength"})  # all points on one spot
        return frozenset({"strength"}) if self.shape == "gaussian" else frozenset()

    def sample(self) -> torch.Tensor:
        """Return the sample, shape (N,): the same noise for every position of the sliders."""
        return sample_1d(
            self.shape,
            self.num_samples,
            shift=self.shift,
            scale=self.scale,
            strength=self.strength if self.shape != "gaussian" else None,
            seed=self.seed,
        )


def standard_normal_density(x: np.ndarray) -> np.ndarray:
    """Return the N(0, 1) density at ``x``, same shape."""
    return np.exp(-0.5 * x**2) / np.sqrt(2.0 * np.pi)


@lru_cache(maxsize=64)
def critical_value(num_points: int = 17, t_max: float = 3.0) -> float:
    """Return the 95 % quantile of T under N(0, 1): some milliseconds, so it is kept."""
    return float(null_distribution(num_points=num_points, t_max=t_max).quantile(0.95))


@dataclass(frozen=True)
class Histogram:
    """A histogram as a density.

    Attributes:
        edges: bin edges, shape (B + 1,).
        heights: density in each bin, shape (B,); all points count, those outside too.
        outside: how many points lie beyond the edges.
    """

    edges: np.ndarray
    heights: np.ndarray
    outside: int


def histogram(x: np.ndarray, *, limit: float = DENSITY_LIMIT, bins: int = 50) -> Histogram:
    """Return the histogram of ``x`` on [-limit, limit], scaled so that its area is at most 1."""
    edges = np.linspace(-limit, limit, bins + 1)
    counts, _ = np.histogram(x, edges)
    width = edges[1] - edges[0]
    return Histogram(edges, counts / (x.size * width), int(x.size - counts.sum()))


def beyond(hist: Histogram) -> str:
    """Return a clause that says how many points the histogram cannot show, or nothing."""
    if not hist.outside:
        return ""
    points = "1 point lies" if hist.outside == 1 else f"{hist.outside} points lie"
    return f" {points} beyond ±{hist.edges[-1]:g} and cannot be seen in the histogram."


def p_in_words(p: float) -> str:
    """Return a p-value as a student should read it: never 0, at most two digits."""
    if p < 1e-4:
        return "p < 0.0001"
    return f"p = {p:.2f}" if p >= 0.1 else f"p = {p:.2g}"
