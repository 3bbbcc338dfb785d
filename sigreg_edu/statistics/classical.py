"""The classical tests of a sample against N(0, 1), for comparison with Epps-Pulley.

Two families. Anderson-Darling, Cramer-von Mises and Kolmogorov-Smirnov compare the sample's
distribution function with that of N(0, 1), so they see a shift or a wrong scale. Shapiro-Wilk and
Jarque-Bera ask whether the sample is normal with *some* mean and variance, and ignore shift and
scale by design.

SciPy computes the statistics and p-values, with two exceptions. Its Anderson-Darling test fits the
parameters (for fixed ones it offers only the Monte Carlo of ``goodness_of_fit``), so A^2 is
computed here and judged by its limit law, sum_j Z_j^2 / (j (j + 1)), close from a handful of
samples on. And its Jarque-Bera p-value is that of the limit, chi^2 with 2 degrees, which is
reached slowly; below 2,000 samples the p-value comes from 20,000 simulated samples.

References:
    Anderson & Darling 1952, Annals of Mathematical Statistics 23, 193-212. Shapiro & Wilk 1965,
    Biometrika 52, 591-611. Jarque & Bera 1987, International Statistical Review 55, 163-172.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy  # scipy.stats loads when first used: half a second and 45 MB
import torch
from scipy import special

from sigreg_edu.checks import require_choice, require_finite, require_samples
from sigreg_edu.statistics.mixture import ChiSquareMixture
from sigreg_edu.statistics.null import NUM_SIMULATIONS, NullDistribution, SimulatedNull

__all__ = ["CLASSICAL_TESTS", "ClassicalTest", "TestResult", "classical_test"]


@dataclass(frozen=True)
class TestResult:
    """What a test says of one sample.

    Attributes:
        name: key in ``CLASSICAL_TESTS``.
        statistic: value; NaN where the test is undefined (a constant sample, for the tests that
            divide by its standard deviation).
        p_value: probability under the null of a statistic at least as extreme; NaN likewise.
        ignores_shift_and_scale: the test's null is any normal distribution, not N(0, 1).
    """

    __test__ = False  # not a test class, whatever pytest makes of the name

    name: str
    statistic: float
    p_value: float
    ignores_shift_and_scale: bool


@dataclass(frozen=True)
class ClassicalTest:
    """A classical test: its label, what it ignores, and how it is computed.

    Attributes:
        name: key in ``CLASSICAL_TESTS``.
        label: for display.
        ignores_shift_and_scale: the test's null is any normal distribution.
        minimum_samples: smallest N.
        compute: maps a finite float64 array (N,) to statistic and p-value.
    """

    name: str
    label: str
    ignores_shift_and_scale: bool
    minimum_samples: int
    compute: Callable[[np.ndarray], tuple[float, float]]


def classical_test(x: torch.Tensor, name: str) -> TestResult:
    """Test one sample against N(0, 1), or against any normal, by a classical test.

    Args:
        x: samples (N,), finite.
        name: a key of ``CLASSICAL_TESTS``: ``"shapiro_wilk"`` (N >= 3; above 5,000 samples its
            p-value is an extrapolation), ``"anderson_darling"``, ``"cramer_von_mises"``,
            ``"kolmogorov_smirnov"`` or ``"jarque_bera"`` (N >= 3).

    Returns:
        A :class:`TestResult`.

    Raises:
        TypeError: ``x`` is no floating-point tensor.
        ValueError: ``x`` is not (N,), holds NaN or infinity, or is too short; unknown ``name``.

    >>> shifted = torch.linspace(-2, 2, 101, dtype=torch.float64) + 1
    >>> classical_test(shifted, "kolmogorov_smirnov").p_value < 1e-6
    True
    >>> classical_test(shifted, "shapiro_wilk").ignores_shift_and_scale
    True
    """
    spec = CLASSICAL_TESTS[require_choice(name, "name", CLASSICAL_TESTS)]
    require_samples(x, minimum=spec.minimum_samples)
    if x.ndim != 1:
        raise ValueError(
            f"x must be one sample (N,), got {tuple(x.shape)}. For many samples at once use "
            "rejection_rates, or call this for each row."
        )
    require_finite(x)
    statistic, p = spec.compute(x.detach().cpu().double().numpy())
    return TestResult(name, float(statistic), float(p), spec.ignores_shift_and_scale)


def anderson_darling_statistic(x: np.ndarray) -> np.ndarray:
    """A^2 against N(0, 1) of samples on the last axis: (..., N) -> (...).

    -N - (1/N) sum_i (2i - 1) [log Phi(x_(i)) + log(1 - Phi(x_(N+1-i)))].
    """
    x = np.sort(x, axis=-1)
    count = x.shape[-1]
    odd = 2 * np.arange(1, count + 1) - 1
    # log_ndtr stays exact where Phi rounds to 0 or 1
    logs = special.log_ndtr(x) + special.log_ndtr(-x[..., ::-1])
    return -count - logs @ odd / count


def jarque_bera_statistic(x: np.ndarray) -> np.ndarray:
    """N/6 (skewness^2 + excess kurtosis^2 / 4) of samples on the last axis; NaN if constant."""
    deviation = x - x.mean(-1, keepdims=True)
    second, third, fourth = (np.mean(deviation**k, axis=-1) for k in (2, 3, 4))
    with np.errstate(divide="ignore", invalid="ignore"):
        skewness, kurtosis = third / second**1.5, fourth / second**2
    statistic = x.shape[-1] / 6 * (skewness**2 + (kurtosis - 3) ** 2 / 4)
    # The mean of equal numbers may be rounded, and then the moments are those of the rounding.
    return np.where(x.max(-1) == x.min(-1), np.nan, statistic)


@lru_cache(maxsize=1)
def anderson_darling_null() -> ChiSquareMixture:
    """Limit law of A^2 under N(0, 1): weights 1 / (j (j + 1))."""
    j = np.arange(1, 100_000.0)
    return _truncated_mixture(1 / (j * (j + 1)), total=1.0)


@lru_cache(maxsize=1)
def cramer_von_mises_null() -> ChiSquareMixture:
    """Limit law of the Cramer-von Mises statistic: weights 1 / (pi j)^2."""
    j = np.arange(1, 100_000.0)
    return _truncated_mixture(1 / (np.pi * j) ** 2, total=1 / 6)


def _truncated_mixture(weights: np.ndarray, *, total: float, kept: int = 60) -> ChiSquareMixture:
    """An infinite mixture with its small weights replaced by equal ones of their sum and variance.

    Sixty kept weights give the distribution function to 1e-8.
    """
    rest, squares = total - weights[:kept].sum(), (weights[kept:] ** 2).sum()
    count = round(rest**2 / squares)
    return ChiSquareMixture(np.concatenate([weights[:kept], np.full(count, rest / count)]))


@lru_cache(maxsize=32)
def jarque_bera_null(num_samples: int) -> NullDistribution:
    """Law of the Jarque-Bera statistic: simulated, and from 2,000 samples on its limit chi^2_2."""
    if num_samples >= 2000:
        return ChiSquareMixture(np.ones(2))
    draws = np.random.default_rng(0)
    rows = max(1, 2**20 // num_samples)
    blocks = [
        jarque_bera_statistic(draws.standard_normal((min(rows, NUM_SIMULATIONS - i), num_samples)))
        for i in range(0, NUM_SIMULATIONS, rows)
    ]
    return SimulatedNull(np.concatenate(blocks))


def _shapiro_wilk(x: np.ndarray) -> tuple[float, float]:
    if np.ptp(x) == 0:
        return np.nan, np.nan
    with warnings.catch_warnings():  # above 5,000 samples; said in classical_test
        warnings.simplefilter("ignore", UserWarning)
        return tuple(scipy.stats.shapiro(x))


def _anderson_darling(x: np.ndarray) -> tuple[float, float]:
    statistic = anderson_darling_statistic(x)
    return statistic, anderson_darling_null().sf(statistic)


def _cramer_von_mises(x: np.ndarray) -> tuple[float, float]:
    result = scipy.stats.cramervonmises(x, "norm")
    return result.statistic, result.pvalue


def _kolmogorov_smirnov(x: np.ndarray) -> tuple[float, float]:
    return tuple(scipy.stats.kstest(x, "norm"))


def _jarque_bera(x: np.ndarray) -> tuple[float, float]:
    if np.ptp(x) == 0:
        return np.nan, np.nan
    statistic = scipy.stats.jarque_bera(x).statistic
    return statistic, jarque_bera_null(x.size).sf(statistic)


CLASSICAL_TESTS: dict[str, ClassicalTest] = {
    test.name: test
    for test in (
        ClassicalTest("shapiro_wilk", "Shapiro–Wilk", True, 3, _shapiro_wilk),
        ClassicalTest("anderson_darling", "Anderson–Darling", False, 1, _anderson_darling),
        ClassicalTest("cramer_von_mises", "Cramér–von Mises", False, 2, _cramer_von_mises),
        ClassicalTest("kolmogorov_smirnov", "Kolmogorov–Smirnov", False, 1, _kolmogorov_smirnov),
        ClassicalTest("jarque_bera", "Jarque–Bera", True, 3, _jarque_bera),
    )
}
