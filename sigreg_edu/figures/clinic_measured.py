"""Figure of measured patients: two lines over one setting, and the numbers at one value of it."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.clinic import ILL, TREATED
from sigreg_edu.views.clinic_measured import ClinicMeasuredView, Reading

COLUMNS = 36


class ClinicMeasuredFigure(ExplorerFigure):
    """Curves on the left; complaint, numbers and reason on the right."""

    size = (9.6, 4.7)

    def build(self) -> None:
        self._shown: str | None = None
        curves, words = self.figure.add_gridspec(1, 2, width_ratios=(1.35, 1.0))
        self._build_curves(self.figure.add_subplot(curves))
        self._build_words(self.figure.add_subplot(words))

    def _build_curves(self, axes: Axes) -> None:
        self.axes, self.title = axes, axes.set_title("1", fontsize=12.5)
        axes.grid(color=style.FAINT, linewidth=0.8)
        self.now = self.moving(axes.axvline(1.0, color=style.SLICE, linewidth=1.6))
        self.level = axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE)
        level_name = axes.text(0.01, 1.0, "", ha="left", va="bottom", color=style.TARGET_INK,
                               fontsize=11.5, transform=axes.get_yaxis_transform(),
                               bbox=dict(style.WHITE_BOX))  # fmt: skip
        self.level_name = self.moving(level_name)  # above the line of where one stands
        self.lines, self.points = [], []
        for look, marker in ((ILL, "s"), (TREATED, "o")):
            (line,) = axes.plot([], [], marker=marker, markersize=6.0, **look)
            (point,) = axes.plot([], [], marker=marker, markersize=12.0, color=look["color"],
                                 markerfacecolor="white", markeredgewidth=2.4,
                                 linestyle="")  # fmt: skip
            self.lines.append(line)
            self.points.append(self.moving(point))

    def _build_words(self, axes: Axes) -> None:
        axes.set(xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        axes.set_axis_off()
        self.complaint = axes.text(0.0, 1.03, "", va="top", fontweight="bold")
        self.names, self.values = [], []
        for y, look, marker in ((0.74, ILL, "s"), (0.57, TREATED, "o")):
            axes.plot([0.02, 0.12], [y, y], marker=marker, markersize=6.0, **look)
            name = axes.text(0.16, y, "", va="center", fontsize=11.5)
            value = axes.text(0.16, y - 0.078, "", va="center", fontsize=14, fontweight="bold",
                              color=look["color"])  # fmt: skip
            self.names.append(name)
            self.values.append(self.moving(value))
        self.note = self.moving(axes.text(0.0, 0.435, "", va="top", fontsize=11, linespacing=1.25,
                                          color=style.GREY))  # fmt: skip
        self.why = axes.text(0.0, 0.235, "", va="top", fontsize=11, linespacing=1.25)

    def static_key(self, view: ClinicMeasuredView) -> Hashable:
        return view.case

    def show(self, view: ClinicMeasuredView) -> None:
        found, now = view.reading, view.now
        if self._shown != view.case:
            self._show_case(found)
            self._shown = view.case
        self.now.set_xdata([found.x[now]] * 2)
        for curve, point, value in zip(
            (found.ill, found.cured), self.points, self.values, strict=True
        ):
            point.set_data([found.x[now]], [curve[now]])
            value.set_text(found.told(float(curve[now])))
        self.note.set_text(textwrap.fill(found.notes[now], COLUMNS) if found.notes else "")

    def _show_case(self, found: Reading) -> None:
        """Set what depends on the case alone."""
        self.complaint.set_text(textwrap.fill(f"“{found.complaint}”", 30))
        self.why.set_text(textwrap.fill(found.why, COLUMNS))
        for curve, line, name, words in zip(
            (found.ill, found.cured), self.lines, self.names, found.names, strict=True
        ):
            line.set_data(found.x, curve)
            name.set_text(textwrap.shorten(words, 32))
        self._show_axes(found)

    def _show_axes(self, found: Reading) -> None:
        """Set scales, limits and ticks."""
        axes = self.axes
        first, last = float(found.x.min()), float(found.x.max())
        steps = first == 0.0  # of a training
        axes.set(xscale="linear" if steps else "log", yscale="log", xlabel=found.setting)
        axes.set_xlim((-0.05 * last, 1.05 * last) if steps else (first / 1.4, last * 1.4))
        axes.xaxis.set_major_locator(FixedLocator(found.x))
        names = dict(zip(found.x.tolist(), found.marks, strict=True))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: _nearest(names, x)))
        axes.xaxis.set_minor_locator(NullLocator())
        both = np.concatenate([found.ill, found.cured])
        low, high = both[both > 0.0].min(), both.max()
        if found.level is not None:
            low, high = min(low, found.level[0]), max(high, found.level[0])
        axes.set_ylim(low / 1.6, high * 1.6)
        axes.yaxis.set_major_locator(FixedLocator(_marked(low / 1.6, high * 1.6)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda y, _: _tick(found, y)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        self.title.set_text(found.quantity)
        for artist in (self.level, self.level_name):
            artist.set_visible(found.level is not None)
        if found.level is not None:
            self.level.set_ydata([found.level[0]] * 2)
            self.level_name.set(text=found.level[1], y=found.level[0])


def _marked(low: float, high: float) -> np.ndarray:
    """Powers of ten between two ends; 2 and 5 of each, too, where there are fewer than two."""
    decades = 10.0 ** np.arange(np.floor(np.log10(low)), np.log10(high))
    steps = (1.0, 2.0, 5.0) if high < 100.0 * low else (1.0,)
    marked = np.multiply.outer(decades, steps).ravel()
    return marked[(marked >= low) & (marked <= high)]


def _tick(found: Reading, y: float) -> str:
    """A power of ten: bytes in words, other numbers in figures."""
    return found.told(y) if "bytes" in found.quantity else f"{y:,.10g}"


def _nearest(names: dict[float, str], x: float) -> str:
    """The mark of the value nearest to a tick."""
    return names[min(names, key=lambda value: abs(value - x))]
