"""Figure of Diaconis and Freedman's observation: a direction, its shadow, and T of many shadows."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel
from sigreg_edu.views.diaconis_freedman import BIN_EDGES, DiaconisFreedmanView

BIGGEST = 15.0  # marker size of the largest weight


class DiaconisFreedmanFigure(ExplorerFigure):
    """Three panels: pixel weights of the direction, its shadow, T of many such shadows."""

    def build(self) -> None:
        pattern, shadow, many = self.figure.subplots(1, 3, width_ratios=(1.0, 1.0, 1.3))
        self._build_pattern(pattern)
        self.shadow = HistogramPanel(self, shadow, title="2  its shadow")
        shadow.set_xticks([-4, 0, 4])
        self._build_many(many)

    def _build_pattern(self, axes: Axes) -> None:
        axes.set(title="1  weight of each pixel", aspect="equal", xticks=[], yticks=[])
        axes.set(xlim=(-0.7, 7.7), ylim=(8.9, -0.7))
        axes.spines[:].set_visible(False)
        y, x = np.mgrid[:8, :8]
        axes.plot(x.ravel(), y.ravel(), "s", color=style.FAINT, markersize=1.5)
        filled = {"s": 64 * [0.0], "linewidths": 1.6, "marker": "s", "edgecolors": style.SLICE}
        self.plus = self.moving(axes.scatter(x, y, facecolors=style.SLICE, **filled))
        self.minus = self.moving(axes.scatter(x, y, facecolors="white", **filled))
        axes.text(3.5, 8.8, "■ plus   □ minus", ha="center", va="bottom", color=style.SLICE)

    def _build_many(self, axes: Axes) -> None:
        axes.set(title="3  T of many shadows", xlabel="T (each shadow standardized)")
        axes.set(xscale="log", xlim=(BIN_EDGES[0], BIN_EDGES[-1]), ylim=(0.0, 0.36), yticks=[])
        axes.set_xticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1000"])
        axes.spines["left"].set_visible(False)
        self.singles = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, facecolor="none", hatch=style.HATCH,
                        edgecolor=style.GREY, label="single features")
        )  # fmt: skip
        self.mixtures = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, color=style.DATA, alpha=0.55,
                        label="mixtures of k")
        )  # fmt: skip
        self.null = self.moving(
            axes.stairs([0.0], [0.1, 1.0], color=style.TARGET, linestyle=style.TARGET_LINE,
                        linewidth=2.2, label="Gaussian samples")
        )  # fmt: skip
        (here,) = axes.plot([], [], "v", color=style.SLICE, markersize=12, label="this shadow")
        self.here = self.moving(here)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15)

    def show(self, view: DiaconisFreedmanView) -> None:
        weights = view.pattern.ravel()
        sizes = np.abs(weights) * BIGGEST**2  # a marker's area shows the weight
        self.plus.set_sizes(np.where(weights > 0.0, sizes, 0.0))
        self.minus.set_sizes(np.where(weights < 0.0, sizes, 0.0))
        self.shadow.show(view.shadow)
        self.singles.set_data(view.singles, view.edges)
        self.mixtures.set_data(view.mixtures, view.edges)
        self.null.set_data(view.null, view.edges)
        self.here.set_data([np.clip(view.statistic, BIN_EDGES[0], BIN_EDGES[-1])], [0.012])
