"""A probe that averages its neighbours' labels, on a cloud in the plane that may be stretched.

The prediction at q is the mean of the labels, weighed by exp(-|q - z|²/2h²) (Nadaraya and Watson's
kernel regression, one of the two probes of LeJEPA's Theorem 1: Balestriero & LeCun 2025,
arXiv:2511.08544). The cloud is z = √C x with C = diag(1 + s, 1 - s) and independent coordinates x
of variance 1. Tasks are plane waves of every direction and phase: their gradient has mean 0 and the
same variance in all directions, as the theorem wants it.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy import special

FREQUENCY = 2.0  # of the waves: one of them spans π standard deviations of the round embedding
HUMP = 0.9  # centre of a hump at ±HUMP, of variance 1 - HUMP²
CURVE = np.linspace(0.0, 0.98, 33)  # stretches of the drawn curves
LAWS = {"gaussian": "Gaussian", "two_humps": "two humps a side"}

_ANGLES = (np.arange(8) + 0.5) / 8 * np.pi / 2  # of tasks; the other quadrants are mirror images
_NUM_QUERIES = 128
_IN_A_STEP = 500_000  # distances computed between two pictures


def axis_variances(stretch: float | np.ndarray) -> np.ndarray:
    """Return the eigenvalues 1 + s and 1 - s of C, shape (2, ...)."""
    return np.stack([1.0 + np.asarray(stretch), 1.0 - np.asarray(stretch)])


def kurtosis(law: str) -> float:
    """Return the excess kurtosis of the law of one coordinate.

    >>> kurtosis("gaussian"), round(kurtosis("two_humps"), 3)
    (0.0, -1.312)
    """
    return 0.0 if law == "gaussian" else -2.0 * HUMP**4


def fisher_information(law: str) -> float:
    """Return E[(d log p/dx)²] of one coordinate of variance 1: at least 1, and 1 for N(0, 1).

    >>> fisher_information("gaussian"), round(fisher_information("two_humps"), 2)
    (1.0, 3.94)
    """
    if law == "gaussian":
        return 1.0
    variance = 1.0 - HUMP**2
    x, weights = _nodes()
    x = HUMP + np.sqrt(variance) * x  # by symmetry the right hump alone gives the mean
    score = (HUMP * np.tanh(HUMP * x / variance) - x) / variance
    return float(weights @ score**2)


@lru_cache(maxsize=1)
def _nodes() -> tuple[np.ndarray, np.ndarray]:
    """Return places and weights that average over N(0, 1), shape (J,) each."""
    x, weights = np.polynomial.hermite_e.hermegauss(60)
    return x, weights / weights.sum()


def unit_coordinates(quantiles: np.ndarray, law: str) -> np.ndarray:
    """Return values of mean 0 and variance 1 for uniforms on (0, 1), of the same shape."""
    if law == "gaussian":
        return special.ndtri(quantiles)
    side = np.where(quantiles < 0.5, -1.0, 1.0)
    within = np.clip(2.0 * quantiles % 1.0, 1e-12, 1.0 - 1e-12)
    return side * HUMP + np.sqrt(1.0 - HUMP**2) * special.ndtri(within)


@lru_cache(maxsize=4)
def spread_queries(law: str, seed: int) -> np.ndarray:
    """Return queries of the law of the cloud, evenly spread, in units of x, shape (Q, 2)."""
    engine = torch.quasirandom.SobolEngine(2, scramble=True, seed=seed)
    drawn = engine.draw(_NUM_QUERIES, dtype=torch.float64).numpy()
    return unit_coordinates(drawn.clip(1e-6, 1.0 - 1e-6), law)


# --- bias with endless labels ---------------------------------------------------------------------


def wave_numbers(stretch: np.ndarray, *, same_labels: bool) -> np.ndarray:
    """Return the waves' k along both axes of the embedding, shape (2, S, K)."""
    waves = FREQUENCY * np.stack([np.cos(_ANGLES), np.sin(_ANGLES)])[:, None]  # (2, 1, K)
    variance = axis_variances(stretch)[..., None]
    return waves / np.sqrt(variance) if same_labels else waves * np.ones_like(variance)


@lru_cache(maxsize=128)
def kernel_bias2(law: str, width: float, same_labels: bool) -> np.ndarray:
    """Return the kernel probe's bias² with endless labels, averaged over tasks and queries.

    The prediction at q is then the mean of the task over the density p(z) K_h(q - z). For a wave
    e^{ik·z} it splits into a factor a(q) for each axis, and so do the means over queries:

        bias² = ½ (E|a₁|² E|a₂|² + 1 - 2 Re E[a₁ e^{-ik₁q₁}] E[a₂ e^{-ik₂q₂}]),

    the ½ being the mean over the phase of the wave.

    Args:
        law: of the coordinates, a key of ``LAWS``.
        width: h of the Gaussian kernel.
        same_labels: waves of fixed length in x instead of z.

    Returns:
        bias² at the stretches ``CURVE``, shape (S,).
    """
    k = wave_numbers(CURVE, same_labels=same_labels)
    squared, crossed = _axis_means(law, axis_variances(CURVE)[..., None], k, width)
    error = squared.prod(axis=0) + 1.0 - 2.0 * crossed.prod(axis=0)
    return 0.5 * error.mean(axis=-1)


def _axis_means(
    law: str, variance: np.ndarray, k: np.ndarray, width: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return E|a|² and E[a e^{-ikq}] for one axis, each of the shape of ``k``.

    Both laws are mixtures of N(c, v) and N(-c, v), and a hump times the kernel is a hump again. As
    a(-q) is the conjugate of a(q), queries from the right hump are enough, and means are real.
    """
    hump = 0.0 if law == "gaussian" else HUMP
    x, weights = _nodes()
    root, variance, k = np.sqrt(variance)[..., None], variance[..., None], k[..., None]
    v = variance * (1.0 - hump**2)
    q = root * hump + np.sqrt(v) * x  # (..., J)
    seen, narrow = v + width**2, v * width**2 / (v + width**2)
    a = np.exp(1j * k * (root * hump * width**2 + q * v) / seen)
    if hump:
        right = special.expit(2.0 * q * root * hump / seen)  # share of the right hump at q
        other = np.exp(1j * k * (-root * hump * width**2 + q * v) / seen)
        a = right * a + (1.0 - right) * other
    a = a * np.exp(-0.5 * k**2 * narrow)
    return np.abs(a) ** 2 @ weights, (a * np.exp(-1j * k * q)).real @ weights


def leading_bias2(law: str, width: float, same_labels: bool, stretch: np.ndarray) -> np.ndarray:
    """Return what the bias² tends to as h → 0, shape (S,): LeJEPA's Theorem 1 for these tasks.

    The bias at q is h²/2 (Δf + 2 ∇f·∇log p). Squared and averaged over waves and queries:

        h⁴/8 (|k|⁴ + 4 Σ_a k_a² J_a),   J_a = (Fisher information of the law) / l_a,

    which for tasks fixed in the embedding is h⁴/8 (ω⁴ + 2 ω² J) with J = Σ J_a, and tr C⁻¹ for a
    Gaussian. Uniquely least for the round Gaussian.
    """
    k2 = wave_numbers(stretch, same_labels=same_labels) ** 2  # (2, S, K)
    information = fisher_information(law) / axis_variances(stretch)[..., None]
    each = k2.sum(axis=0) ** 2 + 4.0 * (k2 * information).sum(axis=0)
    return width**4 / 8.0 * each.mean(axis=-1)


# --- measured over training sets ------------------------------------------------------------------


def kernel_weights(queries: np.ndarray, points: np.ndarray, width: float) -> np.ndarray:
    """Return the weight of every point in the prediction at every query.

    Args:
        queries: shape (Q, 2).
        points: training sets, shape (R, N, 2).
        width: h.

    Returns:
        Weights (R, Q, N) that sum to 1 along N, float32.
    """
    scaled = (points / (np.sqrt(2.0) * width)).astype(np.float32)
    at = (queries / (np.sqrt(2.0) * width)).astype(np.float32)[:, None]
    distance = (at[..., 0] - scaled[:, None, :, 0]) ** 2  # (R, Q, N)
    distance += (at[..., 1] - scaled[:, None, :, 1]) ** 2
    distance -= distance.min(axis=-1, keepdims=True)  # far from all points, the nearest one counts
    weights = np.exp(-distance)
    return weights / weights.sum(axis=-1, keepdims=True)


class Tally:
    """Sums over training sets of what the kernel probe predicts, for one state and stretch.

    It keeps the sums alone, 50 kB, so that many can be kept.

    Args:
        num_sets: R, how many training sets will be counted.
        queries: in units of x, shape (Q, 2).
        stretch, width, same_labels: of the state.

    Attributes:
        sets: training sets counted so far, at the end R.
    """

    def __init__(
        self,
        num_sets: int,
        queries: np.ndarray,
        *,
        stretch: float,
        width: float,
        same_labels: bool,
    ) -> None:
        root = np.sqrt(axis_variances(stretch))
        self._num_sets, self._root, self._queries = num_sets, root, queries * root
        self._waves = wave_numbers(np.array([stretch]), same_labels=same_labels)[:, 0]  # (2, K)
        self._width = width
        self._truth = self._tasks(self._queries)
        self._sum, self._squares = np.zeros((2, *self._truth.shape))
        self._noise = 0.0
        self.sets = 0

    @property
    def is_full(self) -> bool:
        """Whether all training sets are counted."""
        return self.sets == self._num_sets

    def add(self, points: np.ndarray) -> None:
        """Count some more training sets: a few milliseconds' worth.

        Args:
            points: all training sets in units of x, the same at each call, shape (R, N, 2).
        """
        distances = points.shape[1] * len(self._queries)  # in one set
        more = max(1, _IN_A_STEP // distances)
        points = points[self.sets : self.sets + more] * self._root
        weights = kernel_weights(self._queries, points, self._width)
        predicted = weights @ self._tasks(points).astype(np.float32)  # (R, Q, T)
        self._sum += predicted.sum(axis=0, dtype=np.float64)
        self._squares += (predicted**2).sum(axis=0, dtype=np.float64)
        self._noise += float((weights**2).sum(axis=-1).mean(axis=-1).sum())
        self.sets += len(points)

    def errors(self, noise: float) -> tuple[float, float]:
        """Return bias² and variance for a label noise σ; NaN before all sets are counted."""
        if not self.is_full:
            return np.nan, np.nan
        mean = self._sum / self.sets
        variance = (self._squares / self.sets - mean**2) * self.sets / (self.sets - 1)
        bias2 = ((mean - self._truth) ** 2 - variance / self.sets).mean()
        return float(bias2), float(variance.mean() + noise**2 * self._noise / self.sets)

    def _tasks(self, z: np.ndarray) -> np.ndarray:
        """Return all waves at some places: (..., 2) to (..., T), cosines first."""
        phase = z @ self._waves
        return np.concatenate([np.cos(phase), np.sin(phase)], axis=-1)
