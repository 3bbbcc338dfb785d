"""Explorers of notebook 02: from a sample to the Epps–Pulley statistic and its p-value."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.aliasing import AliasingFigure
from sigreg_edu.figures.epps_pulley import EppsPulleyFigure
from sigreg_edu.figures.forms import FormsFigure
from sigreg_edu.figures.gradients import GradientFigure
from sigreg_edu.figures.null import NullFigure
from sigreg_edu.figures.power import PowerFigure
from sigreg_edu.figures.winding import WindingFigure
from sigreg_edu.views.aliasing import AliasingParams, aliasing_view
from sigreg_edu.views.epps_pulley import EppsPulleyParams, epps_pulley_view
from sigreg_edu.views.forms import FormsParams, forms_view
from sigreg_edu.views.gradients import GradientParams, gradient_view
from sigreg_edu.views.null import NullParams, null_view
from sigreg_edu.views.power import PowerParams, power_refinement, power_view
from sigreg_edu.views.winding import WindingParams, winding_view

AT_HOME = {"shape": "gaussian", "shift": 0.0, "scale": 1.0}


def winding_explorer(**initial: Any) -> ExplorerWidget:
    """Wind a sample round the unit circle and follow its mean arrow, the characteristic function.

    Args:
        **initial: fields of :class:`WindingParams`, e.g. ``t=2.0``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(WindingParams(**initial), winding_view, WindingFigure())
    presets = {
        "Gaussian": AT_HOME,
        "shifted": {**AT_HOME, "shift": 1.0},
        "shrunk": {**AT_HOME, "scale": 0.2},
        "two humps": {**AT_HOME, "shape": "bimodal", "strength": 1.0},
    }
    return explorer_widget("The characteristic function is a mean arrow", explorer, presets=presets)


def epps_pulley_explorer(**initial: Any) -> ExplorerWidget:
    """Show how a sample, its characteristic function and the statistic hang together.

    Args:
        **initial: fields of :class:`EppsPulleyParams`, e.g. ``shift=0.5``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(EppsPulleyParams(**initial), epps_pulley_view, EppsPulleyFigure())
    presets = {
        "Gaussian": AT_HOME,
        "shifted": {**AT_HOME, "shift": 1.0},
        "too wide": {**AT_HOME, "scale": 2.0},
        "shrunk": {**AT_HOME, "scale": 0.2},
        "collapsed": {**AT_HOME, "scale": 0.0},
        "two humps": {**AT_HOME, "shape": "bimodal", "strength": 1.0},
    }
    return explorer_widget("From a sample to its Epps–Pulley statistic", explorer, presets=presets)


def null_explorer(**initial: Any) -> ExplorerWidget:
    """Show the law of the statistic on Gaussian samples, and where the present sample stands.

    Args:
        **initial: fields of :class:`NullParams`, e.g. ``shift=0.1``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(NullParams(**initial), null_view, NullFigure())
    home = {**AT_HOME, "num_samples": 1000}
    presets = {
        "Gaussian": home,
        "slightly shifted": {**home, "shift": 0.1},
        "small and shifted": {**home, "shift": 0.1, "num_samples": 100},
        "uniform": {**home, "shape": "uniform", "strength": 1.0},
    }
    return explorer_widget("When is T large?", explorer, presets=presets)


def aliasing_explorer(**initial: Any) -> ExplorerWidget:
    """Show which places of a narrow cloud the knots of the quadrature cannot tell apart.

    Args:
        **initial: fields of :class:`AliasingParams`, e.g. ``place=20.0``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(AliasingParams(**initial), aliasing_view, AliasingFigure())
    seventeen = {"num_points": 17, "t_max": 3.0, "spread": 0.0}
    presets = {
        "at the alias": {**seventeen, "place": 33.5},
        "half-way": {**seventeen, "place": 16.8},
        "with spread": {**seventeen, "place": 33.5, "spread": 1.0},
        "more knots": {"num_points": 33, "t_max": 3.0, "spread": 0.0, "place": 33.5},
    }
    return explorer_widget("What 17 knots cannot see", explorer, presets=presets)


def power_explorer(**initial: Any) -> ExplorerWidget:
    """Compare how often Epps–Pulley and the classical tests reject, as samples depart from N(0, 1).

    Args:
        **initial: fields of :class:`PowerParams`, e.g. ``departure="laplace"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(PowerParams(**initial), power_view, PowerFigure(), refine=power_refinement)
    presets = {
        "shifted": {"departure": "shift", "strength": 0.3, "num_samples": 100},
        "too wide": {"departure": "wider", "strength": 0.3, "num_samples": 100},
        "shrunk": {"departure": "narrower", "strength": 0.3, "num_samples": 100},
        "two humps": {"departure": "bimodal", "strength": 0.9, "num_samples": 100},
        "heavy tails": {"departure": "student_t", "strength": 0.5, "num_samples": 200},
        "no departure": {"strength": 0.0},
    }
    return explorer_widget("Which test sees what?", explorer, presets=presets)


def gradient_explorer(**initial: Any) -> ExplorerWidget:
    """Show the force that a statistic puts on every point: bounded or not, and zero at collapse.

    Args:
        **initial: fields of :class:`GradientParams`, e.g. ``moved_to=20.0``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(GradientParams(**initial), gradient_view, GradientFigure())
    start = {**AT_HOME, "moved_to": 0.0}
    presets = {
        "healthy": start,
        "outlier": {**start, "moved_to": 20.0},
        "shifted": {**start, "shift": 1.5},
        "shrunk": {**start, "scale": 0.3},
        "collapsed at 0": {**start, "scale": 0.0},
        "collapse with jitter": {**start, "scale": 0.05},
    }
    return explorer_widget("Where is each point pushed?", explorer, presets=presets)


def forms_explorer(**initial: Any) -> ExplorerWidget:
    """Set the three forms of the statistic side by side, with and without standardizing.

    Args:
        **initial: fields of :class:`FormsParams`, e.g. ``standardize=True``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(FormsParams(**initial), forms_view, FormsFigure())
    by_scale = {**AT_HOME, "sweep": "scale", "standardize": False}
    presets = {
        "Gaussian": by_scale,
        "shrunk": {**by_scale, "scale": 0.05},
        "shrunk, standardized": {**by_scale, "scale": 0.05, "standardize": True},
        "shifted": {**by_scale, "shift": 1.5, "sweep": "shift"},
        "more points": {**by_scale, "sweep": "num_samples", "num_samples": 5000},
    }
    return explorer_widget("One statistic, three forms", explorer, presets=presets)
