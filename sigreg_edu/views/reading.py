"""Reading the number: what a value of SIGReg is made of, and what the weight λ makes of it.

A shadow of the embeddings is taken to be N(m, s²), with the characteristic function
φ_P(t) = exp(imt - s²t²/2). The mean of T over batches of N points is then known exactly:

    E[T] = N ∫ |φ_P - φ|² w dt  +  ∫ (1 - |φ_P|²) w dt.

The first part is evidence and grows with N. The second is what finite batches add whatever the law
(LeJEPA's Theorem 6, times N); for N(0, 1) it is all there is: the floor. Integrals are taken by the
kit's own 17 knots, so they are exact for its statistic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from scipy import special

from sigreg_edu.data.noise import normal_scores
from sigreg_edu.slicing import sliced_epps_pulley
from sigreg_edu.statistics import null_distribution, quadrature_rule
from sigreg_edu.views.params import Params, power_slider, seed, slider, switch
from sigreg_edu.views.sample import critical_value, p_in_words

FEWEST, MOST = 16, 4096  # points in a batch
SIZES = np.geomspace(FEWEST, MOST, 33)
REPEATS = 200  # batches measured, fewer where they are large
VIEW_NOISE = 0.3  # std η of what differs between two views of the toy, beside a total of 1
SCALES = np.linspace(0.0, 2.0, 401)  # stds s at which the toy's objective is evaluated
BIN_EDGES = np.geomspace(1e-4, 1e4, 81)  # of T with the factor N; without it, divided by N

_MOST_POINTS = 2**16  # in all measured batches together


@dataclass(frozen=True)
class ReadingParams(Params):
    """State of the explorer of the number."""

    std: float = slider(0.785, 0.0, 2.0, 0.005, label="std s of a shadow")
    mean: float = slider(0.0, 0.0, 2.0, 0.01, label="mean m of a shadow")
    batch: int = power_slider(256, FEWEST, MOST, label="batch size N")
    t_max: float = slider(3.0, 0.5, 6.0, 0.1, label="range of t (t_max)")
    log_lambda: float = slider(
        -1.3, -5.0, -0.3, 0.05, label="log₁₀ of λ", help="-1.3 is LeJEPA's λ = 0.05."
    )
    factor_n: bool = switch(True, label="factor N", help="Without it T is divided by N.")
    seed: int = seed(3, label="new batches")

    @property
    def lamb(self) -> float:
        """λ."""
        return 10.0**self.log_lambda

    def unit(self, batch: int | np.ndarray) -> float | np.ndarray:
        """Return by what T with its factor N is to be multiplied: 1, or 1/N without the factor."""
        return np.ones_like(batch, dtype=float) if self.factor_n else 1.0 / batch


@dataclass(frozen=True)
class ToyCurve:
    """The toy's objective against s, for one batch size.

    Attributes:
        batch: N.
        loss: the objective at ``SCALES``, divided by its largest value, shape (S,).
        best_scale, best_loss: where it is least, and its value there.
    """

    batch: int
    loss: np.ndarray
    best_scale: float
    best_loss: float


@dataclass(frozen=True)
class ReadingView:
    """What the figure of the number shows. All T have the factor N or have it not, as chosen.

    Attributes:
        sizes: batch sizes, shape (B,).
        evidence, added: the two parts of E[T] at each of them, shape (B,).
        floor: E[T] for N(0, 1) at each of them, shape (B,).
        batch: the present N.
        expected: E[T] there; ``measured`` is the mean over ``statistics``.
        statistics: T of batches of the present law, shape (R,); the first is 'one batch'.
        edges: steps of T, equal on a log scale, shape (K + 1,).
        shares, null_shares: shares of ``statistics`` and of T under N(0, 1) in each, shape (K,).
        quantile_95: of T under N(0, 1).
        best: T of N evenly spaced quantiles of N(0, 1).
        curves: the toy's objective for the smallest batch, the present one and the largest.
        std: the present s.
        factor_n: whether T has the factor N.
        readout: all that in words.
    """

    sizes: np.ndarray
    evidence: np.ndarray
    added: np.ndarray
    floor: np.ndarray
    batch: int
    expected: float
    measured: float
    statistics: np.ndarray
    edges: np.ndarray
    shares: np.ndarray
    null_shares: np.ndarray
    quantile_95: float
    best: float
    curves: tuple[ToyCurve, ToyCurve, ToyCurve]
    std: float
    factor_n: bool
    readout: str


def reading_view(params: ReadingParams) -> ReadingView:
    """Take the mean of T apart, measure it, and weigh it against the toy's invariance."""
    distance, added = expected_parts(params.mean, params.std, t_max=params.t_max)
    floor = expected_parts(0.0, 1.0, t_max=params.t_max)[1]
    unit, units = float(params.unit(params.batch)), params.unit(SIZES)
    statistics = unit * measured_statistics(params)
    edges = unit * BIN_EDGES
    inside = np.clip(statistics, edges[0] * (1 + 1e-9), edges[-1] * (1 - 1e-9))
    return ReadingView(
        sizes=SIZES,
        evidence=units * SIZES * distance,
        added=units * added,
        floor=units * floor,
        batch=params.batch,
        expected=unit * (params.batch * distance + added),
        measured=float(statistics.mean()),
        statistics=statistics,
        edges=edges,
        shares=np.histogram(inside, edges)[0] / statistics.size,
        null_shares=_null_shares(params.t_max),
        quantile_95=unit * critical_value(t_max=params.t_max),
        best=unit * best_statistic(params.batch, params.t_max),
        curves=tuple(toy_curve(params, size) for size in (FEWEST, params.batch, MOST)),
        std=params.std,
        factor_n=params.factor_n,
        readout=_in_words(params, distance, added, floor, float(statistics[0])),
    )


def expected_parts(
    mean: float | np.ndarray, std: float | np.ndarray, *, t_max: float = 3.0
) -> tuple[float, float] | tuple[np.ndarray, np.ndarray]:
    """Return the two integrals of E[T] for shadows N(mean, std²), by the kit's 17 knots.

    Args:
        mean: m of the shadow, a number or an array (S,).
        std: s of the shadow, of the same shape.
        t_max: last knot.

    Returns:
        ∫ |φ_P - φ|² w dt, which N multiplies, and ∫ (1 - |φ_P|²) w dt, each of the shape of
        the arguments.

    >>> distance, added = expected_parts(0.0, 1.0)
    >>> bool(abs(distance) < 1e-15), round(added, 4)  # N(0, 1): nothing but the floor
    (True, 1.0525)
    """
    t, weights = (rule.numpy() for rule in quadrature_rule(t_max=t_max))
    m, s = (np.asarray(value, dtype=float)[..., None] for value in (mean, std))
    size, target = np.exp(-0.5 * (s * t) ** 2), np.exp(-0.5 * t**2)  # |φ_P| and φ, (..., T)
    gap = size**2 - 2.0 * np.cos(m * t) * size * target + target**2
    parts = gap @ weights, (1.0 - size**2) @ weights
    return tuple(part if np.ndim(part) else float(part) for part in parts)


def measured_statistics(params: ReadingParams) -> np.ndarray:
    """Return T, with the factor N, of a number of batches of the present law, shape (R,)."""
    shadows = params.mean + params.std * _noise(params.batch, params.seed)  # (N, R)
    each = torch.eye(shadows.shape[1])
    return sliced_epps_pulley(shadows, each, t_max=params.t_max).double().numpy()


@lru_cache(maxsize=16)
def _noise(batch: int, seed: int) -> torch.Tensor:
    """Return N(0, 1) noise, one batch a column, shape (N, R), float32."""
    repeats = min(REPEATS, _MOST_POINTS // batch)
    return torch.from_numpy(normal_scores(batch, repeats, seed=seed)).float()


@lru_cache(maxsize=256)
def best_statistic(batch: int, t_max: float = 3.0) -> float:
    """Return T, with the factor N, of the quantiles of N(0, 1) at (i - ½)/N, i = 1 … N.

    No random batch comes near it; an optimizer that may move every point does.

    >>> round(best_statistic(256), 5)
    0.00017
    """
    quantiles = special.ndtri((np.arange(batch) + 0.5) / batch)
    shadow = torch.from_numpy(quantiles)[:, None]
    return float(sliced_epps_pulley(shadow, torch.eye(1, dtype=torch.float64), t_max=t_max))


@lru_cache(maxsize=64)
def _null_shares(t_max: float) -> np.ndarray:
    """Return the share of T under N(0, 1) in each bin, shape (K,)."""
    return np.diff(null_distribution(t_max=t_max).cdf(BIN_EDGES))


# --- the toy: one number s decides between agreement of the views and SIGReg ---------------------


def toy_curve(params: ReadingParams, batch: int) -> ToyCurve:
    """Return (1 - λ) · invariance + λ · E[T] of the toy against s, for batches of N points.

    The two views of a sample are z = s (x + ε), with x ~ N(0, 1 - η²) shared and ε ~ N(0, η²) of
    each view's own: a shadow of one view is N(0, s²), and the mean squared distance of two views
    to their mean is s² η²/2.

    Args:
        params: gives λ, t_max and whether T has the factor N.
        batch: N.
    """
    distance, added = _toy_parts(params.t_max)
    agreement = SCALES**2 * VIEW_NOISE**2 / 2.0
    statistic = params.unit(batch) * (batch * distance + added)
    loss = (1.0 - params.lamb) * agreement + params.lamb * statistic
    least = int(loss.argmin())
    shown = loss / loss.max()
    return ToyCurve(batch, shown, float(SCALES[least]), float(shown[least]))


@lru_cache(maxsize=64)
def _toy_parts(t_max: float) -> tuple[np.ndarray, np.ndarray]:
    return expected_parts(np.zeros_like(SCALES), SCALES, t_max=t_max)


# --- in words ------------------------------------------------------------------------------------


def _in_words(
    params: ReadingParams, distance: float, added: float, floor: float, one: float
) -> str:
    unit = float(params.unit(params.batch))
    p = float(null_distribution(t_max=params.t_max).sf(one / unit))
    evidence, added, floor = (unit * part for part in (params.batch * distance, added, floor))
    toy = toy_curve(params, params.batch).best_scale
    quantiles = amount(unit * best_statistic(params.batch, params.t_max))
    return (
        f"One batch of {params.batch} has T = {amount(one)} ({p_in_words(p)}). The mean is "
        f"{amount(evidence + added)} = {amount(evidence)} of evidence + {amount(added)} that "
        f"finite batches add; samples of N(0, 1) have {amount(floor)}, and {params.batch} evenly "
        f"spaced quantiles, which training may imitate, {quantiles}. With λ = {params.lamb:.2g} "
        f"the toy " + ("collapses: s = 0." if toy == 0.0 else f"settles at s = {toy:.2f}.")
    )


def amount(value: float) -> str:
    """Return a T for the eye: three digits, plain where that is short.

    >>> amount(7.2661), amount(0.0), amount(1234.5), amount(0.00017)
    ('7.27', '0', '1,234', '0.00017')
    """
    if value >= 1000.0:
        return f"{value:,.0f}"
    if abs(value) < 1e-12:
        return "0"
    return f"{value:.3g}" if value >= 0.01 else f"{value:.2g}"
