"""Explorers of notebook 04: training collapses, and what prevents it."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.kinds import KindsFigure
from sigreg_edu.views.kinds import KindsParams, kinds_view


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
