"""Figure of λ: four measures after training against λ, and the spectrum at the present one."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import band
from sigreg_edu.training.targets import TARGETS
from sigreg_edu.views.sweep import CURVES, LINES, SWEPT, SweepView

LOOKS = {
    "shared": {"color": style.DATA, "linestyle": "-"},
    "stop_gradient": {"color": style.OTHER, "linestyle": (0, (5, 2))},
    "teacher": {"color": style.INK, "linestyle": style.SOFT_LINE},
    "vicreg": {"color": style.GREY, "linestyle": style.SLICE_LINE, "linewidth": 1.2},
}
NAMES = {**TARGETS, "vicreg": "VICReg instead"}
BOLD, PLAIN = 3.6, 1.6
ZERO_AT = -4.8  # where λ = 0 stands on the axis of log10 λ
TICKS = {ZERO_AT: "0", -4.0: "10⁻⁴", -3.0: "10⁻³", -2.0: "0.01", -1.0: "0.1"}


class SweepFigure(ExplorerFigure):
    """Four small panels of a measure against λ, and a tall one of the widths of all axes."""

    size = (9.6, 4.6)

    def build(self) -> None:
        left, right = self.figure.add_gridspec(1, 2, width_ratios=(2.0, 1.0))
        axes = [self.figure.add_subplot(cell) for cell in left.subgridspec(2, 2)]
        self.curve_axes = dict(zip(CURVES, axes, strict=True))
        self._build_curves()
        self._build_spectrum(self.figure.add_subplot(right))

    def _build_curves(self) -> None:
        titles = ("1  kNN accuracy, %", "2  effective rank", "3  narrowest std", "4  invariance")
        self.bands, self.lines, self.chosen, self.here = {}, {}, {}, []
        for (name, axes), title in zip(self.curve_axes.items(), titles, strict=True):
            axes.set(title=title, xlim=(ZERO_AT - 0.2, 0.0))
            axes.set_xticks(list(TICKS), list(TICKS.values()))
            bottom = name in CURVES[2:]
            axes.set_xlabel("λ" if bottom else "")
            axes.tick_params(labelbottom=bottom)
            self.bands[name] = {line: axes.fill([1], [1], color=LOOKS[line]["color"], alpha=0.16,
                                                linewidth=0.0)[0] for line in TARGETS}  # fmt: skip
            self.lines[name] = {line: axes.plot([], [], **{"linewidth": PLAIN, **LOOKS[line]})[0]
                                for line in LINES}  # fmt: skip
            (chosen,) = axes.plot([], [], linewidth=BOLD)
            (here,) = axes.plot([], [], "o", color=style.SLICE, markersize=9)
            upright = axes.axvline(0.0, color=style.SLICE, linewidth=1.2)
            self.here.append((self.moving(upright), here))
            self.chosen[name] = self.moving(chosen)
            self.moving(here)
        std, invariance = self.curve_axes["smallest_std"], self.curve_axes["invariance"]
        std.set(yscale="log", ylim=(0.01, 5.0))
        std.set_yticks([0.01, 0.1, 1], ["0.01", "0.1", "1"])
        std.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        invariance.set(yscale="log", ylim=(3e-5, 0.5))
        invariance.set_yticks([1e-4, 1e-2, 1e-1], ["10⁻⁴", "0.01", "0.1"])
        for axes in (std, invariance):
            axes.minorticks_off()
        self.curve_axes["knn"].set(ylim=(68.0, 100.0), yticks=[75, 85, 95])

    def _build_spectrum(self, axes: Axes) -> None:
        axes.set(title="5  std of each axis", xlabel="principal axis, by rank", yscale="log")
        self.spectrum_axes = axes
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.spectra = {}
        for target in TARGETS:
            (line,) = axes.plot([], [], **LOOKS[target])
            self.spectra[target] = self.moving(line)
        handles = [self.lines["knn"][line] for line in LINES]
        axes.legend(handles, [NAMES[line] for line in LINES], loc="upper right",
                    borderaxespad=0.1, labelspacing=0.15)  # fmt: skip

    def static_key(self, view: SweepView) -> Hashable:
        return view.space

    def show(self, view: SweepView) -> None:
        self._show_static(view)
        x = places(view.lambdas)
        for name, chosen in self.chosen.items():
            chosen.set(**LOOKS[view.target])
            mean = _shown(name, view.curves[name][view.target]).mean(axis=1)
            chosen.set_data(x, mean)
            upright, mark = self.here[CURVES.index(name)]
            upright.set_xdata([x[view.now]] * 2)
            mark.set_data([x[view.now]], [mean[view.now]])
        for target, line in self.spectra.items():
            line.set_data(np.arange(1, view.dim + 1), view.spectra[target])
            line.set_linewidth(BOLD if target == view.target else PLAIN)

    def _show_static(self, view: SweepView) -> None:
        """Set what depends on the space alone: all lines, bands and limits."""
        x = places(view.lambdas)
        for name, lines in self.lines.items():
            for line_name, line in lines.items():
                values = _shown(name, view.curves[name][line_name])  # (L, 3)
                line.set_data(x, values.mean(axis=1))
                if line_name in TARGETS:
                    outline = band(values.min(axis=1), values.max(axis=1), x)
                    self.bands[name][line_name].set_xy(outline)
        rank = self.curve_axes["effective_rank"]
        rank.set_ylim(0.0, 1.06 * view.dim)
        rank.set_yticks([0, view.dim // 2, view.dim])
        low, high = (0.008, 100.0) if view.space == "projection" else (0.1, 800.0)
        self.spectrum_axes.set(xlim=(0.0, view.dim + 1.0), ylim=(low, high))
        ticks = [tick for tick in (0.01, 0.1, 1.0, 10.0) if low < tick * 1.01]
        self.spectrum_axes.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        self.spectrum_axes.set_xticks([1, view.dim // 4, view.dim // 2, view.dim])
        self.spectrum_axes.minorticks_off()


def places(lambdas: np.ndarray) -> np.ndarray:
    """Return where each λ stands on the axis: log10 λ, and 0 at the left edge.

    >>> places(np.array([0.0, 0.01]))
    array([-4.8, -2. ])
    """
    return np.where(lambdas > 0.0, np.log10(np.maximum(lambdas, min(SWEPT[1:]))), ZERO_AT)


def _shown(name: str, values: np.ndarray) -> np.ndarray:
    return 100.0 * values if name == "knn" else values
