"""Embeddings from six sides; and all directions that were searched, for a report."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

import numpy as np
from matplotlib.axes import Axes
from matplotlib.text import Text

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped, decade_label, nice_ceiling
from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.inspection import BROKEN, FEWEST, NOTABLE, NUM_WORST
from sigreg_edu.views.inspection import InspectionView, Shadow
from sigreg_edu.views.sample import Histogram

PARTS = ("axes", "width", "place", "shape")
PART_OF = {
    "dimensional": "axes", "scale": "width", "inflated": "width", "constant": "width",
    "shifted": "place", "clustered": "shape", "shape": "shape",
}  # fmt: skip
TOP = 0.85  # of a histogram; taller bars are cut, to leave room for words
LEAST_EFFECT, MOST_EFFECT = 1e-4, 5.0
LEAST_STD = 1e-3


class InspectionFigure(ExplorerFigure):
    """Coordinates, axes, parts of T / N; random directions, and the worst that were found."""

    size = (9.6, 6.2)

    def build(self) -> None:
        coordinates, axes, parts, random, shadow, worst = self.figure.subplots(2, 3).ravel()
        self._build_coordinates(coordinates)
        self._build_axes(axes)
        self._build_parts(parts)
        self._build_random(random)
        self.random_shadow, self.random_words = _shadow_panel(
            self, shadow, "5  worst random shadow"
        )
        self.worst_shadow, self.worst_words = _shadow_panel(self, worst, "6  worst one searched")

    def _build_coordinates(self, axes: Axes) -> None:
        axes.set(title="1  coordinates", xlabel="coordinate, by mean")
        axes.axhline(0.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.coordinates = axes
        (self.means,) = axes.plot([], [], color=style.DATA, label="mean")
        (self.stds,) = axes.plot([], [], ".", color=style.DATA_SOFT, markersize=5.0, label="std")
        for line in (self.means, self.stds):
            self.moving(line)
        axes.legend(loc="upper left", borderaxespad=0.1, ncols=2, columnspacing=1.0,
                    handlelength=1.2)  # fmt: skip

    def _build_axes(self, axes: Axes) -> None:
        axes.set(title="2  std of each axis", xlabel="principal axis, by rank", yscale="log")
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.axes = axes
        (self.spectrum,) = axes.plot([], [], ".-", color=style.DATA, markersize=5.0)
        self.moving(self.spectrum)

    def _build_parts(self, axes: Axes) -> None:
        axes.set(title="3  T / N comes from", xscale="log", xlim=(LEAST_EFFECT, MOST_EFFECT))
        axes.set_xticks([1e-4, 1e-2, 1.0], ["≤ 10⁻⁴", "0.01", "1"])
        axes.minorticks_off()
        axes.set_yticks(range(len(PARTS)), PARTS)
        axes.set_ylim(len(PARTS) - 0.5, -1.1)
        axes.spines["left"].set_visible(False)
        axes.tick_params(left=False)
        for bar in (NOTABLE, BROKEN):
            axes.axvline(bar, color=style.GREY, linewidth=1.0, linestyle=style.SOFT_LINE)
        axes.text(BROKEN * 1.15, -0.62, "broken", color=style.GREY, va="center")
        axes.text(NOTABLE / 1.15, -0.62, "fine", color=style.GREY, va="center", ha="right")
        self.bars = [
            self.moving(bar)
            for bar in axes.barh(range(len(PARTS)), LEAST_EFFECT, height=0.6, left=LEAST_EFFECT)
        ]

    def _build_random(self, axes: Axes) -> None:
        axes.set(title="4  random directions", xlabel="T / N", yticks=[], xscale="log")
        axes.set(xlim=(LEAST_EFFECT, MOST_EFFECT), ylim=(0.0, 1.15))
        axes.set_xticks([1e-4, 1e-2, 1.0], ["10⁻⁴", "0.01", "1"])
        axes.minorticks_off()
        axes.spines["left"].set_visible(False)
        self.random = self.moving(
            axes.stairs([0.0], [1e-4, 1.0], fill=True, color=style.DATA, alpha=0.55)
        )
        self.floor = self.moving(
            axes.axvline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        )
        self.floor_words = self.moving(axes.text(0.0, 1.1, "", color=style.TARGET_INK, va="center"))

    def static_key(self, view: InspectionView) -> Hashable:
        return _limits(view)

    def show(self, view: InspectionView) -> None:
        self._show_coordinates(view)
        self._show_parts(view)
        self._show_random(view)
        _show_shadow(self.random_shadow, self.random_words, view.random_shadow,
                     f"T / N = {view.statistics.max():.3g}")  # fmt: skip
        if view.shown is None:
            nothing = _nothing(view.random_shadow)
            words = "too few rows" if len(view.found.rows) < FEWEST else "not yet searched"
            words = "one point" if view.found.is_point else words
            _show_shadow(self.worst_shadow, self.worst_words, nothing, words)
        else:
            _show_searched(self.worst_shadow, self.worst_words, view.shown)

    def _show_coordinates(self, view: InspectionView) -> None:
        order = np.argsort(view.mean)
        places = np.arange(1, len(order) + 1)
        self.means.set_data(places, view.mean[order])
        self.stds.set_data(places, view.std[order])
        self.spectrum.set_data(places, np.maximum(view.axes, LEAST_STD))
        dim, (lowest, highest), (narrowest, widest) = _limits(view)
        ticks = sorted({1, (dim + 1) // 2, dim})
        for axes in (self.coordinates, self.axes):
            axes.set(xlim=(0.0, dim + 1.0), xticks=ticks)
        self.coordinates.set_ylim(1.15 * lowest, 1.45 * highest)
        self.coordinates.set_yticks(sorted({lowest, 0.0, highest}))
        self.axes.set_ylim(0.7 * 10.0**narrowest, 10.0**widest)
        decades = range(narrowest, widest + 1)
        self.axes.set_yticks([10.0**n for n in decades], [decade_label(10.0**n) for n in decades])
        self.axes.minorticks_off()

    def _show_parts(self, view: InspectionView) -> None:
        effects = dict.fromkeys(PARTS, 0.0)
        effects |= {PART_OF[kind]: effect for kind, effect in view.found.effects.items()}
        for bar, effect in zip(self.bars, effects.values(), strict=True):
            bar.set_width(min(max(effect, LEAST_EFFECT), MOST_EFFECT) - LEAST_EFFECT)
            bar.set_facecolor(style.FAILURE if effect >= BROKEN else style.DATA_SOFT)
            bar.set_hatch(style.HATCH if effect >= BROKEN else "")

    def _show_random(self, view: InspectionView) -> None:
        edges = np.geomspace(LEAST_EFFECT, MOST_EFFECT, 60)
        counts, _ = np.histogram(np.clip(view.statistics, *edges[[0, -1]]), edges)
        self.random.set_data(counts / counts.max(), edges)
        floor = null_distribution().mean / view.found.count
        place = min(max(floor, LEAST_EFFECT), MOST_EFFECT)
        self.floor.set_xdata([place, place])
        right = place < 0.02
        self.floor_words.set_text(" N(0, I)" if right else "N(0, I) ")
        self.floor_words.set(x=place, ha="left" if right else "right")


class SearchedFigure(ExplorerFigure):
    """All directions that were searched: as the rows are, and in shape alone."""

    size = (9.6, 5.0)

    def build(self) -> None:
        rows = self.figure.subplots(2, NUM_WORST)
        titles = ("as they are", "shape alone")
        self.panels = [
            [_shadow_panel(self, axes, f"{title}, {i + 1}") for i, axes in enumerate(row)]
            for row, title in zip(rows, titles, strict=True)
        ]

    def show(self, view: InspectionView) -> None:
        for panels, shadows in zip(self.panels, (view.worst, view.shapes), strict=True):
            for i, (panel, words) in enumerate(panels):
                if i < len(shadows):
                    _show_searched(panel, words, shadows[i])
                else:
                    _show_shadow(panel, words, _nothing(view.random_shadow), "none left")


def _limits(view: InspectionView) -> tuple[int, tuple[float, float], tuple[int, int]]:
    """Return D, the ends of the coordinates' panel, and the powers of ten of the axes' panel.

    They are rounded, so that they seldom change.
    """
    highest = nice_ceiling(max(1.0, view.std.max(), view.mean.max()))
    lowest = -nice_ceiling(max(0.5, -view.mean.min()))
    widest = int(np.ceil(np.log10(max(2.0, view.axes.max()))))
    narrowest = int(np.floor(np.log10(max(min(0.5, view.axes.min()), LEAST_STD))))
    return len(view.mean), (lowest, highest), (narrowest, widest)


def _shadow_panel(figure: ExplorerFigure, axes: Axes, title: str) -> tuple[HistogramPanel, Text]:
    panel = HistogramPanel(figure, axes, title=title, top=1.25)
    axes.set(xlabel="", xticks=[-4, -2, 0, 2, 4])
    axes.get_legend().remove()
    words = figure.moving(axes.text(0.02, 0.98, "", va="top", transform=axes.transAxes))
    return panel, words


def _show_shadow(panel: HistogramPanel, words: Text, shadow: Histogram, text: str) -> None:
    panel.show(clipped(shadow, TOP))
    words.set_text(text)


def _show_searched(panel: HistogramPanel, words: Text, shadow: Shadow) -> None:
    told = f"T / N − floor: {shadow.effect:.3g}\nsearched half: {shadow.searched_effect:.3g}"
    _show_shadow(panel, words, shadow.histogram, told)


def _nothing(like: Histogram) -> Histogram:
    return replace(like, heights=np.zeros_like(like.heights), outside=0)
