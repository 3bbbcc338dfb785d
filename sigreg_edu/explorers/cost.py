"""Explorers of notebook 06: what a step costs."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from typing import Any

from sigreg_edu.explorers.core import Explorer, in_words
from sigreg_edu.explorers.shell import (
    PAUSE_SECONDS,
    ExplorerWidget,
    explorer_widget,
    make_button,
    running_loop,
)
from sigreg_edu.figures.crossing import CrossingFigure
from sigreg_edu.figures.planner import PlannerFigure
from sigreg_edu.figures.report_tables import ReportTablesFigure
from sigreg_edu.figures.scaling import ScalingFigure
from sigreg_edu.views.crossing import CrossingParams, crossing_view
from sigreg_edu.views.planner import DEVICES, HERE, PlannerParams, Workbench, planner_view
from sigreg_edu.views.report_tables import ReportTablesParams, report_tables_view
from sigreg_edu.views.scaling import ScalingParams, scaling_view

VIT_SMALL = {"N": 32 * 196, "D": 384, "T": 17}
MEASURE, MEASURING = "measure here", "measuring …"
CALIBRATE, AGAIN = "calibrate", "calibrate again"


def scaling_explorer(**initial: Any) -> ExplorerWidget:
    """See how time and memory of each form grow with one size, beside the report's numbers.

    Args:
        **initial: fields of :class:`ScalingParams`, e.g. ``grows="M"``.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ScalingParams(**initial), scaling_view, ScalingFigure())
    presets = {
        "the report's table over D": {**VIT_SMALL, "M": 512, "grows": "D", "what": "seconds"},
        "its table over slices": {**VIT_SMALL, "M": 1024, "grows": "M", "what": "seconds"},
        "its memory": {**VIT_SMALL, "M": 1024, "grows": "M", "what": "memory"},
        "more points": {"grows": "N", "what": "seconds"},
        "points fill memory": {"grows": "N", "what": "memory"},
        "pairs, where they fit": {"grows": "N", "what": "seconds", "N": 256, "D": 64, "M": 128},
        "more knots": {"grows": "T", "what": "seconds"},
    }
    return explorer_widget("How does a step's cost grow?", explorer, presets=presets)


def crossing_explorer(**initial: Any) -> ExplorerWidget:
    """Find the dimension from which VICReg costs more than SIGReg.

    Args:
        **initial: fields of :class:`CrossingParams`, e.g. ``M=512``.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(CrossingParams(**initial), crossing_view, CrossingFigure())
    report = {"N": 32 * 196, "T": 17, "what": "seconds", "form": "fast"}
    presets = {
        "the report's ViT-Small": {**report, "M": 1024},
        "its table: 512 slices": {**report, "M": 512},
        "large models: 2048": {**report, "M": 2048},
        "few slices": {"M": 64, "what": "seconds", "form": "fast"},
        "by the textbook": {"M": 1024, "what": "seconds", "form": "textbook"},
        "memory": {"M": 1024, "what": "memory", "form": "fast"},
        "memory, textbook": {"M": 1024, "what": "memory", "form": "textbook"},
        "memory, ViT-Small": {**report, "M": 1024, "what": "memory"},
    }
    return explorer_widget("Where do SIGReg and VICReg cross?", explorer, presets=presets)


def report_tables_explorer(**initial: Any) -> ExplorerWidget:
    """Go through the report's tables row by row, each with its verdict.

    Args:
        **initial: fields of :class:`ReportTablesParams`, e.g. ``table="memory"``.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ReportTablesParams(**initial), report_tables_view, ReportTablesFigure())
    presets = {
        "comparison": {"table": "comparison", "row": 1},
        "when faster": {"table": "faster", "row": 1},
        "memory": {"table": "memory", "row": 1},
        "ViT-Small": {"table": "performance", "row": 2},
        "over D": {"table": "scaling", "row": 2},
        "summary": {"table": "summary", "row": 2},
        "stability": {"table": "stability", "row": 1},
        "in the text": {"table": "text", "row": 1},
    }
    return explorer_widget("Which of the report's rows hold?", explorer, presets=presets)


# --- the planner ----------------------------------------------------------------------------------


class PlannerWidget(ExplorerWidget):
    """The planner, with buttons that measure the chosen form in this kernel and calibrate.

    Both go step by step between the messages of the sliders, and each step is short: what would
    take longer than five seconds in all is refused.

    Args:
        title, explorer, **options: as of :class:`ExplorerWidget`.
        bench: what the explorer's view looks at for measurements.

    Attributes:
        bench: the measurements and the calibration.
        measure_button: measures.
        calibrate_button: times the small steps that tell how quick this machine is, again.
    """

    def __init__(self, title: str, explorer: Explorer, bench: Workbench, **options: Any) -> None:
        self.bench = bench
        self._steps: Iterator[str] | None = None
        self._next: asyncio.TimerHandle | None = None
        super().__init__(title, explorer, **options)

    @property
    def measuring(self) -> bool:
        """Whether a measurement or a calibration is going on."""
        return self._steps is not None

    def set(self, **changes: Any) -> bool:
        """As of any explorer; what a measurement said of the device is said once."""
        if changes:
            self.bench.turned_from = ""
        return super().set(**changes)

    def start(self) -> None:
        """Begin to measure the chosen form, between the messages where there is a loop for them.

        Without one, as in a plain script, it measures to the end at once.
        """
        if not self.measuring and self._turn_here():
            self._begin(self.bench.measuring(self.explorer.params))

    def calibrate(self) -> None:
        """Begin to time the small steps again, in the same way."""
        if not self.measuring and self._turn_here():
            self._begin(self.bench.calibrating())

    def measure(self) -> bool:
        """Measure to the end at once; False if it was refused, and the picture says why."""
        self._stop()
        self._turn_here()
        self._steps = self.bench.measuring(self.explorer.params)
        while self.measuring:
            self._step(later=False)
        return not self.explorer.error

    def _turn_here(self) -> bool:
        """Choose this machine, and have the read-out say so, if another device was shown."""
        device = self.explorer.params.device
        if device == HERE:
            return True
        self.bench.turned_from = DEVICES[device]
        return super().set(device=HERE)

    def _begin(self, steps: Iterator[str]) -> None:
        self._steps = steps
        self._step()
        while self.measuring and running_loop() is None:
            self._step()

    def close(self) -> None:
        """Let measurement, figure and widgets go."""
        self._stop()
        super().close()

    def _step(self, *, later: bool = True) -> None:
        self._next = None
        try:
            doing = next(self._steps, None)
        except Exception as error:  # shown to the student, never swallowed
            self._stop()
            self.explorer.error = in_words(error)
            self._show_picture()
            return
        if doing is None:
            self._stop()
            self.set()  # draw what was measured, and forget pictures sent ahead of it
            return
        self.measure_button.description = MEASURING
        self.measure_button.tooltip = doing
        loop = running_loop() if later else None
        if loop is not None:
            self._next = loop.call_later(PAUSE_SECONDS, self._step)

    def _stop(self) -> None:
        """Take no further step."""
        if self._next is not None:
            self._next.cancel()
            self._next = None
        self._steps = None
        self.measure_button.description = MEASURE
        self.calibrate_button.description = AGAIN if self.bench.calibration else CALIBRATE

    def _play_buttons(self) -> list[Any]:
        self.measure_button = make_button(MEASURE, "clock-o", self.start)
        self.calibrate_button = make_button(CALIBRATE, "refresh", self.calibrate)
        self.calibrate_button.tooltip = "Time small steps here, which the prediction is scaled by."
        return [self.measure_button, self.calibrate_button, *super()._play_buttons()]


def planner_explorer(**initial: Any) -> PlannerWidget:
    """Choose sizes, see predicted time and memory of every form, and measure one here.

    Args:
        **initial: fields of :class:`PlannerParams`, e.g. ``D=768``.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    bench = Workbench()
    explorer = Explorer(
        PlannerParams(**initial), partial(planner_view, bench=bench), PlannerFigure()
    )
    presets = {
        "a laptop's batch": {"N": 512, "D": 128, "M": 1024, "form": "fast"},
        "the report's ViT-Small": {**VIT_SMALL, "M": 1024, "form": "fast"},
        "the same, three sums": {**VIT_SMALL, "M": 1024, "form": "three sums"},
        "pairs that fit": {"N": 256, "D": 64, "M": 128, "form": "three sums"},
        "wide embeddings": {"N": 2048, "D": 2048, "M": 1024, "form": "vicreg"},
    }
    return PlannerWidget("What will a step of yours cost?", explorer, bench, presets=presets)
