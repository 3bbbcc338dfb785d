"""Figure of the three forms: the sample, T along a sweep, and a table of what each form says."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped
from sigreg_edu.statistics import reference_quantiles
from sigreg_edu.views.forms import FORMS, FormsView

LOWEST_T, HIGHEST_T = 0.03, 2e4
LIMITS = {"scale": (0.0, 3.0), "shift": (-3.0, 3.0), "num_samples": (10.0, 5000.0)}
NAMES = {"scale": "scale", "shift": "shift", "num_samples": "sample size N"}
CUT = 0.66  # where taller bars of the histogram are cut off, below the legend
COLUMNS = (0.76, 1.0)  # right ends of the table's columns
# The closed form is drawn broad and pale, so that the quadrature is seen to lie on it.
LOOKS = (
    {"color": style.DATA_SOFT, "linewidth": 6.5, "linestyle": "-", "solid_capstyle": "butt"},
    {"color": style.DATA, "linewidth": 2.2, "linestyle": (0, (3, 1.5))},
    {"color": style.OTHER, "linewidth": 2.6, "linestyle": style.SLICE_LINE},
)
ROWS = ((0.70, 0.60, 0.50), (0.27, 0.17, 0.07))  # heights of the table's rows, by block


class FormsFigure(ExplorerFigure):
    """Three panels: the sample and the 17 points, T of each form along a sweep, and a table."""

    def build(self) -> None:
        sample, sweep, table = self.figure.subplots(1, 3, width_ratios=(0.8, 1.15, 1.2))
        self._sweep = "scale"
        self._build_sample(sample)
        self._build_sweep(sweep)
        self._build_table(table)

    def _build_sample(self, axes: Axes) -> None:
        self.sample = HistogramPanel(self, axes, title="1  the sample")
        self.seen = self.moving(
            axes.stairs([0.0], [0.0, 1.0], color=style.INK, linewidth=1.6, label="standardized")
        )
        points = reference_quantiles().numpy()
        (ticks,) = axes.plot(points, np.full(points.size, 0.022), "|", color=style.OTHER,
                             markersize=11, markeredgewidth=2.2, label="17 points")  # fmt: skip
        self.moving(ticks)
        axes.legend(loc="upper left", borderaxespad=0.0, labelspacing=0.15, handlelength=1.6)
        axes.set(ylim=(0.0, 1.0), xticks=[-4, -2, 0, 2, 4])

    def _build_sweep(self, axes: Axes) -> None:
        self.axes, self.title = axes, axes.set_title("")
        axes.set(yscale="log", ylim=(LOWEST_T, HIGHEST_T), ylabel="T  (with the factor N)")
        axes.set_yticks([0.1, 1, 10, 100, 1000, 1e4], ["0.1", "1", "10", "100", "1000", "10⁴"])
        axes.minorticks_off()
        (healthy,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE)
        self.healthy = self.moving(healthy)
        self.curves = [self.moving(axes.plot([], [], **look)[0]) for look in LOOKS]
        (here,) = axes.plot([], [], color=style.SLICE, linewidth=1.6)
        (points,) = axes.plot([], [], "o", color=style.INK, markersize=7)
        self.here, self.points = self.moving(here), self.moving(points)
        self.lowest = [
            self.moving(axes.plot([], [], "^", color=look["color"], markersize=10,
                                  markeredgecolor=style.INK)[0])
            for look in (LOOKS[0], LOOKS[2])
        ]  # fmt: skip
        corner = {"ha": "right", "transform": axes.transAxes, "fontsize": 11.5}
        rows = ((0.15, "lowest at"), (0.085, "closed form"), (0.02, "17 points"))
        self.lowest_words = [axes.text(0.82, y, words, **corner) for y, words in rows]
        self.lowest_at = [self.moving(axes.text(0.98, y, "", **corner)) for y in (0.085, 0.02)]
        self._set_sweep("scale")

    def _set_sweep(self, sweep: str) -> None:
        self._sweep = sweep
        self.axes.set_xscale("log" if sweep == "num_samples" else "linear")
        self.axes.set(xlim=LIMITS[sweep], xlabel=NAMES[sweep])
        self.title.set_text(f"2  T against {NAMES[sweep]}")
        if sweep == "num_samples":
            self.axes.set_xticks([10, 100, 1000], ["10", "100", "1000"])
        self.axes.minorticks_off()

    def _build_table(self, axes: Axes) -> None:
        axes.set(title="3  T now", xlim=(0.0, 1.0), ylim=(0.0, 1.0))
        axes.set_axis_off()
        for x, words in zip(COLUMNS, ("this\nsample", "healthy\ntwin"), strict=True):
            axes.text(x, 0.89, words, ha="right", va="center", linespacing=1.0)
        axes.plot([0.79, 1.0], [0.82, 0.82], color=style.TARGET, linestyle=style.TARGET_LINE)
        for name, look, *heights in zip(FORMS, LOOKS, *ROWS, strict=True):
            for y in heights:
                axes.add_line(Line2D([0.0, 0.085], [y, y], **look))
                axes.text(0.105, y, name, va="center")
        self.headings = [
            axes.text(0.0, heights[0] + 0.105, "", va="center", fontweight="bold")
            for heights in ROWS
        ]
        self.cells = [self._build_cells(axes, heights) for heights in ROWS]

    def _build_cells(self, axes: Axes, heights: tuple[float, ...]) -> list[list[Text]]:
        """Make the texts of one block of the table: a row per form, two columns."""
        return [
            [self.moving(axes.text(x, y, "", ha="right", va="center")) for x in COLUMNS]
            for y in heights
        ]

    def static_key(self, view: FormsView) -> Hashable:
        return view.sweep, view.standardize

    def show(self, view: FormsView) -> None:
        if view.sweep != self._sweep:
            self._set_sweep(view.sweep)
        self.sample.show(clipped(view.sample, CUT))
        self.seen.set_visible(view.seen is not None)
        if view.seen is not None:
            self.seen.set_data(clipped(view.seen, CUT).heights, view.seen.edges)
        for line, curve in zip(self.curves, view.curves, strict=True):
            line.set_data(view.places, curve)
        self.healthy.set_data(view.places, view.healthy_curve)
        self.here.set_data([view.place] * 2, [LOWEST_T, view.values.max()])
        self.points.set_data([view.place] * 3, view.values)
        self._show_lowest(view)
        self._show_table(view)

    def _show_lowest(self, view: FormsView) -> None:
        """Mark where the raw curves are lowest along a sweep of the scale."""
        shown = view.sweep == "scale" and not view.standardize
        for words in self.lowest_words:
            words.set_visible(shown)
        for marker, text, k in zip(self.lowest, self.lowest_at, (0, 2), strict=True):
            marker.set_visible(shown)
            text.set_visible(shown)
            marker.set_data([view.lowest[k]], [view.curves[k].min() / 1.5])
            text.set_text(f"{view.lowest[k]:.2f}")

    def _show_table(self, view: FormsView) -> None:
        for block, (name, heading) in enumerate(
            zip(("as it is", "standardized"), self.headings, strict=True)
        ):
            chosen = block == int(view.standardize)
            heading.set_text(f"{name}  ◂ drawn" if chosen else name)
            for row, texts in enumerate(self.cells[block]):
                for column, text in enumerate(texts):
                    text.set_text(_three_digits(view.table[block, row, column]))
                    text.set_fontweight("bold" if chosen and column == 0 else "normal")


def _three_digits(value: float) -> str:
    """Return ``value`` to three digits, without an exponent."""
    return f"{value:.0f}" if value >= 1000.0 else f"{value:.3g}"
