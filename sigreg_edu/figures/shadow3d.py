"""Figure of a cloud in space, its shadow, and a map of the statistic over all directions."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import HistogramPanel
from sigreg_edu.views.many_shadows import null_mean_and_95
from sigreg_edu.views.shadow3d import Shadow3DView

HALF_CUBE = 2.5
BOX = 4.4
LAYERS = 4  # of points, from far and faint to near and dark
T_MOST = 400.0  # of the colours
HEAT = LinearSegmentedColormap.from_list(
    "gap", ["#F9DDC8", "#EC9A5E", style.FAILURE, "#4A1F00"]
).with_extremes(under="white")


class Shadow3DFigure(ExplorerFigure):
    """Three panels: the cloud in a cube, the shadow as a histogram, T for every direction."""

    size = (9.6, 4.2)

    def build(self) -> None:
        cloud, shadow, heat = self.figure.subplots(1, 3, width_ratios=(1.42, 0.9, 1.15))
        self._build_cloud(cloud)
        self.shadow = HistogramPanel(self, shadow, title="2  its shadow")
        shadow.set_xticks([-4, 0, 4])
        self._build_map(heat)

    def _build_cloud(self, axes: Axes) -> None:
        axes.set(title="1  cloud and direction", xlim=(-BOX, BOX), ylim=(-BOX, BOX))
        axes.set(aspect="equal", xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        (self.far_edges,) = axes.plot([], [], color=style.FAINT, linewidth=1.0)
        self.layers = [
            axes.plot([], [], "o", color=style.DATA, markersize=size, alpha=alpha,
                      markeredgewidth=0.0)[0]
            for size, alpha in zip(np.linspace(2.0, 4.6, LAYERS), np.linspace(0.25, 0.75, LAYERS),
                                   strict=True)
        ]  # fmt: skip
        (self.near_edges,) = axes.plot([], [], color=style.GREY, linewidth=1.2)
        (self.rays,) = axes.plot([], [], "-o", color=style.INK, linewidth=0.8, markersize=3.5,
                                 markevery=(0, 3))  # fmt: skip
        (self.line,) = axes.plot([], [], color=style.SLICE, linewidth=3.0)
        (self.tip,) = axes.plot([], [], "o", color=style.SLICE, markersize=11)
        (self.axes_out,) = axes.plot([], [], color=style.GREY, linestyle=style.SOFT_LINE,
                                     linewidth=1.2)  # fmt: skip
        self.names = [
            axes.text(0, 0, name, ha="center", va="center", fontweight="bold") for name in "xyz"
        ]
        below = (self.far_edges, *self.layers, self.near_edges, self.axes_out)
        for artist in (*below, self.rays, self.line, self.tip, *self.names):
            self.moving(artist)

    def _build_map(self, axes: Axes) -> None:
        axes.set(title="3  T of every shadow", xlabel="direction: round", ylabel="direction: up")
        axes.set(xticks=[0, 45, 90, 135, 180], yticks=[-90, -45, 0, 45, 90])
        _, null_95 = null_mean_and_95()  # white is what 95 of 100 Gaussian shadows are
        self.image = axes.imshow(
            np.ones((2, 2)), extent=(0.0, 180.0, -90.0, 90.0), origin="lower", aspect="auto",
            cmap=HEAT, norm=LogNorm(null_95, T_MOST), interpolation="bicubic",
        )  # fmt: skip
        bar = self.figure.colorbar(self.image, ax=axes, extend="min", fraction=0.07, pad=0.03)
        bar.set_ticks([null_95, 10, 100], labels=[f"≤ {null_95:.0f}", "10", "100"])
        bar.minorticks_off()
        (here,) = axes.plot([], [], "o", color=style.SLICE, markersize=13, clip_on=False,
                            markeredgecolor="white", markeredgewidth=2.0)  # fmt: skip
        self.here = self.moving(here)

    def static_key(self, view: Shadow3DView) -> Hashable:
        # Resampling the map takes 15 ms, and it stays while the direction and the camera move.
        return view.map.tobytes()

    def show(self, view: Shadow3DView) -> None:
        self._show_cube(view.camera)
        depth_order = np.array_split(view.points[np.argsort(view.points[:, 2])], LAYERS)
        for layer, points in zip(self.layers, depth_order, strict=True):
            layer.set_data(points[:, 0], points[:, 1])
        self.rays.set_data(_broken(view.rays[:, :, :2]))
        x, y, _ = view.direction
        self.line.set_data([-2.8 * x, 2.9 * x], [-2.8 * y, 2.9 * y])
        self.tip.set_data([2.9 * x], [2.9 * y])
        self.shadow.show(view.shadow)
        self.image.set_data(view.map)
        self.here.set_data([view.azimuth], [view.elevation])

    def _show_cube(self, camera: np.ndarray) -> None:
        """Draw the cube's edges: those at its farthest corner behind the points, faintly."""
        corners = CORNERS @ camera.T  # (8, 3)
        farthest = int(corners[:, 2].argmin())
        behind = np.array([farthest in edge for edge in EDGES])
        for line, edges in ((self.far_edges, EDGES[behind]), (self.near_edges, EDGES[~behind])):
            ends = corners[edges][:, :, :2]  # (E, 2, 2)
            line.set_data(_broken(ends))
        axes_out = np.stack([np.zeros((3, 2)), (HALF_CUBE + 0.6) * camera[:2].T], axis=1)
        self.axes_out.set_data(_broken(axes_out))
        for name, axis in zip(self.names, camera.T, strict=True):
            name.set_position((HALF_CUBE + 1.0) * axis[:2])


def _broken(segments: np.ndarray) -> np.ndarray:
    """Return segments (S, 2, 2) as one line that breaks between them, shape (2, 3 S)."""
    gap = np.full((len(segments), 1, 2), np.nan)
    return np.concatenate([segments, gap], axis=1).reshape(-1, 2).T  # (S, 3, 2) -> (2, 3 S)


CORNERS = HALF_CUBE * np.array(
    [[x, y, z] for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)], dtype=np.float64
)
#: Pairs of corners that differ in one coordinate, shape (12, 2).
EDGES = np.array([(i, i | bit) for i in range(8) for bit in (1, 2, 4) if not i & bit])
