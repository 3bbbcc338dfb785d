"""Figure of one outlier: where a step takes it and the rest, its force, its share of the whole."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Circle

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.gradients import BOUND_LOOK, LOOKS, MOVED_LOOK
from sigreg_edu.views.outlier import FARTHEST, LOSSES, NUM_ARROWS, PLANE_BOUND, OutlierView

LOSS_LOOKS = {
    "sigreg": LOOKS["epps_pulley"],
    "mean_std": LOOKS["mean_std"],
    "four_moments": LOOKS["four_moments"],
    "vicreg": {"color": style.GREY, "linestyle": (0, (8, 1.5))},
}
LEAST, MOST = 1e-5, 1e6  # of the force's axis; above it is room for the legend
TICKS = {1e-4: "10⁻⁴", 1e-2: "0.01", 1: "1", 100: "100", 1e4: "10⁴", 1e6: "10⁶"}
AFTER_LOOK = {"marker": "D", "markersize": 15, "color": "none", "linestyle": "none",
              "markeredgecolor": style.SLICE, "markeredgewidth": 2.0}  # fmt: skip
HERE_LINE = {"color": style.SLICE, "linewidth": 1.4}
LEGEND = {"borderaxespad": 0.0, "labelspacing": 0.12}


class OutlierFigure(ExplorerFigure):
    """Three panels: the cloud and one step, the force against the distance, and the share."""

    size = (9.6, 4.3)

    def build(self) -> None:
        cloud, force, share = self.figure.subplots(1, 3, width_ratios=(1.6, 1.0, 1.0))
        self._build_cloud(cloud)
        self._build_force(force)
        self._build_share(share)

    def _build_cloud(self, axes: Axes) -> None:
        self.cloud_axes = axes
        axes.set(title="1  one step", aspect="equal")
        axes.locator_params(nbins=5)
        axes.add_patch(
            Circle((0.0, 0.0), 2.0, fill=False, color=style.TARGET, linestyle=style.TARGET_LINE,
                   linewidth=1.8, label="2 σ of N(0, I)")
        )  # fmt: skip
        (points,) = axes.plot([], [], "o", color=style.DATA, markersize=3.5, alpha=0.45,
                              markeredgewidth=0.0)  # fmt: skip
        nowhere = np.zeros(NUM_ARROWS + 1)
        arrows = axes.quiver(
            nowhere, nowhere, nowhere, nowhere, angles="xy", scale_units="xy", scale=1.0,
            width=0.008, headwidth=4.5, headlength=5.0, headaxislength=4.5, minlength=0.0,
            color=[style.INK] * NUM_ARROWS + [style.SLICE],
        )  # fmt: skip
        (outlier,) = axes.plot([], [], label="outlier", **MOVED_LOOK)
        (after,) = axes.plot([], [], label="after a step", **AFTER_LOOK)
        self.points, self.arrows, self.after, self.outlier = (
            self.moving(artist) for artist in (points, arrows, after, outlier)
        )
        axes.legend(handles=[outlier, after, axes.patches[0]], loc="upper center", ncols=3,
                    bbox_to_anchor=(0.47, -0.09), columnspacing=0.9, handlelength=1.2,
                    handletextpad=0.5, **LEGEND)  # fmt: skip

    def _build_force(self, axes: Axes) -> None:
        axes.set(title="2  force on it", xlabel="distance r of the outlier", yscale="log")
        axes.set(xlim=(0.0, FARTHEST), ylim=(LEAST, MOST * 10.0**5.5))
        axes.set_yticks(list(TICKS), list(TICKS.values()))
        axes.minorticks_off()
        (bound,) = axes.plot([0.0, FARTHEST], [PLANE_BOUND] * 2,
                             label=f"SIGReg ≤ {PLANE_BOUND:.2f}", **BOUND_LOOK)  # fmt: skip
        self.moving(bound)
        self.sizes = self._curves(axes)
        self.size_line, self.size_mark = self._marker(axes)
        axes.legend(handles=[*self.sizes.values(), bound], loc="upper left", **LEGEND)

    def _build_share(self, axes: Axes) -> None:
        axes.set(title="3  share of gradient", xlabel="distance r of the outlier")
        axes.set(xlim=(0.0, FARTHEST), ylim=(0.0, 1.2))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0], ["0 %", "25 %", "50 %", "75 %", "100 %"])
        (equal,) = axes.plot([], [], label="all forces equal", **BOUND_LOOK)
        self.equal = self.moving(equal)
        self.shares = self._curves(axes)
        self.share_line, self.share_mark = self._marker(axes)
        axes.legend(handles=[equal], loc="upper left", **LEGEND)

    def _curves(self, axes: Axes) -> dict:
        return {
            name: self.moving(axes.plot([], [], label=label, **LOSS_LOOKS[name])[0])
            for name, label in LOSSES.items()
        }

    def _marker(self, axes: Axes) -> tuple:
        """Return a line up to the present point, and the point."""
        return (
            self.moving(axes.plot([], [], **HERE_LINE)[0]),
            self.moving(axes.plot([], [], clip_on=False, **MOVED_LOOK)[0]),
        )

    def static_key(self, view: OutlierView) -> Hashable:
        return view.field

    def show(self, view: OutlierView) -> None:
        self._show_cloud(view)
        for name in LOSSES:
            size = view.sizes[name]
            shown = np.where(size <= MOST, np.maximum(size, LEAST / 10.0), np.nan)
            self.sizes[name].set_data(view.distances, shown)
            self.shares[name].set_data(view.distances, view.shares[name])
            for line in (self.sizes[name], self.shares[name]):
                line.set_linewidth(3.6 if name == view.loss else 1.8)
        size = float(np.clip(view.size, LEAST, MOST))
        self.equal.set_data([0.0, FARTHEST], [view.equal_share] * 2)
        self.size_line.set_data([view.distance] * 2, [LEAST, size])
        self.size_mark.set_data([view.distance], [size])
        self.share_line.set_data([view.distance] * 2, [0.0, view.share])
        self.share_mark.set_data([view.distance], [view.share])

    def _show_cloud(self, view: OutlierView) -> None:
        field = view.field
        self.cloud_axes.set(xlim=(-field, field), ylim=(-field, field))
        self.points.set_data(*view.points.T)
        self.outlier.set_data(*view.outlier[:, None])
        self.after.set_data(*view.after[:, None])
        starts = np.concatenate([view.starts, view.outlier[None]])
        moves = np.concatenate([view.moves, (view.after - view.outlier)[None]])
        self.arrows.set_offsets(starts)
        self.arrows.set_UVC(*within(starts, moves, field).T)


def within(starts: np.ndarray, moves: np.ndarray, field: float) -> np.ndarray:
    """Shorten moves that would leave the square of half-width ``field``, (A, 2) each.

    >>> within(np.array([[1.0, 0.0]]), np.array([[-8.0, 4.0]]), 3.0).tolist()
    [[-4.0, 2.0]]
    """
    room = field - np.sign(moves) * starts  # to the side that is moved to, (A, 2)
    factor = np.min(room / np.maximum(np.abs(moves), room), axis=1, keepdims=True)
    return moves * np.clip(factor, 0.0, 1.0)
