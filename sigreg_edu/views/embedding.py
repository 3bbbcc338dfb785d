"""Two-dimensional embeddings of real digits while an encoder is trained: cloud, shadow, curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from sigreg_edu.data.digits import load_digits
from sigreg_edu.statistics import EppsPulleyTest, null_distribution
from sigreg_edu.training import Run
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram

RUNS = {"none": "no regularizer", "sigreg": "with SIGReg"}
LAST_MOMENT = 39  # a recorded run keeps forty snapshots
NUM_SHOWN = 1000  # of the 1,797 digits, evenly taken
NUM_CLASSES = 10
DIRECTIONS = 8  # T is smooth in the angle: so many, equally spaced, give its mean to 0.1 %
FIELD = 3.5  # the cloud's panel runs from -FIELD to FIELD
LENS = 1.4  # half the width of the inset that magnifies a small cloud
LEAST_MAGNIFICATION, MOST_MAGNIFICATION = 5.0, 1e6


@dataclass(frozen=True)
class EmbeddingParams(Params):
    """State of the embedding explorer: which run, when, and from where it is looked at."""

    run: str = choice("none", RUNS, label="training run")
    moment: int = slider(
        0, 0, LAST_MOMENT, 1, label="moment of training",
        help="0 is before training, 39 the last step that was recorded. Steps lie closer early on.",
    )  # fmt: skip
    angle: int = slider(0, 0, 180, 1, label="direction (degrees)")


@dataclass(frozen=True, eq=False)
class Course:
    """What a run leaves for the explorer: S snapshots of N embedded digits.

    Attributes:
        steps: when each snapshot was taken, shape (S,), increasing.
        embeddings: shape (S, N, 2).
        labels: the digits, shape (N,), 0 to 9.
        invariance: the invariance term at each snapshot, shape (S,).
        statistic: T of the embeddings, mean over all directions, shape (S,).
        std: standard deviation of each coordinate, shape (S, 2).
    """

    steps: np.ndarray
    embeddings: np.ndarray
    labels: np.ndarray
    invariance: np.ndarray
    statistic: np.ndarray
    std: np.ndarray

    @property
    def num_samples(self) -> int:
        """N."""
        return self.embeddings.shape[1]

    def at(self, moment: int) -> int:
        """Return the snapshot that a position of the slider means; its last is the last one."""
        return round(moment / LAST_MOMENT * (len(self.steps) - 1))


def course_of(run: Run) -> Course:
    """Return what the explorer shows of a run, with T and the spread at each snapshot worked out.

    Args:
        run: what :func:`sigreg_edu.training.record_run` returned; 1,000 of its digits are taken.

    Raises:
        TypeError: it is no run. ValueError: its embeddings are not flat clouds of all digits.
    """
    if not isinstance(run, Run):
        raise TypeError(
            f"expected a Run, got {type(run).__name__}; make one: record_run(lamb=0.01)"
        )
    labels = load_digits().labels.numpy()
    shape = tuple(run.snapshots.shape[1:])
    if shape != (len(labels), 2):
        raise ValueError(
            f"expected snapshots of {len(labels)} digits in 2 dimensions, got {shape}. A cloud can "
            "only be drawn flat: record_run(out_dim=2)."
        )
    if not run.records:
        raise ValueError("the run was stopped before its first step; let it train a little longer.")
    taken = np.linspace(0, len(labels) - 1, NUM_SHOWN).round().astype(int)
    clouds = run.snapshots[:, taken].numpy()  # (S, N, 2)
    # Record s + 1 measured the encoder as it was after s steps; after the last step none followed.
    invariance = run.curve("invariance").numpy()
    after = np.minimum(run.snapshot_steps.numpy(), len(invariance) - 1)
    return Course(
        steps=run.snapshot_steps.numpy(),
        embeddings=clouds,
        labels=labels[taken],
        invariance=invariance[after],
        statistic=np.array([mean_statistic(cloud) for cloud in clouds]),
        std=clouds.std(axis=1, ddof=1),
    )


def mean_statistic(cloud: np.ndarray) -> float:
    """Return the mean over the directions of T of a flat cloud's shadow; ``cloud`` is (N, 2)."""
    angles = np.arange(DIRECTIONS) * (math.pi / DIRECTIONS)
    directions = np.stack([np.cos(angles), np.sin(angles)]).astype(cloud.dtype)  # (2, A)
    return float(EppsPulleyTest()(torch.from_numpy((cloud @ directions).T.copy())).mean())


@dataclass(frozen=True)
class Cloud:
    """A flat cloud of digits, as a panel shows it.

    Attributes:
        points, labels: the cloud, shape (N, 2), and its digits, shape (N,).
        centres: where each digit lies (median), shape (10, 2); NaN for a digit that is not there.
        middle: centre of the cloud, shape (2,).
        magnification: how many times the inset magnifies the cloud; 1 where none is needed.
    """

    points: np.ndarray
    labels: np.ndarray
    centres: np.ndarray
    middle: np.ndarray
    magnification: float


def cloud_of(points: np.ndarray, labels: np.ndarray) -> Cloud:
    """Return what a panel shows of ``points`` (N, 2) with digits ``labels`` (N,)."""
    middle, magnification = _magnifier(points)
    return Cloud(points, labels, _centres(points, labels), middle, magnification)


@dataclass(frozen=True)
class EmbeddingView(Cloud):
    """What the embedding figure shows: its cloud, seen from a side, and the run.

    Attributes:
        direction: unit vector, shape (2,).
        shadow: histogram of the cloud along the direction.
        statistic: T of that shadow.
        course: the run, for its curves.
        other: the other run, for comparison, or None if there is none.
        now: the snapshot shown, an index into the curves of ``course``.
        null_mean: mean of T for samples of N(0, 1).
        readout: all that in words.
    """

    direction: np.ndarray
    shadow: Histogram
    statistic: float
    course: Course
    other: Course | None
    now: int
    null_mean: float
    readout: str


def embedding_view(params: EmbeddingParams, courses: Mapping[str, Course]) -> EmbeddingView:
    """Look at one snapshot of one run along one direction.

    Args:
        params: the state.
        courses: a :class:`Course` for each of ``RUNS``; one alone is enough.

    Raises:
        ValueError: the chosen run was not given.
    """
    this = _chosen(params.run, courses)
    now = this.at(params.moment)
    points = this.embeddings[now]
    angle = math.radians(params.angle)
    direction = np.array([math.cos(angle), math.sin(angle)])
    shadow = points @ direction  # (N, 2) @ (2,) -> (N,)
    statistic = float(EppsPulleyTest()(torch.from_numpy(shadow)))
    hist = histogram(shadow)
    null_mean = null_distribution().mean
    return EmbeddingView(
        **vars(cloud_of(points, this.labels)),
        direction=direction,
        shadow=hist,
        statistic=statistic,
        course=this,
        other=next((c for name, c in courses.items() if name != params.run), None),
        now=now,
        null_mean=null_mean,
        readout=(
            f"Step {this.steps[now]}, {RUNS[params.run]}: the {this.num_samples} digits lie "
            f"{_place(this.std[now])} Along {params.angle}° the shadow has T = "
            f"{_short(statistic)}, on average over all directions "
            f"{_short(this.statistic[now])}; samples of N(0, 1) have {null_mean:.2f}. "
            f"The invariance term is {small_number(this.invariance[now])}.{beyond(hist)}"
        ),
    )


def _chosen(run: str, courses: Mapping[str, Course]) -> Course:
    if run in courses:
        return courses[run]
    known = ", ".join(RUNS[name] for name in courses)
    raise ValueError(f"there is no run {RUNS[run]!r} here; choose {known}, or train it as well.")


def _centres(points: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return the median of each class, shape (10, 2)."""
    centres = np.full((NUM_CLASSES, 2), np.nan)
    for digit in np.unique(labels):
        centres[digit] = np.median(points[labels == digit], axis=0)
    return centres


def _magnifier(points: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the middle of the cloud (2,), and the round factor by which it fills the lens."""
    middle = np.median(points, axis=0)
    reach = float(np.quantile(np.abs(points - middle).max(axis=1), 0.98))
    factor = LENS / max(reach, LENS / MOST_MAGNIFICATION)
    power = 10.0 ** math.floor(math.log10(factor))
    nice = max(
        step * power for step in (1.0, 2.0, 3.0, 5.0, 7.0) if step * power <= factor * (1 + 1e-9)
    )
    return middle, nice if nice >= LEAST_MAGNIFICATION else 1.0


def _place(std: np.ndarray) -> str:
    first, second = (small_number(float(s)) for s in std)
    how = "almost on one point" if std.max() < 0.1 else "spread out"
    return f"{how} (standard deviations {first} and {second})."


def small_number(value: float) -> str:
    """Return a number with two decimals, or with as many as show two digits that count.

    >>> small_number(0.0000253), small_number(0.0116), small_number(1.048), small_number(0.0)
    ('0.000025', '0.012', '1.05', '0')
    """
    if value == 0.0:
        return "0"
    decimals = max(2, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def _short(statistic: float) -> str:
    return f"{statistic:.2f}" if statistic < 9.995 else f"{statistic:.0f}"
