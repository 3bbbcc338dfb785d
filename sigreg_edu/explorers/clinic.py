"""Explorers of notebook 07: trainings that broke, and what helps."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.clinic import ClinicFigure
from sigreg_edu.figures.clinic_measured import ClinicMeasuredFigure
from sigreg_edu.figures.decision_chart import DecisionChart
from sigreg_edu.figures.remedies import RemediesFigure
from sigreg_edu.views.clinic import LAST_LOOK, ClinicParams, clinic_view
from sigreg_edu.views.clinic_measured import (
    LEVELS,
    ClinicMeasuredParams,
    clinic_measured_view,
)
from sigreg_edu.views.remedies import SIXTEEN, RemediesParams, remedies_view


def clinic_explorer(**initial: Any) -> ExplorerWidget:
    """See a training that broke, try remedies on it, and find out what is wrong.

    Args:
        **initial: fields of :class:`ClinicParams`, e.g. ``patient="rising"``. The illness is told
            when ``reveal`` is set; letters hide the complaint, too.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ClinicParams(**initial), clinic_view, ClinicFigure())
    came = {"remedy": 0, "look": LAST_LOOK, "reveal": False}
    presets = {
        "“SIGReg grows”": {**came, "patient": "rising"},
        "“it spikes”": {**came, "patient": "unstable"},
        "“calm, and knows little”": {**came, "patient": "standardized"},
        "“better than Gaussian”": {**came, "patient": "slices"},
        "“the paper's λ collapses”": {**came, "patient": "factor_n"},
        "“perfect, nothing learned”": {**came, "patient": "factor_n_strong"},
        "“augmented too much”": {**came, "patient": "views"},
    }
    return explorer_widget("What is wrong, and what helps?", explorer, presets=presets)


def measured_clinic_explorer(**initial: Any) -> ExplorerWidget:
    """See troubles that are measured at once: memory, precision, ranks, dead starts and more.

    Args:
        **initial: fields of :class:`ClinicMeasuredParams`, e.g. ``case="ranks"``.

    Raises:
        FileNotFoundError: a recorded run is asked for that is not there.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        ClinicMeasuredParams(**initial), clinic_measured_view, ClinicMeasuredFigure()
    )
    presets = {
        "“out of memory”": {"case": "memory", "level": LEVELS - 1},
        "“on many GPUs”": {"case": "ranks", "level": LEVELS - 2},
        "“in bfloat16”": {"case": "bf16", "level": LEVELS - 1},
        "“it does not move”": {"case": "dead", "level": 0},
        "“calm, and a point”": {"case": "standardized", "level": 0},
        "“same λ, other code”": {"case": "factor_n", "level": 2},
        "“not Gaussian”": {"case": "space", "level": LEVELS - 1},
    }
    return explorer_widget("What does the measurement say?", explorer, presets=presets)


def remedies_explorer(**initial: Any) -> ExplorerWidget:
    """See all remedies with what they took away of the trouble, and the verdict on each.

    Args:
        **initial: fields of :class:`RemediesParams`, e.g. ``group="unstable"``.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(RemediesParams(**initial), remedies_view, RemediesFigure())
    presets = {
        "the report's sixteen": {"group": SIXTEEN, "row": 0},
        "SIGReg rises": {"group": "rising", "row": 0},
        "out of memory": {"group": "memory", "row": 0},
        "unstable": {"group": "unstable", "row": 0},
        "slow": {"group": "slow", "row": 0},
        "too few slices": {"group": "slices", "row": 0},
        "too few rows": {"group": "few_rows", "row": 0},
    }
    return explorer_widget("Which remedies help?", explorer, presets=presets)


def decision_chart() -> DecisionChart:
    """Return the decision chart, one page; a notebook shows it, ``save`` keeps it.

    Raises:
        FileNotFoundError: the record is not there; the message says what to do.
    """
    return DecisionChart()
