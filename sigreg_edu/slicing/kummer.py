"""Kummer's function 1F1(a; b; x) as a differentiable torch function.

For 0 < a < b and x <= 0 it is the mean of e^{x t} when t is Beta(a, b - a). The square of one
coordinate of a random unit vector in D dimensions is Beta(1/2, (D - 1)/2): hence its part in the
mean of a statistic over all directions.

SciPy's ``hyp1f1`` computes it. Against 40-digit arithmetic its relative error was below 1e-12 for
a = 1/2, 3/2, 5/2, D = 2 ... 2048 and x from -1e-8 to -1e6 (SciPy 1.17); a test watches that.
Three dimensions are done by elementary functions, because they are faster and the ones drawn most.
"""

from __future__ import annotations

import torch
from scipy import special
from torch.autograd.function import FunctionCtx, once_differentiable

__all__ = ["kummer"]
