"""Figure of the Epps–Pulley statistic: sample → characteristic function → the shaded gap."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, band, nice_ceiling
from sigreg_edu.views.epps_pulley import MAX_FREQUENCY, EppsPulleyView


class EppsPulleyFigure(ExplorerFigure):
    """Three panels: the sample, φ_N against exp(-t²/2), the weighted gap summed at the knots."""

    def build(self) -> None:
        sample, cf, gap = self.figure.subplots(1, 3)
        self.sample = HistogramPanel(self, sample, title="1  the sample")
        self._build_cf(cf)
        self._build_gap(gap)

    def _build_cf(self, axes: Axes) -> None:
        axes.set(title="2  characteristic function", xlabel="frequency t")
        axes.set(xlim=(0.0, MAX_FREQUENCY), ylim=(-1.05, 1.75), yticks=[-1, 0, 1])
        t = np.linspace(0.0, MAX_FREQUENCY, 121)
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        self.difference = self.moving(
            axes.fill([0], [0], facecolor=style.FAILURE, alpha=0.25, hatch=style.HATCH,
                      edgecolor=style.FAILURE, linewidth=0.0)[0]
        )  # fmt: skip
        (target,) = axes.plot(
            t, np.exp(-0.5 * t**2), color=style.TARGET, linestyle=style.TARGET_LINE,
            label="target exp(−t²/2)",
        )  # fmt: skip
        self.moving(target)
        (real,) = axes.plot([], [], color=style.DATA, label="sample, real part")
        (imaginary,) = axes.plot(
            [], [], color=style.DATA_SOFT, linestyle=style.SOFT_LINE, label="sample, imaginary part"
        )
        self.real, self.imaginary = self.moving(real), self.moving(imaginary)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15)

    def _build_gap(self, axes: Axes) -> None:
        axes.set(title="3  weighted gap", xlabel="frequency t")
        axes.set_xlim(0.0, MAX_FREQUENCY)
        axes.text(0.98, 0.84, "N |φ$_N$ − φ|² e$^{−t²/2}$", ha="right", va="top",
                  transform=axes.transAxes, color=style.FAILURE)  # fmt: skip
        self.gap_axes = axes
        self.area = self.moving(
            axes.fill([0], [0], facecolor=style.FAILURE, alpha=0.25, hatch=style.HATCH,
                      edgecolor=style.FAILURE, linewidth=0.0)[0]
        )  # fmt: skip
        (curve,) = axes.plot([], [], color=style.FAILURE)
        (knots,) = axes.plot([], [], "o", color=style.INK, markersize=4.5)
        (end,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        self.curve, self.knots = self.moving(curve), self.moving(knots)
        self.end = self.moving(end)
        self.value = self.moving(
            axes.text(0.98, 0.97, "", ha="right", va="top", transform=axes.transAxes, fontsize=15,
                      fontweight="bold")
        )  # fmt: skip

    def static_key(self, view: EppsPulleyView) -> Hashable:
        return _gap_ceiling(view)

    def show(self, view: EppsPulleyView) -> None:
        self.sample.show(view.sample)
        self.real.set_data(view.t, view.ecf.real)
        self.imaginary.set_data(view.t, view.ecf.imag)
        self.difference.set_xy(band(view.target, view.ecf.real, view.t))
        # The trapezoids that the quadrature sums, so that 2 × area is T whatever the knots miss.
        self.area.set_xy(band(np.zeros_like(view.knots), view.at_knots, view.knots))
        self.curve.set_data(view.t, view.integrand)
        self.knots.set_data(view.knots, view.at_knots)
        top = _gap_ceiling(view)
        self.gap_axes.set_ylim(0.0, top)
        self.end.set_data([view.t_max, view.t_max], [0.0, 0.72 * top])
        self.value.set_text(f"2 × area = T = {view.statistic:.3g}")


def _gap_ceiling(view: EppsPulleyView) -> float:
    return nice_ceiling(1.45 * view.integrand.max(), floor=1.0, steps=(1.0, 4.0))
