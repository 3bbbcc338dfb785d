"""Two-dimensional embeddings of real digits while an encoder is trained: cloud, shadow, curves."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from sigreg_edu.statistics import EppsPulleyTest, null_distribution
from sigreg_edu.views.params import Params, choice, slider
from sigreg_edu.views.sample import Histogram, beyond, histogram

RUNS = {"none": "no regularizer", "sigreg": "with SIGReg"}
LAST_MOMENT = 40
NUM_CLASSES = 10
DIRECTIONS = 12  # T is smooth in the angle: so many equally spaced ones give its mean
FIELD = 3.5  # the cloud's panel runs from -FIELD to FIELD
SMALL = 0.5  # a cloud that reaches no farther than this from its centre is magnified


@dataclass(frozen=True)
class EmbeddingParams(Params):
    """State of the embedding explorer: which run, when, and from where it is looked at."""

    run: str = choice("none", RUNS, label="training run")
    moment: int = slider(
        0, 0, LAST_MOMENT, 1, label="moment of training",
        help="0 is before training, 40 the last step that was recorded. Steps lie closer early on.",
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
        """Return which snapshot a position of the slider means: the last position is the last one."""
        return round(moment / LAST_MOMENT * (len(self.steps) - 1))


def course(steps, embeddings, labels, invariance) -> Course:
    """Return the course of a run, with T and the spread at each snapshot worked out.

    Args:
        steps: shape (S,).
        embeddings: shape (S, N, 2).
        labels: shape (N,).
        invariance: shape (S,).

    Raises:
        ValueError: the embeddings are not flat clouds, or the shapes disagree.
    """
    z = np.asarray(embeddings, dtype=np.float32)
    if z.ndim != 3 or z.shape[2] != 2:
        raise ValueError(
            f"expected snapshots of shape (S, N, 2), got {z.shape}; train an encoder with two "
            "outputs, so that its embeddings can be drawn."
        )
    steps, labels, invariance = np.asarray(steps), np.asarray(labels), np.asarray(invariance)
    expected = (z.shape[:1], z.shape[1:2], z.shape[:1])
    if (steps.shape, labels.shape, invariance.shape) != expected:
        raise ValueError(
            f"steps, labels and invariance must have shapes {expected}, got "
            f"{(steps.shape, labels.shape, invariance.shape)}."
        )
    statistic = np.array([mean_statistic(cloud) for cloud in z])
    return Course(steps, z, labels, invariance, statistic, z.std(axis=1))


def mean_statistic(cloud: np.ndarray) -> float:
    """Return the mean over the directions of T of a flat cloud's shadow; ``cloud`` is (N, 2)."""
    angles = np.arange(DIRECTIONS) * (math.pi / DIRECTIONS)
    directions = np.stack([np.cos(angles), np.sin(angles)]).astype(cloud.dtype)  # (2, A)
    return float(EppsPulleyTest()(torch.from_numpy((cloud @ directions).T.copy())).mean())


@dataclass(frozen=True)
class EmbeddingView:
    """What the embedding figure shows.

    Attributes:
        points, labels: the cloud, shape (N, 2), and its digits, shape (N,).
        centres: where each digit lies (median), shape (10, 2); NaN for a digit that is not there.
        middle: centre of the cloud, shape (2,).
        magnification: how many times the inset magnifies, or 0 where none is needed.
        direction: unit vector, shape (2,).
        shadow: histogram of the cloud along the direction.
        statistic: T of that shadow.
        steps, invariance, mean_statistic, std: curves of the run, shapes (S,), (S,), (S,), (S, 2).
        other: the same four curves of the other run, and None if there is none.
        now: the snapshot shown, an index into the curves.
        null_mean: mean of T for samples of N(0, 1).
        readout: all that in words.
    """

    points: np.ndarray
    labels: np.ndarray
    centres: np.ndarray
    middle: np.ndarray
    magnification: float
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
    middle, magnification = _magnifier(points)
    null_mean = null_distribution().mean
    return EmbeddingView(
        points=points,
        labels=this.labels,
        centres=_centres(points, this.labels),
        middle=middle,
        magnification=magnification,
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
            f"The invariance term is {_small(this.invariance[now])}.{beyond(hist)}"
        ),
    )
