"""Figure of all remedies: a row for each, a bar for what is gone of the trouble, the verdict."""

from __future__ import annotations

import textwrap
from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.clinic import SIGNS
from sigreg_edu.training.clinic import VERDICTS
from sigreg_edu.views.remedies import HIGHEST, LOWEST, MOST_ROWS, SIXTEEN, RemediesView

BAR = 0.62  # of a row's height
TROUBLE_X, NAME_X, NUMBERS_X, VERDICT_X = 0.026, 0.058, 0.655, 0.845  # of the width
TROUBLES = 4  # of the report, with four remedies each
TOP, HEIGHT = 0.905, 0.79  # of the axes with all rows, as shares of the figure's height
TALLEST, LOWER = 0.115, 0.57  # of a row, and of all rows, where a note stands below them
NOTE_GAP, NOTE_COLUMNS = 0.09, 92  # between the axis and the note; characters of its lines


class RemediesFigure(ExplorerFigure):
    """Names on the left, bars, numbers and verdicts."""

    size = (9.6, 5.8)

    def build(self) -> None:
        self.figure.set_layout_engine("none")
        self._shown = ""
        self.axes = self.figure.add_axes(_place(HEIGHT))
        self._build_axes(self.axes)
        self._build_rows()
        self._build_troubles()
        self._build_heads()

    def _build_axes(self, axes: Axes) -> None:
        axes.set(xlim=(LOWEST, HIGHEST), ylim=(MOST_ROWS - 0.5, -0.5), yticks=[])
        axes.set_xticks([-0.5, 0.0, 0.5, 1.0], ["worse", "0", "half", "all"])
        axes.spines["left"].set_visible(False)
        for x in (0.0, 1.0):
            axes.axvline(x, color=style.GREY if x == 0.0 else style.FAINT, linewidth=1.2)
        self.frame = self.moving(
            axes.axhspan(-0.5, 0.5, xmin=-1.14, xmax=2.29, fill=False, edgecolor=style.INK,
                         linewidth=1.4, clip_on=False)
        )  # fmt: skip

    def _build_rows(self) -> None:
        self.bars, self.dots, self.names, self.numbers, self.verdicts = [], [], [], [], []
        for row in range(MOST_ROWS):
            (bar,) = self.axes.barh([row], [0.0], height=BAR)
            (dots,) = self.axes.plot([], [], "o", color=style.INK, markersize=4.5,
                                     markeredgecolor="white", clip_on=False)  # fmt: skip
            self.bars.append(bar)
            self.dots.append(dots)
            for texts, x, size in (
                (self.names, NAME_X, 11.0),
                (self.numbers, NUMBERS_X, 11.0),
                (self.verdicts, VERDICT_X, 11.5),
            ):
                texts.append(self._text(x, row, size))

    def _text(self, x: float, row: int, size: float) -> Text:
        return self.figure.text(x, self._height(row), "", va="center", fontsize=size)

    def _build_troubles(self) -> None:
        """Names of the report's troubles, upright beside their four remedies."""
        rows = MOST_ROWS // TROUBLES
        self.troubles, self.edges = [], []
        for number in range(TROUBLES):
            y = self._height((number + 0.5) * rows - 0.5)
            self.troubles.append(
                self.figure.text(TROUBLE_X, y, "", rotation=90, ha="center", va="center",
                                 fontsize=10.5, color=style.GREY, linespacing=1.0)
            )  # fmt: skip
            edge = Line2D([0.005, 0.995], [self._height(number * rows - 0.5)] * 2,
                          color=style.FAINT, linewidth=1.2)  # fmt: skip
            self.edges.append(self.figure.add_artist(edge))

    def _height(self, row: float) -> float:
        """Where a row lies, as a share of the figure's height."""
        box, (last, first) = self.axes.get_position(), self.axes.get_ylim()
        return box.y1 - (row - first) / (last - first) * (box.y1 - box.y0)

    def _build_heads(self) -> None:
        self.trouble = self.figure.text(
            NAME_X, 0.955, "", va="center", fontsize=13, fontweight="bold"
        )
        self.head = self.figure.text(NUMBERS_X, 0.955, "before → after", va="center", fontsize=12,
                                     fontweight="bold")  # fmt: skip
        self.figure.text(0.365, 0.955, "gone of the trouble", va="center", fontsize=12,
                         fontweight="bold")  # fmt: skip
        self.figure.text(VERDICT_X, 0.955, "verdict", va="center", fontsize=12, fontweight="bold")
        self.counts = self.figure.text(
            NAME_X, 0.028, "", va="center", fontsize=11.5, color=style.GREY
        )
        self.note = self.figure.text(NAME_X, 0.0, "", va="top", fontsize=12, linespacing=1.35)

    def static_key(self, view: RemediesView) -> Hashable:
        return view.group

    def show(self, view: RemediesView) -> None:
        self.frame.set_y(view.now - 0.5)
        if view.group != self._shown:
            self._show_group(view)
            self._shown = view.group

    def _show_group(self, view: RemediesView) -> None:
        every = view.group == SIXTEEN
        self.trouble.set_text("remedy" if every else view.rows[0].verdict.trouble)
        for artist in (*self.troubles, *self.edges):
            artist.set_visible(every)
        for number, text in enumerate(self.troubles if every else ()):
            told = view.rows[TROUBLES * number].verdict.trouble
            text.set_text(textwrap.fill(told, 12))
        self._show_axes(len(view.rows))
        for row in range(MOST_ROWS):
            self._show_row(row, view)
        told = view.note.replace(" : ", "\N{NO-BREAK SPACE}:\N{NO-BREAK SPACE}").split("\n")
        self.note.set_text("\n".join(textwrap.fill(line, NOTE_COLUMNS) for line in told))
        told = (f"{SIGNS[name][0]} {name}: {view.counts[name]}" for name in VERDICTS)
        self.counts.set_text("     ".join([*told, "● a seed each"]))

    def _show_axes(self, count: int) -> None:
        """Make room for so many rows: a few are taller, and leave the rest to the note."""
        height = HEIGHT if count == MOST_ROWS else min(TALLEST * count, LOWER)
        self.axes.set_position(_place(height))
        self.axes.set_ylim(count - 0.5, -0.5)
        for texts in (self.names, self.numbers, self.verdicts):
            for row, text in enumerate(texts):
                text.set_y(self._height(row))
        self.note.set_y(TOP - height - NOTE_GAP)

    def _show_row(self, row: int, view: RemediesView) -> None:
        there = row < len(view.rows)
        artists = (self.bars, self.dots, self.names, self.numbers, self.verdicts)
        for artist in (each[row] for each in artists):
            artist.set_visible(there)
        if not there:
            return
        told, gone = view.rows[row].verdict, np.clip(view.rows[row].gone, LOWEST, HIGHEST)
        sign, colour = SIGNS[told.verdict]
        self.bars[row].set(width=float(gone.mean()), facecolor=colour, alpha=0.55)
        self.dots[row].set_data(gone, np.full(len(gone), row))
        self.names[row].set_text(told.remedy)
        self.numbers[row].set_text(f"{told.told[0]} → {told.told[1]}")
        self.verdicts[row].set(text=f"{sign} {told.verdict}", color=colour)


def _place(height: float) -> tuple[float, float, float, float]:
    """Where the axes lie, for their height."""
    return 0.365, TOP - height, 0.275, height
