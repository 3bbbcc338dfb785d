r"""How large the Epps-Pulley statistic is when nothing is wrong: null distributions and p-values.

Simple null: the samples are N(0, 1) as they stand. sqrt(N)(phi_N - phi) tends to a Gaussian
process, whose real and imaginary parts are independent with covariances

    K_cos(s, t) = e^{-(s^2 + t^2)/2} (cosh(st) - 1),     K_sin(s, t) = e^{-(s^2 + t^2)/2} sinh(st).

So the statistic, an integral of its square, tends to sum_j w_j Z_j^2, and the weights w_j are the
eigenvalues of K under the quadrature rule. This limit is good already at N = 8.

Composite null: the samples are normal with unknown mean and variance, and were standardized. Their
statistic is far smaller, because two parameters were fitted. Its law, and that of the
reference-point form, whose bias grows with N, depend on N and are simulated.

References:
    Epps & Pulley 1983, Biometrika 70(3), 723-726. Baringhaus & Henze 1988 (the composite null).
"""

from __future__ import annotations

import math
import numbers
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np
import torch
from scipy.ndimage import gaussian_filter1d

from sigreg_edu.checks import (
    require_choice,
    require_finite,
    require_integer,
    require_positive,
    require_probability,
    require_tensor,
)
from sigreg_edu.statistics.epps_pulley import METHODS, quadrature_rule, reference_quantiles
from sigreg_edu.statistics.mixture import ChiSquareMixture
from sigreg_edu.statistics.precision import working_dtype

__all__ = [
    "NullDistribution",
    "SimulatedNull",
    "covariance_eigenvalues",
    "null_distribution",
    "p_value",
]

NUM_SIMULATIONS = 20_000
# From here on simulated samples are replaced by draws of the limiting Gaussian process: the cost
# no longer grows with N, and the difference is below the simulation's own error.
_LIMIT_FROM = 1001
# The exact integral as a trapezoid rule. For a Gaussian weight its error falls exponentially: it is
# below 1e-10 for samples within 9 of each other, and equal spacing allows a recurrence.
_EXACT_RULE = (21, 7.0)
_BLOCK = 2**16  # numbers simulated at once: a few buffers of this length fit the cache


@dataclass(frozen=True, eq=False)
class SimulatedNull:
    """Null distribution from simulated statistics; the interface of :class:`ChiSquareMixture`.

    Args:
        samples: simulated statistics (R,); kept in ascending order, read-only.

    >>> null = SimulatedNull(np.arange(1.0, 100.0))
    >>> float(null.sf(90.5)), float(null.sf(1e9)), float(null.quantile(0.5))
    (0.1, 0.01, 50.0)
    """

    samples: np.ndarray
    _grid: np.ndarray = field(init=False, repr=False)
    _density: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        samples = np.sort(np.array(self.samples, dtype=np.float64).ravel())
        samples.setflags(write=False)
        object.__setattr__(self, "samples", samples)
        grid, density = _smoothed_density(samples)
        object.__setattr__(self, "_grid", grid)
        object.__setattr__(self, "_density", density)

    @property
    def mean(self) -> float:
        """Mean of the simulated statistics."""
        return float(self.samples.mean())

    @property
    def variance(self) -> float:
        """Variance of the simulated statistics."""
        return float(self.samples.var())

    def sf(self, x: float | np.ndarray) -> np.ndarray:
        """Monte Carlo p-value (k + 1) / (R + 1), k simulated statistics being at least ``x``.

        Never 0, so that rejecting below a level rejects at that rate: no smaller than 1 / (R + 1),
        5e-5 for the default 20,000.
        """
        x = np.asarray(x, dtype=np.float64)
        above = self.samples.size - np.searchsorted(self.samples, x, side="left")
        return np.where(np.isnan(x), np.nan, (above + 1) / (self.samples.size + 1))

    def log_sf(self, x: float | np.ndarray) -> np.ndarray:
        """Logarithm of :meth:`sf`."""
        return np.log(self.sf(x))

    def cdf(self, x: float | np.ndarray) -> np.ndarray:
        """1 - :meth:`sf`."""
        return 1.0 - self.sf(x)

    def pdf(self, x: float | np.ndarray) -> np.ndarray:
        """Density: a fine histogram smoothed by a Gaussian kernel, reflected at its ends."""
        return np.interp(x, self._grid, self._density, left=0.0, right=0.0)

    def quantile(self, p: float | np.ndarray) -> np.ndarray:
        """Empirical quantile for probabilities strictly between 0 and 1."""
        for value in np.ravel(p):
            require_probability(float(value), "p")
        return np.quantile(self.samples, p)


NullDistribution = ChiSquareMixture | SimulatedNull


def _smoothed_density(samples: np.ndarray, bins: int = 512) -> tuple[np.ndarray, np.ndarray]:
    """Grid and kernel density estimate with Silverman's bandwidth, from a histogram."""
    spread = (np.quantile(samples, 0.75) - np.quantile(samples, 0.25)) / 1.34
    bandwidth = max(0.9 * spread * samples.size**-0.2, 1e-12)
    low, high = max(0.0, samples[0] - 4 * bandwidth), samples[-1] + 4 * bandwidth
    counts, edges = np.histogram(samples, bins, range=(low, high))
    width = edges[1] - edges[0]
    density = gaussian_filter1d(counts / (samples.size * width), bandwidth / width, mode="reflect")
    return (edges[1:] + edges[:-1]) / 2, density


def covariance_eigenvalues(
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    method: str = "quadrature",
    standardize: bool = False,
) -> np.ndarray:
    """Weights of the statistic's limit law: eigenvalues of the limiting covariance of the ECF.

    Args:
        num_points: knots of the quadrature form.
        t_max: last knot of the quadrature form.
        method: ``"quadrature"``, or ``"closed_form"`` (then the rule is fine enough to be exact).
        standardize: for the composite null, where the fitted mean and variance take the terms
            linear in x and x^2 out of the process.

    Returns:
        Eigenvalues, descending: one per knot for the cosines and one for the sines, 34 at the
        defaults. Those of t = 0, where both are constant, are 0.

    Raises:
        ValueError: ``method`` is none of the two.

    >>> eigenvalues = covariance_eigenvalues()
    >>> eigenvalues.shape, eigenvalues[:3].round(4), round(float(eigenvalues.sum()), 4)
    ((34,), array([0.5916, 0.3191, 0.0854]), 1.0525)
    """
    require_choice(method, "method", ("quadrature", "closed_form"))
    knots, weights, _ = _rule(method, num_points, t_max)
    return eigenvalues_of_rule(knots, weights, standardize=standardize)


def eigenvalues_of_rule(
    knots: np.ndarray, weights: np.ndarray, *, standardize: bool = False
) -> np.ndarray:
    """The same for any rule: knots (T,) and weights (T,) to 2 T eigenvalues, descending."""
    root = np.sqrt(weights)
    parts = [root[:, None] * part * root for part in _limit_covariance(knots, standardize)]
    eigenvalues = np.concatenate([np.linalg.eigvalsh(part) for part in parts])
    return np.maximum(np.sort(eigenvalues)[::-1], 0.0)


def _rule(method: str, num_points: int, t_max: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Knots, weights and target with which every form is sum_k w_k |phi_N(t_k) - target_k|^2."""
    if method == "quadrature":
        require_integer(num_points, "num_points", minimum=2)
        knots, weights = quadrature_rule(num_points, t_max)
    else:
        knots, weights = quadrature_rule(*_EXACT_RULE)
    target = torch.exp(-knots.square() / 2)
    if method == "reference_points":
        # psi(d) = e^{-d^2/2} is the characteristic function of the N(0, 1) density.
        weights = weights / math.sqrt(2 * math.pi)
        target = torch.cos(reference_quantiles(num_points) * knots[:, None]).mean(-1)  # (T, K)
    return knots.numpy(), weights.numpy(), target.numpy()


def _limit_covariance(knots: np.ndarray, standardize: bool) -> tuple[np.ndarray, np.ndarray]:
    """Covariances (T, T) of the cosine and sine parts of sqrt(N)(phi_N - phi).

    Where st is small, by the power series of cosh and sinh, whose first terms cancel. Elsewhere
    the damping is drawn into the exponentials: beyond t = 26 cosh(st) alone would overflow.
    """
    s, t = knots[:, None], knots
    product, damping = s * t, np.exp(-(s**2 + t**2) / 2)
    small, first = product < 1, 2 if standardize else 1  # index of the first term that is left
    terms = [np.where(small, product, 0.0) ** k / math.factorial(k) for k in range(22)]
    near, far = np.exp(-((s - t) ** 2) / 2) / 2, np.exp(-((s + t) ** 2) / 2) / 2
    cosines, sines = near + far - damping, near - far
    if standardize:
        cosines, sines = cosines - damping * product**2 / 2, sines - damping * product
    return (
        np.where(small, damping * sum(terms[2 * first :: 2]), cosines),
        np.where(small, damping * sum(terms[2 * first - 1 :: 2]), sines),
    )


def null_distribution(
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    method: str = "quadrature",
    standardize: bool = False,
    num_samples: int | None = None,
    scale_by_n: bool = True,
    seed: int = 0,
) -> NullDistribution:
    """Distribution of the Epps-Pulley statistic for N(0, 1) samples; see the module's text.

    Args:
        num_points: knots or quantiles, as in ``EppsPulleyTest``.
        t_max: last knot of the quadrature form.
        method: ``"quadrature"``, ``"closed_form"`` or ``"reference_points"``.
        standardize: whether samples are standardized first: the composite null.
        num_samples: N. Needed when the law depends on it: with ``standardize=True`` (then at
            least 3: two standardized samples are always -0.71 and 0.71), with
            ``method="reference_points"`` and with ``scale_by_n=False``.
        scale_by_n: whether the statistic carries the factor N.
        seed: of the simulation, for the two simulated cases.

    Returns:
        A :class:`ChiSquareMixture`, or a :class:`SimulatedNull` of 20,000 statistics where the law
        is simulated. Both have ``mean``, ``variance``, ``sf``, ``log_sf``, ``cdf``, ``pdf`` and
        ``quantile``, on NumPy arrays. Results are cached.

    Raises:
        ValueError: ``num_samples`` is missing where it is needed, or an option is out of range.

    >>> null = null_distribution()
    >>> round(null.mean, 4), round(float(null.quantile(0.95)), 2)
    (1.0525, 2.95)
    >>> round(float(null_distribution(standardize=True, num_samples=50).quantile(0.95)), 1)
    0.9
    """
    require_choice(method, "method", METHODS)
    require_integer(num_points, "num_points", minimum=2)
    simulated = bool(standardize) or method == "reference_points"
    if num_samples is None and (simulated or not scale_by_n):
        raise ValueError(
            "num_samples is needed: with standardize=True, method='reference_points' or "
            "scale_by_n=False the law depends on N. Pass num_samples=x.shape[-1]."
        )
    if num_samples is not None:
        _require_count(num_samples, bool(standardize))
    t_max = require_positive(t_max, "t_max")
    scale = 1 / num_samples if not scale_by_n else 1.0
    if simulated:
        require_integer(seed, "seed", minimum=0)
        return _simulated(method, num_points, t_max, bool(standardize), num_samples, scale, seed)
    return _mixture(method, num_points, t_max, scale)


def _require_count(num_samples: int, standardize: bool) -> None:
    require_integer(num_samples, "num_samples")
    if standardize and num_samples < 3:
        raise ValueError(
            f"num_samples must be at least 3 with standardize=True, got {num_samples}: any two "
            "samples are -0.71 and 0.71 once standardized, so there is nothing to test."
        )


@lru_cache(maxsize=64)
def _mixture(method: str, num_points: int, t_max: float, scale: float) -> ChiSquareMixture:
    eigenvalues = covariance_eigenvalues(num_points=num_points, t_max=t_max, method=method)
    # Below this the eigenvalues are rounding noise, among it the zeros of t = 0.
    return ChiSquareMixture(scale * eigenvalues[eigenvalues > 1e-15 * eigenvalues[0]])


@lru_cache(maxsize=64)
def _simulated(
    method: str,
    num_points: int,
    t_max: float,
    standardize: bool,
    num_samples: int,
    scale: float,
    seed: int,
) -> SimulatedNull:
    rule = _rule(method, num_points, t_max)
    if num_samples >= _LIMIT_FROM:
        statistics = _simulate_limit(*rule, standardize, num_samples, seed)
    else:
        statistics = _simulate_samples(*rule, standardize, num_samples, seed)
    return SimulatedNull(scale * statistics)


def _simulate_samples(
    knots: np.ndarray,
    weights: np.ndarray,
    target: np.ndarray,
    standardize: bool,
    num_samples: int,
    seed: int,
) -> np.ndarray:
    """Statistics (R,) of simulated normal samples.

    Drawn in single precision, then reckoned in double: with many knots the recurrence, and with
    knots near 0 the gap itself, would lose more in single precision than the simulation's error.
    """
    generator = torch.Generator().manual_seed(seed)
    rows = max(1, _BLOCK // num_samples)
    statistics = []
    for start in range(0, NUM_SIMULATIONS, rows):
        shape = (min(rows, NUM_SIMULATIONS - start), num_samples)
        x = torch.randn(shape, generator=generator).double()
        if standardize:
            std, mean = torch.std_mean(x, dim=-1, keepdim=True)
            x = (x - mean) / std
        real, imag = _ecf_on_grid(x, float(knots[1]), len(knots))
        gap = (real - torch.from_numpy(target)).square() + imag.square()  # (rows, T)
        statistics.append(num_samples * gap @ torch.from_numpy(weights))
    return torch.cat(statistics).numpy()


def _ecf_on_grid(
    x: torch.Tensor, spacing: float, num_knots: int
) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cosines and sines of k spacing x, k = 0 ... T-1: (R, N) to twice (R, T).

    One cosine and one sine per sample; the rest by cos (k+1)a = 2 cos a cos ka - cos (k-1)a.
    """
    angles = spacing * x
    twice = 2 * angles.cos()
    cosine, sine = [torch.ones_like(x), twice / 2], [torch.zeros_like(x), angles.sin()]
    real, imag = [c.mean(-1) for c in cosine], [s.mean(-1) for s in sine]
    while len(real) < num_knots:
        for pair, means in ((cosine, real), (sine, imag)):
            pair[:] = pair[1], (twice * pair[1]).sub_(pair[0])
            means.append(pair[1].mean(-1))
    return torch.stack(real, -1), torch.stack(imag, -1)


def _simulate_limit(
    knots: np.ndarray,
    weights: np.ndarray,
    target: np.ndarray,
    standardize: bool,
    num_samples: int,
    seed: int,
) -> np.ndarray:
    """Statistics (R,) from draws of the limiting Gaussian process of the ECF."""
    draws = np.random.default_rng(seed)
    # The mean gap: 0, but for the reference points, whose characteristic function is not phi.
    offset = math.sqrt(num_samples) * (np.exp(-(knots**2) / 2) - target)
    statistics = np.zeros(NUM_SIMULATIONS)
    covariances = _limit_covariance(knots, standardize)
    for covariance, shift in zip(covariances, (offset, 0.0), strict=True):
        values, vectors = np.linalg.eigh(covariance)
        root = vectors * np.sqrt(np.maximum(values, 0.0))  # (T, T)
        process = draws.standard_normal((NUM_SIMULATIONS, len(knots))) @ root.T + shift  # (R, T)
        statistics += process**2 @ weights
    return statistics


def p_value(
    statistic: torch.Tensor | float,
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    method: str = "quadrature",
    standardize: bool = False,
    num_samples: int | None = None,
    seed: int = 0,
) -> torch.Tensor | float:
    """Probability under the null of a statistic at least this large.

    Args:
        statistic: values that carry the factor N, tensor of any shape or a number.
        num_points: knots or quantiles that the statistic was made with.
        t_max: last knot, likewise.
        method: form of the statistic, likewise.
        standardize: whether its samples were standardized.
        num_samples: N, needed for ``standardize=True`` (at least 3) and for
            ``method="reference_points"``.
        seed: of the simulation, where there is one.

    Returns:
        p-values, float64 tensor of the same shape on the same device (float32 on MPS, which has
        no float64), or a float for a number.
        Never 0: from the limit law they go down to 2.2e-308 (and say, that far out, only
        'impossible': the limit law's far tail is not that of a finite N), simulated ones to 5e-5.

    Raises:
        TypeError: neither a floating-point tensor nor a number.
        ValueError: a statistic is NaN, infinite or negative, or ``num_samples`` is missing.

    >>> round(p_value(2.9456), 3)
    0.05
    >>> p_value(torch.tensor([0.2, 1.0, 30.0])) < 0.05
    tensor([False, False,  True])
    """
    is_number = isinstance(statistic, numbers.Real) and not isinstance(statistic, bool)
    values = torch.tensor(float(statistic), dtype=torch.float64) if is_number else statistic
    values = require_finite(require_tensor(values, "statistic"), "statistic").detach()
    if values.numel() and float(values.min()) < -1e-9:  # less is rounding in the closed form
        raise ValueError(
            f"statistic must not be negative, got {float(values.min())}. "
            "Pass what EppsPulleyTest or one of the epps_pulley functions returns."
        )
    null = null_distribution(
        num_points=num_points,
        t_max=t_max,
        method=method,
        standardize=standardize,
        num_samples=num_samples,
        seed=seed,
    )
    p = torch.from_numpy(np.asarray(null.sf(values.cpu().double().numpy())))
    return float(p) if is_number else p.to(values.device, working_dtype(values.device))
