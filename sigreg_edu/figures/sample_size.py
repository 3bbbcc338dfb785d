"""Figure of sample sizes: N for power 0.8 by dimension, and power by N at one of them."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import tick_at
from sigreg_edu.training.frontier_samples import LEVEL, POWER, SAMPLE_DIMS, TESTS
from sigreg_edu.views.sample_size import SampleSizeView, power_text

LOOKS = {
    "slices": {"color": style.DATA, "linestyle": "-", "marker": "o"},
    "all_directions": {"color": style.OTHER, "linestyle": style.TARGET_LINE, "marker": "s"},
    "worst": {"color": style.FAILURE, "linestyle": style.SLICE_LINE, "marker": "D"},
}
BOLD, PLAIN = 3.4, 1.8
ABOVE_NOTE, BELOW_LABELS = 0.085, 0.74  # of the height of the axes
N_ENDS = (5.0, 20_000.0)
N_TICKS = (8, 32, 128, 512, 2048, 8192)


class SampleSizeFigure(ExplorerFigure):
    """Two panels."""

    size = (9.6, 4.7)

    def build(self) -> None:
        left, right = self.figure.subplots(1, 2)
        self._build_needed(left)
        self._build_power(right)

    def _build_needed(self, axes: Axes) -> None:
        axes.set(title="1  points for power 0.8", xlabel="dimension D", xscale="log", yscale="log")
        axes.set(xlim=(1.7, 76.0), ylim=(N_ENDS[0], 100_000.0))
        axes.grid(color=style.FAINT, linewidth=0.8)
        tick_at(axes.xaxis, SAMPLE_DIMS)
        tick_at(axes.yaxis, N_TICKS)
        self.fits, self.points, self.beyond = {}, {}, {}
        for name, look in LOOKS.items():
            (fit,) = axes.plot([], [], color=look["color"], linestyle=look["linestyle"])
            (points,) = axes.plot([], [], look["marker"], color=look["color"], markersize=9)
            (beyond,) = axes.plot(
                [], [], "^", markerfacecolor="white", markeredgecolor=look["color"], markersize=10
            )
            for kept, artist in (
                (self.fits, fit), (self.points, points), (self.beyond, beyond),
            ):  # fmt: skip
                kept[name] = self.moving(artist)
        here = axes.axvline(
            2.0, ABOVE_NOTE, BELOW_LABELS, color=style.SLICE, linestyle=style.SLICE_LINE,
            linewidth=1.6,
        )  # fmt: skip
        self.here = self.moving(here)
        self.labels = []
        for place, (name, look) in enumerate(LOOKS.items()):
            y = 0.975 - 0.075 * place
            axes.plot([0.03, 0.1], [y - 0.025] * 2, transform=axes.transAxes, linewidth=2.2,
                      color=look["color"], linestyle=look["linestyle"])  # fmt: skip
            text = axes.text(0.12, y, TESTS[name][0], transform=axes.transAxes, va="top")
            self.labels.append((name, self.moving(text)))
        axes.text(0.985, 0.02, "△ not yet with so many", transform=axes.transAxes, ha="right",
                  color=style.GREY, fontsize=11.5)  # fmt: skip

    def _build_power(self, axes: Axes) -> None:
        axes.set(xlabel="points N", xscale="log", xlim=N_ENDS, ylim=(0.0, 1.05))
        self.title = self.moving(
            axes.text(0.0, 1.03, "", transform=axes.transAxes, fontsize=13.5, fontweight="bold")
        )
        tick_at(axes.xaxis, N_TICKS)
        axes.set_yticks([LEVEL, 0.5, POWER, 1.0], ["5 %", "50 %", "80 %", "100 %"])
        for level in (LEVEL, POWER):
            axes.axhline(level, color=style.GREY, linewidth=1.2, linestyle=style.SOFT_LINE)
        self.power = {}
        for name, look in LOOKS.items():
            (line,) = axes.plot([], [], markersize=7, **look)
            self.power[name] = self.moving(line)

    def show(self, view: SampleSizeView) -> None:
        self.here.set_xdata([view.dim] * 2)
        self.title.set_text(f"2  samples rejected at D = {view.dim}")
        for name, text in self.labels:
            alpha = view.exponents[name]
            grows = f": N ~ D^{power_text(alpha)}" if np.isfinite(alpha) else ""
            text.set_text(f"{TESTS[name][0]}{grows}")
            text.set_fontweight("bold" if name == view.test else "normal")
        for name in LOOKS:
            needed = view.needed[name]
            width = BOLD if name == view.test else PLAIN
            missing = view.dims[np.isnan(needed)]
            self.fits[name].set_data(view.dims, view.fits[name])
            self.points[name].set_data(view.dims, needed)
            self.beyond[name].set_data(missing, np.full(len(missing), view.most[name]))
            tried = np.isfinite(view.power[name])
            self.power[name].set_data(view.counts[tried], view.power[name][tried])
            self.fits[name].set_linewidth(width)
            self.power[name].set_linewidth(width)
