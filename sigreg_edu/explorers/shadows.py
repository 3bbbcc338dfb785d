"""Explorers of notebook 01: clouds and their shadows, one direction, many, and all of them."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.diaconis_freedman import DiaconisFreedmanFigure
from sigreg_edu.figures.direction_count import DirectionCountFigure
from sigreg_edu.figures.shadow2d import Shadow2DFigure
from sigreg_edu.figures.shadow3d import Shadow3DFigure
from sigreg_edu.views.diaconis_freedman import (
    DiaconisFreedmanParams,
    diaconis_freedman_view,
    refine_diaconis_freedman,
)
from sigreg_edu.views.direction_count import (
    DirectionCountParams,
    direction_count_view,
    refine_direction_count,
)
from sigreg_edu.views.shadow2d import Shadow2DParams, shadow2d_view
from sigreg_edu.views.shadow3d import Shadow3DParams, refine_shadow3d, shadow3d_view

ALONG_X = {"azimuth": 0, "elevation": 0}


def shadow2d_explorer(**initial: Any) -> ExplorerWidget:
    """Turn a direction under a flat cloud and watch its shadow and the shadow's statistic.

    Args:
        **initial: fields of :class:`Shadow2DParams`, e.g. ``cloud="ring"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(Shadow2DParams(**initial), shadow2d_view, Shadow2DFigure())
    presets = {
        "Gaussian": {"cloud": "gaussian", "angle": 0},
        "an X": {"cloud": "cross", "angle": 0},  # along an axis: the student finds the diagonal
        "two moons": {"cloud": "two_moons", "angle": 0},
        "ring": {"cloud": "ring", "angle": 0},
        "a line": {"cloud": "rank_one", "angle": 30},
        "shrunk": {"cloud": "shrunk", "angle": 0},
    }
    return explorer_widget("A cloud and its shadow", explorer, presets=presets)


def shadow3d_explorer(**initial: Any) -> ExplorerWidget:
    """Look at a cloud in space from one direction after the other, with a map of all of them.

    Args:
        **initial: fields of :class:`Shadow3DParams`, e.g. ``cloud="helix"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    params = Shadow3DParams(**initial)
    explorer = Explorer(params, shadow3d_view, Shadow3DFigure(), refine=refine_shadow3d)
    presets = {
        "Gaussian": {"cloud": "gaussian", **ALONG_X},
        "XOR along x": {"cloud": "xor", **ALONG_X},
        "XOR between x and y": {"cloud": "xor", "azimuth": 45, "elevation": 0},
        "XOR along a diagonal": {"cloud": "xor", "azimuth": 135, "elevation": -35},
        "pancake": {"cloud": "pancake", "azimuth": 45, "elevation": 35},
        "needle": {"cloud": "needle", **ALONG_X},
    }
    return explorer_widget("A cloud in space, and every direction", explorer, presets=presets)


def direction_count_explorer(**initial: Any) -> ExplorerWidget:
    """Average the statistic over M directions, again and again, against the exact mean over all.

    Args:
        **initial: fields of :class:`DirectionCountParams`, e.g. ``dim=64``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        DirectionCountParams(**initial),
        direction_count_view,
        DirectionCountFigure(),
        refine=refine_direction_count,
    )
    random = {"kind": "uniform", "num_slices": 16}
    presets = {
        "Gaussian": {"cloud": "gaussian", "dim": 64, **random},
        "1 of 8 collapsed": {"cloud": "collapsed", "dim": 8, **random},
        "1 of 64 collapsed": {"cloud": "collapsed", "dim": 64, **random},
        "half of 64 collapsed": {"cloud": "half_collapsed", "dim": 64, **random},
        "axes only": {"cloud": "collapsed", "dim": 8, "kind": "axes", "num_slices": 4},
        "Sobol in the plane": {
            "cloud": "collapsed", "dim": 2, "kind": "quasi_random", "num_slices": 16,
        },
    }  # fmt: skip
    return explorer_widget("How many directions?", explorer, presets=presets)


def diaconis_freedman_explorer(**initial: Any) -> ExplorerWidget:
    """Mix more and more pixels of the digits and watch their shadows become Gaussian, or nearly.

    Args:
        **initial: fields of :class:`DiaconisFreedmanParams`, e.g. ``mixed=61``.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        DiaconisFreedmanParams(**initial),
        diaconis_freedman_view,
        DiaconisFreedmanFigure(),
        refine=refine_diaconis_freedman,
    )
    all_images = {"num_images": 1797, "which": 0}
    presets = {
        "single pixels": {"features": "standardized", "mixed": 1, **all_images},
        "8 pixels mixed": {"features": "standardized", "mixed": 8, **all_images},
        "all 61 mixed": {"features": "standardized", "mixed": 61, **all_images},
        "whitened": {"features": "whitened", "mixed": 61, **all_images},
        "equal length": {"features": "equal_length", "mixed": 61, **all_images},
        "whitened, 97 images": {"features": "whitened", "mixed": 61, "num_images": 97, "which": 0},
    }
    return explorer_widget("Shadows of handwritten digits", explorer, presets=presets)
