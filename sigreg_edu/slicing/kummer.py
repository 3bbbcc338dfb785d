"""Kummer's function 1F1(a; b; x) for x <= 0, as a differentiable torch function.

For 0 < a < b it is the mean of e^{xt} when t is Beta(a, b - a). The square of one coordinate of a
random unit vector in D dimensions is Beta(1/2, (D - 1)/2): hence its part in the mean of a
statistic over all directions.

SciPy's ``hyp1f1`` computes it to a relative 2e-12 for a = 1/2, 3/2, 5/2, D up to 4096 and x down
to -1e6, but takes a third of a microsecond or far more, and N points have N^2 / 2 distances. So
SciPy fills a table of Taylor coefficients once for each (a, b), and seven of them give a value.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
import torch
from scipy import special

from sigreg_edu.checks import require_positive, require_tensor

__all__ = ["kummer"]

# Expansion points x_j = -b (e^{j STEP} - 1), each used for half a step to either side. The m-th
# term there is below (STEP / 2)^m, so the first one left out is below 1e-14.
_STEP = 0.02
_ORDER = 7
_FARTHEST = 1e12  # beyond it the function is its leading power law, x^-a


def kummer(a: float, b: float, x: torch.Tensor) -> torch.Tensor:
    """1F1(a; b; x), differentiable any number of times in ``x``.

    d/dx 1F1(a; b; x) = (a / b) 1F1(a + 1; b + 1; x).

    Args:
        a: first parameter, above 0.
        b: second parameter, at least ``a``.
        x: arguments <= 0 in float64 (or float32 on MPS), any shape. Computed on the CPU.

    Returns:
        Values in (0, 1], shape, dtype and device of ``x``; NaN for NaN.

    Raises:
        TypeError: ``x`` is no floating-point tensor, or a parameter is no number.
        ValueError: some ``x`` is above 0, or the parameters are not 0 < a <= b.

    >>> kummer(0.5, 1.5, torch.tensor([0.0, -1.0], dtype=torch.float64))  # the mean of e^{-s^2}
    tensor([1.0000, 0.7468], dtype=torch.float64)
    """
    require_tensor(x)
    a, b = require_positive(a, "a"), require_positive(b, "b")
    if a > b:
        raise ValueError(f"b must be at least a, got a={a:g} and b={b:g}. Swap them?")
    return _Kummer.apply(a, b, x)


class _Kummer(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a: float, b: float, x: torch.Tensor) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.parameters = (a, b)
        return torch.from_numpy(_evaluate(a, b, x.detach().cpu().double().numpy())).to(x)

    @staticmethod
    def backward(ctx, gradient: torch.Tensor) -> tuple[None, None, torch.Tensor]:
        a, b = ctx.parameters
        (x,) = ctx.saved_tensors
        return None, None, gradient * (a / b) * kummer(a + 1, b + 1, x)


def _evaluate(a: float, b: float, x: np.ndarray) -> np.ndarray:
    """1F1(a; b; x) for x <= 0, any shape, in float64."""
    if (x > 0).any():
        raise ValueError(f"x must not be above 0, got {x.max()}. Pass minus a squared distance.")
    if a == b:
        return np.exp(x)
    known = np.where(np.isnan(x), 0.0, np.maximum(x, -_FARTHEST))
    position = np.log1p(known / -b)  # log(1 - x / b), in which the expansion points are equidistant
    index = np.rint(position / _STEP).astype(np.intp)
    offset = -np.expm1(position - _STEP * index)  # (x - x_j) / (b - x_j)
    table = _taylor_table(a, b)
    value = table[-1][index]
    for coefficients in table[-2::-1]:
        value = value * offset + coefficients[index]
    beyond = np.maximum(-x / _FARTHEST, 1.0)  # NaN stays NaN
    return value * beyond**-a


@lru_cache(maxsize=32)
def _taylor_table(a: float, b: float) -> np.ndarray:
    """Taylor coefficients (order, points) of 1F1(a; b; .) in (x - x_j) / (b - x_j)."""
    points = int(np.ceil(np.log1p(_FARTHEST / b) / _STEP)) + 2
    growth = _STEP * np.arange(points)
    table = np.empty((_ORDER, points))
    factor = np.ones(points)
    for m in range(_ORDER):
        table[m] = factor * _expansion_values(a + m, b + m, b * np.expm1(growth), far=1000 * b)
        factor *= (a + m) / (b + m) / (m + 1) * b * np.exp(growth)
    return table


def _expansion_values(a: float, b: float, y: np.ndarray, *, far: float) -> np.ndarray:
    """1F1(a; b; -y) for ascending y >= 0: by SciPy, and from ``far`` on by its expansion in 1 / y.

    SciPy takes up to 20 ms for one value there. The expansion's constant is matched where it
    starts; its terms fall by a factor of a thousand each.
    """
    start = int(np.searchsorted(y, far))
    near = special.hyp1f1(a, b, -y[: start + 1])
    k = np.arange(12)
    terms = special.poch(a, k) * special.poch(1 + a - b, k) / special.factorial(k)
    tail = y[start:, None] ** -k.astype(float) @ terms * y[start:] ** -a  # (n, 12) @ (12,) -> (n,)
    return np.concatenate([near[:-1], tail * (near[-1] / tail[0])])
