"""Figure of forces: the sample and where it is pushed, the force near 0, and the force far away."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel, clipped, nice_ceiling
from sigreg_edu.views.gradients import BOUND, COMPARED, FAR, STATISTICS, GradientView

LOOKS = {
    "epps_pulley": {"color": style.DATA, "linestyle": "-"},
    "mean_std": {"color": style.OTHER, "linestyle": (0, (5, 2))},
    "four_moments": {"color": style.FAILURE, "linestyle": style.SLICE_LINE},
    "standardized": {"color": style.GREY, "linestyle": style.SOFT_LINE},
}
BOUND_LOOK = {"color": style.INK, "linewidth": 1.6, "linestyle": (0, (1.5, 1.5))}
MOVED_LOOK = {"color": style.SLICE, "marker": "D", "markersize": 10, "markeredgecolor": "black",
              "linestyle": "none"}  # fmt: skip
ARROWS = 7
LONGEST_ARROW = 2.2
ARROWS_AT = -0.09
CUT = 0.66  # where taller bars of the histogram are cut off, below the legend
LEAST, MOST = 1e-3, 1e6  # of the far force's axis; above it is room for the legend
CEILING = 1e5  # of the near force's axis: what is larger leaves the picture


class GradientFigure(ExplorerFigure):
    """Three panels: sample with arrows, the force on each point, the force on one far away."""

    def build(self) -> None:
        sample, near, far = self.figure.subplots(1, 3, width_ratios=(0.85, 1.1, 1.1))
        self._build_sample(sample)
        self._build_near(near)
        self._build_far(far)

    def _build_sample(self, axes: Axes) -> None:
        self.sample = HistogramPanel(self, axes, title="1  where it is pushed")
        axes.set(ylim=(-0.17, 0.86), xticks=[-4, -2, 0, 2, 4])
        axes.axhline(0.0, color=style.GREY, linewidth=1.0)
        nowhere, height = np.zeros(ARROWS), np.full(ARROWS, ARROWS_AT)
        self.arrows = self.moving(
            axes.quiver(
                nowhere, height, nowhere, nowhere, angles="xy", scale_units="xy", scale=1.0,
                width=0.018, headwidth=4.0, headlength=4.0, headaxislength=4.0, minlength=0.0,
                minshaft=1.5, color=style.INK,
            )
        )  # fmt: skip

    def _build_near(self, axes: Axes) -> None:
        self.near_axes = axes
        axes.set(title="2  force on each point", xlabel="place x of a point")
        axes.set(xlim=(-5.0, 5.0), xticks=[-4, -2, 0, 2, 4], ylabel="−∂T/∂x,  T with the factor N")
        axes.yaxis.set_major_formatter(_short)
        axes.axhline(0.0, color=style.GREY, linewidth=1.0)
        grey = {"transform": axes.transAxes, "color": style.GREY}
        axes.text(0.02, 0.985, "pushed right →", va="top", **grey)
        axes.text(0.98, 0.015, "← pushed left", ha="right", **grey)
        bounds = [axes.plot([], [], label="bound", **BOUND_LOOK)[0] for _ in range(2)]
        (field,) = axes.plot([], [], color=style.DATA)
        (points,) = axes.plot([], [], "o", color=style.INK, markersize=5.5, alpha=0.55)
        (moved,) = axes.plot([], [], **MOVED_LOOK)
        self.bounds = [self.moving(line) for line in bounds]
        self.near, self.points, self.near_moved = (
            self.moving(line) for line in (field, points, moved)
        )
        self.bound_legend = axes.legend(handles=bounds[:1], loc="lower left", borderaxespad=0.0,
                                        handlelength=1.6)  # fmt: skip

    def _build_far(self, axes: Axes) -> None:
        axes.set(title="3  the moved point", xlabel="place x of the moved point",
                 ylabel="size of its force")  # fmt: skip
        axes.set(xlim=(-FAR, FAR), yscale="log", ylim=(LEAST, MOST * 10.0**4.2))
        axes.set_yticks([1e-2, 1, 100, 1e4, 1e6], ["0.01", "1", "100", "10⁴", "10⁶"])
        axes.minorticks_off()
        (bound,) = axes.plot([-FAR, FAR], [BOUND, BOUND], label=f"bound {BOUND:.2f}", **BOUND_LOOK)
        (here,) = axes.plot([], [], color=style.SLICE, linewidth=1.4)
        (moved,) = axes.plot([], [], label="moved point", **MOVED_LOOK)
        self.far = {
            name: axes.plot([], [], label=STATISTICS[name], **LOOKS[name])[0] for name in COMPARED
        }
        for line in (bound, here, *self.far.values(), moved):
            self.moving(line)
        self.here, self.far_moved = here, moved
        axes.legend(handles=[*self.far.values(), bound, moved], loc="upper left",
                    borderaxespad=0.0, labelspacing=0.1, ncols=1)  # fmt: skip

    def static_key(self, view: GradientView) -> Hashable:
        return _ceiling(view), view.bound is None

    def show(self, view: GradientView) -> None:
        self.sample.show(clipped(view.sample, CUT))
        self._show_arrows(view)
        self._show_near(view)
        for name, line in self.far.items():
            size = np.abs(view.on_moved[name])
            line.set_data(view.far, np.where(size <= MOST, np.maximum(size, LEAST / 10), np.nan))
            line.set_linewidth(3.6 if name == view.statistic else 1.8)
        size = np.clip(abs(view.moved_force), 1.6 * LEAST, MOST)
        self.here.set_data([view.moved_to] * 2, [LEAST, size])
        self.far_moved.set_data([view.moved_to], [size])

    def _show_near(self, view: GradientView) -> None:
        top = _ceiling(view)
        self.near_axes.set_ylim(-1.25 * top, 1.25 * top)
        self.near.set_data(view.near, np.clip(view.near_force, -2.0 * top, 2.0 * top))
        self.near.set(**LOOKS[view.statistic])
        self.points.set_data(view.points, view.point_forces)
        self.near_moved.set_data([view.moved_to], [view.moved_force])
        self.bound_legend.set_visible(view.bound is not None)
        for side, line in zip((1.0, -1.0), self.bounds, strict=True):
            line.set_visible(view.bound is not None)
            if view.bound is not None:
                line.set_data([-5.0, 5.0], [side * view.bound] * 2)

    def _show_arrows(self, view: GradientView) -> None:
        """Point arrows where some points are pushed; their length grows as the force's root."""
        picks = np.linspace(0, view.points.size - 1, ARROWS + 2).astype(int)[1:-1]
        force = view.point_forces[picks]
        length = np.sign(force) * np.minimum(1.2 * np.sqrt(np.abs(force)), LONGEST_ARROW)
        self.arrows.set_offsets(np.column_stack([view.points[picks], np.full(ARROWS, ARROWS_AT)]))
        self.arrows.set_UVC(length, np.zeros(ARROWS))


def _ceiling(view: GradientView) -> float:
    """Return the end of the near force's axis; few steps, as each new one redraws all."""
    largest = max(np.abs(view.near_force).max(), 0.99 * (view.bound or 0.0))
    for step in (0.2, 1.0, 2.5, 5.0):
        if largest <= step:
            return step
    return min(nice_ceiling(largest), CEILING)


def _short(value: float, _: int) -> str:
    """Return a tick's label, thousands as k."""
    text = f"{value / 1000:g}k" if abs(value) >= 2000.0 else f"{value:.4g}"
    return text.replace("-", "−")
