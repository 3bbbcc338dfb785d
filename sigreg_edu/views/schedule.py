"""While VICReg hands over to SIGReg: the weights over the steps, and what the recorded runs did."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.losses.schedules import HybridTransition
from sigreg_edu.training.collapse_file import STEPS, Setting, WatchedRun, collapse_runs
from sigreg_edu.views.embedding import small_number
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, slider

SHAPES = {"steps": "half and half between", "linear": "a straight line", "cosine": "half a cosine"}
START, END = STEPS // 3, 2 * STEPS // 3
PURE = ("vicreg", "sigreg")
GRID = np.arange(STEPS + 1)
CURVES = ("sigreg", "narrowest", "effective_rank", "knn")


@dataclass(frozen=True)
class ScheduleParams(Params):
    """State of the explorer of the hand-over."""

    shape: str = choice("linear", SHAPES, label="hand-over")
    step: int = slider(
        300, 0, STEPS, 25, label="step of training",
        help="The weights are those of the update that follows so many steps.",
    )  # fmt: skip


@dataclass(frozen=True)
class ScheduleView:
    """What the figure of the hand-over shows.

    Attributes:
        grid: steps, shape (G,).
        weights: VICReg's and SIGReg's weight at each, shape (2, G).
        weights_now: both at the present step.
        step: the present step.
        steps: the moments the runs were looked at, shape (S,).
        now: the last of them at the present step or before, an index.
        curves: for the hybrid and both pure runs each of ``CURVES``, shape (S,); ``"narrowest"``
            is the standard deviation along the narrowest principal axis of the projection.
        readout: all that in words.
    """

    grid: np.ndarray
    weights: np.ndarray
    weights_now: tuple[float, float]
    step: int
    steps: np.ndarray
    now: int
    curves: dict[str, dict[str, np.ndarray]]
    readout: str


def transition(shape: str) -> HybridTransition:
    """Return the recorded hand-over of a shape: over the middle third of the training."""
    return HybridTransition(START, END, shape)


def schedule_view(params: ScheduleParams) -> ScheduleView:
    """Look at a recorded hand-over at one step.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    kept = collapse_runs()
    run = kept.of(Setting.default("hybrid", shape=params.shape))
    curves = {"hybrid": _curves_of(run)}
    curves |= {name: _curves_of(kept.of(Setting.default(name))) for name in PURE}
    now, weights_now = run.index(params.step), transition(params.shape)(params.step)
    return ScheduleView(
        grid=GRID,
        weights=_weights(params.shape),
        weights_now=weights_now,
        step=params.step,
        steps=run.steps,
        now=now,
        curves=curves,
        readout=_in_words(params, int(run.steps[now]), weights_now, curves, now),
    )


@lru_cache(maxsize=len(SHAPES))
def _weights(shape: str) -> np.ndarray:
    """Return both weights over ``GRID``, (2, G)."""
    weights_of = transition(shape)
    return np.array([weights_of(step) for step in GRID]).T


def _curves_of(run: WatchedRun) -> dict[str, np.ndarray]:
    curves = {name: run.curve(name) for name in ("sigreg", "effective_rank", "knn")}
    return {**curves, "narrowest": run.spectra["projection"][:, -1]}


def _in_words(
    params: ScheduleParams,
    moment: int,
    weights: tuple[float, float],
    curves: dict[str, dict[str, np.ndarray]],
    now: int,
) -> str:
    here = {name: curve[now] for name, curve in curves["hybrid"].items()}
    end = {name: {key: curves[name][key][-1] for key in CURVES} for name in curves}
    seen = "" if moment == params.step else f" (looked at after step {moment})"
    return (
        f"Step {params.step}, {_phase(params.step)}: weights {weights[0]:.3g} of VICReg and "
        f"{weights[1]:.3g} of SIGReg. The projection{seen} has T = {short(here['sigreg'])}, std "
        f"{small_number(here['narrowest'])} along its narrowest axis, effective rank "
        f"{here['effective_rank']:.1f} of 16, kNN {100 * here['knn']:.1f} %. After {STEPS} steps "
        f"the hybrid has kNN {100 * end['hybrid']['knn']:.1f} % and T "
        f"{short(end['hybrid']['sigreg'])}; VICReg alone {100 * end['vicreg']['knn']:.1f} % and "
        f"{short(end['vicreg']['sigreg'])}, SIGReg alone {100 * end['sigreg']['knn']:.1f} % and "
        f"{short(end['sigreg']['sigreg'])}."
    )


def _phase(step: int) -> str:
    if step < START:
        return "VICReg alone"
    return "SIGReg alone" if step >= END else "handing over"
