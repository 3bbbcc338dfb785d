"""Pieces that several figures share: the histogram beside its target, bands, nice limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import StepPatch

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.sample import DENSITY_GRID, Histogram, standard_normal_density


class HistogramPanel:
    """A sample's histogram (moving) under the N(0, 1) density (fixed)."""

    def __init__(self, owner: ExplorerFigure, axes: Axes, *, title: str, top: float = 0.8) -> None:
        axes.set(title=title, xlabel="x", ylim=(0.0, top), yticks=[])
        axes.set_xlim(DENSITY_GRID[0], DENSITY_GRID[-1])
        axes.spines["left"].set_visible(False)
        axes.plot(
            DENSITY_GRID, standard_normal_density(DENSITY_GRID), zorder=5,
            color=style.TARGET, linestyle=style.TARGET_LINE, label="N(0, 1)",
        )  # fmt: skip
        self._steps: StepPatch = owner.moving(
            axes.stairs([0.0], [0.0, 1.0], fill=True, color=style.DATA, alpha=0.55, label="sample")
        )
        target = axes.lines[0]
        owner.moving(target)  # painted again, above the histogram
        axes.legend(loc="upper right", borderaxespad=0.1)

    def show(self, hist: Histogram) -> None:
        """Show another histogram."""
        self._steps.set_data(hist.heights, hist.edges)


def clipped(hist: Histogram, top: float) -> Histogram:
    """Return a histogram with taller bars cut off at ``top``, to leave room for words above."""
    return replace(hist, heights=np.minimum(hist.heights, top))


def nice_ceiling(
    value: float, *, floor: float = 1e-6, steps: tuple[float, ...] = (1.0, 2.0, 5.0)
) -> float:
    """Return the smallest of ``steps`` times a power of ten that is at least ``value``.

    An axis that ends there changes seldom while a slider moves; fewer steps, more seldom.

    >>> nice_ceiling(0.34), nice_ceiling(7.0), nice_ceiling(20.0)
    (0.5, 10.0, 20.0)
    """
    value = max(float(value), floor)
    power = 10.0 ** math.floor(math.log10(value))
    for step in (*steps, 10.0):
        if value <= step * power * (1.0 + 1e-12):
            return step * power
    raise AssertionError("unreachable: value / power is below 10")


def band(lower: np.ndarray, upper: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the outline of the area between two curves, shape (2 F, 2), for a polygon."""
    return np.concatenate([np.column_stack([x, upper]), np.column_stack([x[::-1], lower[::-1]])])
