"""Figure of what each loss leaves: cloud of digits, std along the principal axes, curves."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.embedding import CloudPanel, along_steps
from sigreg_edu.training.collapse_file import SEEDS, STEPS
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.views.conditions import ConditionsView

STEP_TICKS = (0, 1, 10, 100, STEPS)
SPECTRUM_LOOKS = {
    "projection": {"color": style.DATA, "linestyle": "-", "marker": "o", "markersize": 4.0},
    "embedding": {"color": style.DATA_SOFT, "linestyle": style.SOFT_LINE},
}
TITLES = {
    "smallest_std": "narrowest coordinate",
    "effective_rank": "effective rank",
    "knn": "kNN accuracy, %",
}
OTHERS_LOOK = {"color": "#BBBBBB", "linewidth": 1.2}


class ConditionsFigure(ExplorerFigure):
    """Three panels: where the digits lie, how wide each axis is, three curves with the moment."""

    size = (9.6, 4.5)

    def build(self) -> None:
        cloud, spectrum, curves = self.figure.add_gridspec(1, 3, width_ratios=(1.58, 1.05, 1.2))
        axes = self.figure.add_subplot(cloud)
        self.cloud = CloudPanel(self, axes, title="1  two of the 16 coordinates")
        self._build_spectrum(self.figure.add_subplot(spectrum))
        rows = curves.subgridspec(3, 1)
        self._build_curves([self.figure.add_subplot(row) for row in rows])

    def _build_spectrum(self, axes: Axes) -> None:
        axes.set(title="2  std of each axis", xlabel="principal axis, by rank", yscale="log")
        axes.set(xlim=(0.0, 33.0), ylim=(0.006, 150.0))
        axes.set_xticks([1, 8, 16, 24, 32])
        axes.set_yticks([0.01, 0.1, 1, 10], ["0.01", "0.1", "1", "10"])
        axes.minorticks_off()
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.spectra = {}
        for space, look in SPECTRUM_LOOKS.items():
            (line,) = axes.plot([], [], label=space, **look)
            self.spectra[space] = self.moving(line)
        axes.legend(loc="upper right", borderaxespad=0.1, labelspacing=0.15)

    def _build_curves(self, rows: list[Axes]) -> None:
        self.curve_axes = dict(zip(TITLES, rows, strict=True))
        std, rank, knn = rows
        std.set(yscale="log", ylim=(0.008, 8.0))
        std.set_yticks([0.01, 0.1, 1.0], ["0.01", "0.1", "1"])
        std.minorticks_off()
        std.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.heading = std.text(0.0, 1.38, "", transform=std.transAxes, fontsize=13.5,
                                fontweight="bold", va="baseline")  # fmt: skip
        rank.text(0.02, 0.04, "grey: the other losses", transform=rank.transAxes, color=style.GREY)
        knn.set(ylim=(70.0, 101.0), yticks=[70, 85, 100], xlabel="step")
        self.others, self.lines, self.marks = {}, {}, {}
        for name, axes in self.curve_axes.items():
            axes.set_title(TITLES[name], fontweight="normal", fontsize=12.5, pad=4)
            axes.set_xticks(along_steps(np.array(STEP_TICKS)), [str(step) for step in STEP_TICKS])
            axes.tick_params(labelbottom=axes is knn)
            axes.set_xlim(-0.1, along_steps(np.array([STEPS]))[0] + 0.1)
            self.others[name] = [axes.plot([], [], **OTHERS_LOOK)[0] for _ in CONDITIONS]
            drawn = [axes.plot([], [], color=style.DATA, linewidth=1.2)[0] for _ in SEEDS[1:]]
            drawn += axes.plot([], [], color=style.DATA)  # the seed of the cloud, above
            self.lines[name] = [self.moving(line) for line in drawn]
            (mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=9, clip_on=False)
            self.marks[name] = self.moving(mark)

    def static_key(self, view: ConditionsView) -> Hashable:
        return view.space

    def show(self, view: ConditionsView) -> None:
        self.cloud.show(view)
        for space, line in self.spectra.items():
            line.set_data(np.arange(1, len(view.spectra[space]) + 1), view.spectra[space])
            line.set_linewidth(3.0 if space == view.space else 1.8)
        self._show_static(view)
        x = along_steps(view.steps)
        for name, lines in self.lines.items():
            curves = _shown(name, view.curves[view.condition][name])
            for line, curve in zip(lines, curves[::-1], strict=True):
                line.set_data(x, curve)
            self.marks[name].set_data(x[[view.now]], curves[0][[view.now]])

    def _show_static(self, view: ConditionsView) -> None:
        """Set what depends on the space alone: the other losses, limits and titles."""
        x = along_steps(view.steps)
        for name, lines in self.others.items():
            for line, condition in zip(lines, CONDITIONS, strict=True):
                line.set_data(x, _shown(name, view.curves[condition][name][0]))
        self.curve_axes["effective_rank"].set_ylim(0.0, 1.06 * view.dim)
        self.curve_axes["effective_rank"].set_yticks([0, view.dim // 2, view.dim])
        self.heading.set_text(f"3  the {view.space}")


def _shown(name: str, curve: np.ndarray) -> np.ndarray:
    return 100.0 * curve if name == "knn" else curve
