"""Figure of fresh and fixed slices: T along the steps, over directions, and against M."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import band, nice_ceiling
from sigreg_edu.views.fresh_or_fixed import (
    BIN_EDGES,
    COUNTS,
    MOST_SLICES,
    NUM_STEPS,
    FreshOrFixedView,
)

LEAST, MOST = BIN_EDGES[0], BIN_EDGES[-1]  # of T on every axis; above is room for the legends
TICKS = {0.001: "0.001", 0.01: "0.01", 0.1: "0.1", 1: "1", 10: "10", 100: "100"}
FRESH = {"color": style.DATA, "linestyle": "-", "marker": "o"}
FIXED = {"color": style.OTHER, "linestyle": (0, (4, 1.5)), "marker": "s"}
FLOOR = {"color": style.TARGET, "linestyle": style.TARGET_LINE, "linewidth": 1.8}
HERE = {"color": style.SLICE, "linestyle": style.SLICE_LINE, "linewidth": 1.6}
LEGEND = {"borderaxespad": 0.0, "labelspacing": 0.15, "handlelength": 2.0}


class FreshOrFixedFigure(ExplorerFigure):
    """Three panels: mean T against the step, T of single unseen directions, mean T against M."""

    size = (9.6, 4.3)

    def build(self) -> None:
        along, single, against = self.figure.subplots(1, 3, width_ratios=(1.15, 1.0, 1.05))
        self._build_along(along)
        self._build_single(single)
        self._build_against(against)

    def _build_along(self, axes: Axes) -> None:
        axes.set(title="1  mean of T, step by step", xlabel="gradient step")
        axes.set(xlim=(0, 1.02 * NUM_STEPS), xticks=[0, 50, 100, 150, 200])
        _scale_of_t(axes)
        self.blind = self.moving(
            axes.fill([0.0], [1.0], facecolor=style.FAILURE, alpha=0.16, label="blind spot",
                      hatch=style.HATCH, edgecolor=style.FAILURE, linewidth=0.0)[0]
        )  # fmt: skip
        self.floor = self.moving(axes.axhline(1.0, label="Gaussian", **FLOOR))
        self.here = self.moving(axes.plot([], [], **HERE)[0])
        fresh, fixed, reported = (
            axes.plot([], [], label=label, clip_on=False, **look)[0]
            for label, look in (
                ("fresh", {**FRESH, "marker": ""}),
                ("fixed", {**FIXED, "marker": ""}),
                ("fixed reports", {"color": style.OTHER, "linestyle": style.SOFT_LINE}),
            )
        )
        self.fresh, self.fixed, self.reported = (
            self.moving(line) for line in (fresh, fixed, reported)
        )
        axes.legend(handles=[fresh, fixed, self.floor, reported, self.blind], loc="upper left",
                    ncols=2, columnspacing=0.8, **LEGEND)  # fmt: skip

    def _build_single(self, axes: Axes) -> None:
        self.single_axes = axes
        axes.set(title="2  each direction", xlabel="T of one unseen direction", xscale="log")
        axes.set(xlim=(LEAST, MOST), yticks=[])
        axes.set_xticks([0.01, 1, 100], ["0.01", "1", "100"])
        axes.minorticks_off()
        axes.spines["left"].set_visible(False)
        self.fresh_shares = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, color=style.DATA, alpha=0.55, label="fresh")
        )
        self.fixed_shares = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, color=style.OTHER, alpha=0.55, label="fixed")
        )
        self.null_shares = self.moving(
            axes.stairs([0.0], [0.1, 1.0], color=style.TARGET, linestyle=style.TARGET_LINE,
                        linewidth=2.2, label="Gaussian")
        )  # fmt: skip
        axes.legend(loc="upper left", **LEGEND)

    def _build_against(self, axes: Axes) -> None:
        axes.set(title="3  mean of T against M", xlabel="number of slices M", xscale="log")
        axes.set_xlim(0.8, 1.25 * MOST_SLICES)
        axes.set_xticks([1, 4, 16, 64, 256], ["1", "4", "16", "64", "256"])
        _scale_of_t(axes)
        self.floor_again = self.moving(axes.axhline(1.0, **FLOOR))
        self.now = self.moving(axes.plot([], [], label="present M", **HERE)[0])
        (level,) = axes.plot([], [], color=style.DATA, linewidth=1.4, linestyle=style.SOFT_LINE)
        self.level = self.moving(level)
        fresh, fixed = (
            axes.plot([], [], label=label, markersize=6.5, clip_on=False, **look)[0]
            for label, look in (("fresh", FRESH), ("fixed", FIXED))
        )
        self.fresh_by_count, self.fixed_by_count = self.moving(fresh), self.moving(fixed)
        axes.legend(handles=[fresh, fixed, self.now], loc="upper right", **LEGEND)

    def static_key(self, view: FreshOrFixedView) -> Hashable:
        return _share_ceiling(view)

    def show(self, view: FreshOrFixedView) -> None:
        self._show_along(view)
        self._show_single(view)
        self._show_against(view)

    def _show_along(self, view: FreshOrFixedView) -> None:
        reported = np.maximum(view.reported, LEAST)
        self.fresh.set_data(view.steps, view.fresh)
        self.fixed.set_data(view.steps, view.fixed)
        self.reported.set_data(view.steps, reported)
        known = np.isfinite(view.fixed) & (view.fixed > reported)
        self.blind.set_xy(band(reported[known], view.fixed[known], view.steps[known]))
        self.blind.set_visible(bool(known.sum() > 1))
        self.here.set_data([view.step] * 2, [LEAST, MOST])
        for line in (self.floor, self.floor_again):
            line.set_ydata([view.null_mean] * 2)

    def _show_single(self, view: FreshOrFixedView) -> None:
        self.single_axes.set_ylim(0.0, _share_ceiling(view))
        self.fresh_shares.set_data(view.fresh_shares, view.edges)
        self.fixed_shares.set_data(view.fixed_shares, view.edges)
        self.null_shares.set_data(view.null_shares, view.edges)

    def _show_against(self, view: FreshOrFixedView) -> None:
        self.fresh_by_count.set_data(view.counts, view.fresh_by_count)
        self.fixed_by_count.set_data(view.counts, view.fixed_by_count)
        self.now.set_data([view.num_slices] * 2, [LEAST, MOST])
        at = view.fresh_by_count[COUNTS.index(view.num_slices)]
        self.level.set_data([view.num_slices, MOST_SLICES], [at, at])


def _scale_of_t(axes: Axes) -> None:
    """Give the axes a log scale of T, with room for a legend above the largest."""
    axes.set(yscale="log", ylim=(LEAST, 150.0 * MOST))
    axes.set_yticks(list(TICKS), list(TICKS.values()))
    axes.minorticks_off()


def _share_ceiling(view: FreshOrFixedView) -> float:
    highest = max(view.fresh_shares.max(), view.fixed_shares.max())
    return nice_ceiling(1.35 * highest, floor=0.25, steps=(1.0, 2.5, 5.0))
