"""Figure of the planner: a bar for each form against a budget, of time and of memory."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.scaling import FORM_LABEL, FORM_STYLE
from sigreg_edu.losses.cost import FORMS
from sigreg_edu.losses.timing import in_bytes, in_seconds
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
        self.bars, self.numbers, self.diamonds, self.budgets = {}, {}, {}, {}
        self.seen, self.ticks = {}, {}
        self.figure.get_layout_engine().set(rect=(0.0, 0.07, 1.0, 0.93))  # room for the note
        grid = self.figure.add_gridspec(1, 4, width_ratios=(1.2, 1.5, 1.1, 1.05))
        for place, what in enumerate(LIMITS):
            axes = self.figure.add_subplot(grid[2 * place])
            self._build_panel(axes, what, named=place == 0)
            self._build_numbers(self.figure.add_subplot(grid[2 * place + 1], sharey=axes), what)
        self.source = self.moving(
            self.figure.text(0.012, 0.012, "", fontsize=11, color=style.GREY, va="bottom")
        )

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
        for form in FORMS:
            (tick,) = axes.plot([], [], "|", color=style.INK, markersize=24, markeredgewidth=2.0)
            (diamond,) = axes.plot([], [], "D", color="white", markersize=9)
            diamond.set(markeredgecolor=style.INK, markeredgewidth=2.0)
            self.ticks[what, form] = self.moving(tick)
            self.diamonds[what, form] = self.moving(diamond)

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

    def show(self, view: PlannerView) -> None:
        for place, (what, values) in enumerate(
            (("seconds", view.seconds), ("memory", view.memory))
        ):
            self.budgets[what].set_xdata([view.budget[place]] * 2)
            for form in FORMS:
                self._show_bar(what, form, values[form], over=values[form] > view.budget[place])
                seen = view.measured[form][place] if form in view.measured else None
                self._show_seen(what, form, values[form], seen)
                weight = "bold" if form == view.form else "normal"
                self.numbers[what, form].set_fontweight(weight)
        for form in FORMS:
            self._show_earlier(form, view)
        diamond = "   ◆ measured here" if view.measured else ""
        tick = "   | before" if any(map(view.earlier, FORMS)) else ""
        self.source.set_text(f"prediction {view.source}   dashed: budget{diamond}{tick}")

    def _show_bar(self, what: str, form: str, value: float, *, over: bool) -> None:
        low, high = LIMITS[what]
        bar, words = self.bars[what, form], self.numbers[what, form]
        bar.set_x(low)
        bar.set_width(float(np.clip(value, low, high)) - low)
        bar.set(alpha=PALE if over else CLEAR, hatch=style.HATCH if over else None)
        bar.set_edgecolor(style.FAILURE if over else "none")
        words.set_text(UNITS[what](value))
        words.set_color(style.FAILURE if over else style.INK)

    def _show_seen(self, what: str, form: str, value: float, seen: float | None) -> None:
        """The measurement beside its prediction."""
        number = FORMS.index(form)
        points = ([], []) if seen is None else ([seen], [number])
        self.diamonds[what, form].set_data(*points)
        times = f"\n{ratio(seen, value)}" if seen is not None and what == "seconds" else ""
        self.seen[what, form].set_text("" if seen is None else f"{UNITS[what](seen)}{times}")

    def _show_earlier(self, form: str, view: PlannerView) -> None:
        """What was predicted before, where it was something else."""
        before, words = view.earlier(form), self.numbers["seconds", form]
        points = ([], []) if before is None else ([before], [FORMS.index(form)])
        self.ticks["seconds", form].set_data(*points)
        if before is not None:
            words.set_text(f"{words.get_text()}\nbefore {in_seconds(before)}")
