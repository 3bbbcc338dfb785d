"""One-dimensional shapes, each a Gaussian that one slider bends into something else.

Every shape has mean 0 and variance 1 (before ``shift`` and ``scale``) at every strength, and at
strength 0 is exactly N(0, 1). What is wrong with a sample is then its *shape*, and nothing that a
mean or a standard deviation could tell. A sample is made by bending standard normal scores
``g = Φ⁻¹(u)`` with a rising function, the quantile transform ``x = Q(Φ(g))``; the scores belong
to the seed, so each point slides smoothly and in order while a slider moves.

>>> list(SHAPES)
['gaussian', 'uniform', 'laplace', 'student_t', 'bimodal', 'skewed', 'outliers']
>>> sample_1d("bimodal", 1000).shape
torch.Size([1000])
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy  # scipy.interpolate loads when first used
import torch
from scipy import special

from sigreg_edu.checks import require_choice, require_integer, require_number, require_tensor
from sigreg_edu.data.noise import normal_scores

Bend = Callable[[np.ndarray, float], np.ndarray]

OUTLIER_SPREAD = 5.0  # the outliers' standard deviation, in units of the bulk's
_HALF_LINE_NODES = 600
_NO_STRENGTH = 1e-9
_FARTHEST = 1e30  # of shift and scale: samples are float32, which ends at 3e38


@dataclass(frozen=True)
class Shape:
    """A family of laws with mean 0 and variance 1, from N(0, 1) at strength 0 to its own extreme.

    Attributes:
        label: its name for people.
        caption: one sentence on what is special.
        strength_label: what the strength stands for.
        describe: ``describe(strength)`` says the strength in the family's own units.
        default: the strength at which the family is usually met.
        bend: ``bend(scores, strength)``, the rising map from N(0, 1) to this law.
        density: ``density(x, strength)``.
        minimum, maximum: ends of the strength; ``minimum == maximum`` where it has none.
    """

    label: str
    caption: str
    strength_label: str
    describe: Callable[[float], str]
    default: float
    bend: Bend
    density: Bend
    minimum: float = 0.0
    maximum: float = 1.0

    def quantile(self, probability: np.ndarray, strength: float | None = None) -> np.ndarray:
        """The value below which a fraction ``probability`` of the law lies, mean 0 and variance 1.

        Args:
            probability: array of any shape, values strictly between 0 and 1.
            strength: from ``minimum`` to ``maximum``; None means ``default``.

        Returns:
            Array of float64 of the same shape. Relative error below 1e-7 for probabilities from
            1e-12 to 1 − 1e-12 (laplace, student_t, bimodal and outliers are interpolated,
            the others are closed forms).

        >>> SHAPES["uniform"].quantile(np.array([0.25, 0.75])).round(6).tolist()
        [-0.866025, 0.866025]
        """
        return self.bend(special.ndtri(probability), _checked_strength(self, strength))


# --- closed forms


def _normal_density(x: np.ndarray) -> np.ndarray:
    return np.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi)


def _squashed(scores: np.ndarray, strength: float) -> np.ndarray:
    """erf(κg/√2) up to a factor: κ = 0 leaves the Gaussian, κ = 1 is 2Φ(g) − 1, exactly uniform."""
    return _squash_factor(strength) * special.erf(strength / math.sqrt(2.0) * scores)


def _squash_factor(strength: float) -> float:
    """One over the standard deviation of erf(κg/√2), whose square is (2/π) arcsin(κ²/(1 + κ²))."""
    square = strength * strength
    return 1.0 / math.sqrt(2.0 / math.pi * math.asin(square / (1.0 + square)))


def _squashed_density(x: np.ndarray, strength: float) -> np.ndarray:
    factor = _squash_factor(strength)
    inside = np.abs(x) < factor
    scores = special.erfinv(np.where(inside, x, 0.0) / factor) * math.sqrt(2.0) / strength
    density = np.exp(-0.5 * scores**2 * (1.0 - strength**2)) / (2.0 * factor * strength)
    return np.where(inside, density, 0.0)


def _log_sigma(strength: float) -> float:
    return 0.8 * strength


def _log_normal(scores: np.ndarray, strength: float) -> np.ndarray:
    """(exp(σg − σ²/2) − 1) / √(exp(σ²) − 1), through expm1 so that σ → 0 keeps its digits."""
    sigma = _log_sigma(strength)
    return np.expm1(sigma * scores - 0.5 * sigma**2) / math.sqrt(math.expm1(sigma**2))


def _log_normal_density(x: np.ndarray, strength: float) -> np.ndarray:
    sigma = _log_sigma(strength)
    spread = math.sqrt(math.expm1(sigma**2))
    inside = x * spread > -1.0
    lifted = np.where(inside, x * spread, 0.0)
    scores = np.log1p(lifted) / sigma + 0.5 * sigma
    return np.where(inside, _normal_density(scores) * spread / (sigma * (1.0 + lifted)), 0.0)


def _log_normal_skewness(strength: float) -> float:
    grown = math.expm1(_log_sigma(strength) ** 2)
    return (grown + 3.0) * math.sqrt(grown)


# --- symmetric shapes known by their tail: P(X > x) for x ≥ 0, and their density


def _power_of(strength: float) -> float:
    """β of the density ∝ exp(−|x/α|^β): 2 is the Gaussian, 1 is Laplace's."""
    return 2.0 / (1.0 + strength)


def _power_scale(power: float) -> float:
    return math.exp(0.5 * (math.lgamma(1.0 / power) - math.lgamma(3.0 / power)))


def _power_tail(x: np.ndarray, strength: float) -> np.ndarray:
    power = _power_of(strength)
    return 0.5 * special.gammaincc(1.0 / power, (x / _power_scale(power)) ** power)


def _power_density(x: np.ndarray, strength: float) -> np.ndarray:
    power = _power_of(strength)
    scale = _power_scale(power)
    height = power / (2.0 * scale * math.gamma(1.0 / power))
    return height * np.exp(-((np.abs(x) / scale) ** power))


def _degrees_of_freedom(strength: float) -> float:
    """ν = 12 / (5 · strength): never below 2.4, since only ν > 2 has a variance to set to 1."""
    return 12.0 / (5.0 * strength)


def _student_scale(dof: float) -> float:
    return math.sqrt((dof - 2.0) / dof)


def _student_tail(x: np.ndarray, strength: float) -> np.ndarray:
    dof = _degrees_of_freedom(strength)
    return special.stdtr(dof, -x / _student_scale(dof))


def _student_density(x: np.ndarray, strength: float) -> np.ndarray:
    dof = _degrees_of_freedom(strength)
    scale = _student_scale(dof)
    # Γ((ν+1)/2)/Γ(ν/2) by poch keeps the digits that a difference of lgammas loses for huge ν.
    height = special.poch(0.5 * dof, 0.5) / (scale * math.sqrt(dof * math.pi))
    return height * np.exp(-0.5 * (dof + 1.0) * np.log1p((x / scale) ** 2 / dof))


def _half_gap(strength: float) -> float:
    """m of the mixture ½N(−m, 1−m²) + ½N(m, 1−m²); two bumps show once m exceeds √½ = 0.71."""
    return 0.95 * strength


def _bimodal_tail(x: np.ndarray, strength: float) -> np.ndarray:
    gap = _half_gap(strength)
    width = math.sqrt(1.0 - gap**2)
    return 0.5 * (special.ndtr((gap - x) / width) + special.ndtr((-gap - x) / width))


def _bimodal_density(x: np.ndarray, strength: float) -> np.ndarray:
    gap = _half_gap(strength)
    width = math.sqrt(1.0 - gap**2)
    bumps = _normal_density((x - gap) / width) + _normal_density((x + gap) / width)
    return 0.5 * bumps / width


def _outlier_fraction(strength: float) -> float:
    return 0.2 * strength


def _bulk_width(fraction: float) -> float:
    return 1.0 / math.sqrt(1.0 - fraction + fraction * OUTLIER_SPREAD**2)


def _outlier_tail(x: np.ndarray, strength: float) -> np.ndarray:
    fraction = _outlier_fraction(strength)
    bulk = -x / _bulk_width(fraction)
    return (1.0 - fraction) * special.ndtr(bulk) + fraction * special.ndtr(bulk / OUTLIER_SPREAD)


def _outlier_density(x: np.ndarray, strength: float) -> np.ndarray:
    fraction = _outlier_fraction(strength)
    width = _bulk_width(fraction)
    far = _normal_density(x / (width * OUTLIER_SPREAD)) / OUTLIER_SPREAD
    return ((1.0 - fraction) * _normal_density(x / width) + fraction * far) / width


def _bend_by_tail(tail: Bend, density: Bend) -> Bend:
    """The bend of a symmetric law from its tail: tabulated once a strength, then interpolated."""

    @lru_cache(maxsize=32)
    def table(strength: float) -> scipy.interpolate.CubicHermiteSpline:
        """x as a function of the score g ≥ 0. Solving tail(x) = Φ(−g) for g needs no iteration."""
        far = 8.0
        while tail(np.array(far), strength) > 1e-13:
            far *= 2.0
        x = np.sinh(np.linspace(0.0, math.asinh(far), _HALF_LINE_NODES))  # denser near 0
        scores = -special.ndtri(tail(x, strength))
        scores[0] = 0.0
        slopes = _normal_density(scores) / density(x, strength)  # dx/dg = φ(g) / f(x)
        return scipy.interpolate.CubicHermiteSpline(scores, x, slopes)

    def bend(scores: np.ndarray, strength: float) -> np.ndarray:
        return np.copysign(table(strength)(np.abs(scores)), scores)

    return bend


# --- the catalogue


def _family(label: str, *, bend: Bend, density: Bend, **texts: Any) -> Shape:
    """A shape that is the Gaussian itself at strength 0, where the formulas divide by zero."""

    def safe_bend(scores: np.ndarray, strength: float) -> np.ndarray:
        return bend(scores, strength) if strength > _NO_STRENGTH else scores

    def safe_density(x: np.ndarray, strength: float) -> np.ndarray:
        return density(x, strength) if strength > _NO_STRENGTH else _normal_density(x)

    return Shape(label, bend=safe_bend, density=safe_density, **texts)


def _symmetric(label: str, *, tail: Bend, density: Bend, **texts: Any) -> Shape:
    return _family(label, bend=_bend_by_tail(tail, density), density=density, **texts)


def _degrees_text(strength: float) -> str:
    degrees = "infinitely many" if strength == 0.0 else f"{_degrees_of_freedom(strength):.1f}"
    return f"{degrees} degrees of freedom"


SHAPES: Mapping[str, Shape] = MappingProxyType(
    {
        "gaussian": _family(
            "Gaussian",
            caption="The target itself: only shift and scale can be wrong.",
            strength_label="none (always Gaussian)",
            describe=lambda strength: "exactly Gaussian",
            default=0.0,
            maximum=0.0,
            bend=lambda scores, strength: scores,
            density=lambda x, strength: _normal_density(x),
        ),
        "uniform": _family(
            "Uniform",
            caption="No tails: all values within ±1.73, equally likely.",
            strength_label="flatness",
            describe=lambda strength: f"{strength:.0%} of the way to flat",
            default=1.0,
            bend=_squashed,
            density=_squashed_density,
        ),
        "laplace": _symmetric(
            "Laplace",
            caption="A sharp peak and exponential tails.",
            strength_label="peakedness",
            describe=lambda strength: f"density falls as exp(-|x|^{_power_of(strength):.2f})",
            default=1.0,
            tail=_power_tail,
            density=_power_density,
        ),
        "student_t": _symmetric(
            "Student t",
            caption="Tails that fall only as a power: rare values are very large.",
            strength_label="tail weight",
            describe=_degrees_text,
            default=0.8,
            tail=_student_tail,
            density=_student_density,
        ),
        "bimodal": _symmetric(
            "Bimodal",
            caption="Two groups and a gap between them, same mean and variance.",
            strength_label="gap between the groups",
            describe=lambda strength: f"groups centred at ±{_half_gap(strength):.2f}",
            default=0.9,
            tail=_bimodal_tail,
            density=_bimodal_density,
        ),
        "skewed": _family(
            "Skewed",
            caption="Log-normal: a short left side and a long right tail.",
            strength_label="skewness",
            describe=lambda strength: f"skewness {_log_normal_skewness(strength):.2f}",
            default=0.75,
            bend=_log_normal,
            density=_log_normal_density,
        ),
        "outliers": _symmetric(
            "Outliers",
            caption="A Gaussian in which some values are five times as spread out.",
            strength_label="contamination",
            describe=lambda strength: f"{_outlier_fraction(strength):.1%} outliers",
            default=0.25,
            tail=_outlier_tail,
            density=_outlier_density,
        ),
    }
)


# --- samples and densities


def sample_1d(
    shape: str = "gaussian",
    num_samples: int = 1000,
    *,
    shift: float = 0.0,
    scale: float = 1.0,
    strength: float | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Draw ``shift + scale · x``, x from a shape of mean 0 and variance 1.

    The noise belongs to the seed: another shape, shift, scale or strength moves the same points,
    in the same order, and a longer sample begins with the shorter one.

    Args:
        shape: a key of :data:`SHAPES`.
        num_samples: N, at least 1.
        shift: the mean of the law.
        scale: its standard deviation; 0 puts every point on ``shift`` (collapse).
        strength: how far from the Gaussian, from 0 to 1; None is the shape's default.
            The law has mean 0 and variance 1 at every strength, which is why ``student_t``
            stops at 2.4 degrees of freedom (with 2 or fewer there is no variance to set to 1).
        seed: which noise.

    Returns:
        Tensor (N,) of float32.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> x, moved = sample_1d(seed=1), sample_1d(seed=1, shift=2.0)
    >>> torch.allclose(moved, x + 2.0)
    True
    """
    batch = sample_1d_batch(
        shape, num_samples, 1, shift=shift, scale=scale, strength=strength, seed=seed
    )
    return batch[0]  # (1, N) -> (N,)


def sample_1d_batch(
    shape: str = "gaussian",
    num_samples: int = 1000,
    num_repeats: int = 100,
    *,
    shift: float = 0.0,
    scale: float = 1.0,
    strength: float | None = None,
    seed: int = 0,
) -> torch.Tensor:
    """Draw many independent samples at once, as a simulation of a test's power needs.

    The noise is common as in :func:`sample_1d`; each row begins with the row of a shorter draw
    of as many repeats.

    Args:
        shape: a key of :data:`SHAPES`.
        num_samples: N, points in each sample.
        num_repeats: R, how many samples.
        shift: the mean of the law.
        scale: its standard deviation.
        strength: how far from the Gaussian, from 0 to 1; None is the shape's default.
        seed: which noise.

    Returns:
        Tensor (R, N) of float32, laid out for reading along N.

    >>> sample_1d_batch("laplace", 50, 8).shape
    torch.Size([8, 50])
    """
    family = SHAPES[require_choice(shape, "shape", SHAPES)]
    num_samples = require_integer(num_samples, "num_samples")
    num_repeats = require_integer(num_repeats, "num_repeats")
    shift, scale = _checked_place(shift, scale)
    strength = _checked_strength(family, strength)
    # Rows of the stream are points and columns are repeats: the stream is nested along its rows.
    scores = normal_scores(num_samples, num_repeats, seed=require_integer(seed, "seed", minimum=0))
    values = shift + scale * family.bend(scores, strength)
    return torch.from_numpy(np.ascontiguousarray(values.T, dtype=np.float32))  # (R, N)


def pdf_1d(
    shape: str,
    grid: torch.Tensor,
    *,
    shift: float = 0.0,
    scale: float = 1.0,
    strength: float | None = None,
) -> torch.Tensor:
    """The density of the law that :func:`sample_1d` draws from.

    Args:
        shape: a key of :data:`SHAPES`.
        grid: floating tensor of any shape, where to evaluate.
        shift: the mean of the law.
        scale: its standard deviation, above 0 (at 0 there is no density).
        strength: how far from the Gaussian, from 0 to 1; None is the shape's default.

    Returns:
        Tensor of ``grid``'s shape and dtype.

    Raises:
        TypeError, ValueError: an argument of the wrong kind or out of range.

    >>> round(pdf_1d("gaussian", torch.zeros(1)).item(), 4)
    0.3989
    """
    family = SHAPES[require_choice(shape, "shape", SHAPES)]
    strength = _checked_strength(family, strength)
    shift, scale = _checked_place(shift, scale)
    if scale == 0.0:
        raise ValueError("scale must be above 0, got 0: a single point has no density.")
    x = (require_tensor(grid, "grid").detach().cpu().to(torch.float64).numpy() - shift) / scale
    return torch.from_numpy(family.density(x, strength) / scale).to(grid)


def _checked_place(shift: float, scale: float) -> tuple[float, float]:
    """Shift and scale as floats, within what float32 can hold."""
    return (
        require_number(shift, "shift", minimum=-_FARTHEST, maximum=_FARTHEST),
        require_number(scale, "scale", minimum=0.0, maximum=_FARTHEST),
    )


def _checked_strength(family: Shape, strength: float | None) -> float:
    """The default for None, else the number itself, within the family's ends.

    A family without a strength takes any from 0 to 1 and does nothing with it, so that one slider
    can stay where it is while the shape is switched to and fro.
    """
    if strength is None:
        return family.default
    return min(require_number(strength, "strength", minimum=0.0, maximum=1.0), family.maximum)
