"""Figure of the spectrum: the cloud and a task, what the probe finds, and its error against s."""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Polygon

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import band, decade_label, nice_ceiling
from sigreg_edu.views.sample import QUANTILE_95
from sigreg_edu.views.spectrum import (
    ROUND_ANGLES,
    SLICE,
    Errors,
    Estimates,
    Slice,
    SpectrumView,
)

CIRCLE = QUANTILE_95 * np.stack([np.cos(ROUND_ANGLES), np.sin(ROUND_ANGLES)])
REACH = 4.0  # of the cloud's axes
LEAST = 1e-9  # of an error on a log axis
ARROW = 2.2  # length of the task's arrow
BELOW, ABOVE = 1.2, 1.8  # ends of the upright axes, in units of the other's: room for a legend
DECADES, LEGEND = 3.0, 1.5  # of the error's axis: shown, and above them for the legend
LOOKS = {
    "total": {"color": style.INK, "linewidth": 3.6, "label": "sum"},
    "bias2": {"color": style.FAILURE, "linestyle": style.TARGET_LINE, "label": "bias²"},
    "variance": {"color": style.DATA_SOFT, "linestyle": style.SOFT_LINE, "label": "variance"},
}


class SpectrumFigure(ExplorerFigure):
    """Three panels: cloud, estimates or predictions, error against the stretch."""

    size = (9.6, 4.3)

    def build(self) -> None:
        cloud, found, error = self.figure.subplots(1, 3, width_ratios=(1.0, 1.0, 1.1))
        self._build_cloud(cloud)
        self._build_found(found)
        self._build_error(error)

    def _build_cloud(self, axes: Axes) -> None:
        axes.set(title="1  embedding and task", xlabel="long axis z₁", ylabel="thin axis z₂")
        axes.set(xlim=(-REACH, REACH), ylim=(-BELOW * REACH, ABOVE * REACH), xticks=[-3, 0, 3],
                 yticks=[-3, 0, 3], aspect="equal", anchor="S")  # fmt: skip
        (cloud,) = axes.plot([], [], ".", color=style.DATA, markersize=4, alpha=0.45)
        (ellipse,) = axes.plot([], [], color=style.DATA, label="its covariance")
        (target,) = axes.plot(*CIRCLE, color=style.TARGET, linestyle=style.TARGET_LINE,
                              label="N(0, I)")  # fmt: skip
        (task,) = axes.plot([], [], color=style.SLICE, linewidth=3.0, marker="D", markevery=[1],
                            markersize=8, label="task")  # fmt: skip
        lines = (cloud, ellipse, target, task)
        self.cloud, self.ellipse, _, self.task = map(self.moving, lines)
        axes.legend(handles=[ellipse, target, task], loc="upper left", borderaxespad=0.0,
                    labelspacing=0.15)  # fmt: skip

    def _build_found(self, axes: Axes) -> None:
        self.found_axes, self.found_title = axes, axes.set_title("2")
        (each,) = axes.plot([], [], ".", color=style.DATA, markersize=5, alpha=0.5,
                            label="one estimate")  # fmt: skip
        (ellipse,) = axes.plot([], [], color=style.DATA, label="95 %, by theory")
        (mean,) = axes.plot([], [], "X", color=style.FAILURE, markersize=11,
                            markeredgecolor="white", label="their mean")  # fmt: skip
        (truth,) = axes.plot([], [], "D", color=style.SLICE, markersize=9,
                             markeredgecolor="white", label="the task")  # fmt: skip
        self.for_linear = each, ellipse, mean, truth
        spread = axes.add_patch(Polygon([[0.0, 0.0]], color=style.DATA, alpha=0.25, linewidth=0,
                                        label="± its scatter"))  # fmt: skip
        (wave,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE, label="the task")
        (predicted,) = axes.plot([], [], color=style.DATA, label="mean prediction")
        self.for_kernel = spread, wave, predicted
        for artist in (spread, *self.for_linear, wave, predicted):
            self.moving(artist)
        look = {"loc": "upper left", "borderaxespad": 0.0, "labelspacing": 0.15}
        self.linear_legend = axes.legend(handles=list(self.for_linear), **look)
        self.kernel_legend = axes.legend(handles=[wave, predicted, spread], **look)
        axes.add_artist(self.linear_legend)

    def _build_error(self, axes: Axes) -> None:
        self.error_axes, self.error_title = axes, axes.set_title("3")
        axes.set(xlabel="stretch s", xlim=(-0.02, 1.0), yscale="log")
        axes.yaxis.set_major_formatter(lambda value, _: decade_label(value))
        axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0", "0.25", "0.5", "0.75", "1"])
        self.extremes = self.moving(
            axes.add_patch(Polygon([[0.0, 1.0]], color=style.FAINT, linewidth=0,
                                   label="best to worst task"))
        )  # fmt: skip
        (here,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        (leading,) = axes.plot([], [], color=style.GREY, linestyle=style.SLICE_LINE,
                               linewidth=1.8, label="Theorem 1, h → 0")  # fmt: skip
        self.here, self.leading = self.moving(here), self.moving(leading)
        self.curves = {n: self.moving(axes.plot([], [], **look)[0]) for n, look in LOOKS.items()}
        self.dots = {
            name: self.moving(axes.plot([], [], "o", color=look["color"], markersize=6)[0])
            for name, look in LOOKS.items()
        }
        (dot,) = axes.plot([], [], "o", color=style.GREY, markersize=6, label="measured")
        parts = [*self.curves.values(), dot]
        look = {"loc": "upper left", "borderaxespad": 0.0, "labelspacing": 0.15, "ncols": 1}
        self.linear_key = axes.legend(handles=[*parts, self.extremes], **look)
        self.kernel_key = axes.legend(handles=[*parts, self.leading], **look)
        axes.add_artist(self.linear_key)

    def static_key(self, view: SpectrumView) -> Hashable:
        found = view.found
        reach = _reach(found) if isinstance(found, Estimates) else _height(found)
        return type(found), view.same_labels, reach, _top(view)

    def show(self, view: SpectrumView) -> None:
        self.cloud.set_data(*view.cloud.T)
        self.ellipse.set_data(*(view.spread[:, None] * CIRCLE))
        self.task.set_data(*np.outer(view.direction, [0.0, ARROW]))
        linear = isinstance(view.found, Estimates)
        for artist in (*self.for_linear, self.extremes, self.linear_legend, self.linear_key):
            artist.set_visible(linear)
        for artist in (*self.for_kernel, self.leading, self.kernel_legend, self.kernel_key):
            artist.set_visible(not linear)
        if linear:
            self._show_estimates(view.found, same_labels=view.same_labels)
        else:
            self._show_slice(view.found)
        self._show_error(view)

    def _show_estimates(self, found: Estimates, *, same_labels: bool) -> None:
        reach, axes = _reach(found), self.found_axes
        name = "√C ŵ" if same_labels else "ŵ"
        self.found_title.set_text(f"2  {len(found.each)} estimates {name}")
        axes.set(xlabel="along the long axis", ylabel="along the thin axis")
        axes.set(xlim=(-reach, reach), ylim=(-BELOW * reach, ABOVE * reach))
        axes.set(xticks=[-reach / 2, 0, reach / 2], yticks=[-reach / 2, 0, reach / 2])
        axes.set_aspect("equal", anchor="S")
        each, ellipse, mean, truth = self.for_linear
        each.set_data(*found.each.T)
        ellipse.set_data(*found.ellipse.T)
        mean.set_data(*found.mean[:, None])
        truth.set_data(*found.truth[:, None])

    def _show_slice(self, found: Slice) -> None:
        height, axes = _height(found), self.found_axes
        self.found_title.set_text("2  along the task")
        axes.set(xlabel="place, in std of the cloud", ylabel="")
        axes.set(xlim=(SLICE[0], SLICE[-1]), ylim=(-height, 1.9 * height))
        axes.set(xticks=[-2, 0, 2], yticks=[-1, 0, 1])
        axes.set_aspect("auto")
        spread, wave, predicted = self.for_kernel
        spread.set_xy(band(found.mean - found.std, found.mean + found.std, found.places))
        wave.set_data(found.places, found.truth)
        predicted.set_data(found.places, found.mean)

    def _show_error(self, view: SpectrumView) -> None:
        linear = view.extremes is not None
        what = "ŵ" if linear and not view.same_labels else "predictions"
        self.error_title.set_text(f"3  error of {what}")
        top = _top(view)
        self.error_axes.set_ylim(top * 10.0**-DECADES, top * 10.0**LEGEND)
        self.error_axes.minorticks_off()
        for name in LOOKS:
            self._show_line(self.curves[name], view.stretches, view.curve, name)
            self._show_line(self.dots[name], view.measured_at, view.measured, name)
        if not linear:  # no theory: the dots are joined
            for name in ("variance", "total"):
                self._show_line(self.curves[name], view.measured_at, view.measured, name)
        if linear:
            low, high = np.maximum(view.extremes, LEAST)
            self.extremes.set_xy(band(low, high, view.stretches))
        else:
            shown = np.where(view.leading <= top, view.leading, np.nan)
            self.leading.set_data(view.stretches, shown)
        self.here.set_data([view.stretch] * 2, [LEAST, top])

    def _show_line(self, line: Line2D, s: np.ndarray, errors: Errors, name: str) -> None:
        """Draw one part of the error on the log axis; what is 0 up to rounding is left out."""
        values = getattr(errors, name)
        line.set_data(s, np.where(values > LEAST, values, np.nan))


def _reach(found: Estimates) -> float:
    """Return how far the axes of the estimates go: 2 unless the estimates scatter more."""
    return nice_ceiling(max(np.quantile(np.abs(found.each), 0.99), 1.4), steps=(2.0, 4.0, 8.0))


def _height(found: Slice) -> float:
    """Return the height of the axis of predictions, in few steps."""
    return nice_ceiling(1.0 + np.median(found.std), steps=(1.5, 3.0, 6.0))


def _top(view: SpectrumView) -> float:
    """Return the power of ten in which the largest shown error ends."""
    known = [view.curve.total, view.curve.bias2, view.measured.total]
    if view.extremes is not None:
        known.append(view.extremes)
    largest = max(np.nanmax(values, initial=1e-3) for values in known)
    return 10.0 ** math.ceil(math.log10(largest) - 1e-9)
