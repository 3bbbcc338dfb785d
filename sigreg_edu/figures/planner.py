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

LIMITS = {"seconds": (1e-5, 1e7), "memory": (1e4, 1e18)}
TICKS = {"seconds": (1e-3, 1.0, 1e3), "memory": (1e6, 1e9, 1e12)}
UNITS: dict[str, Callable[[float], str]] = {"seconds": in_seconds, "memory": in_bytes}
CLEAR, PALE = 0.9, 0.35
WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
BESIDE = 1.5  # how far from a bar's end its number stands, as a factor


class PlannerFigure(ExplorerFigure):
    """Bars of the prediction, diamonds of the measurement, a line of the budget."""

    size = (9.6, 4.4)

    def build(self) -> None:
        self.bars, self.numbers, self.diamonds, self.budgets = {}, {}, {}, {}
        self.figure.get_layout_engine().set(rect=(0.0, 0.07, 1.0, 0.93))  # room for the note
        left, right = self.figure.subplots(1, 2, sharey=True)
        self._build_panel(left, "seconds", "1  time of a step")
        self._build_panel(right, "memory", "2  memory of a step")
        left.set_yticks(range(len(FORMS)), [FORM_LABEL[form] for form in FORMS])
        self.names = left.get_yticklabels()
        self.source = self.moving(
            self.figure.text(0.012, 0.012, "", fontsize=11, color=style.GREY, va="bottom")
        )
        self.panels = {"seconds": left, "memory": right}

    def _build_panel(self, axes: Axes, what: str, title: str) -> None:
        axes.set(xscale="log", xlim=LIMITS[what], ylim=(len(FORMS) - 0.4, -0.6), title=title)
        axes.tick_params(axis="y", length=0)
        axes.xaxis.set_major_locator(FixedLocator(TICKS[what]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: UNITS[what](x)))
        axes.xaxis.set_minor_locator(NullLocator())
        for number, form in enumerate(FORMS):
            (bar,) = axes.barh(number, 1.0, 0.62, color=FORM_STYLE[form]["color"])
            self.bars[what, form] = self.moving(bar)
        line = axes.axvline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE)
        self.budgets[what] = self.moving(line)
        for number, form in enumerate(FORMS):
            self.numbers[what, form] = self.moving(
                axes.text(1.0, number, "", va="center", fontsize=11.5, bbox=WHITE)
            )
            (diamond,) = axes.plot([], [], "D", color="white", markersize=9)
            diamond.set(markeredgecolor=style.INK, markeredgewidth=2.0)
            self.diamonds[what, form] = self.moving(diamond)

    def show(self, view: PlannerView) -> None:
        for place, (what, values) in enumerate(
            (("seconds", view.seconds), ("memory", view.memory))
        ):
            self.budgets[what].set_xdata([view.budget[place]] * 2)
            for number, form in enumerate(FORMS):
                measured = view.measured.get(form)
                seen = None if measured is None else measured[place]
                self._show_bar(what, number, values[form], view.budget[place], seen)
                self.numbers[what, form].set_fontweight("bold" if form == view.form else "normal")
        diamond = "   ◆ measured here" if view.measured else ""
        self.source.set_text(f"prediction {view.source}   dashed: budget{diamond}")

    def _show_bar(
        self, what: str, number: int, value: float, budget: float, seen: float | None
    ) -> None:
        form, (low, high) = FORMS[number], LIMITS[what]
        end = float(np.clip(value, low, high))
        bar, words = self.bars[what, form], self.numbers[what, form]
        bar.set_x(low)
        bar.set_width(end - low)
        over = value > budget
        bar.set(alpha=PALE if over else CLEAR, hatch=style.HATCH if over else None)
        bar.set_edgecolor(style.FAILURE if over else "none")
        times = f" ({ratio(seen, value)})" if seen is not None and what == "seconds" else ""
        compared = "" if seen is None else f" → {UNITS[what](seen)}{times}"
        words.set_text(f"{UNITS[what](value)}{compared}")
        words.set_x(max(end, seen or low) * BESIDE * (1.6 if seen else 1.0))
        words.set_color(style.FAILURE if over else style.INK)
        self.diamonds[what, form].set_data(
            [] if seen is None else [seen], [number][: seen is not None]
        )
