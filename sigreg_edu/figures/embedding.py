"""Figure of the embedding explorer: cloud of digits → its shadow → curves over training."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import (
    DigitDots,
    HistogramPanel,
    draw_target_circle,
    note_target_circle,
)
from sigreg_edu.statistics import null_distribution
from sigreg_edu.views.embedding import FIELD, LENS, NUM_CLASSES, Cloud, Course, EmbeddingView

LENS_HOME = np.array([FIELD - LENS - 0.12, 0.5 + LENS - FIELD])  # its middle, or opposite
STEP_TICKS = (0, 1, 10, 100, 1000)
CURVES = (
    ("invariance: 0 is perfect", (1e-6, 1.0), (1e-6, 1e-3, 1.0), ("10⁻⁶", "10⁻³", "1")),
    ("mean T: Gaussian 1.05", (0.4, 5000.0), (1.0, 30.0, 1000.0), ("1", "30", "1000")),
    ("std, x and y: 1 is ideal", (2e-3, 4.0), (0.01, 0.1, 1.0), ("0.01", "0.1", "1")),
)


class CloudPanel:
    """A flat cloud of digits beside the circle of N(0, I); a small cloud is magnified in an inset.

    Attributes:
        dots: the points, a line per digit.
        discs, names: a white disc and a large digit for each, at the middle of its class.
        heap, rays, box, factor: the cloud at its own size, and the inset that magnifies it.
    """

    def __init__(self, owner: ExplorerFigure, axes: Axes, *, title: str) -> None:
        self._owner = owner
        axes.set(title=title, xlim=(-FIELD, FIELD), ylim=(-FIELD, FIELD))
        axes.set(aspect="equal", xticks=[-3, 0, 3], yticks=[-3, 0, 3])
        draw_target_circle(axes)
        note_target_circle(axes, FIELD)
        (heap,) = axes.plot([], [], "o", color=style.INK, markersize=4.0, markeredgewidth=0.0)
        (rays,) = axes.plot([], [], color=style.GREY, linewidth=1.0)
        (box,) = axes.fill([0], [0], facecolor="white", edgecolor=style.GREY, linewidth=1.2)
        self.heap, self.rays, self.box = (owner.moving(artist) for artist in (heap, rays, box))
        self.dots = DigitDots(owner, axes, size=4.2)
        self.discs = owner.moving(
            axes.scatter([], [], s=16.0**2, facecolors="white", edgecolors=style.CLASS_COLOURS,
                         alpha=0.85)
        )  # fmt: skip
        self.names = [self._name(axes, digit) for digit in range(NUM_CLASSES)]
        self.factor = owner.moving(axes.text(0.0, 0.0, "", ha="center", va="top"))

    def show(self, cloud: Cloud) -> None:
        """Show another cloud."""
        small = cloud.magnification > 1.0
        place = self._lens(cloud) if small else (lambda xy: xy)
        for artist in (self.heap, self.rays, self.box, self.factor):
            artist.set_visible(small)
        self.dots.show(place(cloud.points), cloud.labels)
        centres = place(cloud.centres)
        self.discs.set_offsets(centres)
        for name, centre in zip(self.names, centres, strict=True):
            name.set_data(centre[:1], centre[1:])

    def _name(self, axes: Axes, digit: int) -> Line2D:
        """A large digit, a marker, which stands in the middle of its place."""
        (name,) = axes.plot([], [], color=style.CLASS_COLOURS[digit], markersize=10,
                            marker=f"$\\mathbf{{{digit}}}$", markeredgewidth=0.3)  # fmt: skip
        return self._owner.moving(name)

    def _lens(self, cloud: Cloud):
        """Set up the inset, and return the map from the cloud into it."""
        self.heap.set_data(*cloud.points.T)
        home = LENS_HOME
        if np.abs(cloud.middle - home).max() < LENS + 0.5:  # the cloud itself is there
            home = -home
        corners = home + LENS * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
        self.box.set_xy(corners)
        near = corners[[0, 2]]  # seen from the cloud, the two corners beside the lens
        self.rays.set_data(
            [near[0, 0], cloud.middle[0], near[1, 0]], [near[0, 1], cloud.middle[1], near[1, 1]]
        )
        self.factor.set_position((home[0], home[1] - LENS - 0.06))
        self.factor.set_text(f"magnified {cloud.magnification:,.0f}×")

        def place(xy: np.ndarray) -> np.ndarray:
            shown = home + cloud.magnification * (xy - cloud.middle)
            outside = np.abs(shown - home).max(axis=1) > LENS
            shown[outside] = np.nan
            return shown

        return place


class EmbeddingFigure(ExplorerFigure):
    """The cloud with its direction, the shadow as a histogram, and three curves with the moment."""

    size = (9.6, 4.5)

    def build(self) -> None:
        cloud, shadow, curves = self.figure.add_gridspec(1, 3, width_ratios=(1.62, 1.0, 1.12))
        self._build_cloud(self.figure.add_subplot(cloud))
        self._build_shadow(self.figure.add_subplot(shadow))
        rows = curves.subgridspec(3, 1)
        self._build_curves([self.figure.add_subplot(row) for row in rows])

    # --- the cloud -----------------------------------------------------------------------------

    def _build_cloud(self, axes: Axes) -> None:
        (direction,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE)
        (head,) = axes.fill([0], [0], facecolor=style.SLICE, linewidth=0.0)
        self.direction, self.head = self.moving(direction), self.moving(head)
        self.cloud = CloudPanel(self, axes, title="1  where each digit lands")

    def _show_direction(self, view: EmbeddingView) -> None:
        tip, side = view.direction, np.array([-view.direction[1], view.direction[0]])
        self.direction.set_data(np.multiply.outer(tip, [-1.35 * FIELD, 0.9 * FIELD]))
        corners = ((0.97, 0.0), (0.88, 0.045), (0.88, -0.045))
        self.head.set_xy([FIELD * (along * tip + across * side) for along, across in corners])

    # --- the shadow ----------------------------------------------------------------------------

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow = HistogramPanel(self, axes, title="2  its shadow", top=0.9)
        axes.set(xlabel="place along the arrow", xticks=[-4, -2, 0, 2, 4])
        axes.patches[0].set_label("digits")
        axes.legend(loc="upper right", borderaxespad=0.1, handlelength=1.2, handletextpad=0.5)
        self.value = self.moving(
            axes.text(0.03, 0.97, "", va="top", transform=axes.transAxes, fontsize=14,
                      fontweight="bold")
        )  # fmt: skip

    # --- the curves ----------------------------------------------------------------------------

    def _build_curves(self, rows: list[Axes]) -> None:
        self.curve_axes = rows
        self.curves = []
        for axes, (what, limits, ticks, labels) in zip(rows, CURVES, strict=True):
            axes.set(yscale="log", ylim=limits)
            axes.set_yticks(ticks, labels)
            axes.minorticks_off()
            axes.set_title(what, fontweight="normal", fontsize=12.5, pad=4)
            (other,) = axes.plot([], [], color=style.GREY, linewidth=1.4, linestyle=style.SOFT_LINE)
            (line,) = axes.plot([], [], color=style.DATA)
            (now,) = axes.plot([], [], "o", color=style.SLICE, markersize=9)
            self.curves.append((other, line, now))
        for axes, height in zip(rows[1:3], (null_distribution().mean, 1.0), strict=True):
            axes.axhline(height, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        (self.second,) = rows[2].plot([], [], color=style.DATA_SOFT, linestyle=style.SOFT_LINE)
        rows[0].text(0.0, 1.38, "3  during training", transform=rows[0].transAxes, fontsize=13.5,
                     fontweight="bold", va="baseline")  # fmt: skip
        rows[2].set_xlabel("step")
        rows[2].text(0.02, 0.03, "dotted: other run", transform=rows[2].transAxes, color=style.GREY)
        for axes in rows:
            axes.set_xticks(along_steps(np.array(STEP_TICKS)), [str(step) for step in STEP_TICKS])
            axes.tick_params(labelbottom=axes is rows[2])
        for line in (*sum(self.curves, ()), self.second):
            self.moving(line)

    def static_key(self, view: EmbeddingView) -> Hashable:
        return _last_step(view)

    def show(self, view: EmbeddingView) -> None:
        self.cloud.show(view)
        self._show_direction(view)
        self.shadow.show(view.shadow)
        self.value.set_text(f"T = {view.statistic:.3g}")
        self._show_curves(view)

    def _show_curves(self, view: EmbeddingView) -> None:
        end = along_steps(np.array([_last_step(view)]))[0]
        for axes in self.curve_axes:
            axes.set_xlim(-0.04 * end, 1.04 * end)
        this, x = _heights(view.course), along_steps(view.course.steps)
        for (other, line, now), y in zip(self.curves, this, strict=True):
            line.set_data(x, y)
            now.set_data(x[[view.now]], y[[view.now]])
            other.set_visible(view.other is not None)
        self.second.set_data(x, view.course.std[:, 1])
        if view.other is not None:
            x = along_steps(view.other.steps)
            for (other, _, _), y in zip(self.curves, _heights(view.other), strict=True):
                other.set_data(x, y)


def _last_step(view: EmbeddingView) -> int:
    courses = [view.course] if view.other is None else [view.course, view.other]
    return max(int(course.steps[-1]) for course in courses)


def along_steps(steps: np.ndarray) -> np.ndarray:
    """Return where a step stands on the axis: evenly in its logarithm, with room for step 0."""
    return np.log10(1.0 + steps)


def _heights(course: Course) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return course.invariance, course.statistic, course.std[:, 0]
