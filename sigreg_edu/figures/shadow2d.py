"""Figure of a flat cloud, its shadow, and the statistic along every direction."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel
from sigreg_edu.views.many_shadows import null_mean_and_95
from sigreg_edu.views.sample import DENSITY_GRID, standard_normal_density
from sigreg_edu.views.shadow2d import Shadow2DView

SCREEN = 4.1  # distance of the screen on which the shadow falls
TALL = 2.6  # a density of 1 is drawn so high on it
BOX = SCREEN + 0.8 * TALL
T_LEAST, T_MOST = 0.1, 6e4


class Shadow2DFigure(ExplorerFigure):
    """Three panels: the cloud before its screen, the shadow as a histogram, T against the angle."""

    size = (9.6, 4.2)

    def build(self) -> None:
        cloud, shadow, curve = self.figure.subplots(1, 3, width_ratios=(1.42, 0.9, 1.0))
        self._build_cloud(cloud)
        self.shadow = HistogramPanel(self, shadow, title="2  its shadow")
        shadow.set_xticks([-4, 0, 4])
        self._build_curve(curve)

    def _build_cloud(self, axes: Axes) -> None:
        axes.set(title="1  cloud and direction", xlim=(-BOX, BOX), ylim=(-BOX, BOX))
        axes.set(aspect="equal", xticks=[-4, 0, 4], yticks=[-4, 0, 4])
        axes.axhline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        axes.axvline(0.0, color=style.FAINT, linewidth=1.0, zorder=0)
        (points,) = axes.plot([], [], "o", color=style.DATA, markersize=3.2, alpha=0.35,
                              markeredgewidth=0.0)  # fmt: skip
        (rays,) = axes.plot([], [], "-o", color=style.INK, linewidth=0.8, markersize=3.5,
                            markevery=(0, 3))  # fmt: skip
        (heap,) = axes.fill([0], [0], facecolor=style.DATA, alpha=0.55, linewidth=0.0)
        (target,) = axes.plot([], [], color=style.TARGET, linestyle=style.TARGET_LINE)
        (screen,) = axes.plot([], [], color=style.INK, linewidth=1.5)
        (arrow,) = axes.plot([], [], color=style.SLICE, linewidth=3.0)
        (head,) = axes.fill([0], [0], facecolor=style.SLICE, linewidth=0.0)
        for artist in (points, rays, heap, target, screen, arrow, head):
            self.moving(artist)
        self.points, self.rays, self.heap, self.target = points, rays, heap, target
        self.screen, self.arrow, self.head = screen, arrow, head

    def _build_curve(self, axes: Axes) -> None:
        axes.set(title="3  T of every shadow", xlabel="angle (degrees)", yscale="log")
        axes.set(xlim=(0.0, 180.0), xticks=[0, 45, 90, 135, 180], ylim=(T_LEAST, T_MOST))
        axes.set_yticks([0.1, 1, 10, 100, 1000], ["0.1", "1", "10", "100", "1000"])
        axes.axhline(null_mean_and_95()[1], color=style.GREY, linestyle=style.SOFT_LINE,
                     linewidth=1.5, label="95 % of Gaussians")  # fmt: skip
        (curve,) = axes.plot([], [], color=style.DATA, label="T at each angle")
        (mean,) = axes.plot([], [], color=style.DATA_SOFT, linestyle=style.TARGET_LINE,
                            label="mean of all angles")  # fmt: skip
        (here,) = axes.plot([], [], marker="o", color=style.SLICE, linestyle=style.SLICE_LINE,
                            linewidth=1.8, markersize=10, markevery=[1], clip_on=False)  # fmt: skip
        self.curve, self.mean, self.here = (self.moving(line) for line in (curve, mean, here))
        axes.legend(loc="upper center", borderaxespad=0.0, labelspacing=0.15, handlelength=2.0)

    def show(self, view: Shadow2DView) -> None:
        self.points.set_data(view.points.T)
        self._show_screen(view)
        self.shadow.show(view.shadow)
        self.curve.set_data(view.angles, view.curve)
        self.mean.set_data([0.0, 180.0], [view.mean] * 2)
        self.here.set_data([view.angle] * 2, [T_LEAST, view.statistic])

    def _show_screen(self, view: Shadow2DView) -> None:
        """Draw direction, screen and what falls on it, turned together."""
        along = view.direction
        away = np.array([along[1], -along[0]])  # from the cloud to the screen

        def place(s: np.ndarray, height: np.ndarray) -> np.ndarray:
            """Points on the screen at ``s`` along it and ``height`` behind it, shape (2, ...)."""
            return np.multiply.outer(along, s) + np.multiply.outer(away, SCREEN + height)

        hist = view.shadow
        steps = np.repeat(TALL * hist.heights, 2)
        corners = np.repeat(hist.edges, 2)
        self.heap.set_xy(place(corners, np.concatenate([[0.0], steps, [0.0]])).T)
        self.target.set_data(place(DENSITY_GRID, TALL * standard_normal_density(DENSITY_GRID)))
        self.screen.set_data(place(np.array([-5.0, 5.0]), np.zeros(2)))
        feet = place(view.rays @ along, np.zeros(len(view.rays)))  # (2, R)
        gap = np.full_like(feet, np.nan)
        self.rays.set_data(np.stack([view.rays.T, feet, gap], axis=2).reshape(2, -1))
        self.arrow.set_data(np.multiply.outer(along, [-3.6, 3.3]))
        tip = np.array([3.9, 3.1, 3.1])
        self.head.set_xy(np.outer(tip, along) + np.outer([0.0, 0.32, -0.32], away))
