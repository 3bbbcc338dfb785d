"""Figure of the live training: cloud, worst shadow and widths, and five curves that grow."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import DigitDots, clipped, draw_target_circle, worst_shadow_panel
from sigreg_edu.views.live import STEPS, LiveView

FIELDS = (3.5, 7.0, 14.0, 28.0, 56.0)  # half the width of the cloud's panel: the first that fits
CUT = 0.66  # where taller bars of the histogram are cut off, below the number
CURVES = {
    "invariance": ("invariance", (1e-5, 1.0), (1e-4, 1e-2, 1.0), ("10⁻⁴", "10⁻²", "1"), None),
    "sigreg": ("SIGReg T", (0.5, 600.0), (1.0, 10.0, 100.0), ("1", "10", "100"), 1.05),
    "mean_std": ("std, mean", (5e-3, 20.0), (0.01, 1.0, 10.0), ("0.01", "1", "10"), 1.0),
    "effective_rank": ("effective rank", None, None, None, None),
    "knn": ("kNN, %", (40.0, 102.0), (50.0, 75.0, 100.0), ("50", "75", "100"), None),
}  # fmt: skip
MOST_TURNS = 6  # marks of moves of λ


class LiveFigure(ExplorerFigure):
    """The cloud; under it nothing; its worst shadow and widths; five curves over the steps."""

    size = (9.6, 4.9)

    def build(self) -> None:
        cloud, middle, right = self.figure.add_gridspec(1, 3, width_ratios=(1.35, 0.9, 1.5))
        self._build_cloud(self.figure.add_subplot(cloud))
        shadow, widths = middle.subgridspec(2, 1)
        self._build_shadow(self.figure.add_subplot(shadow))
        self._build_widths(self.figure.add_subplot(widths))
        grid = right.subgridspec(3, 2)
        places = (grid[0, :], grid[1, 0], grid[1, 1], grid[2, 0], grid[2, 1])
        self._build_curves([self.figure.add_subplot(place) for place in places])

    def _build_cloud(self, axes: Axes) -> None:
        self.cloud_axes = axes
        axes.set(title="1  the test digits", aspect="equal")
        axes.set_xlabel("coordinates 1 and 2")
        draw_target_circle(axes)
        self.dots = DigitDots(self, axes, size=4.0)
        self.objective = self.moving(axes.text(0.0, 1.1, "", transform=axes.transAxes, fontsize=12))

    def _build_shadow(self, axes: Axes) -> None:
        self.shadow, self.worst = worst_shadow_panel(self, axes, title="2  worst shadow")

    def _build_widths(self, axes: Axes) -> None:
        axes.set_title("3  std of each", pad=4)
        self.width_axes = axes
        axes.set(xlabel="coordinates or axes, sorted")
        axes.set(xlim=(0.0, 1.0), xticks=[])
        axes.axhline(1.0, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
        self.widths = self.moving(
            axes.stairs([0.0], [0.0, 1.0], fill=True, color=style.DATA, alpha=0.6)
        )
        (principal,) = axes.plot([], [], "o-", color=style.INK, markersize=4, linewidth=1.4)
        self.principal = self.moving(principal)
        axes.text(0.98, 0.97, "dots: principal axes", ha="right", va="top", fontsize=11.5,
                  transform=axes.transAxes)  # fmt: skip

    def _build_curves(self, places: list[Axes]) -> None:
        self.curve_axes = dict(zip(CURVES, places, strict=True))
        self.curves: dict[str, tuple[Line2D, Line2D]] = {}
        self.marks: dict[str, Line2D] = {}
        self.turns: dict[str, list[Line2D]] = {}
        for name, axes in self.curve_axes.items():
            what, limits, ticks, labels, ideal = CURVES[name]
            title = f"4  {what}" if name == "invariance" else what
            axes.set_title(title, pad=4, fontsize=12.5)
            axes.set(xlim=(-0.03 * STEPS, 1.03 * STEPS), xticks=[0, STEPS // 2, STEPS])
            axes.tick_params(labelbottom=name in ("effective_rank", "knn"))
            if limits:
                axes.set(yscale="linear" if name == "knn" else "log", ylim=limits)
                axes.set_yticks(ticks, labels)
                axes.minorticks_off()
            if ideal:
                axes.axhline(ideal, color=style.TARGET, linestyle=style.TARGET_LINE, linewidth=1.6)
            self._build_curve(name, axes)
        self.curve_axes["knn"].set_xlabel("step")
        self.curve_axes["effective_rank"].set_xlabel("step")
        self.other_note = self.moving(
            places[0].text(0.99, 0.97, "", ha="right", va="top", color=style.GREY,
                           transform=places[0].transAxes, fontsize=11.5)
        )  # fmt: skip

    def _build_curve(self, name: str, axes: Axes) -> None:
        (mark,) = axes.plot([], [], color=style.SLICE, linestyle=style.SLICE_LINE, linewidth=1.4)
        turns = [axes.plot([], [], color=style.INK, linewidth=1.2)[0] for _ in range(MOST_TURNS)]
        (other,) = axes.plot([], [], color=style.GREY, linestyle=style.SOFT_LINE, linewidth=1.6)
        (line,) = axes.plot([], [], color=style.DATA)
        for artist in (mark, *turns, other, line):
            self.moving(artist)
        self.marks[name], self.turns[name], self.curves[name] = mark, turns, (line, other)

    def static_key(self, view: LiveView) -> Hashable:
        return view.dim, _field(view)

    def show(self, view: LiveView) -> None:
        self.dots.show(view.cloud, view.labels)
        self.objective.set_text(f"step {view.step}\n{view.objective}")
        self.shadow.show(clipped(view.shadow, CUT))
        self.worst.set_text(f"T = {view.worst:.3g}")
        edges = np.linspace(0.0, 1.0, view.dim + 1)
        self.widths.set_data(view.std, edges)
        self.principal.set_data((edges[1:] + edges[:-1]) / 2.0, view.axes)
        self._set_field(_field(view))
        self.curve_axes["effective_rank"].set_ylim(0.0, 1.06 * view.dim)
        self.curve_axes["effective_rank"].set_yticks([0, view.dim // 2, view.dim])
        self._show_curves(view)

    def _set_field(self, field: float) -> None:
        tick = 3.0 * field / FIELDS[0]
        self.cloud_axes.set(xlim=(-field, field), ylim=(-field, field))
        self.cloud_axes.set(xticks=[-tick, 0, tick], yticks=[-tick, 0, tick])
        widest = 2.0 * field / FIELDS[0]
        self.width_axes.set(ylim=(0.0, widest), yticks=[0, widest / 2, widest])

    def _show_curves(self, view: LiveView) -> None:
        steps = np.arange(1, len(view.invariance) + 1)
        self._show_pair("invariance", 0, steps, view.invariance)
        for name, values in view.curves.items():
            self._show_pair(name, 0, view.look_steps, _in_units(name, values))
        for _, other in self.curves.values():
            other.set_visible(view.others is not None)
        self.other_note.set_text("dotted: the run before" if view.others else "")
        if view.others:
            look_steps, curves, invariance = view.others
            self._show_pair("invariance", 1, np.arange(1, len(invariance) + 1), invariance)
            for name, values in curves.items():
                self._show_pair(name, 1, look_steps, _in_units(name, values))
        self._show_marks(view)

    def _show_pair(self, name: str, which: int, x: np.ndarray, y: np.ndarray) -> None:
        low, high = self.curve_axes[name].get_ylim()
        self.curves[name][which].set_data(x, np.clip(y, low, high))

    def _show_marks(self, view: LiveView) -> None:
        """Where one looks, and where λ was moved."""
        for name, axes in self.curve_axes.items():
            ends = axes.get_ylim()
            self.marks[name].set_data([view.step] * 2, ends)
            for number, line in enumerate(self.turns[name]):
                here = view.turned[-MOST_TURNS:][number : number + 1] * 2
                line.set_data(here, ends[: len(here)])


def _field(view: LiveView) -> float:
    """Return half the width of the cloud's panel: few steps, as each new one redraws all."""
    wide = max(float(np.quantile(np.abs(view.cloud), 0.99)), 1.25 * float(view.axes[0]))
    return next((field for field in FIELDS if wide <= field), FIELDS[-1])


def _in_units(name: str, values: np.ndarray) -> np.ndarray:
    return 100.0 * values if name == "knn" else values
