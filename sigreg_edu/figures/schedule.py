"""Figure of the hand-over from VICReg to SIGReg: weights, then four curves of the recorded runs."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.collapse_file import STEPS
from sigreg_edu.views.schedule import END, PURE, START, ScheduleView

LOOKS = {
    "vicreg": {"color": style.OTHER, "linestyle": style.SOFT_LINE, "linewidth": 1.8},
    "sigreg": {"color": style.DATA_SOFT, "linestyle": style.SLICE_LINE, "linewidth": 1.8},
    "hybrid": {"color": style.DATA},
}
NAMES = {"hybrid": "hybrid", "vicreg": "VICReg alone", "sigreg": "SIGReg alone"}
STEP_TICKS = [0, START, END, STEPS]


class ScheduleFigure(ExplorerFigure):
    """Weights on the left; T and the narrowest axis; effective rank and kNN."""

    size = (9.6, 4.4)

    def build(self) -> None:
        weights, middle, right = self.figure.add_gridspec(1, 3, width_ratios=(1.0, 1.05, 1.05))
        self._build_weights(self.figure.add_subplot(weights))
        cells = [cell for column in (middle, right) for cell in column.subgridspec(2, 1)]
        axes = [self.figure.add_subplot(cell) for cell in cells]
        self.curve_axes = dict(
            zip(("sigreg", "narrowest", "effective_rank", "knn"), axes, strict=True)
        )
        self._build_curves()

    def _build_weights(self, axes: Axes) -> None:
        axes.set(title="1  weights", xlabel="step", ylim=(-0.05, 1.42), yticks=[0, 0.5, 1])
        axes.set(xlim=(0, STEPS), xticks=STEP_TICKS)
        self.weights, self.now = [], []
        looks = (
            ("VICReg's terms", {**LOOKS["vicreg"], "linewidth": 2.6}),
            ("SIGReg", {**LOOKS["sigreg"], "linewidth": 2.6}),
        )
        for label, look in looks:
            (line,) = axes.plot([], [], label=label, **look)
            (now,) = axes.plot([], [], "o", color=look["color"], markersize=10, clip_on=False,
                               markeredgecolor=style.INK, zorder=5)  # fmt: skip
            self.weights.append(self.moving(line))
            self.now.append(self.moving(now))
        self.here = [self.moving(_present(axes, top=1.08 / 1.47))]
        axes.legend(loc="upper left", borderaxespad=0.1, labelspacing=0.15)

    def _build_curves(self) -> None:
        titles = {
            "sigreg": "2  T (SIGReg)",
            "narrowest": "3  std of narrowest axis",
            "effective_rank": "4  effective rank",
            "knn": "5  kNN accuracy, %",
        }
        self.curves, self.marks = {}, {}
        for name, axes in self.curve_axes.items():
            axes.set(title=titles[name], xlim=(0, STEPS), xticks=STEP_TICKS)
            bottom = name in ("narrowest", "knn")
            axes.set_xlabel("step" if bottom else "")
            axes.tick_params(labelbottom=bottom)
            axes.axvspan(START, END, color="#F2F2F2", zorder=0)
            above_legend = 0.42 if name == "knn" else 0.0
            self.here.append(self.moving(_present(axes, bottom=above_legend)))
            lines = {run: axes.plot([], [], label=NAMES[run], **LOOKS[run])[0]
                     for run in (*PURE, "hybrid")}  # fmt: skip
            self.curves[name] = {run: self.moving(line) for run, line in lines.items()}
            (mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=9, clip_on=False)
            self.marks[name] = self.moving(mark)
        self._set_limits()

    def _set_limits(self) -> None:
        T, narrowest = self.curve_axes["sigreg"], self.curve_axes["narrowest"]
        T.set(yscale="log", ylim=(0.8, 200.0))
        T.set_yticks([1, 10, 100], ["1", "10", "100"])
        narrowest.set(yscale="log", ylim=(0.03, 1.6))
        narrowest.set_yticks([0.05, 0.2, 1.0], ["0.05", "0.2", "1"])
        for axes, height in ((T, null_distribution().mean), (narrowest, 1.0)):
            axes.minorticks_off()
            axes.axhline(height, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.curve_axes["effective_rank"].set(ylim=(8.0, 16.4), yticks=[8, 12, 16])
        self.curve_axes["knn"].set(ylim=(74.0, 101.0), yticks=[75, 85, 95])
        self.curve_axes["knn"].legend(
            handles=[self.curves["knn"][run] for run in NAMES], loc="lower right",
            borderaxespad=0.1, labelspacing=0.1, handlelength=2.0,
        )  # fmt: skip

    def show(self, view: ScheduleView) -> None:
        for line, now, weights, weight in zip(
            self.weights, self.now, view.weights, view.weights_now, strict=True
        ):
            line.set_data(view.grid, weights)
            now.set_data([view.step], [weight])
        for line in self.here:
            line.set_xdata([view.step] * 2)
        for name, lines in self.curves.items():
            factor = 100.0 if name == "knn" else 1.0
            for run, line in lines.items():
                line.set_data(view.steps, factor * view.curves[run][name])
            at = np.array([view.now])
            self.marks[name].set_data(view.steps[at], factor * view.curves["hybrid"][name][at])


def _present(axes: Axes, *, bottom: float = 0.0, top: float = 1.0) -> Line2D:
    """Return the upright line of the present step, between shares of the axes' height."""
    return axes.axvline(0.0, bottom, top, color=style.SLICE, linewidth=1.2)
