"""Explorers of notebook 08: ideas for other slices, weights and scales, each tried."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.all_directions import AllDirectionsFigure
from sigreg_edu.figures.multi_scale import MultiScaleFigure
from sigreg_edu.figures.sample_size import SampleSizeFigure
from sigreg_edu.figures.slice_schedule import SliceScheduleFigure
from sigreg_edu.figures.weights import WeightsFigure
from sigreg_edu.figures.worst_slices import WorstSlicesFigure
from sigreg_edu.views.all_directions import (
    AllDirectionsParams,
    all_directions_view,
    refine_all_directions,
)
from sigreg_edu.views.multi_scale import MultiScaleParams, multi_scale_view
from sigreg_edu.views.sample_size import SampleSizeParams, sample_size_view
from sigreg_edu.views.slice_schedule import SliceScheduleParams, slice_schedule_view
from sigreg_edu.views.weights import WeightsParams, weights_view
from sigreg_edu.views.worst_slices import WorstSlicesParams, worst_slices_view


def slice_schedule_explorer(**initial: Any) -> ExplorerWidget:
    """Make a schedule of slices, see what it costs, and what recorded trainings made of four.

    Args:
        **initial: fields of :class:`SliceScheduleParams`, e.g. ``shape="linear"``.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(SliceScheduleParams(**initial), slice_schedule_view, SliceScheduleFigure())
    start = {"first": 16, "last": 128, "lamb": "best"}
    presets = {
        "geometric": {**start, "shape": "geometric"},
        "linear": {**start, "shape": "linear"},
        "one step": {**start, "shape": "step"},
        "64 to 1,024": {"first": 64, "last": 1024, "shape": "geometric", "lamb": "best"},
        "falling": {"first": 128, "last": 16, "shape": "geometric", "lamb": "best"},
        "small λ": {**start, "lamb": "0.003"},
        "large λ": {**start, "lamb": "0.2"},
    }
    return explorer_widget("Few slices early, many late?", explorer, presets=presets)


def worst_slices_explorer(**initial: Any) -> ExplorerWidget:
    """Search the worst direction of one half of a cloud, and look at it in the other half.

    Args:
        **initial: fields of :class:`WorstSlicesParams`, e.g. ``dim=256``.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(WorstSlicesParams(**initial), worst_slices_view, WorstSlicesFigure())
    presets = {
        "planted, D = 32": {"separation": "0.95", "dim": 32, "num_samples": 4096},
        "planted, D = 2": {"separation": "0.95", "dim": 2, "num_samples": 4096},
        "planted, D = 256": {"separation": "0.95", "dim": 256, "num_samples": 4096},
        "fewer points": {"separation": "0.95", "dim": 32, "num_samples": 512},
        "fainter": {"separation": "0.6", "dim": 32, "num_samples": 4096},
        "noise, D = 32": {"separation": "0", "dim": 32, "num_samples": 4096},
        "noise, D = 256": {"separation": "0", "dim": 256, "num_samples": 4096},
    }
    return explorer_widget("The worst direction, and the half held back", explorer, presets=presets)


def weights_explorer(**initial: Any) -> ExplorerWidget:
    """Choose the weight of the frequencies: what it hears, which flaws it sees, how it pulls.

    Args:
        **initial: fields of :class:`WeightsParams`, e.g. ``t_max=1.0``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(WeightsParams(**initial), weights_view, WeightsFigure())
    usual = {"weight": "gaussian", "width": 1.0, "t_max": 3.0}
    presets = {
        "LeJEPA's": usual,
        "t up to 1": {**usual, "t_max": 1.0},
        "t up to 5": {**usual, "t_max": 5.0},
        "width ½": {**usual, "width": 0.5},
        "width 2": {**usual, "width": 2.0, "t_max": 5.0},
        "Laplace kernel": {"weight": "cauchy", "width": 1.0, "t_max": 6.0},
        "uniform": {"weight": "uniform", "t_max": 3.0},
    }
    return explorer_widget("What does a weight listen to?", explorer, presets=presets)


def all_directions_explorer(**initial: Any) -> ExplorerWidget:
    """Compare M random slices with all directions: the loss, its gradient, and the cost.

    Args:
        **initial: fields of :class:`AllDirectionsParams`, e.g. ``dim=256``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        AllDirectionsParams(**initial),
        all_directions_view,
        AllDirectionsFigure(),
        refine=refine_all_directions,
    )
    presets = {
        "D = 16, M = 64": {"cloud": "gaussian", "dim": 16, "num_slices": 64},
        "D = 16, M = 1,024": {"cloud": "gaussian", "dim": 16, "num_slices": 1024},
        "in the plane": {"cloud": "gaussian", "dim": 2, "num_slices": 64},
        "D = 256, M = 64": {"cloud": "gaussian", "dim": 256, "num_slices": 64},
        "D = 256, M = 1,024": {"cloud": "gaussian", "dim": 256, "num_slices": 1024},
        "shrunk": {"cloud": "shrunk", "dim": 16, "num_slices": 64},
        "1 coordinate flat": {"cloud": "collapsed", "dim": 16, "num_slices": 64},
    }
    return explorer_widget("M slices, or all directions?", explorer, presets=presets)


def multi_scale_explorer(**initial: Any) -> ExplorerWidget:
    """Ask SIGReg of tokens, quadrants and images at once, and vary what tokens have in common.

    Args:
        **initial: fields of :class:`MultiScaleParams`, e.g. ``share=0.5``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(MultiScaleParams(**initial), multi_scale_view, MultiScaleFigure())
    plain = {"scale": 1.0, "rescaled": False}
    presets = {
        "independent": {**plain, "share": 0.0},
        "half in common": {**plain, "share": 0.5},
        "all equal": {**plain, "share": 1.0},
        "wider tokens": {"scale": 2.0, "rescaled": False, "share": 0.2},
        "independent, √k": {"scale": 1.0, "rescaled": True, "share": 0.0},
        "half, √k": {"scale": 1.0, "rescaled": True, "share": 0.5},
    }
    return explorer_widget("Can all scales be Gaussian at once?", explorer, presets=presets)


def sample_size_explorer(**initial: Any) -> ExplorerWidget:
    """See how many points three tests need to find a flaw, and how that grows with D.

    Args:
        **initial: fields of :class:`SampleSizeParams`, e.g. ``alternative="shrunk"``.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(SampleSizeParams(**initial), sample_size_view, SampleSizeFigure())
    presets = {
        "one bimodal direction": {"alternative": "bimodal", "test": "slices"},
        "the same, searched": {"alternative": "bimodal", "test": "worst"},
        "half flat": {"alternative": "rank", "test": "slices"},
        "heavy tails": {"alternative": "tails", "test": "slices"},
        "all shrunk": {"alternative": "shrunk", "test": "slices"},
        "shrunk, searched": {"alternative": "shrunk", "test": "worst"},
    }
    return explorer_widget("How many points does a test need?", explorer, presets=presets)
