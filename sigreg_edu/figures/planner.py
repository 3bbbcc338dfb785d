"""Figure of the planner: a bar for each form against a budget, of time and of memory."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.scaling import FORM_STYLE
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.losses.timing import in_bytes, in_seconds
from sigreg_edu.views.cost_record import FORM_LABEL
from sigreg_edu.views.planner import PlannerView, ratio

LIMITS = {"seconds": (1e-5, 1e5), "memory": (1e4, 1e14)}
TICKS = {"seconds": (1e-3, 1.0, 1e3), "memory": (1e6, 1e9, 1e12)}
TITLES = {"seconds": "1  time of a step", "memory": "2  its memory"}
UNITS: dict[str, Callable[[float], str]] = {"seconds": in_seconds, "memory": in_bytes}
CLEAR, PALE = 0.9, 0.35
COLUMNS = (0.48, 1.0)  # right edges of the numbers beside the bars, as shares of their panel
HEADS = ("predicted", "measured")


class PlannerFigure(ExplorerFigure):
    """Bars of the prediction, diamonds of the measurement, a line of the budget; numbers beside.

    A tick marks what was predicted of a measured form before this machine was known.
    """

    size = (9.6, 4.6)

    def build(self) -> None:
        self.bars, self.numbers, self.seen = {}, {}, {}
        self.budgets, self.diamonds = {}, {}
        self.figure.get_layout_engine().set(rect=(0.0, 0.07, 1.0, 0.93))  # room for the note
        grid = self.figure.add_gridspec(1, 4, width_ratios=(1.2, 1.5, 1.1, 1.05))
        for place, what in enumerate(LIMITS):
            axes = self.figure.add_subplot(grid[2 * place])
            self._build_panel(axes, what, named=place == 0)
            self._build_numbers(self.figure.add_subplot(grid[2 * place + 1], sharey=axes), what)
        self.source = self.figure.text(0.012, 0.012, "", fontsize=11, color=style.GREY, va="bottom")

    def _build_panel(self, axes: Axes, what: str, *, named: bool) -> None:
        axes.set(xscale="log", xlim=LIMITS[what], ylim=(len(FORMS) - 0.4, -0.6))
        axes.set_title(TITLES[what])
        axes.set_yticks(range(len(FORMS)), [FORM_LABEL[form] if named else "" for form in FORMS])
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(FixedLocator(TICKS[what]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: UNITS[what](x)))
        axes.xaxis.set_minor_locator(NullLocator())
        for number, form in enumerate(FORMS):
            (bar,) = axes.barh(number, 1.0, 0.62, color=FORM_STYLE[form]["color"])
            self.bars[what, form] = self.moving(bar)
        line = axes.axvline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE)
        self.budgets[what] = self.moving(line)
        self.diamonds[what] = self._marks(axes, "D", markersize=9, markerfacecolor="white")
        if what == "seconds":
            self.ticks = self._marks(axes, "|", markersize=24)

    def _marks(self, axes: Axes, marker: str, **look: Any) -> Line2D:
        """A mark in the row of each form; one whose value is NaN is not seen."""
        look = {"linestyle": "", "markeredgecolor": style.INK, "markeredgewidth": 2.0, **look}
        rows = range(len(FORMS))
        (marks,) = axes.plot([np.nan] * len(rows), rows, marker=marker, **look)
        return self.moving(marks)

    def _build_numbers(self, axes: Axes, what: str) -> None:
        """Two columns beside the bars, where neither a bar nor the budget's line crosses them."""
        axes.set_xlim(0.0, 1.0)
        axes.set_axis_off()
        for x, head in zip(COLUMNS, HEADS, strict=True):
            axes.text(x, -0.68, head, ha="right", va="bottom", color=style.GREY, fontsize=11)
        look = {"ha": "right", "va": "center", "fontsize": 11, "linespacing": 1.3}
        for number, form in enumerate(FORMS):
            for x, kept in zip(COLUMNS, (self.numbers, self.seen), strict=True):
                kept[what, form] = self.moving(axes.text(x, number, "", **look))

    def static_key(self, view: PlannerView) -> Hashable:
        """The note below: long, and the same until another device is chosen or one measured."""
        return self._note(view)

    def show(self, view: PlannerView) -> None:
        for place, (what, values) in enumerate(
            (("seconds", view.seconds), ("memory", view.memory))
        ):
            self.budgets[what].set_xdata([view.budget[place]] * 2)
            seen = {form: both[place] for form, both in view.measured.items()}
            self.diamonds[what].set_xdata([seen.get(form, np.nan) for form in FORMS])
            for form in FORMS:
                self._show_bar(what, form, values[form], over=values[form] > view.budget[place])
                weight = "bold" if form == view.form else "normal"
                self.numbers[what, form].set_fontweight(weight)
                self.seen[what, form].set_text(UNITS[what](seen[form]) if form in seen else "")
        for form, (seconds, _) in view.measured.items():
            times = ratio(seconds, view.seconds[form])
            self.seen["seconds", form].set_text(f"{in_seconds(seconds)}\n{times}")
        self._show_earlier(view)
        self.source.set_text(self._note(view))

    def _show_bar(self, what: str, form: str, value: float, *, over: bool) -> None:
        low, high = LIMITS[what]
        bar, words = self.bars[what, form], self.numbers[what, form]
        bar.set_x(low)
        bar.set_width(float(np.clip(value, low, high)) - low)
        bar.set(alpha=PALE if over else CLEAR, hatch=style.HATCH if over else None)
        bar.set_edgecolor(style.FAILURE if over else "none")
        words.set_text(UNITS[what](value))
        words.set_color(style.FAILURE if over else style.INK)

    def _show_earlier(self, view: PlannerView) -> None:
        """What was predicted before, where it was something else."""
        earlier = {form: view.earlier(form) for form in FORMS}
        self.ticks.set_xdata([earlier[form] or np.nan for form in FORMS])
        for form, before in earlier.items():
            if before is not None:
                words = self.numbers["seconds", form]
                words.set_text(f"{words.get_text()}\nbefore {in_seconds(before)}")

    @staticmethod
    def _note(view: PlannerView) -> str:
        """Where the numbers come from, and what the marks are."""
        diamond = "   ◆ measured here" if view.measured else ""
        tick = "   | before" if any(map(view.earlier, FORMS)) else ""
        return f"prediction {view.source}   dashed: budget{diamond}{tick}"
