"""Figure of the live transformer: digits, views, worst shadow, and what grows while it learns."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.text import Text

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.embedding import CloudPanel
from sigreg_edu.figures.parts import clipped, worst_shadow_panel
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.sample import Histogram
from sigreg_edu.views.vit_training import EXAMPLES, FREQUENCIES, SIZE, STEPS, VitTrainingView

CUT = 0.62  # where taller bars of the histogram are cut off, below the number
GAP, WIDE_GAP = 1, 6  # pixels between an image and its views, and between two digits
LEGEND = {"borderaxespad": 0.1, "handlelength": 1.4, "handletextpad": 0.4, "columnspacing": 0.9,
          "labelspacing": 0.2, "fontsize": 11}  # fmt: skip
MOST_TURNS = 6  # marks of moves of λ
LOSSES, PERCENTS = (1e-5, 1e3), (0.0, 102.0)  # above them are the legends
NO_POINTS = Histogram(np.array([0.0, 1.0]), np.zeros(1), 0)
STEPS_SHOWN = (-0.03 * STEPS, 1.03 * STEPS)


class VitTrainingFigure(ExplorerFigure):
    """Six panels: map and views; worst shadow and its characteristic function; losses, accuracy."""

    size = (9.6, 5.2)

    def build(self) -> None:
        left, middle, right = self.figure.add_gridspec(1, 3, width_ratios=(1.62, 1.0, 1.45))
        cloud, tiles = left.subgridspec(2, 1, height_ratios=(6.2, 1.0))
        self._build_map(self.figure.add_subplot(cloud))
        self._build_tiles(self.figure.add_subplot(tiles))
        shadow, ecf = middle.subgridspec(2, 1)
        self._build_shadow(self.figure.add_subplot(shadow))
        self._build_ecf(self.figure.add_subplot(ecf))
        losses, accuracy = right.subgridspec(2, 1)
        self._build_losses(self.figure.add_subplot(losses))
        self._build_accuracy(self.figure.add_subplot(accuracy))
        self.marks = [self._mark(axes) for axes in (self.loss_axes, self.accuracy_axes)]
        self.turns = [
            [self._turn(axes) for _ in range(MOST_TURNS)]
            for axes in (self.loss_axes, self.accuracy_axes)
        ]

    # --- left ----------------------------------------------------------------------------------

    def _build_map(self, axes: Axes) -> None:
        self.map_axes = axes
        first = len(self._moving)
        self.map = CloudPanel(self, axes, title="")
        axes.set_title(" \n ", pad=12)  # room for the two lines below
        self._map_artists = self._moving[first:]
        self.circle, self.circle_note = axes.lines[0], axes.texts[0]
        self._circle = self.circle.get_xydata().copy()
        self.heading = self._words(axes, 0.0, 1.09, fontsize=13.5, fontweight="bold")
        self.objective = self._words(axes, 0.0, 1.02)
        self.waiting = self._words(axes, 0.5, 0.5, ha="center")
        self.waiting.set_text("not looked at yet")

    def _words(self, axes: Axes, x: float, y: float, **look) -> Text:
        """Words that change, for which the layout makes no room."""
        words = axes.text(x, y, "", transform=axes.transAxes, **look)
        words.set_in_layout(False)
        return self.moving(words)

    def _build_tiles(self, axes: Axes) -> None:
        axes.set_title("2  image and two views", pad=4)
        axes.set_axis_off()
        self.tiles = self.moving(axes.imshow(_mosaic(np.ones((len(EXAMPLES), 3, SIZE, SIZE, 3)))))

    def _show_map(self, view: VitTrainingView) -> None:
        self.heading.set_text(f"1  the {view.space}, step {view.step}")
        self.objective.set_text(view.objective)
        self.waiting.set_visible(view.seen is None)
        for artist in self._map_artists:
            artist.set_visible(view.seen is not None)
        if view.seen is None:
            return
        self.map.show(view.seen.map)

    def _show_scale(self, view: VitTrainingView) -> None:
        """Set ticks, and the circle, which only the projections are asked to fill."""
        scale = view.seen.scale if view.seen else 1.0
        ticks = np.array([-3, 0, 3])
        labels = [f"{tick * scale:g}".replace("-", "\N{MINUS SIGN}") for tick in ticks]
        self.map_axes.set_xticks(ticks, labels)
        self.map_axes.set_yticks(ticks, [])  # the same
        self.circle.set_data(*(self._circle.T / scale))
        for artist in (self.circle, self.circle_note):
            artist.set_visible(view.space == "projection")

    # --- middle --------------------------------------------------------------------------------

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow, self.worst = worst_shadow_panel(self, axes, title="3  worst shadow")

    def _build_ecf(self, axes: Axes) -> None:
        axes.set(title="4  its φ(t)", xlabel="frequency t", xlim=(0.0, FREQUENCIES[-1]))
        axes.set(ylim=(-1.5, 1.1), yticks=[-1, 0, 1], xticks=[0, 1, 2, 3])  # the legend below
        target = np.exp(-0.5 * FREQUENCIES**2)
        axes.plot(FREQUENCIES, target, color=style.TARGET, linestyle=style.TARGET_LINE)
        (real,) = axes.plot([], [], color=style.DATA, label="real")
        (imaginary,) = axes.plot(
            [], [], color=style.DATA_SOFT, linestyle=style.SOFT_LINE, label="imaginary"
        )
        self.real, self.imaginary = self.moving(real), self.moving(imaginary)
        axes.legend(loc="lower left", ncols=2, **LEGEND).set_in_layout(False)

    def _show_shadow(self, view: VitTrainingView) -> None:
        for artist in (self.worst, self.real, self.imaginary):
            artist.set_visible(view.seen is not None)
        self.shadow.show(clipped(view.seen.shadow, CUT) if view.seen else NO_POINTS)
        if view.seen is None:
            return
        self.worst.set_text(f"T = {view.seen.worst:.3g}")
        self.real.set_data(FREQUENCIES, view.seen.ecf.real)
        self.imaginary.set_data(FREQUENCIES, view.seen.ecf.imag)

    # --- right ---------------------------------------------------------------------------------

    def _build_losses(self, axes: Axes) -> None:
        self.loss_axes = axes
        axes.set(title="5  what the loss sees", yscale="log", ylim=(LOSSES[0], 1e6))
        axes.set_yticks([1e-4, 1e-2, 1.0, 100.0], ["10⁻⁴", "10⁻²", "1", "100"])
        axes.minorticks_off()
        axes.set(xlim=STEPS_SHOWN, xticks=[0, STEPS // 2, STEPS])
        axes.axhline(null_distribution().mean, color=style.TARGET, linestyle=style.TARGET_LINE,
                     linewidth=1.6)  # fmt: skip
        self.invariance = self._curve(axes, color=style.INK)
        self.regularizer = self._curve(axes, color=style.DATA)
        self.statistic = self._curve(axes, color=style.DATA_SOFT, marker="o", markersize=4.5,
                                     linewidth=0)  # fmt: skip
        handles = [self.invariance, self.statistic, self.regularizer]
        legend = axes.legend(handles, ["invariance", "T of test digits", ""], loc="upper left",
                             ncols=2, **LEGEND)  # fmt: skip
        legend.set_in_layout(False)
        self.regularizer_name = legend.get_texts()[2]

    def _build_accuracy(self, axes: Axes) -> None:
        self.accuracy_axes = axes
        axes.set(title="6  what it has learnt, %", xlabel="step", ylim=(PERCENTS[0], 120.0))
        axes.set(xlim=STEPS_SHOWN, xticks=[0, STEPS // 2, STEPS], yticks=[0, 25, 50, 75, 100])
        self.raw = self._curve(axes, color=style.GREY, linewidth=1.4)
        self.raw_note = self.moving(
            axes.text(1.0, 0.0, "raw pixels", ha="right", va="top", color=style.GREY,
                      fontsize=11, transform=axes.get_yaxis_transform())
        )  # fmt: skip
        self.before_note = self.moving(
            axes.text(0.99, 0.02, "grey dots: the run before", ha="right", color=style.GREY,
                      fontsize=11, transform=axes.transAxes)
        )  # fmt: skip
        self.before = self._curve(axes, color=style.GREY, linestyle=style.SOFT_LINE)
        self.rank = self._curve(axes, color=style.INK, linestyle=style.SOFT_LINE, linewidth=1.6,
                                label="rank / D")  # fmt: skip
        self.linear = self._curve(axes, color=style.DATA_SOFT, linestyle=(0, (4, 1.5)), marker="o",
                                  markersize=3,
                                  label="linear")  # fmt: skip
        self.knn = self._curve(axes, color=style.DATA, marker="o", markersize=3.5, label="kNN")
        handles = [self.knn, self.linear, self.rank]
        axes.legend(handles=handles, loc="upper left", ncols=3, **LEGEND).set_in_layout(False)

    def _curve(self, axes: Axes, **look) -> Line2D:
        return self.moving(axes.plot([], [], **look)[0])

    def _mark(self, axes: Axes) -> Line2D:
        return self._curve(axes, color=style.SLICE, linestyle=style.SLICE_LINE, linewidth=1.4)

    def _turn(self, axes: Axes) -> Line2D:
        return self._curve(axes, color=style.INK, linewidth=1.0)

    def _show_curves(self, view: VitTrainingView) -> None:
        steps = np.arange(1, len(view.invariance) + 1)
        looks, curves = view.look_steps, view.curves
        self.invariance.set_data(steps, _within(view.invariance))
        self.regularizer.set_data(steps, _within(view.regularizer))
        self.statistic.set_data(looks, _within(curves["sigreg"]))
        self.knn.set_data(looks, 100.0 * curves["knn"])
        self.linear.set_data(looks, 100.0 * curves["linear"])
        self.rank.set_data(looks, 100.0 * curves["effective_rank"])
        before = view.before or ([], np.zeros(0))
        self.before.set_data(before[0], 100.0 * before[1])
        self.before_note.set_visible(view.before is not None)
        for artist in (self.raw, self.raw_note):
            artist.set_visible(view.raw_knn is not None)
        if view.raw_knn is not None:
            self.raw.set_data(STEPS_SHOWN, [100.0 * view.raw_knn] * 2)
            self.raw_note.set_y(100.0 * view.raw_knn - 1.5)

    def _show_marks(self, view: VitTrainingView) -> None:
        """Where one looks, and where λ was moved."""
        for ends, mark, turns in zip((LOSSES, PERCENTS), self.marks, self.turns, strict=True):
            mark.set_data([view.step] * 2, ends)
            for number, line in enumerate(turns):
                here = view.turned[-MOST_TURNS:][number : number + 1] * 2
                line.set_data(here, ends[: len(here)])
                line.set_visible(bool(here))  # nothing is drawn sooner

    # --- all -----------------------------------------------------------------------------------

    def static_key(self, view: VitTrainingView) -> Hashable:
        return view.seen.scale if view.seen else 1.0, view.space, view.regularizer_name

    def show(self, view: VitTrainingView) -> None:
        self._show_map(view)
        self._show_scale(view)
        self.regularizer_name.set_text(view.regularizer_name)
        self.tiles.set_data(_mosaic(view.tiles))
        self._show_shadow(view)
        self._show_curves(view)
        self._show_marks(view)


def _within(losses: np.ndarray) -> np.ndarray:
    return np.clip(losses, *LOSSES)


def _mosaic(tiles: np.ndarray) -> np.ndarray:
    """Lay images and views (R, 1 + V, S, S, 3) side by side on white, in one row."""
    digits, size = [], tiles.shape[2]
    gap, wide = np.ones((size, GAP, 3)), np.ones((size, WIDE_GAP, 3))
    for row in tiles:
        digits += [wide, *(part for tile in row for part in (tile, gap))]
    return np.concatenate(digits[1:-1], axis=1)
