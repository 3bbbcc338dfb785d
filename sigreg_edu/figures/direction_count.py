"""Figure of how many directions: T of single ones, means of M of them, and what D does to both."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import nice_ceiling
from sigreg_edu.views.direction_count import (
    BIN_EDGES,
    COUNTS,
    DIMS,
    MOST_DOTS,
    DirectionCountView,
)
from sigreg_edu.views.many_shadows import null_mean_and_95

TOP = 3.1  # of the ratio to the exact mean; what lies above is drawn there, under the legend
JITTER = 2.0 ** (0.6 * (np.arange(MOST_DOTS) * 0.618 % 1.0 - 0.5))  # golden ratio: no overlaps
T_MOST = 600.0


class DirectionCountFigure(ExplorerFigure):
    """Three panels: T of single directions, means over M against M, the exact mean against D."""

    def build(self) -> None:
        single, means, dilution = self.figure.subplots(1, 3, width_ratios=(1.0, 1.15, 1.0))
        self._build_single(single)
        self._build_means(means)
        self._build_dilution(dilution)

    def _build_single(self, axes: Axes) -> None:
        axes.set(title="1  T of single directions", xlabel="T", xscale="log", yticks=[])
        axes.set_xlim(BIN_EDGES[0], BIN_EDGES[-1])
        axes.set_xticks([0.1, 1, 10, 100], ["0.1", "1", "10", "100"])
        axes.spines["left"].set_visible(False)
        self.single_axes = axes
        self.shares = self.moving(
            axes.stairs([0.0], [0.1, 1.0], fill=True, color=style.DATA, alpha=0.55,
                        label="this cloud")
        )  # fmt: skip
        self.null = self.moving(
            axes.stairs([0.0], [0.1, 1.0], color=style.TARGET, linestyle=style.TARGET_LINE,
                        linewidth=2.2, label="Gaussian")
        )  # fmt: skip
        (exact,) = axes.plot([], [], color=style.INK, linewidth=2.2, label="mean of all")
        self.exact = self.moving(exact)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15, handlelength=2.0)

    def _build_means(self, axes: Axes) -> None:
        axes.set(title="2  mean over M ÷ exact mean", xlabel="number of slices M", xscale="log")
        axes.set(xlim=(0.6, 1.7 * COUNTS[-1]), ylim=(0.0, 1.25 * TOP), yticks=[0, 1, 2, 3])
        axes.set_xticks([1, 4, 16, 64, 256, 1024], ["1", "4", "16", "64", "256", "1024"])
        axes.minorticks_off()
        axes.axhline(1.0, color=style.INK, linewidth=2.2)
        (draws,) = axes.plot([], [], "o", color=style.DATA, markersize=3.5, alpha=0.5,
                             markeredgewidth=0.0, clip_on=False, label="one draw of M")  # fmt: skip
        (here,) = axes.plot([], [], "o", color=style.SLICE, markersize=6.5, clip_on=False,
                            markeredgecolor="white", markeredgewidth=0.6,
                            label="at the present M")  # fmt: skip
        (funnel,) = axes.plot([], [], color=style.FAILURE, linestyle=style.SOFT_LINE,
                              label="1 ± σ/√M")  # fmt: skip
        self.draws, self.here, self.funnel = (self.moving(line) for line in (draws, here, funnel))
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15, handlelength=1.6)

    def _build_dilution(self, axes: Axes) -> None:
        axes.set(title="3  exact mean against D", xlabel="dimension D", xscale="log", yscale="log")
        axes.set(xlim=(1.6, 1.25 * DIMS[-1]), ylim=(0.4, T_MOST))
        axes.set_xticks([2, 8, 32, 128, 512], ["2", "8", "32", "128", "512"])
        axes.set_yticks([1, 10, 100], ["1", "10", "100"])
        axes.minorticks_off()
        axes.axhline(null_mean_and_95()[0], color=style.TARGET, linestyle=style.TARGET_LINE,
                     label="Gaussian")  # fmt: skip
        (dilution,) = axes.plot([], [], "-o", color=style.DATA, markersize=5, label="this cloud")
        (now,) = axes.plot([], [], "o", color=style.SLICE, markersize=12, clip_on=False)
        self.dilution, self.now = self.moving(dilution), self.moving(now)
        axes.legend(loc="upper right", borderaxespad=0.0, labelspacing=0.15, handlelength=2.0)

    def static_key(self, view: DirectionCountView) -> Hashable:
        return _share_ceiling(view)

    def show(self, view: DirectionCountView) -> None:
        top = _share_ceiling(view)
        self.single_axes.set_ylim(0.0, top)
        self.shares.set_data(view.shares, view.edges)
        self.null.set_data(view.null_shares, view.edges)
        self.exact.set_data([view.exact] * 2, [0.0, 0.66 * top])
        order = np.concatenate([np.arange((view.counts == m).sum()) for m in COUNTS])
        self.draws.set_data(view.counts * JITTER[order], np.minimum(view.draws, TOP))
        jitter = view.num_slices * JITTER[: len(view.here)]
        self.here.set_data(jitter, np.minimum(view.here, TOP))
        M = np.geomspace(COUNTS[0], COUNTS[-1], 41)
        width = view.spread / np.sqrt(M)
        upper = np.where(1.0 + width < TOP, 1.0 + width, np.nan)
        both = np.concatenate([upper, [np.nan], (1.0 - width)[::-1]])
        self.funnel.set_data(np.concatenate([M, [np.nan], M[::-1]]), both)
        self.dilution.set_data(view.dims, view.dilution)
        self.now.set_data([view.dim], [view.exact])


def _share_ceiling(view: DirectionCountView) -> float:
    return nice_ceiling(1.5 * view.shares.max(), floor=0.2)
