r"""The Epps-Pulley statistic in its three forms, as pure functions.

For a sample x_1 ... x_N with empirical characteristic function

    phi_N(t) = (1/N) sum_j exp(i t x_j)      and target      phi(t) = exp(-t^2 / 2),

the statistic is the weighted gap between the two,

    T = N  int |phi_N(t) - phi(t)|^2  exp(-t^2 / 2)  dt .

================= =============================================== =========================
form              how the integral is taken                       cost for a sample of N
================= =============================================== =========================
quadrature        trapezoid rule on [0, t_max], doubled           N x num_points
closed form       exactly, over the whole line                    N^2
reference points  N(0, 1) replaced by num_points of its quantiles N^2 + N x num_points
================= =============================================== =========================

All take samples on the last axis, (..., N) -> (...), and carry the factor N unless told otherwise.
They compute in float64 (float32 on MPS), because the sums cancel; float64 input gives float64
results, every other floating dtype gives float32. A NaN in a sample gives NaN for that sample.

References:
    Epps & Pulley 1983, Biometrika 70(3), 723-726. Balestriero & LeCun 2025, arXiv:2511.08544
    (LeJEPA; its code is the quadrature form). Baringhaus & Henze 1988 and Henze & Zirkler 1990
    (BHEP; in one dimension with beta = 1 it is the closed form, up to a constant).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from sigreg_edu.checks import (
    require_integer,
    require_positive,
    require_same_device,
    require_samples,
    require_tensor,
)
from sigreg_edu.statistics.precision import promote, restore, working_dtype

__all__ = [
    "METHODS",
    "EppsPulleyTerms",
    "empirical_cf",
    "epps_pulley_closed_form",
    "epps_pulley_quadrature",
    "epps_pulley_reference_points",
    "epps_pulley_terms",
    "quadrature_rule",
    "reference_quantiles",
    "rule_statistic",
    "standard_normal_cf",
    "standardize",
    "trapezoid_rule",
]

METHODS = ("quadrature", "closed_form", "reference_points")

# Pairs per block of the closed form: 8 MB of float64, which fits a processor's outer cache.
PAIRS_PER_BLOCK = 2**20


def standard_normal_cf(t: torch.Tensor) -> torch.Tensor:
    """Characteristic function of N(0, 1), which is real: phi(t) = exp(-t^2 / 2).

    Args:
        t: frequencies, any shape.

    Returns:
        The values, shape of ``t``.

    >>> standard_normal_cf(torch.tensor([0.0, 1.0]))
    tensor([1.0000, 0.6065])
    """
    return torch.exp(-require_tensor(t, "t").square() / 2)


def empirical_cf(x: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
    """Empirical characteristic function phi_N(t) = (1/N) sum_j exp(i t x_j).

    Each sample is an arrow of length 1 at angle t x_j; the value is where the arrows' mean points.

    Args:
        x: samples (..., N).
        t: frequencies (T,), on the device of ``x``.

    Returns:
        Complex values (..., T): complex128 for float64 ``x``, else complex64.

    Raises:
        TypeError, ValueError: ``x`` or ``t`` is no floating-point tensor of these shapes.

    >>> empirical_cf(torch.tensor([-1.0, 1.0]), torch.tensor([0.0, torch.pi]))
    tensor([ 1.+0.j, -1.+0.j])
    """
    require_samples(x)
    if require_tensor(t, "t").ndim != 1:
        raise ValueError(f"t must have shape (T,), got {tuple(t.shape)}. Pass t.flatten().")
    require_same_device(x=x, t=t)
    real, imag = _ecf_parts(promote(x), promote(t))
    return torch.complex(restore(real, x), restore(imag, x))


def _ecf_parts(x: torch.Tensor, t: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean cosine and mean sine of t x_j: (..., N) and (T,) to twice (..., T)."""
    angles = x.unsqueeze(-1) * t  # (..., N, T)
    return angles.cos().mean(-2), angles.sin().mean(-2)


def trapezoid_rule(
    num_points: int, t_max: float, *, device: torch.device | str = "cpu"
) -> tuple[torch.Tensor, torch.Tensor]:
    """The trapezoid rule for even f: sum_k widths_k f(knots_k) ~ int f(t) dt from -t_max to t_max.

    The knots lie on [0, t_max] only; each interior one counts twice, once for t and once for -t.

    Args:
        num_points: number of knots T, at least 2.
        t_max: last knot.
        device: of the result; where it has no float64, the CPU.

    Returns:
        Knots (T,) and widths (T,), float64.

    Raises:
        TypeError, ValueError: a number out of range.

    >>> trapezoid_rule(3, 1.0)[1].tolist()
    [0.5, 1.0, 0.5]
    """
    require_integer(num_points, "num_points", minimum=2)
    require_positive(t_max, "t_max")
    build = torch.device(device)
    build = build if working_dtype(build) == torch.float64 else torch.device("cpu")
    knots = torch.linspace(0.0, t_max, num_points, dtype=torch.float64, device=build)
    widths = torch.full_like(knots, 2 * t_max / (num_points - 1))  # both signs of t
    widths[0] /= 2
    widths[-1] /= 2
    return knots, widths


def quadrature_rule(
    num_points: int = 17,
    t_max: float = 3.0,
    *,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """LeJEPA's trapezoid rule: sum_k weights_k f(knots_k) ~ int f(t) exp(-t^2 / 2) dt.

    See :func:`trapezoid_rule`; the window exp(-t^2 / 2) is part of the weights. Knots and weights
    are computed in float64 and then rounded to ``dtype``.

    Args:
        num_points: number of knots T, at least 2.
        t_max: last knot.
        dtype: of the result.
        device: of the result.

    Returns:
        Knots (T,) and weights (T,).

    >>> knots, weights = quadrature_rule(3, 1.0)
    >>> knots, weights
    (tensor([0.0000, 0.5000, 1.0000], dtype=torch.float64), tensor([0.5000, 0.8825, 0.3033], dtype=torch.float64))
    """  # noqa: E501 - doctest output
    knots, widths = trapezoid_rule(num_points, t_max, device=device)
    weights = widths * standard_normal_cf(knots)  # the window has the formula of the target
    return knots.to(device, dtype), weights.to(device, dtype)


@dataclass(frozen=True)
class EppsPulleyTerms:
    """Everything between a sample and its quadrature statistic, for looking at.

    Attributes:
        knots: frequencies t (T,).
        weights: quadrature weights with the window in them (T,).
        ecf_real: mean cosine (..., T).
        ecf_imag: mean sine (..., T).
        target: exp(-t^2 / 2) (T,).
        gap: |phi_N(t) - phi(t)|^2 (..., T).
        integrand: gap times window exp(-t^2 / 2) (..., T); twice the area under it is the
            statistic without the factor N.
        statistic: (...).
    """

    knots: torch.Tensor
    weights: torch.Tensor
    ecf_real: torch.Tensor
    ecf_imag: torch.Tensor
    target: torch.Tensor
    gap: torch.Tensor
    integrand: torch.Tensor
    statistic: torch.Tensor


def epps_pulley_terms(
    x: torch.Tensor,
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    scale_by_n: bool = True,
) -> EppsPulleyTerms:
    """The quadrature form with its intermediate values.

    Args, Raises: as :func:`epps_pulley_quadrature`.

    Returns:
        An :class:`EppsPulleyTerms`; every field is float64 for float64 ``x``, else float32.

    >>> terms = epps_pulley_terms(torch.zeros(4))
    >>> bool((terms.ecf_real == 1).all()), terms.gap.shape
    (True, torch.Size([17]))
    """
    require_samples(x)
    sample = promote(x)
    knots, weights = quadrature_rule(num_points, t_max, dtype=sample.dtype, device=x.device)
    real, imag = _ecf_parts(sample, knots)
    target = standard_normal_cf(knots)
    gap = (real - target).square() + imag.square()  # (..., T)
    statistic = gap @ weights * (x.shape[-1] if scale_by_n else 1)  # (..., T) @ (T,) -> (...)
    window = standard_normal_cf(knots)
    fields = (knots, weights, real, imag, target, gap, gap * window, statistic)
    return EppsPulleyTerms(*(restore(field, x) for field in fields))


def epps_pulley_quadrature(
    x: torch.Tensor,
    *,
    num_points: int = 17,
    t_max: float = 3.0,
    scale_by_n: bool = True,
) -> torch.Tensor:
    """Epps-Pulley statistic by LeJEPA's trapezoid rule.

    T = N sum_k w_k [ (mean_j cos t_k x_j - phi(t_k))^2 + (mean_j sin t_k x_j)^2 ].

    Equally spaced knots repeat after 2 pi / spacing: with 17 knots on [0, 3] a point at 33.5
    looks like a point at 0. Samples on the scale of N(0, 1) are far from that.

    Args:
        x: samples (..., N), N >= 1.
        num_points: number of knots on [0, t_max], at least 2.
        t_max: last knot; LeJEPA's code takes 3, its text 5.
        scale_by_n: multiply by N, so that the value under N(0, 1) does not depend on N (its mean
            there is 1.05 at the defaults).

    Returns:
        Statistic (...), float64 for float64 ``x``, else float32.

    Raises:
        TypeError: ``x`` is no floating-point tensor. ValueError: ``x`` is empty or a scalar.

    >>> epps_pulley_quadrature(torch.tensor([-1.5, -0.25, 0.0, 0.75, 2.0]))
    tensor(0.1752)
    """
    require_samples(x)
    rule = quadrature_rule(num_points, t_max, dtype=working_dtype(x.device), device=x.device)
    return rule_statistic(x, *rule, scale_by_n=scale_by_n)


def rule_statistic(
    x: torch.Tensor, knots: torch.Tensor, weights: torch.Tensor, *, scale_by_n: bool = True
) -> torch.Tensor:
    """Epps-Pulley statistic with any rule: N sum_k weights_k |phi_N(knots_k) - phi(knots_k)|^2.

    Args:
        x: samples (..., N), N >= 1.
        knots: (T,).
        weights: (T,), both signs of t in them.
        scale_by_n: multiply by N.

    Returns:
        Statistic (...), float64 for float64 ``x``, else float32.

    Raises:
        TypeError: ``x`` is no floating-point tensor. ValueError: ``x`` is empty or a scalar.

    >>> rule_statistic(torch.zeros(10), *quadrature_rule())
    tensor(4.0205)
    """
    sample = promote(require_samples(x))
    knots, weights = knots.to(sample), weights.to(sample)
    real, imag = _ecf_parts(sample, knots)
    gap = (real - standard_normal_cf(knots)).square() + imag.square()  # (..., T)
    statistic = gap @ weights  # (..., T) @ (T,) -> (...)
    return restore(statistic * x.shape[-1] if scale_by_n else statistic, x)


def epps_pulley_closed_form(x: torch.Tensor, *, scale_by_n: bool = True) -> torch.Tensor:
    """Epps-Pulley statistic with the integral taken exactly, over all t.

    T = sqrt(2 pi) N [ mean_ij e^{-(x_i - x_j)^2 / 2} - sqrt(2) mean_i e^{-x_i^2 / 4} + 1/sqrt(3) ].

    The N^2 pairs are summed in blocks of rows, so a value needs about 16 MB whatever N is; a
    gradient takes about 34 N^2 bytes (0.85 GB at N = 5,000).

    Args:
        x: samples (..., N), N >= 1.
        scale_by_n: multiply by N. The mean under N(0, 1) is then sqrt(2 pi)(1 - 1/sqrt 3) = 1.0594.

    Returns:
        Statistic (...), float64 for float64 ``x``, else float32.

    Raises:
        TypeError: ``x`` is no floating-point tensor. ValueError: ``x`` is empty or a scalar.

    >>> epps_pulley_closed_form(torch.zeros(1, dtype=torch.float64))
    tensor(0.4089, dtype=torch.float64)
    """
    require_samples(x)
    sample = promote(x)
    to_target = torch.exp(-sample.square() / 4).mean(-1)  # (...)
    gap = _mean_pair_kernel(sample) - math.sqrt(2) * to_target + 1 / math.sqrt(3)
    scale = math.sqrt(2 * math.pi) * (x.shape[-1] if scale_by_n else 1)
    return restore(scale * gap, x)


def _mean_pair_kernel(x: torch.Tensor) -> torch.Tensor:
    """Mean of exp(-(x_i - x_j)^2 / 2) over all pairs: (..., N) -> (...)."""
    rows = max(1, PAIRS_PER_BLOCK // x.numel())
    blocks = (
        torch.exp(-(some.unsqueeze(-1) - x.unsqueeze(-2)).square() / 2).sum((-2, -1))  # (..., n, N)
        for some in x.split(rows, dim=-1)
    )
    return sum(blocks) / x.shape[-1] ** 2


def reference_quantiles(
    num_points: int = 17,
    *,
    dtype: torch.dtype = torch.float64,
    device: torch.device | str = "cpu",
) -> torch.Tensor:
    """Quantiles of N(0, 1) at ``num_points`` equally spaced probabilities from 0.01 to 0.99.

    The stand-ins for N(0, 1) of the reference-point form. Seventeen of them have variance 1.216,
    so a sample fits them best at a scale near 1.1, not 1.

    Returns:
        Quantiles (num_points,), ascending.

    >>> reference_quantiles(3)
    tensor([-2.3263,  0.0000,  2.3263], dtype=torch.float64)
    """
    require_integer(num_points, "num_points", minimum=2)
    probabilities = torch.linspace(0.01, 0.99, num_points, dtype=torch.float64)
    return torch.special.ndtri(probabilities).to(device, dtype)


def epps_pulley_reference_points(
    x: torch.Tensor, *, num_points: int = 17, scale_by_n: bool = True
) -> torch.Tensor:
    """The three-sum form: a Gaussian-kernel distance from the sample to K quantiles of N(0, 1).

    mean_ij psi(x_i - x_j) - 2 mean_ik psi(x_i - g_k) + mean_kl psi(g_k - g_l), psi(d) = e^{-d^2/2}.

    As the points tend to N(0, 1) it tends to the closed form divided by sqrt(2 pi). With few
    points it keeps a bias, which the factor N multiplies: the points are not N(0, 1).

    Args:
        x: samples (..., N), N >= 1.
        num_points: number K of quantiles, at least 2.
        scale_by_n: multiply by N.

    Returns:
        Statistic (...), float64 for float64 ``x``, else float32.

    Raises:
        TypeError: ``x`` is no floating-point tensor. ValueError: ``x`` is empty or a scalar.

    >>> epps_pulley_reference_points(torch.full((4,), 0.1), scale_by_n=False)
    tensor(0.1872)
    """
    require_samples(x)
    sample = promote(x)
    points = reference_quantiles(num_points, dtype=sample.dtype, device=x.device)
    cross = torch.exp(-(sample.unsqueeze(-1) - points).square() / 2).mean((-2, -1))  # (..., N, K)
    distance = _mean_pair_kernel(sample) - 2 * cross + _mean_pair_kernel(points)
    return restore(distance * x.shape[-1] if scale_by_n else distance, x)


def standardize(x: torch.Tensor, *, eps: float = 1e-6) -> torch.Tensor:
    """Shift each sample to mean 0 and divide by its standard deviation plus ``eps``.

    (x - mean) / (std + eps), std with N - 1 in the denominator. What comes out has forgotten
    where the sample was and how wide: a test of it cannot see shift, shrinking or growth.

    A constant sample gives zeros. Its standard deviation has no derivative there; 0 is taken, so
    the gradient stays finite, that of (x - mean) / eps.

    Args:
        x: samples (..., N), N >= 2.
        eps: added to the standard deviation.

    Returns:
        Standardized samples (..., N), float64 for float64 ``x``, else float32.

    Raises:
        TypeError: ``x`` is no floating-point tensor. ValueError: N < 2, or ``eps`` <= 0.

    >>> standardize(torch.tensor([1.0, 2.0, 3.0]))
    tensor([-1.0000,  0.0000,  1.0000])
    """
    require_samples(x, minimum=2)
    require_positive(eps, "eps")
    sample = promote(x)
    centred = sample - sample.mean(-1, keepdim=True)
    variance = centred.square().sum(-1, keepdim=True) / (x.shape[-1] - 1)
    # sqrt has an infinite slope at 0, and infinity times 0 would make the gradient NaN.
    positive = variance != 0  # true for NaN, which must pass through
    std = torch.where(positive, torch.where(positive, variance, 1.0).sqrt(), 0.0)
    return restore(centred / (std + eps), x)
