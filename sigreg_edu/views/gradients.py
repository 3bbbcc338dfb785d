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
COMPARED = ("epps_pulley", "mean_std", "four_moments")  # in the far picture, beside the chosen one
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
        far, far_forces: places from -32 to 32, shape (Q,), and fields there by statistic; those
            of ``COMPARED`` and the chosen one.
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
    far_forces: dict[str, np.ndarray]
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
    others = {name: force_field(name, x) for name in COMPARED if name != params.statistic}
    order = np.argsort(x)[np.linspace(0, x.size - 1, min(x.size, _SHOWN)).astype(int)]
    bound = force_bound(x) if params.statistic == "epps_pulley" else None
    return GradientView(
        sample=histogram(x),
        statistic=params.statistic,
        near=NEAR_GRID,
        near_force=chosen.at(NEAR_GRID),
        far=FAR_GRID,
        far_forces={name: f.at(FAR_GRID) for name, f in {**others, params.statistic: chosen}.items()},
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
    if statistic in ("mean_std", "four_moments"):
        value, field = _MOMENTS[statistic](x)
        return Field(value, field(x), field)
    return _epps_pulley(x) if statistic == "epps_pulley" else _standardized(x)


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


def _mean_std(x: np.ndarray) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    """N [mean² + (std - 1)²]: the force is linear in the place."""
    mean, std = x.mean(), math.sqrt(x.var() + VARIANCE_FLOOR)
    value = x.size * (mean**2 + (std - 1.0) ** 2)
    return value, lambda places: -2.0 * mean - 2.0 * (std - 1.0) / std * (places - mean)


def _four_moments(x: np.ndarray) -> tuple[float, Callable[[np.ndarray], np.ndarray]]:
    """N [mean² + (var - 1)²/2 + skewness²/6 + (kurtosis - 3)²/24]: the force is a cubic.

    Each moment is in units of its own noise under N(0, 1), as in the Jarque–Bera statistic.
    """
    mean = x.mean()
    variance, third, fourth = (np.mean((x - mean) ** k) for k in (2, 3, 4))
    std = math.sqrt(variance + VARIANCE_FLOOR)
    skewness, kurtosis = third / std**3, fourth / std**4
    value = x.size * (
        mean**2 + (variance - 1.0) ** 2 / 2.0 + skewness**2 / 6.0 + (kurtosis - 3.0) ** 2 / 24.0
    )

    def field(places: np.ndarray) -> np.ndarray:
        d = places - mean
        d_skewness = 3.0 * (d**2 - variance) / std**3 - 3.0 * skewness * d / std**2
        d_kurtosis = 4.0 * (d**3 - third) / std**4 - 4.0 * kurtosis * d / std**2
        return -(
            2.0 * mean + 2.0 * (variance - 1.0) * d
            + skewness / 3.0 * d_skewness + (kurtosis - 3.0) / 12.0 * d_kurtosis
        )  # fmt: skip

    return value, field


_MOMENTS = {"mean_std": _mean_std, "four_moments": _four_moments}


def _in_words(params: GradientParams, field: Field, bound: float | None) -> str:
    largest = float(np.abs(field.on_points).max())
    words = f"T = {field.value:.4g} ({STATISTICS[params.statistic]}, with the factor N). "
    if largest < 1e-9:
        words += "Every point feels a force of 0: a dead point, however bad T is."
    else:
        words += (
            f"The largest force on a point is {largest:.3g}; the point moved to "
            f"{params.moved_to:g} feels {_signed(float(field.on_points[0]))}."
        )
    if bound is None:
        return words
    return (
        f"{words} No force in this sample can exceed {bound:.3g}, in any sample {BOUND:.2f}; "
        f"LeJEPA's Theorem 4 allows {LEJEPA_BOUND:g}."
    )


def _signed(force: float) -> str:
    """Return a force in words: none, or how much and to which side."""
    if abs(force) < 5e-4:
        return "none (below 0.0005)"
    return f"{abs(force):.3g} to the {'right' if force > 0.0 else 'left'}"
