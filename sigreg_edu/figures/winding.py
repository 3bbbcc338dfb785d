"""Figure of the winding explorer: sample and wave → points on the circle → the mean arrow's way."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel
from sigreg_edu.views.winding import MAX_FREQUENCY, WindingView


class WindingFigure(ExplorerFigure):
    """Three panels: the sample under cos(t x), the circle, and φ_N against t."""

    def build(self) -> None:
        sample, circle, trail = self.figure.subplots(1, 3, width_ratios=(1.0, 1.12, 1.0))
        self._build_sample(sample)
        self._build_circle(circle)
        self._build_trail(trail)

    def _build_sample(self, axes: Axes) -> None:
        self.sample = HistogramPanel(self, axes, title="1  sample and wave", top=0.8)
        (wave,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE, linewidth=1.8)
        self.wave = self.moving(wave)
        axes.text(-4.9, 0.745, "cos(t x)", color=style.SLICE, va="top")

    def _build_circle(self, axes: Axes) -> None:
        axes.set(title="2  wound round the circle", xlim=(-1.25, 1.25), ylim=(-1.25, 1.25))
        axes.set(aspect="equal", xticks=[-1, 0, 1], yticks=[-1, 0, 1])
        angle = np.linspace(0.0, 2.0 * np.pi, 181)
        axes.plot(np.cos(angle), np.sin(angle), color=style.FAINT, linewidth=1.5)
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0)
        axes.axvline(0.0, color=style.FAINT, linewidth=1.0)
        axes.text(-0.92, 0.03, "real", color=style.GREY, va="bottom")
        axes.text(0.04, 1.24, "imaginary", color=style.GREY, va="top")
        (points,) = axes.plot([], [], "o", color=style.DATA, markersize=5, alpha=0.15)
        (trail,) = axes.plot([], [], color=style.DATA, linewidth=1.2, label="its way")
        (gap,) = axes.plot([], [], color=style.FAILURE, linewidth=8.0, alpha=0.6, label="gap")
        (arrow,) = axes.plot([], [], "-o", color=style.DATA, linewidth=3.5, markersize=9,
                             markevery=[1], label="mean")  # fmt: skip
        (target,) = axes.plot([], [], "D", color=style.TARGET, markersize=9,
                              markeredgecolor="black", label="target")  # fmt: skip
        axes.legend(
            handles=[arrow, trail, gap, target], loc="upper center", bbox_to_anchor=(0.5, -0.09),
            ncols=4, handlelength=1.2, handletextpad=0.5, columnspacing=1.2, borderaxespad=0.0,
        )  # fmt: skip
        for artist in (points, trail, gap, arrow, target):
            self.moving(artist)
        self.points, self.way, self.gap, self.arrow, self.target = points, trail, gap, arrow, target

    def _build_trail(self, axes: Axes) -> None:
        axes.set(title="3  the mean against t", xlabel="frequency t")
        axes.set(xlim=(0.0, MAX_FREQUENCY), ylim=(-1.05, 1.75), yticks=[-1, 0, 1])
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        t = np.linspace(0.0, MAX_FREQUENCY, 121)
        axes.plot(t, np.exp(-0.5 * t**2), color=style.TARGET, linestyle=style.TARGET_LINE,
                  label="target exp(−t²/2)")  # fmt: skip
        (real,) = axes.plot([], [], color=style.DATA, label="φ$_N$, real part")
        (imaginary,) = axes.plot([], [], color=style.DATA_SOFT, linestyle=style.SOFT_LINE,
                                 label="φ$_N$, imaginary part")  # fmt: skip
        (here,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        self.real, self.imaginary = self.moving(real), self.moving(imaginary)
        self.here = self.moving(here)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15)

    def show(self, view: WindingView) -> None:
        self.sample.show(view.sample)
        self.wave.set_data(view.wave_x, 0.32 + 0.32 * view.wave)  # its height is not a density
        self.points.set_data(view.wound.real, view.wound.imag)
        past = view.trail_t <= view.t
        self.way.set_data(view.trail.real[past], view.trail.imag[past])
        self.arrow.set_data([0.0, view.mean.real], [0.0, view.mean.imag])
        self.target.set_data([view.target], [0.0])
        self.gap.set_data([view.mean.real, view.target], [view.mean.imag, 0.0])
        self.real.set_data(view.trail_t, view.trail.real)
        self.imaginary.set_data(view.trail_t, view.trail.imag)
        self.here.set_data([view.t, view.t], [-1.05, 1.0])
