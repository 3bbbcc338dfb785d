"""Figure of the worst direction: three shadows, and T by dimension."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped
from sigreg_edu.views.sample import critical_value
from sigreg_edu.views.worst_slices import WorstSlicesView

TOP = 0.95
TITLES = ("1  a random slice", "2  searched half", "3  half held back")
LEAST, MOST = 0.1, 2000.0
BELOW_LEGEND = 0.87  # of the height of the axes


class WorstSlicesFigure(ExplorerFigure):
    """Three histograms above, the three statistics by dimension below."""

    size = (9.6, 6.0)

    def build(self) -> None:
        grid = self.figure.add_gridspec(2, 3, height_ratios=(1.0, 1.1))
        self.panels, self.words = [], []
        for place, title in enumerate(TITLES):
            axes = self.figure.add_subplot(grid[0, place])
            self.panels.append(HistogramPanel(self, axes, title=title, top=TOP))
            axes.set(xlabel="", xticks=[-4, -2, 0, 2, 4])
            axes.get_legend().remove()
            self.words.append(
                self.moving(
                    axes.text(0.02, 0.97, "", va="top", transform=axes.transAxes,
                              fontsize=12.5, fontweight="bold")
                )
            )  # fmt: skip
        self._build_curves(self.figure.add_subplot(grid[1, :]))

    def _build_curves(self, axes: Axes) -> None:
        axes.set(title="4  T by dimension", xlabel="dimension D", xscale="log", yscale="log")
        axes.set(xlim=(1.7, 300.0), ylim=(LEAST, MOST))
        axes.grid(color=style.FAINT, linewidth=0.8)
        for axis, ticks in (
            (axes.xaxis, [2, 4, 8, 16, 32, 64, 128, 256]),
            (axes.yaxis, [0.1, 1, 10, 100, 1000]),
        ):
            axis.set_major_locator(FixedLocator(ticks))
            axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axis.set_minor_locator(NullLocator())
        (searched,) = axes.plot(
            [], [], "s", linestyle=style.TARGET_LINE, color=style.FAILURE, label="searched half"
        )
        (tested,) = axes.plot([], [], "o-", color=style.DATA, label="half held back")
        (mean,) = axes.plot(
            [], [], "D", linestyle=style.SOFT_LINE, color=style.GREY, label="mean over slices"
        )
        self.searched, self.tested, self.mean = map(self.moving, (searched, tested, mean))
        axes.axhline(critical_value(), color=style.TARGET, linewidth=1.6, label="5 % limit")
        here = axes.axvline(2.0, ymax=BELOW_LEGEND, color=style.SLICE, linestyle=style.SLICE_LINE,
                            linewidth=1.6)  # fmt: skip
        self.here = self.moving(here)
        axes.legend(loc="upper right", ncols=4, borderaxespad=0.1, columnspacing=1.2)

    def show(self, view: WorstSlicesView) -> None:
        for panel, shadow in zip(self.panels, view.shadows, strict=True):
            panel.show(clipped(shadow, 0.82 * TOP))
        mean, searched, tested = view.statistics
        self.words[0].set_text(f"mean of T {mean:.2f}")
        self.words[1].set_text(f"T = {searched:.1f}")
        verdict = "p < 0.0001" if view.p_value < 1e-4 else f"p = {view.p_value:.2g}"
        self.words[2].set_text(f"T = {tested:.1f}, {verdict}")
        for line, values in (
            (self.searched, view.searched), (self.tested, view.tested), (self.mean, view.mean),
        ):  # fmt: skip
            line.set_data(view.dims, np.clip(values, LEAST, MOST))
        self.here.set_xdata([view.dim] * 2)
