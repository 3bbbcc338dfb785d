"""Figure of schedules: slices by step, accuracy by cost, and accuracy by step."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np
from matplotlib.axes import Axes

from sigreg_edu.figures import style
from sigreg_edu.figures.base import ExplorerFigure
from sigreg_edu.figures.parts import tick_at
from sigreg_edu.training.frontier_trainings import SCHEDULES, STEPS
from sigreg_edu.views.slice_schedule import FIXED, SliceScheduleView

#: Schedules: short name, marker and colour.
LOOKS = {
    "geometric": ("geometric", "^", style.SLICE),
    "linear": ("linear", "s", style.OTHER),
    "step": ("one step", "D", style.DATA_SOFT),
    "falling": ("falling", "v", style.FAILURE),
}
SPREAD = {"geometric": 0.72, "linear": 0.85, "step": 1.18, "falling": 1.4}  # apart from 64
#: Lines of panel 3: of the constants label and dashes, of the schedules name and marker as above.
CONSTANTS = {"fixed_4": ("4 slices", style.SOFT_LINE), "fixed_64": ("64 slices", style.TARGET_LINE)}
COURSES = (*CONSTANTS, *SCHEDULES)
CHOSEN = {"linewidth": 3.4, "alpha": 1.0, "markersize": 9.0}
OTHERS = {"linewidth": 1.6, "alpha": 0.6, "markersize": 6.0}
LEGEND_SHARE = 0.45  # of the height of the courses, left free below them


class SliceScheduleFigure(ExplorerFigure):
    """Three panels: the schedule of the sliders, and recorded trainings by cost and by step."""

    size = (9.6, 4.7)

    def build(self) -> None:
        schedule, cost, course = self.figure.subplots(1, 3, width_ratios=(0.9, 1.1, 1.0))
        self._shown: Hashable = None
        self._build_schedule(schedule)
        self._build_cost(cost)
        self._build_course(course)

    def _build_schedule(self, axes: Axes) -> None:
        axes.set(title="1  slices at a step", xlabel="step", xlim=(0, STEPS), yscale="log")
        axes.set_xticks([0, STEPS // 2, STEPS])
        axes.set_ylim(0.8, 8000.0)
        tick_at(axes.yaxis, (1, 4, 16, 64, 256, 1024))
        (line,) = axes.plot([], [], color=style.SLICE, label="schedule")
        constant = axes.axhline(
            1.0, color=style.GREY, linestyle=style.TARGET_LINE, label="constant, same cost"
        )
        (recorded,) = axes.plot(
            [], [], color=style.INK, linestyle=style.SOFT_LINE, label="recorded (2, 3)"
        )
        self.schedule, self.constant, self.recorded = map(self.moving, (line, constant, recorded))
        axes.legend(loc="upper left", borderaxespad=0.1, labelspacing=0.2, handlelength=1.6)

    def _build_cost(self, axes: Axes) -> None:
        axes.set(
            title="2  recorded: kNN, %", xlabel="slices per step (schedules: 64)", xscale="log"
        )
        axes.set_xlim(3.0, 1400.0)
        tick_at(axes.xaxis, (4, 16, 64, 256, 1024))
        axes.grid(axis="y", color=style.FAINT, linewidth=0.8)
        self.cost_axes = axes
        self.fixed_points = self.moving(
            axes.plot([], [], "o", color=style.GREY, alpha=0.6, markersize=6)[0]
        )
        self.fixed = self.moving(axes.plot([], [], color=style.GREY, label="constant")[0])
        self.scheduled = {
            name: self.moving(axes.plot([], [], marker, color=colour, linestyle="", label=short)[0])
            for name, (short, marker, colour) in LOOKS.items()
        }
        axes.legend(
            loc="lower right", borderaxespad=0.1, labelspacing=0.2, handlelength=1.4, ncols=2,
            columnspacing=0.8,
        )  # fmt: skip

    def _build_course(self, axes: Axes) -> None:
        axes.set(title="3  recorded, by step", xlabel="step", xlim=(0, 1.03 * STEPS))
        axes.set_xticks([0, STEPS // 2, STEPS])
        axes.grid(axis="y", color=style.FAINT, linewidth=0.8)
        self.course_axes = axes
        self.courses = {}
        for name, (label, dashes) in CONSTANTS.items():
            (line,) = axes.plot([], [], color=style.GREY, linestyle=dashes, label=label)
            self.courses[name] = self.moving(line)
        for name in SCHEDULES:
            label, marker, colour = LOOKS[name]
            (line,) = axes.plot([], [], marker=marker, color=colour, label=label)
            self.courses[name] = self.moving(line)
        axes.legend(
            loc="lower right", borderaxespad=0.1, labelspacing=0.2, handlelength=1.6, ncols=2,
            columnspacing=0.8,
        )  # fmt: skip

    def static_key(self, view: SliceScheduleView) -> Hashable:
        return self._limits(view)

    def _limits(self, view: SliceScheduleView) -> tuple[float, float, float]:
        """The lower end of panel 2; both ends of panel 3, with room for its legend."""
        least = np.concatenate(list(view.knn.values())).min()
        courses = np.concatenate([view.courses[name] for name in COURSES])
        low = courses.min() - LEGEND_SHARE * np.ptp(courses)
        return 2.0 * np.floor(least / 2.0 - 1.0), np.floor(low), np.ceil(courses.max())

    def show(self, view: SliceScheduleView) -> None:
        limits = self._limits(view)
        if limits != self._shown:
            self.cost_axes.set_ylim(limits[0], 100.0)
            self.course_axes.set_ylim(*limits[1:])
            self._shown = limits
        self.schedule.set_data(view.steps, view.slices)
        self.constant.set_ydata([view.constant] * 2)
        self.recorded.set_data(view.steps, view.recorded)
        costs = [view.costs[name] for name in FIXED]
        self.fixed.set_data(costs, [view.knn[name].mean() for name in FIXED])
        self.fixed_points.set_data(
            np.repeat(costs, 3), np.concatenate([view.knn[name] for name in FIXED])
        )
        for name, points in self.scheduled.items():
            points.set_data([SPREAD[name] * view.costs[name]] * 3, view.knn[name])
            points.set_markersize(10 if name == view.nearest else 6)
        for name, line in self.courses.items():
            line.set_data(view.moments, view.courses[name])
            line.set(**(CHOSEN if name == view.nearest else OTHERS))
