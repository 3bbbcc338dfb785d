"""Explorers of notebook 04: training collapses, and what prevents it."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.conditions import ConditionsFigure
from sigreg_edu.figures.kinds import KindsFigure
from sigreg_edu.figures.schedule import ScheduleFigure
from sigreg_edu.figures.sweep import SweepFigure
from sigreg_edu.training.collapse_file import LAST_MOMENT
from sigreg_edu.views.conditions import ConditionsParams, conditions_view
from sigreg_edu.views.kinds import KindsParams, kinds_view
from sigreg_edu.views.schedule import ScheduleParams, schedule_view
from sigreg_edu.views.sweep import SWEPT, SweepParams, sweep_view


def kinds_explorer(**initial: Any) -> ExplorerWidget:
    """Break an embedding of real digits in one way or another, and see which meter tells.

    Args:
        **initial: fields of :class:`KindsParams`, e.g. ``kept=8``.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(KindsParams(**initial), kinds_view, KindsFigure())
    home = {"scale": 1.0, "kept": 16, "rest": 0.0, "shift": 0.0, "mixed": True}
    presets = {
        "healthy": home,
        "constant": {**home, "scale": 0.0},
        "dimensional": {**home, "kept": 8},
        "dimensional, on axes": {**home, "kept": 8, "mixed": False},
        "scale": {**home, "scale": 0.05},
        "shifted": {**home, "shift": 2.0},
        "scale, standardized": {**home, "scale": 0.05, "standardized": True},
    }
    return explorer_widget("Which kind of collapse?", explorer, presets=presets)


def conditions_explorer(**initial: Any) -> ExplorerWidget:
    """Replay recorded trainings under six losses, and see what each leaves of the digits.

    Args:
        **initial: fields of :class:`ConditionsParams`, e.g. ``condition="vicreg"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ConditionsParams(**initial), conditions_view, ConditionsFigure())
    end = {"moment": LAST_MOMENT, "space": "projection"}
    presets = {
        "untrained": {"moment": 0},
        "no regularizer": {**end, "condition": "none"},
        "VICReg": {**end, "condition": "vicreg"},
        "LeJEPA": {**end, "condition": "lejepa"},
        "standardized": {**end, "condition": "standardized"},
        "before the projector": {**end, "condition": "lejepa", "space": "embedding"},
    }
    return explorer_widget("What does each loss leave?", explorer, presets=presets)


def schedule_explorer(**initial: Any) -> ExplorerWidget:
    """Follow recorded trainings in which VICReg hands over to SIGReg.

    Args:
        **initial: fields of :class:`ScheduleParams`, e.g. ``shape="cosine"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ScheduleParams(**initial), schedule_view, ScheduleFigure())
    presets = {
        "VICReg alone": {"step": 175},
        "in two steps": {"shape": "steps", "step": 300},
        "a straight line": {"shape": "linear", "step": 300},
        "half a cosine": {"shape": "cosine", "step": 300},
        "trained": {"step": 600},
    }
    title = "What happens while VICReg hands over to SIGReg?"
    return explorer_widget(title, explorer, presets=presets)


def sweep_explorer(**initial: Any) -> ExplorerWidget:
    """Compare recorded trainings over λ, with each other, a stop-gradient or a teacher as target.

    Args:
        **initial: fields of :class:`SweepParams`, e.g. ``target="teacher"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(SweepParams(**initial), sweep_view, SweepFigure())
    none = {"position": 0, "space": "projection"}
    presets = {
        "no regularizer": {**none, "target": "shared"},
        "stop-gradient alone": {**none, "target": "stop_gradient"},
        "teacher alone": {**none, "target": "teacher"},
        "λ too small": {"position": SWEPT.index(0.0003), "target": "shared"},
        "λ = 0.02": {"position": SWEPT.index(0.02), "target": "shared"},
        "λ too large": {"position": len(SWEPT) - 1, "target": "shared"},
    }
    title = "Which λ, and do a stop-gradient or a teacher help?"
    return explorer_widget(title, explorer, presets=presets)
