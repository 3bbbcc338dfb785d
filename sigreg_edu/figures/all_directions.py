"""Figure of all directions: the scatter of slices around the exact mean, and of their gradient."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import nice_ceiling
from sigreg_edu.views.all_directions import COUNTS, AllDirectionsView

TICKS = (16, 64, 256, 1024)
MARK = {"color": style.SLICE, "linestyle": "", "marker": "o", "markersize": 10}


class AllDirectionsFigure(ExplorerFigure):
    """Three panels: means over M slices, their spread by M, the gradient's cosine by M."""

    size = (9.6, 4.3)

    def build(self) -> None:
        means, spread, cosine = self.figure.subplots(1, 3, width_ratios=(0.8, 1.0, 1.0))
        self._shown: Hashable = None
        self._build_means(means)
        self._build_spread(spread)
        self._build_cosine(cosine)

    def _build_means(self, axes: Axes) -> None:
        axes.set(title="1  mean T − exact", xlim=(-0.6, 0.6), xticks=[], xlabel="draws of M slices")
        self.means_axes = axes
        (dots,) = axes.plot([], [], "o", color=style.DATA, alpha=0.35, markersize=6)
        exact = axes.axhline(0.0, color=style.TARGET, linestyle=style.TARGET_LINE)
        self.dots = self.moving(dots)
        self.moving(exact)  # painted again, above the dots
        axes.text(0.5, 0.985, "dashes: all directions", transform=axes.transAxes, ha="center",
                  va="top", color=style.TARGET_INK, fontsize=11.5)  # fmt: skip

    def _build_spread(self, axes: Axes) -> None:
        axes.set(title="2  their spread", xlabel="slices M", xscale="log", yscale="log")
        axes.set(xlim=(12, 1400), ylim=(1e-3, 20.0))
        _ticks(axes)
        axes.yaxis.set_major_locator(FixedLocator([0.001, 0.01, 0.1, 1, 10]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        (law,) = axes.plot([], [], color=style.GREY, linestyle=style.SOFT_LINE, label="as 1/√M")
        (line,) = axes.plot([], [], "o-", color=style.DATA, label="measured")
        (here,) = axes.plot([], [], **MARK)
        self.law, self.spread, self.spread_here = map(self.moving, (law, line, here))
        axes.legend(loc="upper right", borderaxespad=0.1)

    def _build_cosine(self, axes: Axes) -> None:
        axes.set(title="3  gradient: cosine", xlabel="slices M", xscale="log")
        axes.set(xlim=(12, 1400), ylim=(0.0, 1.05), yticks=[0, 0.25, 0.5, 0.75, 1])
        _ticks(axes)
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE)
        (line,) = axes.plot([], [], "o-", color=style.DATA)
        (here,) = axes.plot([], [], **MARK)
        self.cosine, self.cosine_here = self.moving(line), self.moving(here)
        axes.text(0.98, 0.03, "with the exact one", transform=axes.transAxes, ha="right",
                  color=style.GREY, fontsize=11.5)  # fmt: skip

    def static_key(self, view: AllDirectionsView) -> Hashable:
        return self._limits(view)

    def _limits(self, view: AllDirectionsView) -> float:
        """The end of the axis of means, up and down; it changes seldom."""
        farthest = np.abs(view.means - view.exact).max() if view.means.size else 0.0
        return nice_ceiling(1.2 * farthest, floor=0.02)

    def show(self, view: AllDirectionsView) -> None:
        end = self._limits(view)
        if end != self._shown:
            self.means_axes.set_ylim(-end, 1.15 * end)
            self._shown = end
        places = np.linspace(-0.45, 0.45, max(len(view.means), 1))
        self.dots.set_data(places[: len(view.means)], view.means - view.exact)
        self.law.set_data(view.counts, view.law)
        self.spread.set_data(view.counts, view.spread)
        self.spread_here.set_data([view.num_slices], [view.here_spread])
        self.cosine.set_data(view.counts, view.cosine)
        self.cosine_here.set_data([view.num_slices], [view.here_cosine])


def _ticks(axes: Axes) -> None:
    axes.xaxis.set_major_locator(FixedLocator(TICKS))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xlim(COUNTS[0] / 1.35, COUNTS[-1] * 1.35)
