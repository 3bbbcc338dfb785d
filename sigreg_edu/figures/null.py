"""Figure of the null distribution: the sample, the law of T under N(0, 1), and the p-value."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, band, nice_ceiling
from sigreg_edu.views.null import NullView
from sigreg_edu.views.sample import p_in_words

LEAST_P = 1e-4


class NullFigure(ExplorerFigure):
    """Three panels: the sample, the density of T with the tail beyond it, and p against T."""

    def build(self) -> None:
        sample, density, survival = self.figure.subplots(1, 3)
        self.sample = HistogramPanel(self, sample, title="1  the sample")
        self._build_density(density)
        self._build_survival(survival)

    def _build_density(self, axes: Axes) -> None:
        self.density_axes = axes
        axes.set(title="2  T on Gaussian samples", xlabel="statistic T", yticks=[])
        axes.spines["left"].set_visible(False)
        self.simulated = self.moving(
            axes.stairs([0.0], [0.0, 1.0], fill=True, color=style.GREY, alpha=0.35,
                        label="simulated")
        )  # fmt: skip
        (curve,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE,
                             label="limit law")  # fmt: skip
        self.tail = self.moving(
            axes.fill([0], [0], facecolor=style.FAILURE, alpha=0.4, hatch=style.HATCH,
                      edgecolor=style.FAILURE, linewidth=0.0, label="p-value")[0]
        )  # fmt: skip
        (here,) = axes.plot([], [], color=style.DATA, linewidth=3.0, label="this sample")
        self.curve, self.here = self.moving(curve), self.moving(here)
        self.off_scale = self.moving(
            axes.text(0.98, 0.4, "", ha="right", transform=axes.transAxes, color=style.DATA,
                      fontweight="bold")
        )  # fmt: skip
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15)

    def _build_survival(self, axes: Axes) -> None:
        self.survival_axes = axes
        axes.set(title="3  p-value of every T", xlabel="statistic T", yscale="log")
        axes.set(ylim=(LEAST_P, 1.6), yticks=[1.0, 0.1, 0.01, 0.001, LEAST_P])
        axes.set_yticklabels(["1", "0.1", "0.01", "0.001", "0.0001"])
        axes.yaxis.set_minor_locator(NullLocator())
        axes.axhline(0.05, color=style.GREY, linewidth=1.0)
        axes.text(0.98, 0.057, "0.05", color=style.GREY, ha="right", va="bottom",
                  transform=axes.get_yaxis_transform())  # fmt: skip
        (curve,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE)
        (here,) = axes.plot([], [], "o", color=style.DATA, markersize=12, clip_on=False)
        self.survival, self.point = self.moving(curve), self.moving(here)
        self.words = self.moving(
            axes.text(0.98, 0.97, "", ha="right", va="top", transform=axes.transAxes, fontsize=15,
                      fontweight="bold")
        )  # fmt: skip

    def static_key(self, view: NullView) -> Hashable:
        return view.end, _ceiling(view)

    def show(self, view: NullView) -> None:
        self.sample.show(view.sample)
        top = _ceiling(view)
        self.density_axes.set(xlim=(0.0, view.end), ylim=(0.0, top))
        self.survival_axes.set_xlim(0.0, view.survival_grid[-1])
        self.simulated.set_data(view.simulated, view.simulated_edges)
        self.curve.set_data(view.grid, view.density)
        beyond = view.grid >= view.statistic
        x, y = view.grid[beyond], view.density[beyond]
        self.tail.set_xy(band(np.zeros_like(x), y, x) if x.size else [(0.0, 0.0)])
        shown = min(view.statistic, view.end)
        self.here.set_data([shown, shown], [0.0, 0.55 * top])
        off = view.statistic > view.end
        self.off_scale.set_text(f"T = {view.statistic:.3g}  → off scale" if off else "")
        self.survival.set_data(view.survival_grid, view.survival)
        self.point.set_data(
            [min(view.statistic, view.survival_grid[-1])], [max(view.p_value, LEAST_P)]
        )
        self.words.set_text(p_in_words(view.p_value))


def _ceiling(view: NullView) -> float:
    return nice_ceiling(max(view.density.max(), 0.8))
