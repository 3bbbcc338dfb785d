r"""Other weights than LeJEPA's: which frequencies the Epps-Pulley statistic listens to.

    T = N int |phi_N(t) - phi(t)|^2 w(t) dt

A weight w is a choice of kernel: T / N is the squared distance of the sample to N(0, 1) in the
kernel k whose Fourier transform w is (its spectral measure),

    k(d) = int exp(i t d) w(t) dt.

============ =========================== ================================ ====================
weight       w(t), s the width           kernel k(d)                      name of the kernel
============ =========================== ================================ ====================
gaussian     exp(-t^2 / (2 s^2))         sqrt(2 pi) s exp(-s^2 d^2 / 2)   Gaussian
exponential  exp(-abs(t) / s)            2 s / (1 + s^2 d^2)              inverse quadratic
cauchy       1 / (1 + t^2 / s^2)         pi s exp(-s abs(d))              Laplace
uniform      1 on [-t_max, t_max]        2 sin(t_max d) / d               sinc
============ =========================== ================================ ====================

The kernels are those of the whole line; a quadrature ends at t_max, and a heavy weight such as
Cauchy's loses much there. LeJEPA's is the Gaussian one of width 1.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

import numpy as np
import torch
from scipy import special

from sigreg_edu.checks import require_choice, require_positive
from sigreg_edu.statistics.epps_pulley import trapezoid_rule
from sigreg_edu.statistics.mixture import ChiSquareMixture
from sigreg_edu.statistics.null import eigenvalues_of_rule

__all__ = [
    "WEIGHTS",
    "exact_null_mean",
    "kernel",
    "null_of_rule",
    "weight_function",
    "weight_rule",
]

#: The weights by name, with what to call them.
WEIGHTS: Mapping[str, str] = MappingProxyType(
    {
        "gaussian": "Gaussian",
        "exponential": "exponential: inverse quadratic kernel",
        "cauchy": "Cauchy: Laplace kernel",
        "uniform": "uniform",
    }
)


def weight_function(weight: str, t: torch.Tensor, *, width: float = 1.0) -> torch.Tensor:
    """The weight at frequencies ``t`` of any shape, 1 at t = 0.

    Args:
        weight: a key of :data:`WEIGHTS`.
        t: frequencies; the uniform weight is 1 at all of them.
        width: s, of no matter to the uniform weight.

    >>> weight_function("exponential", torch.tensor([0.0, -1.0]))
    tensor([1.0000, 0.3679])
    """
    require_choice(weight, "weight", WEIGHTS)
    scaled = t / require_positive(width, "width")
    return {
        "gaussian": lambda: torch.exp(-scaled.square() / 2),
        "exponential": lambda: torch.exp(-scaled.abs()),
        "cauchy": lambda: 1 / (1 + scaled.square()),
        "uniform": lambda: torch.ones_like(scaled),
    }[weight]()


def weight_rule(
    weight: str = "gaussian",
    *,
    width: float = 1.0,
    t_max: float = 3.0,
    num_points: int = 17,
    device: torch.device | str = "cpu",
) -> tuple[torch.Tensor, torch.Tensor]:
    """Knots and quadrature weights: sum_k weights_k f(knots_k) ~ int f(t) w(t) dt, f even.

    By :func:`~sigreg_edu.statistics.epps_pulley.trapezoid_rule`; at the defaults it is
    :func:`~sigreg_edu.statistics.quadrature_rule`.

    Args:
        weight: a key of :data:`WEIGHTS`.
        width: its width s.
        t_max: last knot.
        num_points: number of knots T, at least 2.
        device: of the result; where it has no float64, the CPU.

    Returns:
        Knots (T,) and weights (T,), float64.

    Raises:
        TypeError, ValueError: an unknown weight, or a number out of range.

    >>> knots, weights = weight_rule("uniform", t_max=1.0, num_points=3)
    >>> weights.tolist()
    [0.5, 1.0, 0.5]
    """
    knots, widths = trapezoid_rule(num_points, t_max, device=device)
    return knots, widths * weight_function(weight, knots, width=width)


def null_of_rule(knots: torch.Tensor, weights: torch.Tensor) -> ChiSquareMixture:
    """The limit law of a rule's statistic for samples of N(0, 1), with the factor N.

    The statistic is :func:`~sigreg_edu.statistics.rule_statistic`. Weights of the law are the
    eigenvalues of the covariances of sqrt(N) (phi_N - phi), real and imaginary part, under the
    rule; its mean is sum_k weights_k (1 - exp(-knots_k^2)).

    >>> law = null_of_rule(*weight_rule())
    >>> round(law.mean, 4), round(float(law.quantile(0.95)), 2)
    (1.0525, 2.95)
    """
    return _null(tuple(knots.tolist()), tuple(weights.tolist()))


@lru_cache(maxsize=256)
def _null(knots: tuple[float, ...], weights: tuple[float, ...]) -> ChiSquareMixture:
    eigenvalues = eigenvalues_of_rule(np.array(knots), np.array(weights))
    return ChiSquareMixture(eigenvalues[eigenvalues > 1e-14 * eigenvalues[0]])


def kernel(weight: str, d: torch.Tensor, *, width: float = 1.0, t_max: float = 3.0) -> torch.Tensor:
    """The kernel k(d) of a weight: that of the whole line, for the uniform one up to ``t_max``.

    Args:
        weight: a key of :data:`WEIGHTS`.
        d: differences, any shape.
        width: s.
        t_max: end of the uniform weight; of no matter to the others.

    >>> kernel("cauchy", torch.tensor([0.0, 1.0])) / torch.pi
    tensor([1.0000, 0.3679])
    """
    require_choice(weight, "weight", WEIGHTS)
    s, t_max = require_positive(width, "width"), require_positive(t_max, "t_max")
    return {
        "gaussian": lambda: math.sqrt(2 * math.pi) * s * torch.exp(-(s * d).square() / 2),
        "exponential": lambda: 2 * s / (1 + (s * d).square()),
        "cauchy": lambda: math.pi * s * torch.exp(-s * d.abs()),
        "uniform": lambda: 2 * t_max * torch.sinc(t_max * d / math.pi),
    }[weight]()


def exact_null_mean(weight: str, *, width: float = 1.0, t_max: float = 3.0) -> float:
    """int (1 - exp(-t^2)) w(t) dt: the mean of T for samples of N(0, 1), whatever N.

    Over the whole line; for the uniform weight, which has no integral there, up to ``t_max``.

    >>> round(exact_null_mean("gaussian"), 4), round(exact_null_mean("uniform", t_max=1.0), 4)
    (1.0594, 0.5064)
    """
    require_choice(weight, "weight", WEIGHTS)
    s, t_max = require_positive(width, "width"), require_positive(t_max, "t_max")
    root = math.sqrt(math.pi)
    return float(
        {
            "gaussian": lambda: math.sqrt(2) * root * s * (1 - 1 / math.sqrt(1 + 2 * s * s)),
            "exponential": lambda: 2 * s - root * special.erfcx(1 / (2 * s)),
            "cauchy": lambda: math.pi * s * (1 - special.erfcx(s)),
            "uniform": lambda: 2 * t_max - root * special.erf(t_max),
        }[weight]()
    )
