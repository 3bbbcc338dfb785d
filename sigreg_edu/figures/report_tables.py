"""Figure of the report's tables: its rows, what was found instead, and a mark for the verdict."""

from __future__ import annotations

from collections.abc import Hashable
from math import log

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.report_claims import TABLES, VERDICTS, Verdict
from sigreg_edu.views.report_tables import MOST_ROWS, ReportTablesView, counted, no_row

COLOURS = {
    "holds": style.SLICE,
    "does not": style.FAILURE,
    "cannot be so": style.OTHER,
    "cannot be checked": style.GREY,
}
LOW, HIGH = 0.1, 10.0  # ratios at both ends of the bars
TICKS = (0.1, 0.3, 1, 3, 10)
SAYS, MARK, FOUND, BARS = 0.0, 0.3, 0.325, 0.79  # columns, as shares of the width


class ReportTablesFigure(ExplorerFigure):
    """Rows of a table; on the right, where it gives a ratio, that and the one measured."""

    size = (11.0, 6.0)

    def build(self) -> None:
        axes = self.axes = self.figure.add_subplot()
        axes.set(xlim=(-0.012, 1.008), ylim=(MOST_ROWS + 1.0, -1.2))
        axes.set_axis_off()
        self._shown = ""
        self.title = axes.text(0.0, -1.05, "", fontsize=14, fontweight="bold")
        for x, words in ((SAYS, "the report says"), (FOUND, "found")):
            axes.text(x, -0.42, words, color=style.GREY, fontsize=11.5)
        self._build_scale(axes)
        frame = Rectangle((-0.008, 0.0), 1.01, 0.98, fill=False, edgecolor=style.INK, linewidth=1.4)
        self.chosen = self.moving(axes.add_patch(frame))
        self.empty = self.moving(
            axes.text(SAYS, 0.0, "", color=style.GREY, fontsize=11.5, va="center")
        )
        self.rows = [self._build_row(axes, number) for number in range(MOST_ROWS)]
        self.note = axes.text(
            0.0, MOST_ROWS + 0.98, "", color=style.GREY, fontsize=10.5, va="bottom"
        )
        self.note.set_in_layout(False)  # a long one must not narrow the rows

    def _build_scale(self, axes: Axes) -> None:
        """The head of the column of ratios."""
        self.scale = [
            axes.text(BARS, -1.05, "VICReg ÷ SIGReg", color=style.GREY, fontsize=11.5),
            *(
                axes.text(_along(tick), -0.42, f"{tick:g}", ha="center", color=style.GREY,
                          fontsize=10.5)
                for tick in TICKS
            ),
            *axes.plot([_along(1.0)] * 2, [-0.3, MOST_ROWS - 0.15], color=style.FAINT),
        ]  # fmt: skip

    def _build_row(self, axes: Axes, number: int) -> dict:
        top, bottom = number + 0.32, number + 0.76
        row = {
            "row": axes.text(SAYS, top, "", fontweight="bold", fontsize=11.5, va="center"),
            "says": axes.text(SAYS, bottom, "", fontsize=11.0, va="center"),
            "mark": axes.text(MARK, number + 0.54, "", fontsize=17, ha="center", va="center"),
            "verdict": axes.text(FOUND, top, "", fontweight="bold", fontsize=11.5, va="center"),
            "found": axes.text(FOUND, bottom, "", fontsize=11.0, va="center"),
        }
        for name, y, look in (
            ("said bar", top + 0.02, {"color": style.TARGET}),
            ("found bar", bottom - 0.02, {"color": style.DATA}),
        ):
            (row[name],) = axes.plot([], [], linewidth=9, solid_capstyle="butt", **look)
            row[f"{name} words"] = axes.text(0.0, y, "", fontsize=10.5, va="center")
        return row

    def static_key(self, view: ReportTablesView) -> Hashable:
        return view.table

    def show(self, view: ReportTablesView) -> None:
        self.chosen.set_y(view.row + 0.05)
        self.empty.set_y(view.row + 0.54)
        self.empty.set_text("" if view.has_row else no_row(view.verdicts))
        if self._shown != view.table:
            self._show_table(view)
            self._shown = view.table

    def _show_table(self, view: ReportTablesView) -> None:
        self.title.set_text(TABLES[view.table])
        for number, row in enumerate(self.rows):
            known = number < len(view.verdicts)
            for artist in row.values():
                artist.set_visible(known)
            if known:
                self._show_row(number, row, view.verdicts[number])
        ratios = any(v.number is not None for v in view.verdicts)
        for artist in self.scale:
            artist.set_visible(ratios)
        counts = ", ".join(f"{VERDICTS[n]} {told}" for n, told in counted(view.counts).items())
        bars = "   orange: the report, blue: here" if ratios else ""
        self.note.set_text(f"All tables: {counts}.\nMeasured on {view.ran_on}.{bars}")

    def _show_row(self, number: int, row: dict, verdict: Verdict) -> None:
        colour = COLOURS[verdict.said]
        row["row"].set_text(verdict.claim.row)
        row["says"].set_text(verdict.claim.says)
        row["mark"].set(text=verdict.mark, color=colour)
        row["verdict"].set(text=verdict.said, color=colour)
        row["found"].set_text(verdict.found)
        for name, y, value in (
            ("said bar", number + 0.36, verdict.claim.number),
            ("found bar", number + 0.72, verdict.number),
        ):
            self._show_bar(row[name], row[f"{name} words"], y, value)

    def _show_bar(self, bar, words, y: float, value: float | None) -> None:
        if value is None:
            bar.set_data([], [])
            words.set_text("")
            return
        end, start = _along(value), _along(1.0)
        bar.set_data([start, end], [y, y])
        words.set_text(f"{value:.2g}")
        words.set_x(end + 0.008 if value >= 1.0 else end - 0.008)
        words.set_ha("left" if value >= 1.0 else "right")


def _along(ratio: float) -> float:
    """Where a ratio stands across the column of bars, on a logarithmic scale.

    >>> round(_along(0.1), 3), round(_along(10.0), 3)
    (0.79, 0.97)
    """
    share = log(min(max(ratio, LOW), HIGH) / LOW) / log(HIGH / LOW)
    return BARS + share * (0.97 - BARS)
