"""Explorers of notebook 03: SIGReg moves points, and what it asks of them."""

from __future__ import annotations

from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.figures.accepts import AcceptsFigure
from sigreg_edu.figures.fresh_or_fixed import FreshOrFixedFigure
from sigreg_edu.figures.outlier import OutlierFigure
from sigreg_edu.figures.particles import ParticlesFigure
from sigreg_edu.figures.reading import ReadingFigure
from sigreg_edu.figures.spectrum import SpectrumFigure
from sigreg_edu.views.accepts import AcceptsParams, accepts_view
from sigreg_edu.views.fresh_or_fixed import (
    FreshOrFixedParams,
    fresh_or_fixed_view,
    refine_fresh_or_fixed,
)
from sigreg_edu.views.outlier import OutlierParams, outlier_view
from sigreg_edu.views.particles import ParticlesParams, particles_view, refine_particles
from sigreg_edu.views.reading import ReadingParams, reading_view
from sigreg_edu.views.spectrum import SpectrumParams, refine_spectrum, spectrum_view


def particles_explorer(**initial: Any) -> ExplorerWidget:
    """Let a free cloud flow under a loss, and compare what the loss says with what is so.

    Args:
        **initial: fields of :class:`ParticlesParams`, e.g. ``loss="fixed"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        ParticlesParams(**initial), particles_view, ParticlesFigure(), refine=refine_particles
    )
    start = {"step": 0, "loss": "fresh", "num_slices": 16}
    presets = {
        "moons, SIGReg": {**start, "cloud": "two_moons"},
        "line, SIGReg": {**start, "cloud": "rank_one"},
        "line, 2 fixed slices": {**start, "cloud": "rank_one", "loss": "fixed", "num_slices": 2},
        "jitter, standardized": {**start, "cloud": "jitter", "loss": "standardized"},
        "inflated, VICReg": {**start, "cloud": "inflated", "loss": "vicreg"},
        "X, mean and std": {**start, "cloud": "cross", "loss": "moments"},
        "dead point": {**start, "cloud": "point"},
    }
    return explorer_widget("Where a loss moves points", explorer, presets=presets)


def accepts_explorer(**initial: Any) -> ExplorerWidget:
    """Let VICReg, a test of two moments and SIGReg judge the same cloud.

    Args:
        **initial: fields of :class:`AcceptsParams`, e.g. ``cloud="ring"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(AcceptsParams(**initial), accepts_view, AcceptsFigure())
    home = {"scale": 1.0, "shift": 0.0, "turn": 0, "num_samples": 1000}
    presets = {
        "Gaussian": {**home, "cloud": "gaussian"},
        "two moons": {**home, "cloud": "two_moons"},
        "ring": {**home, "cloud": "ring"},
        "an X": {**home, "cloud": "cross"},
        "inflated": {**home, "cloud": "gaussian", "scale": 1.6},
        "shifted": {**home, "cloud": "gaussian", "shift": 1.0},
        "shrunk": {**home, "cloud": "gaussian", "scale": 0.5},
        "a line": {**home, "cloud": "rank_one"},
    }
    return explorer_widget("What each judge accepts", explorer, presets=presets)


def fresh_or_fixed_explorer(**initial: Any) -> ExplorerWidget:
    """Train one cloud with fresh slices and one with fixed ones, and judge both elsewhere.

    Args:
        **initial: fields of :class:`FreshOrFixedParams`, e.g. ``num_slices=4``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        FreshOrFixedParams(**initial),
        fresh_or_fixed_view,
        FreshOrFixedFigure(),
        refine=refine_fresh_or_fixed,
    )
    home = {"cloud": "half_collapsed", "step": 200}
    presets = {
        "16 slices, D = 32": {**home, "num_slices": 16, "dim": 32},
        "4 slices, D = 32": {**home, "num_slices": 4, "dim": 32},
        "256 slices, D = 32": {**home, "num_slices": 256, "dim": 32},
        "in the plane": {**home, "num_slices": 16, "dim": 2},
        "nearly a line, D = 64": {**home, "cloud": "line", "num_slices": 64, "dim": 64},
        "Gaussian from the start": {**home, "cloud": "gaussian", "num_slices": 4, "dim": 32},
    }
    return explorer_widget("Fresh slices, or fixed ones?", explorer, presets=presets)


def reading_explorer(**initial: Any) -> ExplorerWidget:
    """Read a value of SIGReg: what N, finite batches, t_max and λ have made of it.

    Args:
        **initial: fields of :class:`ReadingParams`, e.g. ``batch=1024``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(ReadingParams(**initial), reading_view, ReadingFigure())
    presets = {
        "N(0, 1)": {"std": 1.0},
        "7.3 at N = 4096": {"std": 0.945, "batch": 4096},
        "7.3 at N = 16": {"std": 0.0, "mean": 0.25, "batch": 16},
        "without factor N": {"factor_n": False},
        "λ too small": {"log_lambda": -4.0},
        "t_max = 1": {"t_max": 1.0},
        "collapsed": {"std": 0.0},
    }
    return explorer_widget("SIGReg says 7.3: is that a lot?", explorer, presets=presets)


def outlier_explorer(**initial: Any) -> ExplorerWidget:
    """Take one point of a flat cloud far out: who moves it, how hard, and what befalls the rest.

    Args:
        **initial: fields of :class:`OutlierParams`, e.g. ``loss="vicreg"``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(OutlierParams(**initial), outlier_view, OutlierFigure())
    home = {"cloud": "gaussian", "loss": "sigreg", "angle": 30, "step_size": 0.5,
            "num_samples": 200}  # fmt: skip
    hidden = {**home, "cloud": "shrunk", "distance": 14.0, "angle": 0}
    presets = {
        "no outlier": {**home, "distance": 1.0},
        "outlier": {**home, "distance": 5.0},
        "far outlier": {**home, "distance": 20.0},
        "far, mean and std": {**home, "distance": 20.0, "loss": "mean_std"},
        "four moments": {**home, "distance": 6.0, "loss": "four_moments"},
        "shrunk, VICReg": {**hidden, "loss": "vicreg"},
        "shrunk, SIGReg": hidden,
    }
    return explorer_widget("One point far out", explorer, presets=presets)


def spectrum_explorer(**initial: Any) -> ExplorerWidget:
    """Show what a probe of an unknown task loses when the embedding is stretched, or not Gaussian.

    Args:
        **initial: fields of :class:`SpectrumParams`, e.g. ``stretch=0.9``.

    Raises:
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        SpectrumParams(**initial), spectrum_view, SpectrumFigure(), refine=refine_spectrum
    )
    neighbours = {"probe": "kernel", "num_labels": 200, "noise": 0.3}
    presets = {
        "round": {"stretch": 0.0},
        "ridge": {"ridge": 0.3},
        "same labels": {"same_labels": True},
        "same labels, ridge": {"same_labels": True, "ridge": 0.3},
        "neighbours": {**neighbours, "same_labels": True},
        "Theorem 1": {**neighbours, "width": 0.14},
        "two humps": {**neighbours, "width": 0.14, "law": "two_humps", "stretch": 0.0},
    }
    return explorer_widget("Why an isotropic Gaussian?", explorer, presets=presets)
