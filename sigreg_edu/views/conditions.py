"""What each loss leaves: recorded trainings on the digits, looked at from step 0 to step 600."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.statistics import null_distribution
from sigreg_edu.training.collapse_file import (
    LAST_MOMENT,
    SEEDS,
    Setting,
    WatchedRun,
    collapse_runs,
)
from sigreg_edu.training.measures import SPACES
from sigreg_edu.training.objective import CONDITIONS
from sigreg_edu.views.embedding import Cloud, cloud_of, small_number
from sigreg_edu.views.many_shadows import short
from sigreg_edu.views.params import Params, choice, slider

LABELS = {name: condition.label for name, condition in CONDITIONS.items()}
CURVES = ("smallest_std", "effective_rank", "knn")
NARROW = 0.1  # an axis with a smaller std than this is counted as lost
EVEN = 0.5  # axes of the projection from here to its inverse are called close to 1


@dataclass(frozen=True)
class ConditionsParams(Params):
    """State of the explorer of losses: which one, when, and in which space it is measured."""

    condition: str = choice("none", LABELS, label="loss")
    moment: int = slider(
        LAST_MOMENT, 0, LAST_MOMENT, 1, label="moment of training",
        help="0 is before training, 29 step 600. Moments lie closer together at first.",
    )  # fmt: skip
    space: str = choice(
        "projection", SPACES, label="curves of",
        help="The loss sees the projection. The embedding enters the projector.",
    )  # fmt: skip


@dataclass(frozen=True)
class ConditionsView(Cloud):
    """What the figure of losses shows: a cloud of 300 test digits, and the runs behind it.

    Attributes:
        spectra: for each space the standard deviations along the principal axes, shape (D,).
        condition: the chosen one.
        space: what the curves are of.
        steps: the moments, shape (S,).
        curves: for each condition and each of ``CURVES`` the seeds' curves, shape (3, S).
        now: the present moment, an index into ``steps``.
        readout: all that in words.
    """

    spectra: dict[str, np.ndarray]
    condition: str
    space: str
    steps: np.ndarray
    curves: dict[str, dict[str, np.ndarray]]
    now: int
    readout: str

    @property
    def dim(self) -> int:
        """Dimension of the space the curves are of."""
        return len(self.spectra[self.space])


def conditions_view(params: ConditionsParams) -> ConditionsView:
    """Look at a recorded training at one moment.

    Raises:
        FileNotFoundError: the recorded runs are not there; the message says what to do.
    """
    kept = collapse_runs()
    run = kept.of(Setting.default(params.condition))
    now = params.moment
    return ConditionsView(
        **vars(cloud_of(run.cloud[now], kept.labels)),
        spectra={space: run.spectra[space][now] for space in SPACES},
        condition=params.condition,
        space=params.space,
        steps=run.steps,
        curves=_curves(params.space),
        now=now,
        readout=_in_words(params, run),
    )


@lru_cache(maxsize=len(SPACES))
def _curves(space: str) -> dict[str, dict[str, np.ndarray]]:
    """Return the seeds' curves (3, S) by condition and measure."""
    kept = collapse_runs()
    return {
        condition: {
            name: np.stack([
                kept.of(Setting.default(condition, seed=seed)).curve(name, space)
                for seed in SEEDS
            ])
            for name in CURVES
        }
        for condition in CONDITIONS
    }  # fmt: skip


def _in_words(params: ConditionsParams, run: WatchedRun) -> str:
    now, space = params.moment, params.space
    spectrum = run.spectra[space][now]
    rank, statistic = (run.curve(name, space)[now] for name in ("effective_rank", "sigreg"))
    verdict = projection_verdict if space == "projection" else embedding_verdict
    knn = {name: 100.0 * run.curve("knn", name)[now] for name in SPACES}
    return (
        f"Step {run.steps[now]}, {LABELS[params.condition]}: "
        f"{verdict(spectrum, float(run.curve('smallest_std', space)[now]))} "
        f"The {space} has effective rank {rank:.1f} of {len(spectrum)} and T = {short(statistic)} "
        f"(Gaussian: {null_distribution().mean:.2f}). kNN accuracy: {knn['projection']:.1f} % in "
        f"the projection, {knn['embedding']:.1f} % in the embedding."
    )


def projection_verdict(spectrum: np.ndarray, narrowest: float) -> str:
    """Say which collapse this is, if any.

    Args:
        spectrum: standard deviations along the principal axes, (D,), largest first.
        narrowest: standard deviation of the narrowest coordinate.

    >>> projection_verdict(np.array([1.1, 0.9]), 1.0)
    'no collapse, the axes have std from 0.90 to 1.10.'
    """
    low, high = small_number(spectrum[-1]), small_number(spectrum[0])
    lost, total = int((spectrum < NARROW).sum()), len(spectrum)
    if lost == total:
        return f"complete collapse, the widest of {total} axes has std {high}."
    if lost:
        among = "though no coordinate is" if narrowest >= NARROW else "and a coordinate is too"
        partial = "partial " if 2 * lost <= total else ""
        return (
            f"{partial}dimensional collapse, {lost} of {total} principal axes {_are(lost)} "
            f"narrower than {NARROW:g}, {among} (narrowest {small_number(narrowest)})."
        )
    how = "" if spectrum[-1] >= EVEN and spectrum[0] <= 1.0 / EVEN else "but far from round, "
    return f"no collapse, {how}the axes have std from {low} to {high}."


def embedding_verdict(spectrum: np.ndarray, narrowest: float) -> str:
    """Say how the embedding lies, of which no loss asks anything.

    Args:
        spectrum: standard deviations along the principal axes, (D,), largest first.
        narrowest: standard deviation of the narrowest coordinate.
    """
    thin = int((spectrum < NARROW * spectrum[0]).sum())
    return (
        f"no loss sees the embedding. Its principal axes have std from "
        f"{small_number(spectrum[-1])} to {small_number(spectrum[0])}, {thin} of {len(spectrum)} "
        f"{_are(thin)} thinner than a tenth of the widest; its narrowest coordinate has "
        f"{small_number(narrowest)}."
    )


def _are(count: int) -> str:
    return "is" if count == 1 else "are"
