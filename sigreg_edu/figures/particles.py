"""Figure of the particles: cloud with its slices → shadow → T at every angle → the way so far."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import (
    DigitDots,
    HistogramPanel,
    clipped,
    draw_target_circle,
    note_target_circle,
)
from sigreg_edu.views.flow import LAST_STEP
from sigreg_edu.views.many_shadows import null_mean_and_95
from sigreg_edu.views.particles import ParticlesView

FIELD = 3.8
LEAST, MOST = 1e-3, 1e3  # of T's axes
LEAST_SAID = 1e-4  # of the axis of the loss
ROOM = 30.0  # above MOST, for the legend
CUT = 0.66  # where taller bars of the histogram are cut off, below the number
REACH = 3.2  # how far from the middle slices and direction are drawn
TICKS = ([0.01, 1.0, 100.0], ["0.01", "1", "100"])


class ParticlesFigure(ExplorerFigure):
    """The cloud at the left; its shadow and T by angle; the loss and T over the steps."""

    size = (9.6, 4.6)

    def build(self) -> None:
        cloud, middle, course = self.figure.add_gridspec(1, 3, width_ratios=(1.4, 1.15, 1.1))
        shadow, turned = middle.subgridspec(2, 1)
        self._build_cloud(self.figure.add_subplot(cloud))
        self._build_shadow(self.figure.add_subplot(shadow))
        self._build_turned(self.figure.add_subplot(turned))
        self._build_course(self.figure.add_subplot(course))

    def _build_cloud(self, axes: Axes) -> None:
        axes.set(title="1  the points", xlim=(-FIELD, FIELD), ylim=(-FIELD, FIELD))
        axes.set(aspect="equal", xticks=[-3, 0, 3], yticks=[-3, 0, 3])
        draw_target_circle(axes)
        note_target_circle(axes, FIELD)
        self.slices = self.moving(LineCollection([], colors=style.FAINT, linewidths=1.6))
        axes.add_collection(self.slices)
        (points,) = axes.plot([], [], "o", color=style.DATA, markersize=3.6, markeredgewidth=0.0,
                              alpha=0.7)  # fmt: skip
        self.points = self.moving(points)
        self.dots = DigitDots(self, axes, size=3.6)
        self.moves = self.moving(LineCollection([], colors=style.INK, linewidths=1.3, alpha=0.75))
        axes.add_collection(self.moves)
        (direction,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        self.direction = self.moving(direction)
        self.caption = self.moving(axes.text(-FIELD + 0.08, -FIELD + 0.08, "", va="bottom"))

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow = HistogramPanel(self, axes, title="2  its shadow", top=0.9)
        axes.set(xlabel="", xticks=[-4, -2, 0, 2, 4])
        axes.get_legend().remove()
        self.seen = self.moving(axes.stairs([0.0], [0.0, 1.0], color=style.FAILURE, linewidth=1.6))
        self.seen_note = self.moving(
            axes.text(0.99, 0.97, "red: as the\nloss sees it", va="top", ha="right",
                      transform=axes.transAxes, fontsize=11.5, color=style.FAILURE)
        )  # fmt: skip
        self.value = self.moving(
            axes.text(0.02, 0.97, "", va="top", transform=axes.transAxes, fontsize=13.5,
                      fontweight="bold", color=style.SLICE)
        )  # fmt: skip

    def _build_turned(self, axes: Axes) -> None:
        axes.set_title("3  T at every angle", pad=4)
        axes.set(xlim=(0, 180), xticks=[0, 45, 90, 135, 180], xlabel="degrees")
        _log_statistic(axes)
        (turned,) = axes.plot([], [], color=style.DATA)
        (ticks,) = axes.plot([], [], "|", color=style.INK, markersize=15, markeredgewidth=1.6)
        (here,) = axes.plot([], [], "o", color=style.SLICE, markersize=8)
        self.turned, self.ticks, self.here = (self.moving(a) for a in (turned, ticks, here))

    def _build_course(self, axes: Axes) -> None:
        axes.set(title="4  the way so far", xlabel="step", xlim=(-4, LAST_STEP + 4))
        axes.set_xticks([0, 80, 160, 240])
        target = _log_statistic(axes)
        target.set_label("T, Gaussian samples")
        axes.set_ylim(LEAST_SAID, MOST * ROOM)
        (everywhere,) = axes.plot([], [], color=style.DATA, label="T, all directions")
        (loss,) = axes.plot([], [], color=style.FAILURE, linestyle=style.SOFT_LINE,
                            label="what the loss says")  # fmt: skip
        (now,) = axes.plot([], [], "o", color=style.DATA, markersize=8)
        (said,) = axes.plot([], [], "o", color=style.FAILURE, markersize=8)
        self.everywhere, self.loss, self.now, self.said = (
            self.moving(a) for a in (everywhere, loss, now, said)
        )
        axes.legend(handles=[everywhere, loss, target], loc="upper right", borderaxespad=0.0,
                    handlelength=1.7, labelspacing=0.2)  # fmt: skip

    def show(self, view: ParticlesView) -> None:
        self._show_points(view)
        self.slices.set_segments([REACH * np.array([-a, a]) for a in view.slices])
        self.moves.set_segments(list(view.moves))
        self.direction.set_data(*np.outer(view.direction, [-REACH, REACH]))
        self.caption.set_text("black: the next step" if len(view.slices) == 0 else
                              "black: the next step\ngrey: its slices")  # fmt: skip
        self.shadow.show(clipped(view.shadow, CUT))
        for artist in (self.seen, self.seen_note):
            artist.set_visible(view.as_the_loss_sees is not None)
        if view.as_the_loss_sees is not None:
            seen = clipped(view.as_the_loss_sees, CUT)
            self.seen.set_data(seen.heights, seen.edges)
        self.value.set_text(f"T = {view.along:.3g}")
        self.turned.set_data(view.turned, _within(view.turned_statistics))
        self.here.set_data([view.angle], _within(np.array([view.along])))
        self.ticks.set_data(view.slice_angles, np.full(len(view.slice_angles), LEAST * 2.5))
        self._show_course(view)

    def _show_points(self, view: ParticlesView) -> None:
        self.points.set_visible(view.labels is None)
        self.dots.show(view.points, view.labels)
        self.points.set_data(*view.points.T)

    def _show_course(self, view: ParticlesView) -> None:
        for line, point, values in (
            (self.everywhere, self.now, view.everywhere),
            (self.loss, self.said, view.losses),
        ):
            drawn = _within(values, LEAST_SAID)
            line.set_data(view.steps, drawn)
            point.set_data([view.step], drawn[[view.step]])


def _log_statistic(axes: Axes) -> Line2D:
    """An axis for T, from far below to far above what Gaussian samples have."""
    axes.set(yscale="log", ylim=(LEAST, MOST))
    axes.set_yticks(*TICKS)
    axes.minorticks_off()
    floor = null_mean_and_95()[0]
    return axes.axhline(floor, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)


def _within(values: np.ndarray, least: float = LEAST) -> np.ndarray:
    """Keep values on the axis; what is smaller lies on its lower edge."""
    return np.clip(values, least * 1.15, MOST / 1.15)
