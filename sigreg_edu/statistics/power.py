"""How often each test rejects: many samples at once, for power curves.

A test is vectorised over the samples by its statistic and one critical value per N. Size, the rate
at which N(0, 1) samples are rejected, is the level up to the accuracy of each null law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
import scipy  # scipy.stats loads when first used
import torch
from scipy import special

from sigreg_edu.checks import (
    require_choice,
    require_finite,
    require_probability,
    require_samples,
)
from sigreg_edu.statistics.classical import (
    anderson_darling_null,
    anderson_darling_statistic,
    cramer_von_mises_null,
    jarque_bera_null,
    jarque_bera_statistic,
)
from sigreg_edu.statistics.epps_pulley import epps_pulley_quadrature
from sigreg_edu.statistics.null import null_distribution

__all__ = ["POWER_TESTS", "rejection_rates"]


def rejection_rates(
    samples: torch.Tensor, *, level: float = 0.05, tests: Iterable[str] | None = None
) -> dict[str, float | np.ndarray]:
    """Share of the samples that each test rejects.

    Args:
        samples: R samples of size N (R, N), or these for S settings (S, R, N), N >= 3, finite.
        level: rate at which a test may reject N(0, 1) samples.
        tests: keys of ``POWER_TESTS``; all of them by default. ``"epps_pulley"`` is the quadrature
            form at its defaults.

    Returns:
        By test a float, or for (S, R, N) an array (S,). A constant sample, for which Shapiro-Wilk
        and Jarque-Bera are undefined, counts as not rejected by these two.

    Raises:
        TypeError: ``samples`` is no floating-point tensor.
        ValueError: another shape, NaN or infinity, N < 3, a level outside (0, 1), unknown test.

    >>> samples = 1 + torch.randn(200, 30, generator=torch.Generator().manual_seed(0))
    >>> rates = rejection_rates(samples, tests=["epps_pulley", "shapiro_wilk"])
    >>> rates["epps_pulley"] > 0.9, rates["shapiro_wilk"] < 0.2
    (True, True)
    """
    require_samples(samples, "samples", minimum=3)
    if samples.ndim not in (2, 3):
        raise ValueError(
            f"samples must have shape (R, N) or (S, R, N), got {tuple(samples.shape)}. "
            "For one sample use p-values: EppsPulleyTest().p_value or classical_test."
        )
    require_finite(samples, "samples")
    require_probability(level, "level")
    names = list(POWER_TESTS if tests is None else tests)
    for name in names:
        require_choice(name, "tests", POWER_TESTS)
    x = np.sort(samples.detach().cpu().double().numpy(), axis=-1)  # what most statistics start with
    rates = {name: POWER_TESTS[name](x, level).mean(-1) for name in names}
    return {name: float(rate) if rate.ndim == 0 else rate for name, rate in rates.items()}


def _rejects_epps_pulley(x: np.ndarray, level: float) -> np.ndarray:
    count = x.shape[-1]
    # In blocks of rows, so that the angles of one block stay in the cache.
    rows = torch.from_numpy(x).reshape(-1, count).split(max(1, 2**13 // count))  # (R, N)
    statistic = torch.cat([epps_pulley_quadrature(some) for some in rows]).numpy()
    return statistic.reshape(x.shape[:-1]) > _critical_value("epps_pulley", count, level)


def _rejects_shapiro_wilk(x: np.ndarray, level: float) -> np.ndarray:
    return _shapiro_wilk_score(x) > special.ndtri(1 - level)


def _rejects_anderson_darling(x: np.ndarray, level: float) -> np.ndarray:
    critical = _critical_value("anderson_darling", x.shape[-1], level)
    return anderson_darling_statistic(x) > critical


def _rejects_cramer_von_mises(x: np.ndarray, level: float) -> np.ndarray:
    count = x.shape[-1]
    expected = (2 * np.arange(1, count + 1) - 1) / (2 * count)
    statistic = 1 / (12 * count) + ((special.ndtr(x) - expected) ** 2).sum(-1)
    return statistic > _critical_value("cramer_von_mises", count, level)


def _rejects_kolmogorov_smirnov(x: np.ndarray, level: float) -> np.ndarray:
    count = x.shape[-1]
    probability, ranks = special.ndtr(x), np.arange(count + 1) / count
    statistic = np.maximum(ranks[1:] - probability, probability - ranks[:-1]).max(-1)
    return statistic > _critical_value("kolmogorov_smirnov", count, level)


def _rejects_jarque_bera(x: np.ndarray, level: float) -> np.ndarray:
    return jarque_bera_statistic(x) > _critical_value("jarque_bera", x.shape[-1], level)


@lru_cache(maxsize=256)
def _critical_value(name: str, num_samples: int, level: float) -> float:
    """The value that a statistic exceeds with probability ``level`` under N(0, 1)."""
    if name == "kolmogorov_smirnov":
        return float(scipy.stats.kstwo.isf(level, num_samples))
    if name == "epps_pulley":
        null = null_distribution()
    elif name == "anderson_darling":
        null = anderson_darling_null()
    elif name == "cramer_von_mises":
        null = cramer_von_mises_null()
    else:
        null = jarque_bera_null(num_samples)
    return float(null.quantile(1 - level))


def _shapiro_wilk_score(x: np.ndarray) -> np.ndarray:
    """Royston's normal score of W for sorted samples (..., N); its upper tail is the p-value.

    Royston 1995, Applied Statistics 44, 547-551 (AS R94), which SciPy computes one sample at a
    time. NaN for constant samples, for N = 3 from W's exact law.
    """
    count = x.shape[-1]
    deviation = x - x.mean(-1, keepdims=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        w = (x @ _royston_coefficients(count)) ** 2 / (deviation**2).sum(-1)
        w = np.where(x[..., 0] == x[..., -1], np.nan, w)
        shortfall = np.maximum(1 - w, 1e-19)  # rounding can lift W to 1
        if count == 3:
            p = 6 / np.pi * (np.arcsin(np.sqrt(w)) - np.arcsin(np.sqrt(0.75)))
            return special.ndtri(1 - np.clip(p, 0, 1))
        if count <= 11:
            value = -np.log(-2.273 + 0.459 * count - np.log(shortfall))
            mean = np.polyval([-6.714e-4, 0.025054, -0.39978, 0.5440], count)
            log_std = np.polyval([-0.0020322, 0.062767, -0.77857, 1.3822], count)
        else:
            value = np.log(shortfall)
            mean = np.polyval([0.0038915, -0.083751, -0.31082, -1.5861], np.log(count))
            log_std = np.polyval([0.0030302, -0.082676, -0.4803], np.log(count))
        return (value - mean) / np.exp(log_std)


@lru_cache(maxsize=64)
def _royston_coefficients(count: int) -> np.ndarray:
    """Royston's approximation to the Shapiro-Wilk weights (N,) of the sorted sample."""
    if count == 3:
        return np.sqrt([0.5, 0.0, 0.5]) * [-1, 0, 1]
    scores = special.ndtri((np.arange(1, count + 1) - 0.375) / (count + 0.25))
    norm, u = (scores**2).sum(), count**-0.5
    last = [-2.706056, 4.434685, -2.071190, -0.147981, 0.221157, scores[-1] / norm**0.5]
    weights, changed = scores.copy(), 1
    weights[-1] = np.polyval(last, u)
    if count > 5:
        second = [-3.582633, 5.682633, -1.752461, -0.293762, 0.042981, scores[-2] / norm**0.5]
        weights[-2], changed = np.polyval(second, u), 2
    ends = slice(count - changed, count)
    free = norm - 2 * (scores[ends] ** 2).sum()
    weights[changed:-changed] /= (free / (1 - 2 * (weights[ends] ** 2).sum())) ** 0.5
    weights[:changed] = -weights[: -changed - 1 : -1]
    return weights


# Sorted samples (..., N) and a level to rejections (...).
POWER_TESTS: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    "epps_pulley": _rejects_epps_pulley,
    "shapiro_wilk": _rejects_shapiro_wilk,
    "anderson_darling": _rejects_anderson_darling,
    "cramer_von_mises": _rejects_cramer_von_mises,
    "kolmogorov_smirnov": _rejects_kolmogorov_smirnov,
    "jarque_bera": _rejects_jarque_bera,
}
