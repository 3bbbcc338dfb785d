"""Figure of factors: pictures with two views each, and what a probe finds of each factor."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.text import Text

from sigreg_edu.data import FACTORS
from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.factors import NUM_SHOWN, NUM_VIEWS, FactorsView

COLUMNS = ("picture", *(f"view {number + 1}" for number in range(NUM_VIEWS)))
# Heights in rows, one a factor: this training's bar, the other's below it, and their tops.
THICK, THIN = 0.4, 0.22
TOP, OTHER_TOP = -0.3, 0.15
BEYOND = 0.06  # by which a tick stands out of its bar
RAW_COLOUR = "#663300"
UNTRAINED = {"marker": "o", "markersize": 8, "color": "white", "markeredgecolor": style.INK,
             "markeredgewidth": 1.6, "linestyle": ""}  # fmt: skip
NAMES = tuple(FACTORS)
BLANK = np.zeros((1, 1, 3))


class FactorsFigure(ExplorerFigure):
    """Three rows of pictures; a bar for each factor from chance to the probe's accuracy."""

    size = (9.6, 4.5)

    def build(self) -> None:
        left, right = self.figure.add_gridspec(1, 2, width_ratios=(1.0, 1.2))
        self._build_pictures(left)
        self._build_bars(self.figure.add_subplot(right))

    def _build_pictures(self, cell: SubplotSpec) -> None:
        grid = cell.subgridspec(NUM_SHOWN, len(COLUMNS))
        self.pictures = []
        for row in range(NUM_SHOWN):
            for column, title in enumerate(COLUMNS):
                axes = self.figure.add_subplot(grid[row, column])
                axes.set(xticks=[], yticks=[])
                axes.spines[:].set_visible(False)
                if row == 0:
                    number = "1  " if column == 0 else ""
                    axes.set_title(f"{number}{title}", fontweight="bold" if number else "normal")
                image = axes.imshow(BLANK, extent=(0.0, 1.0, 0.0, 1.0), interpolation="nearest")
                self.pictures.append(self.moving(image))

    def _build_bars(self, axes: Axes) -> None:
        self.bar_axes = axes
        axes.set(title="2  what a linear probe finds, %", xlim=(0.0, 112.0))
        axes.set(ylim=(len(NAMES) - 0.55, -0.5), xticks=range(0, 101, 25))
        axes.set_yticks(range(len(NAMES)), NAMES)
        axes.tick_params(left=False)
        look = {"edgecolor": "white", "linewidth": 0.0}
        rows = range(len(NAMES))
        self.tracks = [self._bar(axes, row + TOP, THICK, color=style.FAINT) for row in rows]
        self.bars = [self._bar(axes, row + TOP, THICK, fc=style.DATA, **look) for row in rows]
        self.others = [
            self._bar(axes, row + OTHER_TOP, THIN, fc=style.OTHER, **look) for row in rows
        ]
        self.thresholds = [self._tick(axes, style.INK) for _ in rows]
        self.raw = self._tick(axes, RAW_COLOUR)
        self.untrained = self.moving(axes.plot([], [], **UNTRAINED)[0])
        self.values = [self._value(axes, row + TOP + THICK / 2, 13) for row in rows]
        self.other_values = [self._value(axes, row + OTHER_TOP + THIN / 2, 11) for row in rows]
        self._build_words(axes)

    def _bar(self, axes: Axes, top: float, height: float, **look: Any) -> Rectangle:
        return self.moving(axes.add_patch(Rectangle((0.0, top), 1.0, height, **look)))

    def _tick(self, axes: Axes, colour: str) -> Line2D:
        return self.moving(axes.plot([], [], color=colour, solid_capstyle="butt")[0])

    def _value(self, axes: Axes, height: float, size: float) -> Text:
        return self.moving(axes.text(102.0, height, "", va="center", fontsize=size))

    def _build_words(self, axes: Axes) -> None:
        """The legend, and a line for where the trainings ran."""
        hatched = {"edgecolor": "white", "hatch": style.HATCH, "linewidth": 0.0}
        tick = {"marker": "|", "markersize": 13, "markeredgewidth": 2.2, "linestyle": ""}
        handles = {
            "drawn anew in each view": Patch(facecolor=style.DATA, **hatched),
            "kept from here on": Line2D([], [], color=style.INK, **tick),
            "before training": Line2D([], [], **UNTRAINED),
            "from chance to 100 %": Patch(color=style.FAINT),
            "shape, from the pixels": Line2D([], [], color=RAW_COLOUR, **tick),
            "the training compared": Patch(color=style.OTHER),
        }
        axes.legend(
            handles.values(), handles, loc="upper left", bbox_to_anchor=(-0.16, -0.09), ncol=2,
            borderaxespad=0.0, columnspacing=1.0, handlelength=1.6, labelspacing=0.25,
        )  # fmt: skip
        self.device = self.moving(
            axes.text(1.0, -0.36, "", ha="right", va="bottom", color=style.GREY, fontsize=11,
                      transform=axes.transAxes)
        )  # fmt: skip

    def show(self, view: FactorsView) -> None:
        for row, (picture, views) in enumerate(zip(view.images, view.views, strict=True)):
            for column, pixels in enumerate((picture, *views)):
                self.pictures[len(COLUMNS) * row + column].set_data(pixels)
        for row in range(len(NAMES)):
            self._show_factor(view, row)
            self._show_other(view, row)
        rows = np.arange(len(NAMES)) + TOP + THICK / 2
        self.untrained.set_data(100.0 * view.untrained, rows)
        self._show_tick(self.raw, NAMES.index("shape"), view.raw_shape)
        self.device.set_text(f"recorded on {view.device}")

    def _show_factor(self, view: FactorsView, row: int) -> None:
        accuracy, chance = view.accuracy[row], view.chance[row]
        _stretch(self.tracks[row], chance, 1.0)
        _stretch(self.bars[row], chance, accuracy)
        self.bars[row].set_hatch(style.HATCH if view.varied[row] else None)
        self._show_tick(self.thresholds[row], row, view.threshold[row])
        kept = accuracy >= view.threshold[row]
        self.values[row].set(text=f"{100 * accuracy:.0f}", fontweight="bold" if kept else "normal")

    def _show_other(self, view: FactorsView, row: int) -> None:
        for artist in (self.others[row], self.other_values[row]):
            artist.set_visible(view.other is not None)
        if view.other is not None and view.other_varied is not None:
            _stretch(self.others[row], view.chance[row], view.other[row])
            self.others[row].set_hatch(style.HATCH if view.other_varied[row] else None)
            self.other_values[row].set_text(f"{100 * view.other[row]:.0f}")

    def _show_tick(self, tick: Line2D, row: int, share: float) -> None:
        tick.set_data([100.0 * share] * 2, [row + TOP - BEYOND, row + TOP + THICK + BEYOND])


def _stretch(bar: Rectangle, start: float, end: float) -> None:
    """Let a bar reach from one share to another, on an axis of per cent."""
    bar.set_x(100.0 * start)
    bar.set_width(100.0 * (end - start))
