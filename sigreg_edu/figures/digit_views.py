"""Figure of views: a sheet of images and their views, what differs, and what raw pixels tell."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.views.digit_views import MOST_VIEWS, ROWS, DigitViewsView

TILE, GAP = 32, 3  # side of a picture on the sheet, and the white between two
BESIDE_IMAGE = 5  # more white between the image and its views
MARGIN = 34  # left of the sheet, for the names
NAME_LINE = -5  # above the sheet, for the headings
PITCH = TILE + GAP
SHEET = (ROWS * PITCH - GAP, (1 + MOST_VIEWS) * PITCH - GAP + BESIDE_IMAGE)  # height, width


class DigitViewsFigure(ExplorerFigure):
    """The sheet on the left; on the right a bar for what is drawn anew, and one for raw pixels.

    The whole sheet is one picture, which is painted sooner than 35 small ones.
    """

    size = (9.6, 4.7)  # high enough for the sheet to be limited by its width

    def build(self) -> None:
        sheet, right = self.figure.add_gridspec(1, 2, width_ratios=(2.05, 1.0))
        self._build_sheet(self.figure.add_subplot(sheet))
        anew, knn = right.subgridspec(2, 1, height_ratios=(1.75, 1.0))
        self._build_anew(self.figure.add_subplot(anew))
        self._build_knn(self.figure.add_subplot(knn))

    def _build_sheet(self, axes: Axes) -> None:
        axes.set_title("1  images, and views of them", loc="left")
        height, width = SHEET
        self.sheet = self.moving(
            axes.imshow(painted(np.ones((height, width, 3))), interpolation="nearest",
                        extent=(0, width, height, 0))
        )  # fmt: skip
        axes.set(xlim=(-MARGIN, width + 1), ylim=(height + 1, NAME_LINE - 9), xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        headings = ("image", *(f"view {number}" for number in range(1, MOST_VIEWS + 1)))
        self.headings = [
            axes.text(left_of(column) + TILE / 2, NAME_LINE, heading, ha="center", va="bottom",
                      fontsize=11.5)
            for column, heading in enumerate(headings)
        ]  # fmt: skip
        for heading in self.headings[3:]:  # the image and two views are always there
            self.moving(heading)
        self.names = [
            self.moving(axes.text(-4, row * PITCH + TILE / 2, "", ha="right", va="center"))
            for row in range(ROWS)
        ]

    def _build_anew(self, axes: Axes) -> None:
        axes.set(title="2  drawn anew", xlim=(-0.03, 1.05), ylim=(4.6, -0.6))
        axes.set_xticks([0.0, 0.5, 1.0], ["kept", "½", "fully"])
        axes.tick_params(axis="y", length=0)
        self.anew_axes = axes
        self.bars = [
            self.moving(bar)
            for bar in axes.barh(range(5), [0.0] * 5, height=0.42, color=style.DATA_SOFT)
        ]
        (dots,) = axes.plot([0.0] * 5, range(5), "o", color=style.DATA, markersize=8, clip_on=False)
        self.dots = self.moving(dots)

    def _build_knn(self, axes: Axes) -> None:
        axes.set(title="3  raw-pixel kNN", xlim=(0.0, 100.0), ylim=(-0.5, 2.3), yticks=[])
        axes.set_xticks([0, 50, 100], ["0", "50", "100 %"])
        axes.spines["left"].set_visible(False)
        (bar,) = axes.barh([0.0], [0.0], height=0.62, color=style.DATA)
        self.bar = self.moving(bar)
        self.number = self.moving(axes.text(0.0, 0.0, "", va="center", fontweight="bold"))
        self.marks = {}
        for name, line, side, height in (
            ("chance", style.SOFT_LINE, "left", 0.75),
            ("upright", style.SLICE_LINE, "right", 1.55),
        ):
            (mark,) = axes.plot([0.0, 0.0], [-0.5, height], color=style.INK, linestyle=line,
                                linewidth=1.8)  # fmt: skip
            said = axes.text(0.0, height, "", ha=side, va="bottom", fontsize=11.5)
            self.marks[name] = self.moving(mark), said

    def static_key(self, view: DigitViewsView) -> Hashable:
        return view.data

    def show(self, view: DigitViewsView) -> None:
        self.sheet.set_data(painted(sheet_of(view.tiles)))
        for text, name in zip(self.names, view.names, strict=True):
            text.set_text(name)
        strengths = list(view.anew.values())
        for bar, strength in zip(self.bars, strengths, strict=True):
            bar.set_width(strength)
        self.dots.set_xdata(strengths)
        self._show_knn(view)
        for number, heading in enumerate(self.headings):
            heading.set_visible(number <= view.num_views)
        self._show_static(view)

    def _show_knn(self, view: DigitViewsView) -> None:
        percent = 100.0 * (view.raw_knn or 0.0)
        said = "being counted" if view.raw_knn is None else f"{percent:.1f}"
        self.bar.set_width(percent)
        inside = percent > 50.0
        self.number.set(text=said, x=percent - 2.0 if inside else percent + 2.0)
        self.number.set(ha="right" if inside else "left", color="white" if inside else style.INK)

    def _show_static(self, view: DigitViewsView) -> None:
        """Set what depends on the kind of pictures alone."""
        self.anew_axes.set_yticks(range(5), list(view.anew))
        for name, share in (("chance", view.chance), ("upright", view.upright)):
            mark, said = self.marks[name]
            mark.set_visible(share is not None)
            said.set_visible(share is not None)
            if share is not None:
                mark.set_xdata([100.0 * share] * 2)
                said.set(x=100.0 * share, text=f"{name} {100.0 * share:.0f}")


def left_of(column: int) -> int:
    """Return where a column of the sheet begins: 0 is the image, the views follow.

    >>> left_of(0), left_of(1), left_of(2)
    (0, 40, 75)
    """
    return column * PITCH + (BESIDE_IMAGE if column else 0)


def sheet_of(tiles: np.ndarray) -> np.ndarray:
    """Return the pictures (5, 1 + V, S, S, 3) on one white sheet; S divides 32."""
    scale = TILE // tiles.shape[2]
    large = tiles.repeat(scale, axis=2).repeat(scale, axis=3)
    sheet = np.ones((*SHEET, 3), dtype=np.float32)
    for row in range(tiles.shape[0]):
        for column in range(tiles.shape[1]):
            top, left = row * PITCH, left_of(column)
            sheet[top : top + TILE, left : left + TILE] = large[row, column]
    return sheet


def painted(sheet: np.ndarray) -> np.ndarray:
    """Return colours (H, W, 3) from 0 to 1 as bytes (H, W, 4), which Matplotlib draws soonest."""
    opaque = np.full((*sheet.shape[:2], 1), 255, dtype=np.uint8)
    return np.concatenate([np.rint(255.0 * sheet).astype(np.uint8), opaque], axis=2)
