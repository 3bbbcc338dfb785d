"""Schedules of slices: what one costs, and what recorded trainings made of several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from sigreg_edu.losses import SliceSchedule
from sigreg_edu.training.collapse_tables import spread_text
from sigreg_edu.training.frontier_tables import recorded
from sigreg_edu.training.frontier_trainings import (
    LAMBDAS,
    METHODS,
    MOMENTS,
    SCHEDULES,
    SEEDS,
    STEPS,
    TRAININGS,
)
from sigreg_edu.training.frontiers import best_lamb
from sigreg_edu.views.params import Params, choice, power_slider

SHAPES = {"geometric": "geometric", "linear": "linear", "step": "in one step"}
BEST = "best"
LAMB_LABELS = {BEST: "each method's best", **{f"{lamb:g}": f"{lamb:g}" for lamb in LAMBDAS}}
FIXED = ("fixed_4", "fixed_16", "fixed_64", "fixed_256", "fixed_1024")
#: Slices per step, on average, of each method shown.
COSTS: Mapping[str, float] = MappingProxyType(
    {
        **{name: float(name.removeprefix("fixed_")) for name in FIXED},
        **{name: schedule.mean_slices(STEPS) for name, schedule in SCHEDULES.items()},
    }
)
STEPS_SHOWN = np.arange(STEPS)
#: The recorded schedules step by step: their ends are no powers of two, so that they cost 64.
RECORDED: Mapping[str, np.ndarray] = MappingProxyType(
    {name: np.array([schedule(k) for k in range(STEPS)]) for name, schedule in SCHEDULES.items()}
)


@dataclass(frozen=True)
class SliceScheduleParams(Params):
    """State of the explorer of schedules."""

    first: int = power_slider(16, 1, 1024, label="slices at first")
    last: int = power_slider(128, 1, 1024, label="slices at last")
    shape: str = choice("geometric", SHAPES, label="shape")
    lamb: str = choice(BEST, LAMB_LABELS, label="λ of trainings")


@dataclass(frozen=True)
class SliceScheduleView:
    """What the figure of schedules shows.

    Attributes:
        steps: (S,).
        slices: the schedule's slices at each, (S,).
        constant: the constant of equal cost.
        recorded: slices at each step of the recorded schedule ``nearest``, (S,).
        costs: mean slices per step of each recorded method.
        knn: their accuracy in per cent, one for each seed, (3,).
        moments: steps at which accuracy was looked at, (L,).
        courses: mean accuracy in per cent over the seeds at each, (L,).
        nearest: the recorded schedule nearest in shape to the present one: emphasized.
        readout: all that in words.
    """

    steps: np.ndarray
    slices: np.ndarray
    constant: float
    recorded: np.ndarray
    costs: Mapping[str, float]
    knn: Mapping[str, np.ndarray]
    moments: np.ndarray
    courses: Mapping[str, np.ndarray]
    nearest: str
    readout: str


def slice_schedule_view(params: SliceScheduleParams) -> SliceScheduleView:
    """Compute a schedule's cost and look up the recorded trainings.

    Raises:
        FileNotFoundError: the records are not there; the message says what to do.
    """
    schedule = SliceSchedule(0, STEPS - 1, params.first, params.last, params.shape)
    slices = np.array([schedule(step) for step in range(STEPS)])
    courses = {name: _courses(name, params.lamb) for name in COSTS}  # (3, L) each
    knn = {name: of_seeds[:, -1] for name, of_seeds in courses.items()}
    return SliceScheduleView(
        steps=STEPS_SHOWN,
        slices=slices,
        constant=float(slices.mean()),
        recorded=RECORDED[_nearest(params)],
        costs=COSTS,
        knn=knn,
        moments=np.array(MOMENTS),
        courses={name: of_seeds.mean(axis=0) for name, of_seeds in courses.items()},
        nearest=_nearest(params),
        readout=_readout(params, float(slices.mean()), knn),
    )


def _nearest(params: SliceScheduleParams) -> str:
    """The one of ``SCHEDULES`` that is nearest in shape: only one of them falls."""
    return "falling" if params.last < params.first else params.shape


def _courses(name: str, lamb: str) -> np.ndarray:
    """Accuracy in per cent by seed and moment, (3, L)."""
    rows = recorded(TRAININGS)
    number = best_lamb(name) if lamb == BEST else float(lamb)
    return 100.0 * np.stack([rows[name, number, seed]["knn"] for seed in SEEDS])


def _readout(params: SliceScheduleParams, constant: float, knn: Mapping[str, np.ndarray]) -> str:
    nearest = _nearest(params)
    ours, rival = knn[nearest], knn["fixed_64"]
    few, many = knn["fixed_4"], knn["fixed_1024"]
    return (
        f"From {params.first} to {params.last} slices over {STEPS} steps costs as much as "
        f"{constant:.0f} slices all the time. Panels 2 and 3 were recorded and do not follow the "
        f"two sliders. Nearest in shape there (cost 64): “{METHODS[nearest].label}” "
        f"{spread_text(ours, 1)} % kNN; 64 slices throughout {spread_text(rival, 1)} %, "
        f"4 slices {spread_text(few, 1)} %, 1,024 slices {spread_text(many, 1)} % (mean ± std of "
        f"{len(SEEDS)} seeds)."
    )
