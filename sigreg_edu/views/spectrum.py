"""Why round, why Gaussian: what a probe of an unknown task loses when the embedding is stretched.

The embedding is z = √C x in the plane, with C = diag(1 + s, 1 - s): the total variance stays 2
whatever the stretch s. A probe is trained on n labels y = f(z) + σ·noise, again and again, and its
error is split into bias² and variance, averaged over all directions that a task may have. Two
things can be held fixed while s changes, and they do not give the same answer:

* the task in the coordinates of the embedding, as the proofs of LeJEPA do (Balestriero & LeCun
  2025, arXiv:2511.08544): y = w·z with |w| = 1, and what counts is the error of ŵ (Lemmas 1, 2), or
  a wave of fixed length for a kernel probe (Theorem 1). Along a thin direction such a task varies
  little;
* the labels, whatever the encoder does to the scale of its features: y = u·x or a wave in x. What
  counts is the error of the predictions.

Ridge here is argmin mean (y - w·z)² + λ|w|²: its λ is the paper's divided by n.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy import special

from sigreg_edu.data.noise import uniforms
from sigreg_edu.views.kept import Kept
from sigreg_edu.views.kernel_probe import (
    CURVE,
    FREQUENCY,
    LAWS,
    Tally,
    axis_variances,
    fisher_information,
    kernel_bias2,
    kernel_weights,
    kurtosis,
    leading_bias2,
    spread_queries,
    unit_coordinates,
)
from sigreg_edu.views.params import Params, choice, seed, slider, switch
from sigreg_edu.views.reading import amount
from sigreg_edu.views.sample import QUANTILE_95

NUM_SETS = 200  # training sets of the linear probe
KERNEL_SETS = 100  # and of the kernel probe, at each stretch
FEWEST_LABELS, MOST_LABELS = 10, 300
MEASURED_AT = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.96)  # and of the measured dots
SLICE = np.linspace(-2.5, 2.5, 31)  # places along the task's direction, in standard deviations
ROUND_ANGLES = np.linspace(0.0, 2.0 * np.pi, 65)

PROBES = {"linear": "linear (ridge)", "kernel": "neighbours (kernel)"}

_SLICE_SETS = 32
_SHOWN = 400  # points of the cloud


@dataclass(frozen=True)
class SpectrumParams(Params):
    """State of the explorer of the spectrum."""

    probe: str = choice("linear", PROBES, label="probe")
    same_labels: bool = switch(
        False, label="same labels",
        help="Off: the task is fixed in the embedding's coordinates, as in LeJEPA's proofs.",
    )  # fmt: skip
    law: str = choice("gaussian", LAWS, label="law of the cloud")
    stretch: float = slider(0.8, 0.0, 0.98, 0.02, label="stretch s")
    num_labels: int = slider(50, FEWEST_LABELS, MOST_LABELS, 10, label="labels n")
    noise: float = slider(1.0, 0.1, 2.0, 0.1, label="label noise σ")
    ridge: float = slider(0.0, 0.0, 1.0, 0.02, label="ridge λ")
    width: float = slider(
        0.3, 0.1, 0.6, 0.02, label="width h",
        help="A neighbour at distance d weighs exp(-d²/2h²).",
    )  # fmt: skip
    angle: int = slider(
        60, 0, 90, 5, label="task's angle (°)",
        help="0: along the long axis, 90: along the thin one. Panel 3 averages over all tasks.",
    )  # fmt: skip
    seed: int = seed(label="new training sets")

    def idle(self) -> frozenset[str]:
        return frozenset({"width"} if self.probe == "linear" else {"ridge"})

    @property
    def task(self) -> np.ndarray:
        """Unit vector of the task, shape (2,)."""
        return np.array([np.cos(np.deg2rad(self.angle)), np.sin(np.deg2rad(self.angle))])


@dataclass(frozen=True)
class Errors:
    """Bias² and variance, averaged over all tasks, at a number of stretches, shape (S,) each."""

    bias2: np.ndarray
    variance: np.ndarray

    @property
    def total(self) -> np.ndarray:
        return self.bias2 + self.variance


@dataclass(frozen=True)
class Estimates:
    """What the linear probe finds for one task: ŵ, or √C ŵ where labels are held fixed.

    Attributes:
        each: one estimate for each training set, shape (R, 2).
        truth: what they should be, shape (2,).
        mean: their mean, shape (2,).
        ellipse: outline within which theory expects 95 % of them, shape (E, 2).
    """

    each: np.ndarray
    truth: np.ndarray
    mean: np.ndarray
    ellipse: np.ndarray


@dataclass(frozen=True)
class Slice:
    """What the kernel probe predicts along the direction of one task.

    Attributes:
        places: in standard deviations of the cloud along that direction, shape (P,).
        truth: the task there, shape (P,).
        mean, std: of the predictions over training sets, shape (P,).
    """

    places: np.ndarray
    truth: np.ndarray
    mean: np.ndarray
    std: np.ndarray


@dataclass(frozen=True)
class SpectrumView:
    """What the figure of the spectrum shows.

    Attributes:
        cloud: points of the embedding, shape (P, 2).
        spread: its standard deviations along both axes, shape (2,).
        direction: unit vector along which the task changes fastest, shape (2,).
        found: estimates of the linear probe, or a slice through the kernel probe's predictions.
        same_labels: whether labels are held fixed.
        stretches: where the curves are drawn, shape (S,).
        curve: errors by theory there; the kernel probe's variance is NaN.
        extremes: total error of the best and of the worst single task, shape (2, S), or None.
        leading: Theorem 1's leading term of the kernel probe's bias², shape (S,), or None.
        measured_at: stretches of the dots, shape (M,).
        measured: errors there; NaN where they are still being measured.
        stretch: the present s.
        readout: all that in words.
    """

    cloud: np.ndarray
    spread: np.ndarray
    direction: np.ndarray
    found: Estimates | Slice
    same_labels: bool
    stretches: np.ndarray
    curve: Errors
    extremes: np.ndarray | None
    leading: np.ndarray | None
    measured_at: np.ndarray
    measured: Errors
    stretch: float
    readout: str


def spectrum_view(params: SpectrumParams) -> SpectrumView:
    """Show what theory says of this state, and what has been measured of it by now."""
    spread = np.sqrt(axis_variances(params.stretch))
    slope = params.task / spread if params.same_labels else params.task
    view = _linear_view if params.probe == "linear" else _kernel_view
    return SpectrumView(
        cloud=_training_sets(params.law, params.seed)[0].reshape(-1, 2)[:_SHOWN] * spread,
        spread=spread,
        direction=slope / np.linalg.norm(slope),
        same_labels=params.same_labels,
        stretches=CURVE,
        measured_at=np.array(MEASURED_AT),
        stretch=params.stretch,
        **view(params),
    )


def refine_spectrum(params: SpectrumParams) -> Iterator[SpectrumView]:
    """Measure the kernel probe, stretch by stretch; the linear one is measured at once."""
    if params.probe == "linear":
        return
    points = _training_sets(params.law, params.seed)[0][:KERNEL_SETS, : params.num_labels]
    for stretch in MEASURED_AT:
        tally = _tally(params, stretch)
        while not tally.is_full:
            tally.add(points)
            yield spectrum_view(params)


# --- training sets: the same noise for every position of the sliders -----------------------------


@lru_cache(maxsize=4)
def _training_sets(law: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return x (R, N, 2) and unit label noise (R, N) of all training sets, for the most labels."""
    drawn = uniforms(NUM_SETS * MOST_LABELS, 3, seed=seed).reshape(NUM_SETS, MOST_LABELS, 3)
    return unit_coordinates(drawn[..., :2], law), special.ndtri(drawn[..., 2])


@lru_cache(maxsize=4)
def _running_sums(law: str, seed: int) -> np.ndarray:
    """Return Σ x₁², x₁x₂, x₂², x₁ε, x₂ε over the first labels of each set, shape (R, N, 5)."""
    x, noise = _training_sets(law, seed)
    first, second = x[..., 0], x[..., 1]
    products = (first**2, first * second, second**2, first * noise, second * noise)
    return np.cumsum(np.stack(products, axis=-1), axis=1)


def _sample_moments(params: SpectrumParams) -> tuple[np.ndarray, np.ndarray]:
    """Return mean x xᵀ (R, 2, 2) and mean x ε (R, 2) of each training set."""
    sums = _running_sums(params.law, params.seed)[:, params.num_labels - 1]
    means = sums / params.num_labels
    return means[:, [[0, 1], [1, 2]]], means[:, 3:]


# --- the linear probe ----------------------------------------------------------------------------


def _linear_view(params: SpectrumParams) -> dict:
    by_task = ridge_theory(params, CURVE)
    here = ridge_theory(params, np.array([params.stretch, 0.0]))
    stretches = np.array([*MEASURED_AT, params.stretch, 0.0])
    measured = ridge_measured(params, stretches)
    shown = Errors(measured.bias2[:-2], measured.variance[:-2])
    return {
        "found": _estimates(params),
        "curve": _over_tasks(by_task),
        "extremes": np.stack([by_task.total.min(axis=0), by_task.total.max(axis=0)]),
        "leading": None,
        "measured": shown,
        "readout": _linear_words(params, here, measured),
    }


def ridge_theory(params: SpectrumParams, stretch: np.ndarray) -> Errors:
    """Return the error of the ridge probe, to the leading order in 1/n, for tasks along the axes.

    Without fixed labels, for w along axis a with eigenvalue l of C:

        bias² = (λ/(l + λ))²,   variance = σ²/n · Σ l/(l + λ)²  +  what the misfit adds,

    which is LeJEPA's Lemma 1 and, at λ = 0, σ²/n · tr C⁻¹, its Lemma 2. With λ > 0 the labels that
    the shrunken ŵ cannot explain act as further noise, and that depends on the training set too.
    With fixed labels the variance has l²/(l + λ)² in place of l/(l + λ)².

    Args:
        params: gives λ, σ, n, the law, and whether labels are fixed.
        stretch: s, shape (S,).

    Returns:
        Errors (2, S): a task along the long axis, and one along the thin axis. The error of any
        other task is their mean, weighted by the squares of its two components.
    """
    variance = axis_variances(stretch)
    shrunk, gain, misfit = _ridge_factors(params, variance)
    noise = (gain**2).sum(axis=0) * (params.noise**2 + misfit**2)
    own = (1.0 + kurtosis(params.law)) * gain**2 * misfit**2
    return Errors(shrunk**2, (noise + own) / params.num_labels)


def _ridge_factors(
    params: SpectrumParams, variance: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, axis by axis: the share of w that is lost, what noise is multiplied by, the misfit.

    The misfit is that of the labels, in units of the whitened coordinates x. All are (2, ...).
    """
    shrunk = params.ridge / (variance + params.ridge)
    if params.same_labels:
        return shrunk, 1.0 - shrunk, shrunk
    root = np.sqrt(variance)
    return shrunk, root / (variance + params.ridge), shrunk * root


def _over_tasks(by_axis: Errors) -> Errors:
    """Return the mean over all directions of the task: (2, S) to (S,)."""
    return Errors(by_axis.bias2.mean(axis=0), by_axis.variance.mean(axis=0))


def ridge_measured(params: SpectrumParams, stretch: np.ndarray) -> Errors:
    """Return the error of the ridge probe over the training sets, averaged over all tasks.

    ŵ is A w + σ b with A and b of the training set, so the mean over all w on the circle is taken
    exactly: half the squared Frobenius norms.

    Args:
        params: the state, but for its stretch.
        stretch: s, shape (S,).

    Returns:
        Errors (S,). What the finite number of sets adds to bias² is taken off.
    """
    per_task, per_noise = _ridge_maps(params, stretch)  # (S, R, 2, 2) and (S, R, 2)
    spread = 0.5 * per_task.var(axis=1, ddof=1).sum(axis=(-2, -1))
    lost = per_task.mean(axis=1) - np.eye(2)
    noise = params.noise**2 * (per_noise**2).mean(axis=1).sum(axis=-1)  # its mean is known to be 0
    return Errors(0.5 * (lost**2).sum(axis=(-2, -1)) - spread / NUM_SETS, spread + noise)


def _ridge_maps(params: SpectrumParams, stretch: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return A (S, R, 2, 2) and b (S, R, 2) with ŵ = A w + σ b for each stretch and set."""
    moment, noise = _sample_moments(params)
    variance = axis_variances(stretch).T  # (S, 2)
    penalty = params.ridge / variance[:, None, :, None] * np.eye(2)  # (S, 1, 2, 2)
    right = np.concatenate([moment, noise[..., None]], axis=-1)  # (R, 2, 3)
    both = np.linalg.solve(moment + penalty, np.broadcast_to(right, (len(stretch), *right.shape)))
    per_task, per_noise = both[..., :2], both[..., 2]
    if params.same_labels:
        return per_task, per_noise
    root = np.sqrt(variance)[:, None]  # (S, 1, 2)
    return per_task * root[..., None, :] / root[..., None], per_noise / root


def _estimates(params: SpectrumParams) -> Estimates:
    per_task, per_noise = _ridge_maps(params, np.array([params.stretch]))
    each = per_task[0] @ params.task + params.noise * per_noise[0]
    shrunk, gain, misfit = _ridge_factors(params, axis_variances(params.stretch))
    v = misfit * params.task
    spread = (params.noise**2 + v @ v) * np.eye(2) + np.outer(v, v)
    spread += kurtosis(params.law) * np.diag(v**2)
    root = np.linalg.cholesky(spread * np.outer(gain, gain) / params.num_labels)
    circle = np.stack([np.cos(ROUND_ANGLES), np.sin(ROUND_ANGLES)])
    centre = (1.0 - shrunk) * params.task
    ellipse = centre[:, None] + QUANTILE_95 * root @ circle
    return Estimates(each, params.task, each.mean(axis=0), ellipse.T)


def _linear_words(params: SpectrumParams, theory: Errors, measured: Errors) -> str:
    """``theory`` and ``measured`` end with the present stretch and the round cloud."""
    mean = _over_tasks(theory)
    who = "the predictions miss" if params.same_labels else "ŵ misses w"
    words = (
        f"Averaged over all tasks, {who} by bias² {amount(mean.bias2[0])} + variance "
        f"{amount(mean.variance[0])} = {amount(mean.total[0])} (measured: "
        f"{amount(measured.total[-2])}); in the round cloud by {amount(mean.total[1])} "
        f"(measured: {amount(measured.total[-1])})."
    )
    if params.ridge > 0.0:
        along, across = map(amount, theory.total[:, 0])
        return f"{words} A task along the long axis: {along}; along the thin one: {across}."
    if params.same_labels:
        return f"{words} Least squares predicts as well from a stretched cloud."
    return f"{words} Least squares has no bias; its variance is σ²/n · tr C⁻¹."


# --- the kernel probe ----------------------------------------------------------------------------


def _kernel_view(params: SpectrumParams) -> dict:
    bias2 = kernel_bias2(params.law, params.width, params.same_labels)
    tallies = [_tally(params, stretch) for stretch in MEASURED_AT]
    measured = [tally.errors(params.noise) for tally in tallies]
    both = Errors(*(np.array(values) for values in zip(*measured, strict=True)))
    return {
        "found": _slice(params),
        "curve": Errors(bias2, np.full(CURVE.size, np.nan)),
        "extremes": None,
        "leading": leading_bias2(params.law, params.width, params.same_labels, CURVE),
        "measured": both,
        "readout": _kernel_words(params, bias2, both),
    }


def _tally(params: SpectrumParams, stretch: float) -> Tally:
    """Return the one tally of a state and stretch, which grows as it is refined."""
    shape = {"stretch": stretch, "width": params.width, "same_labels": params.same_labels}
    key = (params.law, params.seed, params.num_labels, *shape.values())
    queries = spread_queries(params.law, params.seed)
    return _known_tallies.get_or_make(key, lambda: Tally(KERNEL_SETS, queries, **shape))


def _slice(params: SpectrumParams) -> Slice:
    """Predict a wave along its own direction through the centre."""
    root = np.sqrt(axis_variances(params.stretch))
    along = params.task * root if params.same_labels else params.task  # one step along the wave
    unit = 1.0 if params.same_labels else float(np.linalg.norm(params.task * root))
    points = _training_sets(params.law, params.seed)[0][:_SLICE_SETS, : params.num_labels]
    labels = np.sin(FREQUENCY * (points if params.same_labels else points * root) @ params.task)
    weights = kernel_weights(SLICE[:, None] * unit * along, points * root, params.width)
    predicted = (weights @ labels[..., None].astype(np.float32))[..., 0]  # (R, P)
    noise = params.noise**2 * (weights**2).sum(axis=-1).mean(axis=0)
    return Slice(
        places=SLICE,
        truth=np.sin(FREQUENCY * unit * SLICE),
        mean=predicted.mean(axis=0).astype(np.float64),
        std=np.sqrt(predicted.var(axis=0, ddof=1) + noise).astype(np.float64),
    )


def _kernel_words(params: SpectrumParams, bias2: np.ndarray, measured: Errors) -> str:
    here = float(np.interp(params.stretch, CURVE, bias2))
    J = fisher_information(params.law) * (1.0 / axis_variances(params.stretch)).sum()
    gaussian = float(kernel_bias2("gaussian", params.width, params.same_labels)[0])
    words = (
        f"With endless labels bias² is {amount(here)} (Fisher information {J:.3g}), in the round "
        f"Gaussian {amount(gaussian)} (2). With {params.num_labels} labels "
    )
    total = measured.total
    if np.isnan(total).any():
        return f"{words}bias² and variance are being measured."
    now = float(np.interp(params.stretch, MEASURED_AT, total))
    words += (
        f"the whole error is {amount(now)}, in the round cloud of the same law {amount(total[0])}."
    )
    if now < 0.98 * total[0] and not params.same_labels:
        words += " A task that is fixed in the embedding varies little along the thin axis."
    return words


_known_tallies: Kept[Tally] = Kept(128)  # 50 kB each
