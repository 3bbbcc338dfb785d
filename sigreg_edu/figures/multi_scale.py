"""Figure of several scales: a shadow of each level, its T, and T / N by what tokens share."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped
from sigreg_edu.losses.multi_scale import LEVELS
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.multi_scale import MultiScaleView

TOP = 1.0
LOOKS = (
    {"color": style.DATA, "linestyle": "-", "marker": "o"},
    {"color": style.SLICE, "linestyle": style.SLICE_LINE, "marker": "s"},
    {"color": style.OTHER, "linestyle": style.TARGET_LINE, "marker": "D"},
)


class MultiScaleFigure(ExplorerFigure):
    """Three shadows above, T and the course of T / N below."""

    size = (9.6, 6.0)

    def build(self) -> None:
        grid = self.figure.add_gridspec(2, 6)
        self.panels, self.words = [], []
        for place, name in enumerate(LEVELS):
            axes = self.figure.add_subplot(grid[0, 2 * place : 2 * place + 2])
            panel = HistogramPanel(self, axes, title=f"{place + 1}  {name}", top=TOP)
            axes.set(xlabel="", xticks=[-4, -2, 0, 2, 4])
            axes.get_legend().remove()
            self.panels.append(panel)
            self.words.append(
                self.moving(
                    axes.text(0.02, 0.97, "", va="top", transform=axes.transAxes, fontsize=12.5)
                )
            )
        self._build_statistics(self.figure.add_subplot(grid[1, :2]))
        self._build_curves(self.figure.add_subplot(grid[1, 2:]))

    def _build_statistics(self, axes: Axes) -> None:
        axes.set(title="4  T of each level", yscale="log", xlim=(-0.6, 2.6), ylim=(0.3, 1500.0))
        axes.set_xticks(range(3), LEVELS)
        axes.yaxis.set_major_locator(FixedLocator([1, 10, 100, 1000]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.axhline(null_distribution().mean, color=style.TARGET, linestyle=style.TARGET_LINE)
        self.bars = []
        for place, look in enumerate(LOOKS):
            (bar,) = axes.bar([place], [1.0], width=0.6, color=look["color"], alpha=0.75)
            self.bars.append(self.moving(bar))

    def _build_curves(self, axes: Axes) -> None:
        axes.set(
            title="5  T / N by what tokens share",
            xlabel="share in common (curves: by the width alone)",
            xlim=(0.0, 1.0),
        )
        axes.set_yscale("symlog", linthresh=0.005, linscale=0.6)
        axes.set_ylim(-0.0012, 4.0)
        axes.yaxis.set_major_locator(FixedLocator([0, 0.005, 0.05, 0.5]))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: f"{y:g}"))
        axes.yaxis.set_minor_locator(NullLocator())
        self.curves, self.dots = [], []
        for name, look in zip(LEVELS, LOOKS, strict=True):
            line_look = {key: value for key, value in look.items() if key != "marker"}
            (line,) = axes.plot([], [], label=name, **line_look)
            (dot,) = axes.plot([], [], look["marker"], color=look["color"], markersize=9,
                               clip_on=False)  # fmt: skip
            self.curves.append(self.moving(line))
            self.dots.append(self.moving(dot))
        here = axes.axvline(0.0, color=style.GREY, linewidth=1.2)
        self.here = self.moving(here)
        axes.legend(loc="upper center", ncols=3, borderaxespad=0.1, columnspacing=1.2)

    def show(self, view: MultiScaleView) -> None:
        for panel, shadow in zip(self.panels, view.shadows, strict=True):
            panel.show(clipped(shadow, 0.8 * TOP))
        for words, count, std in zip(self.words, view.counts, view.deviations, strict=True):
            words.set_text(f"N = {count}, std {std:.2f}")
        for bar, value in zip(self.bars, view.statistics, strict=True):
            bar.set_height(np.clip(value, 0.3, 1500.0))
        for line, dot, curve, effect in zip(
            self.curves, self.dots, view.curves, view.effects, strict=True
        ):
            line.set_data(view.shares, curve)
            dot.set_data([view.share], [effect])
        self.here.set_xdata([view.share] * 2)
