"""Pieces that several figures share: the histogram beside its target, bands, nice limits."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.lines import Line2D
from matplotlib.patches import StepPatch
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.sample import DENSITY_GRID, QUANTILE_95, Histogram, standard_normal_density


def draw_target_circle(axes: Axes) -> Line2D:
    """Draw the circle that holds 95 % of N(0, I), as the target is drawn everywhere."""
    turns = np.linspace(0.0, 2.0 * np.pi, 181)
    x, y = QUANTILE_95 * np.cos(turns), QUANTILE_95 * np.sin(turns)
    look = {"color": style.TARGET, "linestyle": style.TARGET_LINE, "linewidth": 1.6}
    return axes.plot(x, y, **look)[0]


def note_target_circle(axes: Axes, field: float) -> None:
    """Say in the upper left corner of a square panel from -field to field what the circle is."""
    axes.text(-field + 0.08, field - 0.05, "dashes: 95 % of\nN(0, I) inside", va="top",
              color=style.TARGET_INK, fontsize=11.5)  # fmt: skip


class DigitDots:
    """Dots in a colour for each of the ten digits (moving)."""

    def __init__(self, owner: ExplorerFigure, axes: Axes, *, size: float) -> None:
        self.lines = [
            owner.moving(axes.plot([], [], "o", color=colour, markersize=size,
                                   markeredgewidth=0.0, alpha=0.75)[0])
            for colour in style.CLASS_COLOURS
        ]  # fmt: skip

    def show(self, points: np.ndarray, labels: np.ndarray | None) -> None:
        """Show points (N, 2) by their digits (N,); nothing where there are no digits."""
        for digit, line in enumerate(self.lines):
            line.set_visible(labels is not None)
            if labels is not None:
                line.set_data(*points[labels == digit].T)


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


def decade_label(value: float) -> str:
    """Return a power of ten as a short label of an axis.

    >>> decade_label(0.01), decade_label(1e-6), decade_label(1000)
    ('0.01', '10⁻⁶', '1000')
    """
    if value > 5e-4:
        return f"{value:g}"
    return "10⁻" + "⁰¹²³⁴⁵⁶⁷⁸⁹"[round(-math.log10(value))]


def worst_shadow_panel(
    figure: ExplorerFigure, axes: Axes, *, title: str
) -> tuple[HistogramPanel, Text]:
    """Build the panel of a worst shadow; its histogram, and the words for its T above."""
    panel = HistogramPanel(figure, axes, title=title, top=0.9)
    axes.set(xlabel="", xticks=[-4, -2, 0, 2, 4])
    axes.get_legend().remove()
    words = figure.moving(
        axes.text(0.02, 0.97, "", va="top", transform=axes.transAxes, fontsize=13.5,
                  fontweight="bold")
    )  # fmt: skip
    return panel, words


def tick_at(axis: Axis, values: tuple[int, ...]) -> None:
    """Mark these values of a logarithmic axis with plain numbers, and no others."""
    axis.set_major_locator(FixedLocator(values))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
