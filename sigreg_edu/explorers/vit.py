"""Explorers of notebook 05: a small vision transformer is trained."""

from __future__ import annotations

from functools import partial
from typing import Any

from sigreg_edu.explorers.core import Explorer
from sigreg_edu.explorers.shell import ExplorerWidget, explorer_widget
from sigreg_edu.explorers.training import TrainingWidget
from sigreg_edu.figures.digit_views import DigitViewsFigure
from sigreg_edu.figures.factors import FactorsFigure
from sigreg_edu.figures.ranking import RankingFigure
from sigreg_edu.figures.stems import StemsFigure
from sigreg_edu.figures.vit_replay import VitReplayFigure
from sigreg_edu.figures.vit_sweep import VitSweepFigure
from sigreg_edu.figures.vit_training import VitTrainingFigure
from sigreg_edu.views.digit_views import (
    DigitViewsParams,
    digit_views_view,
    refine_digit_views,
)
from sigreg_edu.views.factors import FactorsParams, factors_view
from sigreg_edu.views.ranking import RankingParams, ranking_view
from sigreg_edu.views.stems import RECORDED, StemsParams, stems_view
from sigreg_edu.views.vit_replay import LAST_MOMENT, VitReplayParams, vit_replay_view
from sigreg_edu.views.vit_sweep import LAST_POSITION, VitSweepParams, vit_sweep_view
from sigreg_edu.views.vit_training import (
    LAMBS,
    VitSessions,
    VitTrainingParams,
    first_look,
    vit_training_view,
)


def vit_replay_explorer(**initial: Any) -> ExplorerWidget:
    """Replay recorded trainings of a vision transformer under six losses and with labels.

    Args:
        **initial: fields of :class:`VitReplayParams`, e.g. ``loss="vicreg"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(VitReplayParams(**initial), vit_replay_view, VitReplayFigure())
    end = {"look": LAST_MOMENT}
    presets = {
        "untrained": {"look": 0},
        "no regularizer": {**end, "loss": "none", "space": "projection"},
        "VICReg": {**end, "loss": "vicreg"},
        "LeJEPA": {**end, "loss": "lejepa"},
        "standardized": {**end, "loss": "standardized"},
        "with labels": {**end, "loss": "supervised"},
        "what the loss sees": {**end, "loss": "lejepa", "space": "projection"},
    }
    return explorer_widget("What did each loss make of the digits?", explorer, presets=presets)


def factors_explorer(**initial: Any) -> ExplorerWidget:
    """See what an embedding keeps of a drawn shape, by what its views drew anew.

    Args:
        **initial: fields of :class:`FactorsParams`, e.g. ``run="position, size, colour"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(FactorsParams(**initial), factors_view, FactorsFigure())
    base = "position, size"
    presets = {
        "position alone": {"run": "position", "other": "none"},
        "size too": {"run": base, "other": "position"},
        "colour too": {"run": f"{base}, colour", "other": base},
        "texture too": {"run": f"{base}, texture", "other": base},
        "shape too": {"run": f"{base}, shape", "other": base},
        "all but shape": {"run": f"{base}, colour, texture", "other": base},
    }
    return explorer_widget("What does an embedding keep?", explorer, presets=presets)


def digit_views_explorer(**initial: Any) -> ExplorerWidget:
    """Choose what the views of a digit or of a drawn shape draw anew, and look at them.

    Args:
        **initial: fields of :class:`DigitViewsParams`, e.g. ``colour=1.0``.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(
        DigitViewsParams(**initial),
        digit_views_view,
        DigitViewsFigure(),
        refine=refine_digit_views,
    )
    digits = {"data": "digits", "pose": 1.0, "colour": 0.0, "clutter": 0.0}
    shapes = {"data": "shapes"}
    presets = {
        "upright": {**digits, "pose": 0.0},
        "scattered": digits,
        "coloured": {**digits, "colour": 1.0},
        "colour and clutter": {**digits, "colour": 1.0, "clutter": 0.5},
        "shapes": {**shapes, "varied": "place"},
        "all but shape": {**shapes, "varied": "all_but_shape"},
    }
    return explorer_widget("What may differ between two views?", explorer, presets=presets)


def stems_explorer(**initial: Any) -> ExplorerWidget:
    """Compare convolutions with plain patches: what a token sees, and what training made of it.

    Args:
        **initial: fields of :class:`StemsParams`, e.g. ``labels="supervised"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ImportError: scikit-learn, which brings the digits, is not installed.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(StemsParams(**initial), stems_view, StemsFigure())
    presets = {
        "untrained": {"step": 0},
        "self-supervised": {"step": RECORDED.steps, "labels": "self_supervised"},
        "with labels": {"step": RECORDED.steps, "labels": "supervised"},
        "a token in a corner": {"token": 0},
    }
    return explorer_widget("Why convolutions before the transformer?", explorer, presets=presets)


def vit_training_explorer(**initial: Any) -> TrainingWidget:
    """Train a small vision transformer on scattered digits while it is watched, and steer λ.

    Args:
        **initial: fields of :class:`VitTrainingParams`, e.g. ``condition="none"``.

    Raises:
        ImportError: scikit-learn, which brings the digits, is not installed.
        ValueError: a field is unknown or out of its range.
    """
    sessions = VitSessions()
    explorer = Explorer(
        VitTrainingParams(**initial),
        partial(vit_training_view, sessions=sessions),
        VitTrainingFigure(),
        refine=partial(first_look, sessions=sessions),
    )
    digits = {"pose": 1.0, "colour": 0.0, "clutter": 0.0}
    start = {"step": 0, "stem": "conv", "space": "projection", **digits}
    lejepa = {**start, "condition": "lejepa", "lamb": LAMBS["lejepa"]}
    presets = {
        "LeJEPA": lejepa,
        "no regularizer": {**start, "condition": "none"},
        "VICReg": {**start, "condition": "vicreg", "lamb": LAMBS["vicreg"]},
        "standardized": {**start, "condition": "standardized", "lamb": LAMBS["standardized"]},
        "plain patches": {**lejepa, "stem": "patch"},
        "harder: colour and clutter": {**lejepa, "lamb": 0.02, "colour": 1.0, "clutter": 0.5},
    }
    return TrainingWidget(
        "A vision transformer, live: what does it learn without labels?",
        explorer,
        sessions,
        lambs=LAMBS,
        presets=presets,
    )


def vit_sweep_explorer(**initial: Any) -> ExplorerWidget:
    """Compare recorded trainings over λ, the slices, the batch size or VICReg's covariance.

    Args:
        **initial: fields of :class:`VitSweepParams`, e.g. ``sweep="batch"``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(VitSweepParams(**initial), vit_sweep_view, VitSweepFigure())
    presets = {
        "small λ": {"sweep": "lamb", "position": 0},
        "large λ": {"sweep": "lamb", "position": LAST_POSITION},
        "one slice": {"sweep": "slices", "position": 0},
        "many slices": {"sweep": "slices", "position": LAST_POSITION},
        "small batches": {"sweep": "batch", "position": 0},
        "no covariance": {"sweep": "covariance", "position": 0},
    }
    return explorer_widget("Which setting matters, and how much?", explorer, presets=presets)


def ranking_explorer(**initial: Any) -> ExplorerWidget:
    """Rank recorded networks by their loss, divided by a power of λ, and by their accuracy.

    Args:
        **initial: fields of :class:`RankingParams`, e.g. ``alpha=0.4``.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
        ValueError: a field is unknown or out of its range.
    """
    explorer = Explorer(RankingParams(**initial), ranking_view, RankingFigure())
    presets = {
        "raw loss": {"alpha": 0.0, "which": "all"},
        "the paper's α": {"alpha": 0.4, "which": "all"},
        "only λ, raw": {"alpha": 0.0, "which": "lamb"},
        "only λ, rescaled": {"alpha": 0.4, "which": "lamb"},
        "all but those": {"alpha": 0.0, "which": "others"},
    }
    return explorer_widget("Does the loss rank the models?", explorer, presets=presets)
