"""Figure of a sweep: six measures after training against the setting, and the present runs' course.

A panel of dots, one for each run, under a line through their means.
"""

from __future__ import annotations

import math
from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import decade_label
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.vit_sweep import MEASURES, PROBES, Line, VitSweepView

OURS = {"color": style.DATA, "linestyle": "-", "marker": "o"}
RIVAL = {"color": style.OTHER, "linestyle": (0, (4, 1.5)), "marker": "s"}
#: Of each line in its order; shades of VICReg's colour for its three λ.
LOOKS = {
    "lamb": (OURS, RIVAL),
    "slices": (OURS, RIVAL),
    "batch": (OURS,),
    "covariance": (
        {"color": "#E3B3CE", "linestyle": "-", "marker": "o"},
        {"color": "#B8578F", "linestyle": (0, (4, 1.5)), "marker": "s"},
        {"color": "#6B2450", "linestyle": style.SLICE_LINE, "marker": "^"},
    ),
}
MOST_LINES = max(map(len, LOOKS.values()))
TITLES = ("1  kNN, %", "2  linear, %", "3  effective rank",
          "4  smallest std", "5  T, new slices", "6  invariance")  # fmt: skip
AXIS_NAMES = {"lamb": "λ", "slices": "slices", "batch": "batch size", "covariance": "share c"}
LOGARITHMIC = ("smallest_std", "sigreg", "invariance")
LEAST_SPAN = 2.6  # of a logarithmic axis, so that two round numbers lie on it
LEAST = 1e-6  # a smaller value stands at the lower edge of a logarithmic axis
RAW = {"color": style.GREY, "linestyle": style.SOFT_LINE, "linewidth": 1.6}
TARGET = {"color": style.TARGET, "linestyle": style.TARGET_LINE, "linewidth": 1.6}


class VitSweepFigure(ExplorerFigure):
    """Two rows of three panels against the setting; the course of kNN; the key."""

    size = (9.6, 4.8)

    def build(self) -> None:
        self._lines_shown: tuple[Line, ...] = ()
        left, right = self.figure.add_gridspec(1, 2, width_ratios=(3.0, 1.25))
        axes = [self.figure.add_subplot(cell) for cell in left.subgridspec(2, 3)]
        self.panels = dict(zip(MEASURES, axes, strict=True))
        self._build_panels()
        course, key = right.subgridspec(2, 1, height_ratios=(1.0, 1.0))
        self._build_course(self.figure.add_subplot(course))
        self._build_key(self.figure.add_subplot(key))

    def _build_panels(self) -> None:
        self.lines, self.dots, self.uprights, self.marks, self.levels = {}, {}, {}, {}, {}
        for (name, axes), title in zip(self.panels.items(), TITLES, strict=True):
            axes.set_title(title)
            axes.tick_params(labelbottom=name in MEASURES[3:])
            self.levels[name] = axes.axhline(1.0, **(RAW if name in PROBES else TARGET))
            self.dots[name] = [axes.plot([], [], linestyle="", markersize=4.5, alpha=0.6)[0]
                               for _ in range(MOST_LINES)]  # fmt: skip
            self.lines[name] = [axes.plot([], [], linewidth=1.8)[0] for _ in range(MOST_LINES)]
            self.uprights[name] = self.moving(axes.axvline(0.0, color=style.SLICE, linewidth=1.2))
            axes.text(
                -0.04, 0.5, "0.015", ha="right", transform=axes.transAxes, alpha=0.0, fontsize=11.5
            )  # keeps room for the longest tick label of any sweep
            (mark,) = axes.plot([], [], "o", color=style.SLICE, markersize=7)
            self.marks[name] = self.moving(mark)

    def _build_course(self, axes: Axes) -> None:
        axes.set(title="7  kNN by step, %", xlabel="step", ylim=(0.0, 102.0))
        axes.set_yticks([0, 50, 100])
        self.course_axes, self.raw = axes, axes.axhline(0.0, **RAW)
        self.courses = [self.moving(axes.plot([], [], markersize=4.5)[0])
                        for _ in range(MOST_LINES)]  # fmt: skip

    def _build_key(self, axes: Axes) -> None:
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        axes.set_axis_off()
        self.keys = []
        for row in range(MOST_LINES + 1):
            y = 0.98 - 0.13 * row
            (sample,) = axes.plot([0.0, 0.16], [y, y], markersize=5.0, clip_on=False)
            self.keys.append((sample, axes.text(0.22, y, "", va="center", fontsize=11.5)))
        self.note = axes.text(0.0, -0.04, "", va="bottom", fontsize=10.5, color=style.GREY)
        for text in (self.note, *(text for _, text in self.keys)):
            text.set_in_layout(False)  # the longest would make the panel above narrow

    def static_key(self, view: VitSweepView) -> Hashable:
        return view.sweep, view.space

    def show(self, view: VitSweepView) -> None:
        if view.lines is not self._lines_shown:
            self._show_static(view)
            self._lines_shown = view.lines
        here = places(np.array([view.value]), view.values)
        present = [(line, i) for line in view.lines if (i := line.index(view.value)) is not None]
        for name in MEASURES:
            self.uprights[name].set_xdata([here[0]] * 2)
            heights = _shown(name, np.array([line.means[name][i] for line, i in present]))
            self.marks[name].set_data(np.repeat(here, len(heights)), heights)
        for number, course in enumerate(self.courses):
            course.set_visible(number < len(view.lines))
            if number < len(view.lines):
                course.set(**LOOKS[view.sweep][number])
                course.set_data(*_course(view, number))

    # --- what depends on the sweep and the space alone ----------------------------------------

    def _show_static(self, view: VitSweepView) -> None:
        for name in MEASURES:
            self._show_lines(name, view)
            self._scale(name, view)
        for axes in self.panels.values():
            axes.set_xlabel(AXIS_NAMES[view.sweep] if axes in self._bottom() else "")
        self.course_axes.set_xlim(-0.03 * view.steps, 1.03 * view.steps)
        self.course_axes.set_xticks([0, view.steps // 2, view.steps])
        self.raw.set_ydata([100.0 * view.raw["knn"]] * 2)
        self._show_key(view)

    def _bottom(self) -> list[Axes]:
        return [self.panels[name] for name in MEASURES[3:]]

    def _show_lines(self, name: str, view: VitSweepView) -> None:
        looks = LOOKS[view.sweep]
        for number, (mean, dots) in enumerate(zip(self.lines[name], self.dots[name], strict=True)):
            shown = number < len(view.lines)
            mean.set_visible(shown)
            dots.set_visible(shown)
            if shown:
                line, look = view.lines[number], looks[number]
                mean.set(color=look["color"], linestyle=look["linestyle"])
                mean.set_data(places(line.values, view.values), _shown(name, line.means[name]))
                dots.set(color=look["color"], marker=look["marker"])
                dots.set_data(places(line.at, view.values), _shown(name, line.measures[name]))

    def _scale(self, name: str, view: VitSweepView) -> None:
        """Set limits and ticks of a panel, and the level that it is compared with."""
        axes, level = self.panels[name], _level(name, view)
        self.levels[name].set_visible(level is not None)
        self.levels[name].set_ydata([1.0 if level is None else level] * 2)
        values = np.concatenate([_shown(name, line.measures[name]) for line in view.lines])
        values = values if level is None else np.append(values, level)
        x = places(view.values, view.values)
        pad = 0.06 * max(x[-1] - x[0], 1.0)
        axes.set_xlim(x[0] - pad, x[-1] + pad)
        chosen = spaced(x, 0.33 * (x[-1] - x[0]))
        axes.set_xticks(x[chosen], [f"{view.values[i]:g}" for i in chosen])
        if name in LOGARITHMIC:
            scale_logarithmic(axes, values)
        elif name in PROBES:
            scale_percent(axes, values)
        else:
            axes.set(ylim=(0.0, 1.06 * view.dim), yticks=[0, view.dim // 2, view.dim])

    def _show_key(self, view: VitSweepView) -> None:
        looks = [(line.name, LOOKS[view.sweep][n]) for n, line in enumerate(view.lines)]
        looks.append(("raw pixels", {**RAW, "marker": ""}))
        for number, (sample, text) in enumerate(self.keys):
            for artist in (sample, text):
                artist.set_visible(number < len(looks))
            if number < len(looks):
                text.set_text(looks[number][0])
                sample.set(**looks[number][1])
        dashes = "dashes: N(0, I)\n" if view.space == "projection" else ""
        self.note.set_text(
            f"1, 2, 7: embedding\n3 to 5: {view.space}\n"
            f"{dashes}"
            f"{view.runs} runs of {view.steps} steps\non {', '.join(view.devices)}"
        )


def _course(view: VitSweepView, number: int) -> tuple[np.ndarray, np.ndarray]:
    """Steps and kNN in per cent of all runs of a line at the present value, NaN between them."""
    line = view.lines[number]
    index = line.index(view.value)
    runs = () if index is None else line.courses[index]
    pieces = [np.array([[*steps, np.nan], [*(100.0 * knn), np.nan]]) for steps, knn in runs]
    return tuple(np.concatenate([np.empty((2, 0)), *pieces], axis=1))


def _level(name: str, view: VitSweepView) -> float | None:
    """What a measure is compared with: raw pixels, or what N(0, I) has in the projection."""
    if name in PROBES:
        return 100.0 * view.raw[name]
    targets = {"smallest_std": 1.0, "sigreg": null_distribution().mean}
    return targets.get(name) if view.space == "projection" else None


def _shown(name: str, values: np.ndarray) -> np.ndarray:
    if name in PROBES:
        return 100.0 * values
    return np.maximum(values, LEAST) if name in LOGARITHMIC else values


def places(values: np.ndarray, swept: np.ndarray) -> np.ndarray:
    """Return where values stand on the axis: at their log10, and 0 a step left of the others.

    Args:
        values: (L,), each at least 0.
        swept: all values of the sweep, rising, (V,).

    >>> places(np.array([0.0, 0.01]), np.array([0.0, 0.01, 0.1, 1.0]))
    array([-3., -2.])
    """
    logs = np.log10(swept[swept > 0.0])
    step = np.median(np.diff(logs)) if len(logs) > 1 else 1.0
    return np.where(values > 0.0, np.log10(np.maximum(values, 10.0 ** logs[0])), logs[0] - step)


def spaced(x: np.ndarray, least: float) -> list[int]:
    """Return indices of rising places, each at least ``least`` from the one before, first to last.

    >>> spaced(np.array([0.0, 0.2, 1.0, 1.9, 2.0]), 0.5)
    [0, 2, 4]
    """
    chosen = [0]
    for index in range(1, len(x) - 1):
        if x[index] - x[chosen[-1]] >= least and x[-1] - x[index] >= least:
            chosen.append(index)
    return [*chosen, len(x) - 1] if len(x) > 1 else chosen


def scale_logarithmic(axes: Axes, values: np.ndarray, *, axis: str = "y") -> None:
    """Fit a logarithmic axis to positive values, with a few ticks that can be read.

    Args:
        axes: whose.
        values: all that it must show.
        axis: ``"x"`` or ``"y"``.
    """
    low, high = float(values.min()), float(values.max())
    widen = max(1.2, math.sqrt(LEAST_SPAN * low / high))
    low, high = low / widen, high * widen
    axes.set(**{f"{axis}scale": "log", f"{axis}lim": (low, high)})
    ticks = log_ticks(low, high)
    labels = [decade_label(t) if _is_decade(t) else f"{t:.3g}" for t in ticks]
    (axes.xaxis if axis == "x" else axes.yaxis).set_ticks(ticks, labels)
    axes.minorticks_off()


def log_ticks(low: float, high: float) -> list[float]:
    """Return at least two round numbers between positive ends a factor of ``LEAST_SPAN`` apart.

    >>> log_ticks(0.02, 3.0), log_ticks(0.8, 3.1), log_ticks(0.011, 0.029)
    ([0.1, 1.0], [1.0, 2.0], [0.015, 0.02])
    """
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    for steps in ((1.0,), (1.0, 2.0, 5.0), (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)):
        every = [float(f"{step * 10.0**power:.12g}") for power in powers for step in steps]
        ticks = [tick for tick in every if low <= tick <= high]
        if len(ticks) >= 2:
            break
    return ticks[:: math.ceil(len(ticks) / 4)]


def _is_decade(value: float) -> bool:
    return math.isclose(math.log10(value), round(math.log10(value)), abs_tol=1e-9)


def scale_percent(axes: Axes, values: np.ndarray) -> None:
    """Fit an axis of per cent to values: from a round number below them to one above."""
    low, high = 10.0 * math.floor(values.min() / 10.0 - 0.1), 10.0 * math.ceil(values.max() / 10.0)
    low, high = max(low, 0.0), min(high, 100.0)
    step = 10 if high - low <= 30 else 20 if high - low <= 80 else 25
    axes.set_ylim(low, high + 0.03 * (high - low))
    axes.set_yticks(np.arange(math.ceil(low / step) * step, high + 1, step))
