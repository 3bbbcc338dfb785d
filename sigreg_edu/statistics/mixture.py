r"""Weighted sums of chi-squared variables, by numerical inversion of the Laplace transform.

Q = sum_j w_j Z_j^2 with Z_j independent N(0, 1) is the limit law, under its null hypothesis, of
the Epps-Pulley, Anderson-Darling and Cramer-von Mises statistics. Its Laplace transform is

    L(z) = E exp(-z Q) = prod_j (1 + 2 w_j z)^(-1/2),

whose singularities all lie on the negative axis, left of -1 / (2 w_1). Tail and density are

    P(Q > x) = 1/(2 pi i) int e^{zx} (1 - L(z)) / z dz,      f(x) = 1/(2 pi i) int e^{zx} L(z) dz.

The path is a parabola that wraps around the singularities, a distance of order 1/x to their right;
along it the integrand decays like a Gaussian, so twenty nodes are enough. Left of 0 the factor
exp(-x / (2 w_1)) of the tail comes out in front. That is why tiny p-values keep their relative
accuracy (1e-10 or better), while the formulas of Imhof and Davies, which integrate along the
imaginary axis, are accurate to about 1e-15 in absolute terms and no more.

References:
    Imhof 1961, Biometrika 48, 419-426. Davies 1980, Applied Statistics 29, 323-333.
    Weideman & Trefethen 2007, Mathematics of Computation 76, 1341-1356 (the parabola).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from sigreg_edu.checks import require_probability

__all__ = ["ChiSquareMixture"]

# Half of a parabola zeta = vertex (1 + iu)^2; the nodes with u < 0 are the conjugates of these.
# Step and vertex are Weideman & Trefethen's for this number of nodes.
_NODES = 20
_STEP = 3 / _NODES
_HALVES = np.arange(_NODES) + 0.5
_VERTEX = np.pi * _NODES / 12

_NEGLIGIBLE = 1e-9  # weights below this share of the largest act as the constant that is their mean
_CHUNK = 2048  # values of x treated at once: bounds memory at a few MB
_TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True, eq=False)
class ChiSquareMixture:
    """Distribution of Q = sum_j weights_j Z_j^2, Z_j independent N(0, 1).

    Args:
        weights: positive numbers (J,), any order; kept in descending order, read-only.

    Raises:
        ValueError: no weight, or one that is not finite and above 0.

    >>> chi_squared_2 = ChiSquareMixture([1.0, 1.0])  # sf(x) = exp(-x / 2)
    >>> chi_squared_2.mean, chi_squared_2.variance
    (2.0, 4.0)
    >>> np.allclose(chi_squared_2.sf([1.0, 100.0]), np.exp([-0.5, -50.0]), rtol=1e-10)
    True
    >>> round(float(chi_squared_2.quantile(0.95)), 6)
    5.991465
    """

    weights: np.ndarray
    _distinct: np.ndarray = field(init=False, repr=False)
    _counts: np.ndarray = field(init=False, repr=False)
    _rest: float = field(init=False, repr=False)

    def __post_init__(self) -> None:
        weights = np.sort(np.array(self.weights, dtype=np.float64).ravel())[::-1]
        if weights.size == 0 or not (np.isfinite(weights).all() and weights[-1] > 0):
            raise ValueError(
                "weights must be one or more finite numbers above 0, "
                f"got {np.asarray(self.weights)!r}. Leave out weights that are 0."
            )
        weights.setflags(write=False)
        seen = weights[weights > _NEGLIGIBLE * weights[0]]
        rest = float(weights[seen.size :].sum())
        distinct, counts = np.unique(seen, return_counts=True)
        object.__setattr__(self, "weights", weights)
        object.__setattr__(self, "_distinct", distinct[::-1])
        object.__setattr__(self, "_counts", counts[::-1].astype(np.float64))
        object.__setattr__(self, "_rest", rest)

    @property
    def mean(self) -> float:
        """E Q = sum_j w_j."""
        return float(self.weights.sum())

    @property
    def variance(self) -> float:
        """Var Q = 2 sum_j w_j^2."""
        return float(2 * (self.weights**2).sum())

    def log_sf(self, x: float | np.ndarray) -> np.ndarray:
        """Logarithm of :meth:`sf`, finite also where the probability itself underflows."""
        x = np.asarray(x, dtype=np.float64)
        value, exponent = self._invert(x, tail=True)
        inside = np.minimum(np.log(value) + exponent, 0.0)  # rounding can leave a hair above 1
        inside = np.where(np.isposinf(x), -np.inf, inside)
        return np.where(x > 0, inside, np.where(np.isnan(x), np.nan, 0.0))

    def sf(self, x: float | np.ndarray) -> np.ndarray:
        """P(Q > x), never 0: held at 2.2e-308, the smallest normal float64, beyond that.

        Args:
            x: any shape; NaN gives NaN.

        Returns:
            Probabilities, shape of ``x``, relative accuracy about 1e-11.
        """
        return np.maximum(np.exp(self.log_sf(x)), _TINY)

    def cdf(self, x: float | np.ndarray) -> np.ndarray:
        """P(Q <= x), absolute accuracy about 1e-11."""
        return 1.0 - self.sf(x)

    def pdf(self, x: float | np.ndarray) -> np.ndarray:
        """Density at ``x``: 0 left of 0; at 0 itself its limit, infinite for a single weight."""
        x = np.asarray(x, dtype=np.float64)
        value, exponent = self._invert(x, tail=False)
        inside = np.where(np.isposinf(x), 0.0, np.maximum(value * np.exp(exponent), 0.0))
        outside = np.where(np.isnan(x), np.nan, 0.0)
        return np.where(x > 0, inside, np.where(x == 0, self._pdf_at_zero(), outside))

    def quantile(self, p: float | np.ndarray) -> np.ndarray:
        """The x with P(Q <= x) = p, by Newton's method on log P(Q > x), kept in a bracket.

        Args:
            p: probabilities strictly between 0 and 1, any shape.

        Returns:
            Quantiles, shape of ``p``.
        """
        p = np.asarray(p, dtype=np.float64)
        for value in p.ravel():
            require_probability(float(value), "p")
        goal = np.log1p(-p)
        low, high = np.zeros_like(p), self._upper_bound(goal)
        x = np.minimum(np.full_like(p, self.mean), high)
        for _ in range(100):
            gap = self.log_sf(x) - goal  # falls as x grows
            low, high = np.where(gap > 0, x, low), np.where(gap > 0, high, x)
            step = x + gap * self.sf(x) / np.maximum(self.pdf(x), _TINY)
            new = np.where((step > low) & (step < high), step, (low + high) / 2)
            if np.all(np.abs(new - x) <= 1e-13 * x):
                break
            x = new
        return new

    def _upper_bound(self, log_sf: np.ndarray) -> np.ndarray:
        """An x with P(Q > x) <= exp(log_sf), by Chernoff's bound at z = -1 / (4 w_1)."""
        rate = 1 / (4 * self.weights[0])
        return (-0.5 * np.log1p(-2 * rate * self.weights).sum() - log_sf) / rate

    def _pdf_at_zero(self) -> float:
        """Limit of the density at 0: infinite for one weight, positive for two, else 0."""
        if self.weights.size > 2:
            return 0.0
        return np.inf if self.weights.size == 1 else 0.5 / np.sqrt(self.weights.prod())

    def _invert(self, x: np.ndarray, *, tail: bool) -> tuple[np.ndarray, np.ndarray]:
        """Return v and e with v exp(e) the tail, or the density, at each positive finite x."""
        positive = np.where((x > 0) & np.isfinite(x), x, 1.0).ravel()
        parts = [
            self._contour_integral(positive[start : start + _CHUNK], tail=tail)
            for start in range(0, positive.size, _CHUNK)
        ]
        value, exponent = np.concatenate(parts, axis=1) if parts else np.empty((2, 0))
        return value.reshape(x.shape), exponent.reshape(x.shape)

    def _contour_integral(self, x: np.ndarray, *, tail: bool) -> tuple[np.ndarray, np.ndarray]:
        """The integral over the parabola for x (n,) > 0, as v exp(e)."""
        vertex = self._vertex(x)[:, None]  # (n, 1)
        step = _STEP * np.sqrt(_VERTEX / vertex)  # a farther parabola needs a smaller step
        root = 1 + 1j * step * _HALVES  # (n, nodes)
        zeta = vertex * root**2
        exponent = zeta + self._log_laplace(zeta / x[:, None])
        peak = exponent.real.max(-1, keepdims=True)
        decay = x[:, None] / (2 * self._distinct[0])
        # 2 Re(...) adds the conjugate half, 1 / (2 pi i) stands before the integral, and
        # dz = 2i vertex root du / x: together 2 vertex root step / (pi x).
        slope = 2 * vertex * root * step / (np.pi * x[:, None])
        if not tail:
            density = (np.exp(exponent - peak) * slope).real.sum(-1)  # (n, nodes) -> (n,)
            return density, (peak - decay)[:, 0]
        # Left of 0 by more than a few steps, the integrand is (1 - L) / z. Nearer, and right of
        # 0, it is -L / z: there the trapezoid rule counts the pole in the share written below,
        # 1 well inside the parabola and 0 well outside.
        steps_inside = (1 - np.sqrt(decay / vertex)) / step
        far = steps_inside < -6
        peak = np.where(far, peak, np.maximum(peak, decay))
        subtracted = np.exp(np.where(far, zeta - peak, -np.inf))
        integrand = (subtracted - np.exp(exponent - peak)) * x[:, None] / (zeta - decay)
        share = decay - peak - np.log1p(np.exp(-2 * np.pi * np.maximum(steps_inside, -6)))
        share = np.exp(np.where(far, -np.inf, share))
        integral = (integrand * slope).real.sum(-1)  # (n, nodes) -> (n,)
        return integral + share[:, 0], (peak - decay)[:, 0]

    def _log_laplace(self, offset: np.ndarray) -> np.ndarray:
        """log L at z = offset - 1 / (2 w_1), summed as modulus and angle: twice as fast as log."""
        weights = self._distinct[:, None, None]  # (J, 1, 1)
        # 1 + 2 w z = (1 - w / w_1) + 2 w offset, in which nothing cancels for the largest weight.
        real = (1 - weights / weights[0]) + 2 * weights * offset.real  # (J, n, nodes)
        imag = 2 * weights * offset.imag
        modulus = np.tensordot(self._counts, np.log(real**2 + imag**2), 1) / 2
        angle = np.tensordot(self._counts, np.arctan2(imag, real), 1)
        z = offset - 1 / (2 * self._distinct[0])
        return -0.5 * (modulus + 1j * angle) - self._rest * z

    def _vertex(self, x: np.ndarray) -> np.ndarray:
        """Where each parabola crosses the real axis, in units of 1 / x right of -1 / (2 w_1).

        Near the saddle point of e^{zx} L(z), the root of sum_j 1 / (2 (offset + delta_j)) = x,
        when many weights of one size put it far out; Newton's method climbs to it from the left.
        """
        delta = 1 / (2 * self._distinct) - 1 / (2 * self._distinct[0])  # (J,)
        offset = self._counts[0] / (2 * x)
        for _ in range(8):
            inverse = 1 / (offset[:, None] + delta)  # (n, J)
            slope = inverse**2 @ self._counts
            offset = offset + (inverse @ self._counts - 2 * x) / slope
        return np.maximum(offset * x, _VERTEX)
