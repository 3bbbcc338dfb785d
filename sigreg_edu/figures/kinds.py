"""Figure of the kinds of collapse: spread by direction, the worst shadow, and every meter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from matplotlib.text import Text

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped
from sigreg_edu.views.kinds import DIM, METERS, KindsView, Reading
from sigreg_edu.views.many_shadows import short

TOP = 0.98  # of the histogram's axis; the legend and two lines of text stand above CUT
CUT = 0.58
LOG_LEAST, LOG_MOST = 0.3, 1000.0  # of the rows of T
VALUE_AT = 1.07  # where a row's value stands, past the end of its line
NAMES = {
    "std": "std per axis",
    "rank": "effective rank",
    "knn": "kNN accuracy",
    "mean": "|mean|",
    "cosine": "mean cosine",
    "standardized": "T standardized",
    "sigreg": "T (SIGReg)",
}


def _logarithmic(value: float) -> float:
    clipped = min(max(value, LOG_LEAST), LOG_MOST)
    return float(np.log(clipped / LOG_LEAST) / np.log(LOG_MOST / LOG_LEAST))


#: By meter: from a value to its place along the row, 0 to 1.
PLACES: dict[str, Callable[[float], float]] = {
    "std": lambda value: value / 2.2,
    "rank": lambda value: value / DIM,
    "knn": lambda value: value,
    "mean": lambda value: value / 3.2,
    "cosine": lambda value: min(max(value, 0.0), 1.0),
    "standardized": _logarithmic,
    "sigreg": _logarithmic,
}


@dataclass(frozen=True)
class Row:
    """The artists of one meter: its span or value, its mark, and both in words."""

    span: Line2D
    mark: Line2D
    value: Text


class KindsFigure(ExplorerFigure):
    """Three panels: standard deviations, the worst shadow, and a row for each meter."""

    size = (9.6, 4.3)

    def build(self) -> None:
        spread, shadow, meters = self.figure.subplots(1, 3, width_ratios=(0.95, 0.9, 1.15))
        self._build_spread(spread)
        self._build_shadow(shadow)
        self._build_meters(meters)

    def _build_spread(self, axes: Axes) -> None:
        axes.set(title="1  std by direction", xlabel="direction, sorted", ylim=(0.0, 3.0))
        axes.set(xlim=(0.3, DIM + 0.7), xticks=[1, 4, 8, 12, 16], yticks=[0, 1, 2])
        places = np.arange(1, DIM + 1)
        self.bars = self.moving(
            axes.stairs(np.zeros(DIM), np.arange(DIM + 1) + 0.5, fill=True, color=style.DATA,
                        alpha=0.5, label="along the axes")
        )  # fmt: skip
        target = axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, label="N(0, I)")
        (principal,) = axes.plot(places, np.zeros(DIM), "-o", color=style.INK, markersize=5,
                                 linewidth=1.4, label="principal directions",
                                 clip_on=False)  # fmt: skip
        self.moving(target)
        self.principal = self.moving(principal)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15, handlelength=1.6,
                    handletextpad=0.5)  # fmt: skip

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow = HistogramPanel(self, axes, title="2  the worst shadow", top=TOP)
        axes.set(xlabel="place along it", xticks=[-4, -2, 0, 2, 4])
        axes.patches[0].set_label("digits")
        axes.legend(loc="upper right", borderaxespad=0.1, handlelength=1.2, handletextpad=0.5)
        self.value = self.moving(
            axes.text(0.0, 0.985, "", va="top", transform=axes.transAxes, fontweight="bold",
                      linespacing=1.3)
        )  # fmt: skip

    def _build_meters(self, axes: Axes) -> None:
        axes.set(title="3  which meter objects?", xlim=(-0.05, 1.55))
        axes.set(ylim=(-1.35, len(METERS) + 0.2))
        axes.set_xticks([])
        axes.set_yticks([self._height(name) for name in METERS], [NAMES[n] for n in METERS])
        axes.tick_params(axis="y", length=0)
        for side in ("left", "bottom"):
            axes.spines[side].set_visible(False)
        self.rows = {name: self._row(axes, name) for name in METERS}
        axes.text(0.0, len(METERS) + 0.1, "■", color=style.GREY, va="top", alpha=0.45)
        axes.text(0.11, len(METERS) + 0.1, "healthy", color=style.GREY, va="top")
        self.diagnosis = self.moving(axes.text(1.5, -1.3, "", ha="right", fontweight="bold"))

    def _row(self, axes: Axes, name: str) -> Row:
        y, place, meter = self._height(name), PLACES[name], METERS[name]
        low = 0.0 if meter.lowest is None else place(meter.lowest)
        high = 1.0 if meter.highest is None else place(meter.highest)
        axes.plot([0.0, 1.0], [y, y], color=style.FAINT, linewidth=1.5, zorder=0)
        axes.add_patch(
            Rectangle((low, y - 0.24), high - low, 0.48, facecolor=style.GREY, alpha=0.3, zorder=0)
        )
        (span,) = axes.plot([], [], linewidth=5.0, solid_capstyle="butt")
        (mark,) = axes.plot([], [], markersize=10.5, markeredgewidth=2.0, linestyle="none",
                            clip_on=False)  # fmt: skip
        value = axes.text(VALUE_AT, y, "", va="center")
        return Row(*(self.moving(artist) for artist in (span, mark, value)))

    @staticmethod
    def _height(name: str) -> float:
        return len(METERS) - 1.0 - list(METERS).index(name)

    def show(self, view: KindsView) -> None:
        self.bars.set_data(view.axis_std)
        self.principal.set_ydata(view.principal_std)
        self.shadow.show(clipped(view.shadow, CUT))
        how = "standardized\n" if view.standardized else ""
        self.value.set_text(f"{how}{view.worst}\nT = {short(view.worst_statistic)}")
        for name, row in self.rows.items():
            self._show_row(name, row, view.readings[name])
        wrong = any(reading.objects for reading in view.readings.values())
        found = ", ".join(view.kinds) or ("none by the rules" if wrong else "healthy")
        self.diagnosis.set_text(f"diagnosis: {found}")
        self.diagnosis.set_color(style.FAILURE if wrong else style.INK)

    def _show_row(self, name: str, row: Row, reading: Reading) -> None:
        y = self._height(name)
        defined = not np.isnan(reading.low)
        ends = [PLACES[name](end) for end in (reading.low, reading.high)] if defined else []
        colour = style.FAILURE if reading.objects else style.DATA
        row.span.set_data(ends, [y] * len(ends))
        row.span.set_color(colour)
        # the mark stands at the end that is furthest from healthy
        low = METERS[name].lowest
        worst = 0 if low is not None and reading.low < low else -1
        row.mark.set_data(ends[worst:][:1], [y] * bool(ends))
        row.mark.set(
            marker="X" if reading.objects else "o",
            color=colour,
            markerfacecolor=colour if reading.objects else "white",
        )
        row.value.set_text(reading.text)
        row.value.set(color=colour if reading.objects else style.INK,
                      fontweight="bold" if reading.objects else "normal")  # fmt: skip
