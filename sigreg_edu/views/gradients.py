"""The force -∂T/∂x_i that a statistic T, with its factor N, puts on every point of a sample.

For each statistic the force on a point is a function of its place alone, once the sample is given.
That function is the *field*: the points' own forces lie on it, and it says what the force on one
more point would be anywhere. Epps–Pulley is taken exactly (closed form); its field is

    2 √(2π) mean_j (x - x_j) exp(-(x - x_j)²/2)  -  √π x exp(-x²/4):

the points push each other apart, and the target pulls each of them in. Neither part reaches far,
and their largest values, 2 √(2π/e) and √(2π/e), add up to the bound :data:`BOUND`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from sigreg_edu.statistics import reference_quantiles
from sigreg_edu.views.knots import gaussian_weights, windings
from sigreg_edu.views.params import choice, slider
from sigreg_edu.views.sample import Histogram, SampleParams, histogram

FAR = 32.0
NEAR_GRID = np.linspace(-5.0, 5.0, 161)
FAR_GRID = np.linspace(-FAR, FAR, 257)
BOUND = 3.0 * math.sqrt(2.0 * math.pi / math.e)  # 4.56: no sample and no place gives more
LEJEPA_BOUND = 8.0  # 4σ²/N times the factor N, with σ² = 2: exp(-t²/2) is LeJEPA's exp(-t²/σ²)
STATISTICS = {
    "epps_pulley": "Epps–Pulley",
    "mean_std": "mean and std",
    "four_moments": "four moments",
    "standardized": "standardized, 17 points",
}
COMPARED = ("epps_pulley", "mean_std", "four_moments")  # whose pull on the moved point is drawn
EPS = 1e-6  # of the standardization
VARIANCE_FLOOR = 1e-4  # added to the variance under a root, as VICReg does

_SPACING = 3.0 / 32.0  # repeats after 67: beyond the distance of any two places shown
_COUNT = 70
_SHOWN = 150  # points of the sample drawn as dots


@dataclass(frozen=True)
class GradientParams(SampleParams):
    """State of the explorer of forces."""

    moved_to: float = slider(
        8.0, -30.0, 30.0, 0.5, label="one point moved to",
        help="The place of the sample's first point; all others stay.",
    )  # fmt: skip
    statistic: str = choice("epps_pulley", STATISTICS, label="statistic")

    def moved_sample(self) -> np.ndarray:
        """Return the sample with its first point moved, shape (N,)."""
        x = self.sample().numpy().astype(np.float64)
        x[0] = self.moved_to
        return x


@dataclass(frozen=True)
class Field:
    """What a statistic does to a sample.

    Attributes:
        value: the statistic T, with its factor N.
        on_points: the force on each point of the sample, shape (N,).
        at: places, any shape (P,), to the forces there.
    """

    value: float
    on_points: np.ndarray
    at: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class GradientView:
    """What the figure of forces shows.

    Attributes:
        sample: histogram of the sample.
        statistic: the chosen one, a key of ``STATISTICS``.
        near, near_force: places around 0 and the chosen field there, shape (P,).
        far, on_moved: places from -32 to 32, shape (Q,), and what the force on the moved point
            would be if it lay there, by statistic of ``COMPARED``.
        points, point_forces: some points, evenly by rank, and the forces on them, shape (S,).
        moved_to, moved_force: the moved point and the force on it.
        largest: the largest force on any point, its sign left out.
        bound: what no force of this sample exceeds, and None but for Epps–Pulley.
        readout: all that in words.
    """

    sample: Histogram
    statistic: str
    near: np.ndarray
    near_force: np.ndarray
    far: np.ndarray
    on_moved: dict[str, np.ndarray]
    points: np.ndarray
    point_forces: np.ndarray
    moved_to: float
    moved_force: float
    largest: float
    bound: float | None
    readout: str


def gradient_view(params: GradientParams) -> GradientView:
    """Compute the forces on the present sample."""
    x = params.moved_sample()
    chosen = force_field(params.statistic, x)
    order = np.argsort(x)[np.linspace(0, x.size - 1, min(x.size, _SHOWN)).astype(int)]
    bound = force_bound(x) if params.statistic == "epps_pulley" else None
    return GradientView(
        sample=histogram(x),
        statistic=params.statistic,
        near=NEAR_GRID,
        near_force=chosen.at(NEAR_GRID),
        far=FAR_GRID,
        on_moved=forces_on_moved(x[1:], FAR_GRID),
        points=x[order],
        point_forces=chosen.on_points[order],
        moved_to=params.moved_to,
        moved_force=float(chosen.on_points[0]),
        largest=float(np.abs(chosen.on_points).max()),
        bound=bound,
        readout=_in_words(params, chosen, bound),
    )


def force_field(statistic: str, x: np.ndarray) -> Field:
    """Return value and forces of a statistic for the sample ``x``, shape (N,)."""
    return _FIELDS[statistic](x)


def forces_on_moved(others: np.ndarray, places: np.ndarray) -> dict[str, np.ndarray]:
    """Return the force on one point at each of ``places`` beside the ``others``, by statistic.

    The sample changes with the point, and its moments with the sample.

    Args:
        others: all points but that one, shape (N - 1,).
        places: where that one may lie, shape (Q,).
    """
    share = others.size / (others.size + 1)
    # The point's own part of φ_N does not push it: Im(conj(e^{itx}) e^{itx}) = 0.
    gap = share * windings(others, _SPACING, _COUNT).mean(axis=1) - _rule()[2]
    moments = moments_of(others).with_point(places, others.size)
    return {
        "epps_pulley": _push(gap, _wound(places)),
        "mean_std": mean_std_force(moments, places),
        "four_moments": four_moments_force(moments, places),
    }


def force_bound(x: np.ndarray) -> float:
    """Return 2 ∫ |t| |φ_N - φ| exp(-t²/2) dt, which no Epps–Pulley force in ``x`` exceeds."""
    knots, weights, target = _rule()
    gap = windings(x, _SPACING, _COUNT).mean(axis=1) - target
    return float((2.0 * weights * knots * np.abs(gap)).sum())


# --- Epps–Pulley: both fields are sums over frequencies ------------------------------------------


@lru_cache(maxsize=1)
def _rule() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return knots, weights and exp(-t²/2), each (K,)."""
    knots = _SPACING * np.arange(_COUNT)
    return knots, gaussian_weights(_SPACING, _COUNT), np.exp(-0.5 * knots**2)


@lru_cache(maxsize=4)
def _grid_windings(which: str) -> np.ndarray:
    """Return e^{i t x} on one of the two grids, (K, P)."""
    return windings(NEAR_GRID if which == "near" else FAR_GRID, _SPACING, _COUNT)


def _wound(places: np.ndarray) -> np.ndarray:
    """Return e^{i t x} at any places, (K, P)."""
    for which, grid in (("near", NEAR_GRID), ("far", FAR_GRID)):
        if places is grid:
            return _grid_windings(which)
    return windings(places, _SPACING, _COUNT)


def _push(gap: np.ndarray, wound: np.ndarray) -> np.ndarray:
    """Return the force 2 Σ_k w_k t_k Im(conj(gap_k) e^{i t_k x}): (K,) and (K, P) to (P,)."""
    knots, weights, _ = _rule()
    pull = 2.0 * weights * knots * gap
    return pull.real @ wound.imag - pull.imag @ wound.real


def _epps_pulley(x: np.ndarray) -> Field:
    _, weights, target = _rule()
    wound = windings(x, _SPACING, _COUNT)
    gap = wound.mean(axis=1) - target
    value = x.size * float(weights @ np.abs(gap) ** 2)
    return Field(value, _push(gap, wound), lambda places: _push(gap, _wound(places)))


def _standardized(x: np.ndarray) -> Field:
    """The report's statistic: three sums against 17 points, after standardizing."""
    knots, weights, _ = _rule()
    target = np.cos(np.outer(knots, reference_quantiles().numpy())).mean(axis=1)
    mean, std = x.mean(), x.std(ddof=1)
    y = (x - mean) / (std + EPS)
    wound = windings(y, _SPACING, _COUNT)
    gap = (wound.mean(axis=1) - target) / math.sqrt(2.0 * math.pi)
    on_y = _push(gap, wound)
    # Moving one point moves the mean and the std, and with them every standardized point.
    drift = on_y.mean()
    stretch = float(on_y @ y) / ((x.size - 1) * std) if std > 0.0 else 0.0

    def field(places: np.ndarray) -> np.ndarray:
        pushed = _push(gap, windings((places - mean) / (std + EPS), _SPACING, _COUNT))
        return (pushed - drift) / (std + EPS) - stretch * (places - mean) / (std + EPS)

    value = x.size * math.sqrt(2.0 * math.pi) * float(weights @ np.abs(gap) ** 2)
    on_points = (on_y - drift) / (std + EPS) - stretch * y
    return Field(value, on_points, field)


# --- moments -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Moments:
    """Mean and central moments of one sample or, as arrays of one shape, of several."""

    mean: float | np.ndarray
    variance: float | np.ndarray
    third: float | np.ndarray
    fourth: float | np.ndarray

    @property
    def std(self) -> float | np.ndarray:
        return np.sqrt(self.variance + VARIANCE_FLOOR)

    @property
    def skewness(self) -> float | np.ndarray:
        return self.third / self.std**3

    @property
    def kurtosis(self) -> float | np.ndarray:
        return self.fourth / self.std**4

    def with_point(self, places: np.ndarray, size: int) -> Moments:
        """Return the moments after one more point has joined, for each place where it may lie.

        Args:
            places: of the one more point, any shape that fits the moments'.
            size: how many points there were before.
        """
        count = size + 1
        d = places - self.mean
        shift = d / count  # of the mean
        own = d - shift
        variance = size * (self.variance + shift**2) + own**2
        third = size * (self.third - 3.0 * shift * self.variance - shift**3) + own**3
        fourth = own**4 + size * (
            self.fourth - 4.0 * shift * self.third + 6.0 * shift**2 * self.variance + shift**4
        )
        return Moments(self.mean + shift, variance / count, third / count, fourth / count)


def moments_of(x: np.ndarray) -> Moments:
    """Return the moments of a sample (N,), or of each row of several, (..., N) to (..., 1)."""
    mean = x.mean(axis=-1, keepdims=x.ndim > 1)
    d = x - mean
    square = d * d  # NumPy's ** takes ten times as long
    central = (np.mean(power, axis=-1, keepdims=x.ndim > 1) for power in
               (square, square * d, square * square))  # fmt: skip
    return Moments(mean, *central)


def _mean_std(x: np.ndarray) -> Field:
    """N [mean² + (std - 1)²]: the force is linear in the place."""
    m = moments_of(x)
    value = x.size * (m.mean**2 + (m.std - 1.0) ** 2)
    return Field(float(value), mean_std_force(m, x), lambda places: mean_std_force(m, places))


def mean_std_force(m: Moments, places: np.ndarray) -> np.ndarray:
    """Return the force of "mean and std" at places of samples with moments ``m``."""
    return -2.0 * m.mean - 2.0 * (m.std - 1.0) / m.std * (places - m.mean)


def _four_moments(x: np.ndarray) -> Field:
    """N [mean² + (var - 1)²/2 + skewness²/6 + (kurtosis - 3)²/24]: the force is a cubic.

    Each moment is in units of its own noise under N(0, 1), as in the Jarque–Bera statistic.
    """
    m = moments_of(x)
    value = x.size * (
        m.mean**2 + (m.variance - 1.0) ** 2 / 2.0
        + m.skewness**2 / 6.0 + (m.kurtosis - 3.0) ** 2 / 24.0
    )  # fmt: skip
    on_points = four_moments_force(m, x)
    return Field(float(value), on_points, lambda places: four_moments_force(m, places))


def four_moments_force(m: Moments, places: np.ndarray) -> np.ndarray:
    """Return the force of "four moments" at places of samples with moments ``m``."""
    d = places - m.mean
    d_skewness = 3.0 * (d**2 - m.variance) / m.std**3 - 3.0 * m.skewness * d / m.std**2
    d_kurtosis = 4.0 * (d**3 - m.third) / m.std**4 - 4.0 * m.kurtosis * d / m.std**2
    return -(
        2.0 * m.mean + 2.0 * (m.variance - 1.0) * d
        + m.skewness / 3.0 * d_skewness + (m.kurtosis - 3.0) / 12.0 * d_kurtosis
    )  # fmt: skip


_FIELDS: dict[str, Callable[[np.ndarray], Field]] = {
    "epps_pulley": _epps_pulley,
    "mean_std": _mean_std,
    "four_moments": _four_moments,
    "standardized": _standardized,
}


def _in_words(params: GradientParams, field: Field, bound: float | None) -> str:
    largest = float(np.abs(field.on_points).max())
    form = " in its exact form" if params.statistic == "epps_pulley" else ""
    words = (
        f"T = {_amount(field.value)} ({STATISTICS[params.statistic]}{form}, with the factor N). "
    )
    if largest < 1e-9:
        words += "Every point feels a force of 0: a dead point, however bad T is."
    else:
        words += (
            f"The largest force on a point is {_amount(largest)}; the point moved to "
            f"{params.moved_to:g} feels {_signed(float(field.on_points[0]))}."
        )
    if bound is None:
        return words
    return (
        f"{words} No force in this sample can exceed {bound:.3g}, in any sample {BOUND:.2f}; "
        f"LeJEPA's Theorem 4 allows {LEJEPA_BOUND:g}."
    )


def _signed(force: float) -> str:
    """Return a force in words: how much, and to which side."""
    if abs(force) < 5e-4:
        return "practically none"
    return f"{_amount(abs(force))} to the {'right' if force > 0.0 else 'left'}"


def _amount(force: float) -> str:
    return f"{force:,.0f}" if force >= 1000.0 else f"{force:.3g}"
